/**
 * @file Which endpoint a request is for: paths, methods, parameters, and the plain-text refusals
 * of what does not parse. Works like the router that real nodes use: an unknown path is 404, a
 * known one with another method 405, and only then are parameters looked at.
 */
import { parseBlobId, parseObjectId, type BlobId, type ObjectId } from '#engine/model/ids.ts';
import type { SliverAxis } from '#engine/model/walrus.ts';
import { emptyAnswer, refuse, type Answer } from './answers.ts';
import type { NodeBehaviour } from './behaviour.ts';

/** A request that some endpoint answers. */
export type Route =
  | { readonly endpoint: 'metadata' | 'metadataStatus'; readonly blobId: BlobId }
  | {
      readonly endpoint: 'sliver' | 'sliverStatus';
      readonly blobId: BlobId;
      readonly pair: number;
      readonly axis: SliverAxis;
    }
  | {
      readonly endpoint: 'legacySymbol';
      readonly blobId: BlobId;
      readonly pair: number;
      readonly axis: SliverAxis;
      readonly targetPair: number;
    }
  | { readonly endpoint: 'confirmationPermanent'; readonly blobId: BlobId }
  | {
      readonly endpoint: 'confirmationDeletable';
      readonly blobId: BlobId;
      readonly objectId: ObjectId;
    }
  | {
      readonly endpoint: 'blobStatus' | 'recoverySymbols' | 'decodingSymbols';
      readonly blobId: BlobId;
    }
  | { readonly endpoint: 'recoverySymbol'; readonly blobId: BlobId; readonly symbolId: SymbolId }
  | {
      readonly endpoint: 'inconsistencyProof';
      readonly blobId: BlobId;
      readonly axis: SliverAxis;
    }
  | { readonly endpoint: 'health' | 'syncShard' | 'apiPage' };

/** The crossing of a primary and a secondary sliver, by their own indices. */
export interface SymbolId {
  readonly primary: number;
  readonly secondary: number;
}

type Endpoint = Route['endpoint'];

interface Pattern {
  readonly endpoint: Endpoint;
  readonly path: RegExp;
  /** The `allow` header of the router, in its order. */
  readonly allow: string;
  /** Whether it exists in a release. */
  readonly exists?: (behaviour: NodeBehaviour) => boolean;
}

const blob = (suffix: string): RegExp => new RegExp(`^/v1/blobs/([^/]+)/${suffix}$`);

const patterns: readonly Pattern[] = [
  { endpoint: 'metadata', path: blob('metadata'), allow: 'GET,HEAD,PUT' },
  { endpoint: 'metadataStatus', path: blob('metadata/status'), allow: 'GET,HEAD' },
  { endpoint: 'sliverStatus', path: blob('slivers/([^/]+)/([^/]+)/status'), allow: 'GET,HEAD' },
  { endpoint: 'sliver', path: blob('slivers/([^/]+)/([^/]+)'), allow: 'PUT,GET,HEAD' },
  {
    endpoint: 'legacySymbol',
    path: blob('slivers/([^/]+)/([^/]+)/([^/]+)'),
    allow: 'GET,HEAD',
    exists: (behaviour) => behaviour.legacyRecoveryRoutes,
  },
  { endpoint: 'confirmationPermanent', path: blob('confirmation/permanent'), allow: 'GET,HEAD' },
  {
    endpoint: 'confirmationDeletable',
    path: blob('confirmation/deletable/([^/]+)'),
    allow: 'GET,HEAD',
  },
  { endpoint: 'blobStatus', path: blob('status'), allow: 'GET,HEAD' },
  { endpoint: 'recoverySymbols', path: blob('recoverySymbols'), allow: 'GET,HEAD' },
  {
    endpoint: 'recoverySymbol',
    path: blob('recoverySymbols/([^/]+)'),
    allow: 'GET,HEAD',
    exists: (behaviour) => behaviour.legacyRecoveryRoutes,
  },
  {
    endpoint: 'decodingSymbols',
    path: blob('decodingSymbols'),
    allow: 'GET,HEAD',
    exists: (behaviour) => !behaviour.legacyRecoveryRoutes,
  },
  { endpoint: 'inconsistencyProof', path: blob('inconsistencyProof/([^/]+)'), allow: 'POST' },
  { endpoint: 'health', path: /^\/v1\/health$/, allow: 'GET,HEAD' },
  { endpoint: 'syncShard', path: /^\/v1\/migrate\/sync_shard$/, allow: 'POST' },
  { endpoint: 'apiPage', path: /^\/v1\/api$/, allow: 'GET,HEAD' },
];

