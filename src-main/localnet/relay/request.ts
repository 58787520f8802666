/**
 * @file What a client asks of the upload relay, from the query of its request.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import { parseBlobId, parseObjectId, type BlobId, type ObjectId } from '#engine/model/ids.ts';
import { refuse, type Refusal } from '../nodes/answers.ts';

export interface RelayRequest {
  readonly blobId: BlobId;
  /** Undefined for a permanent blob. */
  readonly deletableBlobObject: ObjectId | undefined;
  /** How the tip was paid: a digest in base58, and 32 bytes. */
  readonly txId: string | undefined;
  readonly nonce: Uint8Array | undefined;
}

const KEYS: readonly string[] = [
  'blob_id',
  'deletable_blob_object',
  'tx_id',
  'nonce',
  'encoding_type',
];
const NONCE_BYTES = 32;
const DIGEST_PATTERN = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;
const NONCE_PATTERN = /^[A-Za-z0-9_-]{43}$/;

/** Throws a Refusal for anything that the relay does not know. */
export function parseRelayRequest(query: URLSearchParams): RelayRequest {
  for (const key of query.keys()) {
    if (!KEYS.includes(key)) throw badQuery(`unknown field \`${key}\``);
    if (query.getAll(key).length > 1) throw badQuery(`duplicate field \`${key}\``);
  }
  const blobId = query.get('blob_id');
  if (blobId === null) throw badQuery('missing field `blob_id`');
  const encoding = query.get('encoding_type');
  if (encoding !== null && encoding !== 'RS2') throw badQuery(`unknown variant \`${encoding}\``);
  const object = query.get('deletable_blob_object');
  const txId = query.get('tx_id') ?? undefined;
  if (txId !== undefined && !DIGEST_PATTERN.test(txId)) throw badQuery('`tx_id` is no digest');
  return {
    blobId: parsed('blob_id', () => parseBlobId(blobId)),
    deletableBlobObject:
      object === null ? undefined : parsed('deletable_blob_object', () => parseObjectId(object)),
    txId,
    nonce: parseNonce(query.get('nonce')),
  };
}

function parseNonce(text: string | null): Uint8Array | undefined {
  if (text === null) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  if (!NONCE_PATTERN.test(text) || bytes.length !== NONCE_BYTES) {
    throw badQuery('`nonce` is not 32 bytes in base64url');
  }
  return bytes;
}

function parsed<Value>(name: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (error instanceof EngineError) throw badQuery(`\`${name}\`: ${error.message}`);
    throw error;
  }
}

const badQuery = (why: string): Refusal =>
  refuse.text(400, `Failed to deserialize query string: ${why}`);
