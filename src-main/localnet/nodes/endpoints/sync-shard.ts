/**
 * @file A new owner of a shard fetches its slivers from the previous one. Only members of the
 * current committee may ask, each for its own shards.
 */
import { blobIdFromBytes, blobIdToBytes } from '#engine/model/ids.ts';
import { compressPublicKey, verifySignature } from '../keys.ts';
import { bytesAnswer, refuse, type Answer } from '../answers.ts';
import type { NodeContext } from '../node-context.ts';
import type { NodeRequest } from '../node-server.ts';
import {
  decodeSignedMessage,
  decodeSyncShardMessage,
  encodeSyncShardResponse,
  Undecodable,
  type SyncedSliver,
  type SyncShardRequest,
} from '../wire.ts';
import { decodeBody, requireOctetStream } from './request-parts.ts';

const BODY_BYTES_MAX = 2 * 1024 * 1024;
/** As on real nodes. */
const SLIVERS_PER_REQUEST_MAX = 1000;
/** An answer ends early rather than grow past this; the caller asks on from the last blob. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

const PUBLIC_KEY_BYTES = 48;

export async function postSyncShard(context: NodeContext, request: NodeRequest): Promise<Answer> {
  const publicKey = authorizedKey(request.header('authorization'));
  requireOctetStream(request);
  const body = await request.body(BODY_BYTES_MAX, refuse.bodyTooLong);
  const { message, signature } = decodeBody(() => decodeSignedMessage(body));
  const committee = context.committee();
  const member = committee.members.find(
    (one) => Buffer.compare(compressPublicKey(one.publicKey), publicKey) === 0,
  );
  if (!member) throw refuse.syncUnauthorized();
  if (!(await verifySignature(message, signature, member.publicKey))) {
    throw refuse.syncMessageInvalid('the signature is not valid for the message');
  }
  const wanted = decodeMessage(message);
  const { epoch } = context.ledger();
  if (wanted.epoch !== epoch) throw refuse.syncEpochInvalid(wanted.epoch, epoch);
  if (!member.shards.some((shard) => shard === wanted.shard)) throw refuse.syncUnauthorized();
  if (wanted.sliverCount > SLIVERS_PER_REQUEST_MAX) {
    throw refuse.syncTooMany(wanted.sliverCount, SLIVERS_PER_REQUEST_MAX);
  }
  if (!context.shards.has(wanted.shard)) throw refuse.shardNotAssigned(wanted.shard, epoch);
  return bytesAnswer(encodeSyncShardResponse(wanted.axis, collectSlivers(context, wanted)));
}

function authorizedKey(header: string | undefined): Uint8Array {
  if (header === undefined) throw refuse.text(401, 'Missing Authorization header');
  const key = Buffer.from(header, 'base64');
  if (key.length !== PUBLIC_KEY_BYTES || key.toString('base64') !== header) {
    throw refuse.text(400, 'Invalid Authorization header');
  }
  return key;
}

function decodeMessage(message: Uint8Array): SyncShardRequest {
  try {
    return decodeSyncShardMessage(message);
  } catch (error) {
    if (error instanceof Undecodable) throw refuse.syncMessageInvalid(error.message);
    throw error;
  }
}

/** Slivers of blobs certified before the epoch, from the starting blob on, in the IDs' order. */
function collectSlivers(context: NodeContext, wanted: SyncShardRequest): SyncedSliver[] {
  const start = Buffer.from(wanted.startingBlobId);
  const blobIds = context
    .ledger()
    .certifiedBlobs()
    .filter(({ certifiedEpoch }) => certifiedEpoch < wanted.epoch)
    .map(({ blobId }) => blobIdToBytes(blobId))
    .filter((bytes) => Buffer.compare(bytes, start) >= 0)
    .sort((a, b) => Buffer.compare(a, b));
  const slivers: SyncedSliver[] = [];
  let sizeBytes = 0;
  for (const bytes of blobIds) {
    if (slivers.length >= wanted.sliverCount || sizeBytes >= ANSWER_BYTES_MAX) break;
    const sliver = context.store.sliver(blobIdFromBytes(bytes), wanted.shard, wanted.axis);
    if (!sliver) continue;
    slivers.push({ blobId: bytes, sliver });
    sizeBytes += sliver.length;
  }
  return slivers;
}