/** The endpoint of a request, or the answer when there is none. Throws a Refusal. */
export function findRoute(
  method: string,
  path: string,
  behaviour: NodeBehaviour,
): { readonly route: Route } | { readonly answer: Answer } {
  const pattern = patterns.find(
    (one) => one.path.test(path) && (one.exists === undefined || one.exists(behaviour)),
  );
  if (method === 'OPTIONS') {
    return {
      answer: emptyAnswer(200, {
        'access-control-allow-methods': '*',
        'access-control-allow-headers': '*',
        ...(pattern ? { allow: pattern.allow } : {}),
      }),
    };
  }
  if (!pattern) return { answer: emptyAnswer(404) };
  if (!pattern.allow.split(',').includes(method)) {
    return { answer: emptyAnswer(405, { allow: pattern.allow }) };
  }
  const parameters = (pattern.path.exec(path) ?? []).slice(1).map(percentDecode);
  return { route: parseParameters(pattern.endpoint, parameters) };
}

function parseParameters(endpoint: Endpoint, parameters: readonly string[]): Route {
  const [first = '', second = '', third = '', fourth = ''] = parameters;
  switch (endpoint) {
    case 'health':
    case 'syncShard':
    case 'apiPage':
      return { endpoint };
    case 'metadata':
    case 'metadataStatus':
    case 'confirmationPermanent':
    case 'blobStatus':
    case 'recoverySymbols':
    case 'decodingSymbols':
      return { endpoint, blobId: onlyBlobId(first) };
    case 'sliver':
    case 'sliverStatus':
      return { endpoint, blobId: blobIdOf(first), pair: u16(second, 1), axis: axisOf(third) };
    case 'legacySymbol':
      return {
        endpoint,
        blobId: blobIdOf(first),
        pair: u16(second, 1),
        axis: axisOf(third),
        targetPair: u16(fourth, 3),
      };
    case 'confirmationDeletable':
      return { endpoint, blobId: blobIdOf(first), objectId: objectIdOf(second) };
    case 'recoverySymbol': {
      const symbolId = parseSymbolId(second);
      if (!symbolId) throw invalidUrl('invalid symbol ID');
      return { endpoint, blobId: blobIdOf(first), symbolId };
    }
    case 'inconsistencyProof':
      return { endpoint, blobId: blobIdOf(first), axis: axisOf(second) };
  }
}

function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidUrl(`Invalid UTF-8 in \`${text}\``);
  }
}

const invalidUrl = (why: string) => refuse.text(400, `Invalid URL: ${why}`);

const BAD_BLOB_ID = 'failed to parse a blob ID';

function onlyBlobId(text: string): BlobId {
  return (
    tryParse(() => parseBlobId(text)) ??
    fail(`Cannot parse \`blob_id\` with value \`${text}\`: ${BAD_BLOB_ID}`)
  );
}

function blobIdOf(text: string): BlobId {
  return tryParse(() => parseBlobId(text)) ?? fail(BAD_BLOB_ID);
}

function objectIdOf(text: string): ObjectId {
  return (
    tryParse(() => parseObjectId(text)) ??
    fail('byte deserialization failed, cause by: AccountAddressParseError')
  );
}

function u16(text: string, position: number): number {
  const value = parseU16(text);
  return (
    value ??
    fail(`Cannot parse value at index ${String(position)} with value \`${text}\` to a \`u16\``)
  );
}

function axisOf(text: string): SliverAxis {
  if (text === 'primary' || text === 'secondary') return text;
  throw invalidUrl(`unknown variant \`${text}\`, expected \`primary\` or \`secondary\``);
}

/** A decimal u16 as Rust parses it: a leading `+` and zeros are fine. */
export function parseU16(text: string): number | undefined {
  const value = /^\+?[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
  return value <= 0xffff ? value : undefined;
}

/** `p-q`, both u16. */
export function parseSymbolId(text: string): SymbolId | undefined {
  const parts = text.split('-').map(parseU16);
  const [primary, secondary] = parts;
  return parts.length === 2 && primary !== undefined && secondary !== undefined
    ? { primary, secondary }
    : undefined;
}

function tryParse<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

function fail(why: string): never {
  throw invalidUrl(why);
}
