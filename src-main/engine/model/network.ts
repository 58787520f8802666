/**
 * @file A network as a file: the only thing in which networks differ.
 *
 * Exactly the same client code runs against each. README.md documents the fields.
 */
import { EngineError } from './engine-error.ts';
import { parseObjectId, type ObjectId } from './ids.ts';

const TRANSPORTS = ['grpc-web', 'json-rpc', 'graphql'] as const;
export type RpcTransport = (typeof TRANSPORTS)[number];

export interface RpcEndpoint {
  readonly transport: RpcTransport;
  readonly url: string;
}

export interface Network {
  readonly name: string;
  /** At least one. Two of different operators are compared before anything is believed. */
  readonly rpc: readonly RpcEndpoint[];
  readonly walrus: {
    readonly systemObjectId: ObjectId;
    readonly stakingObjectId: ObjectId;
    readonly exchangeObjectIds: readonly ObjectId[];
  };
  readonly faucet: { readonly url: string } | undefined;
  /** Stores whole blobs on the storage nodes for whoever has a slow line. */
  readonly uploadRelay?: { readonly url: string } | undefined;
  readonly transactions: { readonly expiration: 'default' | 'epoch' | 'none' };
  readonly nodes: {
    readonly scheme: 'http' | 'https';
    /** pinned: the node's on-chain network key. */
    readonly trust: 'pinned' | 'public-ca' | 'none';
  };
}

/** Parse the JSON of a network file. Throws `network-file-invalid` naming the field. */
export function parseNetwork(json: unknown): Network {
  const file = object(json, 'the file');
  const walrus = object(file['walrus'], 'walrus');
  const transactions = object(file['transactions'] ?? {}, 'transactions');
  const nodes = object(file['nodes'] ?? {}, 'nodes');
  const rpc = Array.isArray(file['rpc']) ? file['rpc'] : [file['rpc']];
  if (rpc.length === 0) throw invalid('rpc must name at least one endpoint');
  const exchanges = walrus['exchangeObjectIds'] ?? [];
  if (!Array.isArray(exchanges)) throw invalid('walrus.exchangeObjectIds must be a list');
  if (nodes['scheme'] === 'http' && nodes['trust'] === 'pinned') {
    throw invalid('nodes.trust pinned needs nodes.scheme https');
  }
  return {
    name: text(file['name'], 'name'),
    rpc: rpc.map((entry, index) => parseEndpoint(entry, `rpc[${String(index)}]`)),
    walrus: {
      systemObjectId: objectId(walrus['systemObjectId'], 'walrus.systemObjectId'),
      stakingObjectId: objectId(walrus['stakingObjectId'], 'walrus.stakingObjectId'),
      exchangeObjectIds: exchanges.map((id: unknown) => objectId(id, 'walrus.exchangeObjectIds')),
    },
    faucet:
      file['faucet'] === undefined
        ? undefined
        : { url: url(object(file['faucet'], 'faucet')['url'], 'faucet.url') },
    uploadRelay:
      file['uploadRelay'] === undefined
        ? undefined
        : { url: url(object(file['uploadRelay'], 'uploadRelay')['url'], 'uploadRelay.url') },
    transactions: {
      expiration: oneOf(
        transactions['expiration'] ?? 'default',
        ['default', 'epoch', 'none'] as const,
        'transactions.expiration',
      ),
    },
    nodes: {
      scheme: oneOf(nodes['scheme'] ?? 'https', ['http', 'https'] as const, 'nodes.scheme'),
      trust: oneOf(
        nodes['trust'] ?? 'public-ca',
        ['pinned', 'public-ca', 'none'] as const,
        'nodes.trust',
      ),
    },
  };
}

function parseEndpoint(value: unknown, field: string): RpcEndpoint {
  const endpoint = object(value, field);
  return {
    transport: oneOf(endpoint['transport'], TRANSPORTS, `${field}.transport`),
    url: url(endpoint['url'], `${field}.url`),
  };
}

function invalid(what: string): EngineError {
  return new EngineError('network-file-invalid', `the network file is not valid: ${what}`);
}

function object(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`${field} must be an object`);
  }
  return value as Record<string, unknown>;
}

function text(value: unknown, field: string): string {
  if (typeof value !== 'string' || value === '') throw invalid(`${field} must be text`);
  return value;
}

function url(value: unknown, field: string): string {
  const parsed = URL.canParse(text(value, field)) ? new URL(text(value, field)) : undefined;
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
    throw invalid(`${field} must be an http or https URL`);
  }
  return text(value, field).replace(/\/$/, '');
}

function objectId(value: unknown, field: string): ObjectId {
  try {
    return parseObjectId(text(value, field));
  } catch (error) {
    if (error instanceof EngineError && error.code === 'network-file-invalid') throw error;
    throw invalid(`${field} must be an object ID`);
  }
}

function oneOf<const T extends readonly string[]>(
  value: unknown,
  allowed: T,
  field: string,
): T[number] {
  if (typeof value === 'string' && allowed.includes(value)) return value;
  throw invalid(`${field} must be one of ${allowed.join(', ')}`);
}
