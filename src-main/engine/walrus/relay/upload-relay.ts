/**
 * @file An upload relay: takes one whole sealed blob and stores it on the storage nodes for us.
 *
 * It is a stranger with a fast line. It sees sealed bytes only, the blob ID is ours, and nothing
 * that it answers is believed before the storage nodes' signatures in it were checked.
 */
import { createHash } from 'node:crypto';
import type { BlobId, TransactionDigest } from '#engine/model/ids.ts';
import {
  encodedBytes,
  type Certificate,
  type Committee,
  type Persistence,
} from '#engine/model/walrus.ts';
import type { Clock } from '#engine/ports/ports.ts';
import type { SliverCodec } from '../sliver-codec.ts';
import { DEFAULT_RELAY_LIMITS, RelayClient, type RelayLimits } from './relay-client.ts';
import { parseTerms, verifyCertificate, type RelayTerms } from './relay-wire.ts';

/** Terms are asked for anew after this time. */
const TERMS_AGE_MS_MAX = 10 * 60_000;
export const NONCE_BYTES = 32;

/** Shows that the tip was paid for this blob, and by us: only we know the nonce. */
export interface TipProof {
  readonly digest: TransactionDigest;
  readonly nonce: Uint8Array;
}

export interface RelayUpload {
  readonly blobId: BlobId;
  /** The whole blob, unencoded. */
  readonly payload: Uint8Array;
  readonly committee: Committee;
  readonly persistence: Persistence;
  readonly proof: TipProof | undefined;
  /** The last byte was taken, so long after the first; only the answer is waited for. */
  readonly onSent: (elapsedMs: number) => void;
  readonly signal: AbortSignal;
}

export interface UploadRelay {
  readonly url: string;
  /** What it takes for its work. Throws `relay-unreachable`, `relay-refused`, `relay-invalid-answer`. */
  terms(signal: AbortSignal): Promise<RelayTerms>;
  /** Store a registered blob. Throws as `terms` does. */
  upload(request: RelayUpload): Promise<Certificate>;
  close(): Promise<void>;
}

export function openUploadRelay(options: {
  readonly url: string;
  readonly codec: Pick<SliverCodec, 'verifyAggregate'>;
  readonly clock: Clock;
  readonly limits?: Partial<RelayLimits>;
}): UploadRelay {
  const { url, codec, clock } = options;
  const client = new RelayClient({
    url,
    clock,
    limits: { ...DEFAULT_RELAY_LIMITS, ...options.limits },
  });
  let known: { readonly terms: RelayTerms; readonly atMs: number } | undefined;
  return {
    url,
    terms: async (signal) => {
      const nowMs = clock.monotonicMs();
      if (known && nowMs - known.atMs <= TERMS_AGE_MS_MAX) return known.terms;
      const terms = parseTerms(
        await client.call({ method: 'GET', path: '/v1/tip-config', signal }),
      );
      known = { terms, atMs: nowMs };
      return terms;
    },
    upload: async (request) => {
      const { blobId, payload, committee, signal, onSent } = request;
      const body = await client.call({
        method: 'POST',
        path: `/v1/blob-upload-relay?${queryOf(request)}`,
        body: payload,
        encodedBytes: Number(encodedBytes(payload.length, committee.shardCount)),
        onSent,
        signal,
      });
      const { persistence } = request;
      return await verifyCertificate(body, { blobId, committee, persistence, codec });
    },
    close: () => client.close(),
  };
}

function queryOf({ blobId, persistence, proof }: RelayUpload): string {
  const query = new URLSearchParams({ blob_id: blobId, encoding_type: 'RS2' });
  if (persistence.kind === 'deletable') {
    query.set('deletable_blob_object', persistence.blobObjectId);
  }
  if (proof) {
    query.set('tx_id', proof.digest);
    query.set('nonce', Buffer.from(proof.nonce).toString('base64url'));
  }
  return query.toString();
}

/** What a transaction carries that pays a tip: 72 bytes that tie it to one blob and one nonce. */
export function authPackage(payload: Uint8Array, nonce: Uint8Array): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(payload.length));
  const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
  return new Uint8Array(Buffer.concat([sha256(payload), sha256(nonce), length]));
}
