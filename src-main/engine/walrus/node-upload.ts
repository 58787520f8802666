/**
 * @file Stores one blob's part at one storage node: metadata, its shards' slivers, confirmation.
 *
 * Metadata comes first, since a node refuses slivers without it. A node that already had the
 * metadata is asked for its confirmation before anything is sent: after an interruption the data
 * is usually there. `status` answers save sending a sliver, but never count as stored (they
 * outlive a deletion); if the confirmation then says that slivers are missing, all are sent.
 */
import type { BlobId, SliverPairIndex } from '#engine/model/ids.ts';
import {
  primarySourceCount,
  secondarySourceCount,
  type SliverAxis,
  type StorageNode,
} from '#engine/model/walrus.ts';
import { sliverBcsBytes, STATUS_CHECK_BYTES_MIN } from './limits.ts';
import type { NetworkContext } from './network-context.ts';
import {
  askConfirmation,
  explainUnassignedShard,
  LAGGING_ROUNDS_MAX,
  type ConfirmationOutcome,
  type ConfirmationRequest,
} from './node-confirmation.ts';
import type { NodeAnswer } from './node-answer.ts';
import type { RequestBody } from './http-exchange.ts';
import type { NodeConnection } from './node-connection.ts';
import { withRetries, type RefusalRule } from './retry.ts';
import {
  getSliverStatus,
  putMetadata,
  putSliver,
  type CallOptions,
  type SliverPlace,
} from './storage-node-client.ts';

/** What an upload reads of an encoded blob. `EncodedBlob` of the codec fits. */
export interface UploadBlob {
  readonly blobId: BlobId;
  /** BCS BlobMetadata. */
  readonly metadata: Uint8Array;
  readonly unencodedLength: number;
  readonly symbolBytes: number;
  readonly shardCount: number;
  /**
   * Write BCS SliverData to `out`, which is large enough, and give its length. Called when it is
   * the sliver's turn, and again when it is sent again.
   */
  sliverInto(pair: SliverPairIndex, axis: SliverAxis, out: Uint8Array): number;
}

export interface NodeUpload {
  readonly blob: UploadBlob;
  readonly storageNode: StorageNode;
  readonly connection: NodeConnection;
  readonly confirmation: ConfirmationRequest;
  /** An earlier attempt may have stored everything here. */
  readonly mayHoldAll: boolean;
  /** Slivers sent at the same time to this node. */
  readonly concurrency: number;
  readonly options: CallOptions;
  /** Called for each body that the node accepted or need not be sent. */
  readonly onBytesDone: (bytes: number) => void;
}

const AXES: readonly SliverAxis[] = ['primary', 'secondary'];

const storeRule: RefusalRule = ({ reason }) =>
  reason === 'NOT_REGISTERED' ? 'registration-lag' : 'final';

/** The size of a BCS SliverData of this blob. */
export function sliverBytes(
  blob: { readonly symbolBytes: number; readonly shardCount: number },
  axis: SliverAxis,
): number {
  const symbols =
    axis === 'primary'
      ? secondarySourceCount(blob.shardCount)
      : primarySourceCount(blob.shardCount);
  return sliverBcsBytes(symbols * blob.symbolBytes);
}

/** The body that stores a sliver, in memory of the pool while it is under way. */
function sliverBody(
  { bodies }: NetworkContext,
  blob: UploadBlob,
  { pair, axis }: SliverPlace,
): RequestBody {
  const sizeBytes = sliverBytes(blob, axis);
  let whole: Uint8Array | undefined;
  return {
    sizeBytes,
    read: () => {
      whole = bodies.take(sizeBytes);
      return whole.subarray(0, blob.sliverInto(pair, axis, whole));
    },
    taken: () => {
      if (whole !== undefined) bodies.give(whole);
      whole = undefined;
    },
  };
}

/** Store everything and get the confirmation. Rejects only with the signal's reason. */
export async function storeAtNode(
  context: NetworkContext,
  upload: NodeUpload,
): Promise<ConfirmationOutcome> {
  if (upload.mayHoldAll) {
    const outcome = await confirm(context, upload);
    if (outcome.kind !== 'missing-slivers') return outcome;
  }
  const metadata = await storeMetadata(context, upload);
  if (metadata.kind !== 'ok') return { kind: 'failed', reason: metadata.message };
  const wasThere = metadata.value === 'was-there';
  if (wasThere && !upload.mayHoldAll) {
    const outcome = await confirm(context, upload);
    if (outcome.kind !== 'missing-slivers') return outcome;
  }
  const first = await storeSliversAndConfirm(context, upload, wasThere);
  if (first.kind !== 'missing-slivers') return first;
  // The status was stale, or somebody took the disk away: send everything once more.
  const second = await storeSliversAndConfirm(context, upload, false);
  return second.kind === 'missing-slivers'
    ? { kind: 'failed', reason: 'accepted all slivers, then missed some' }
    : second;
}

async function storeSliversAndConfirm(
  context: NetworkContext,
  upload: NodeUpload,
  askStatusFirst: boolean,
): Promise<ConfirmationOutcome> {
  const { connection, confirmation, options } = upload;
  let levelCount = 0;
  for (let round = 1; ; round += 1) {
    const refusal = await storeSlivers(context, upload, askStatusFirst);
    if (refusal === undefined) return confirm(context, upload);
    if (refusal.kind === 'failed' || refusal.reason !== 'SHARD_NOT_ASSIGNED') {
      return { kind: 'failed', reason: refusal.message };
    }
    const { committeeEpoch } = confirmation;
    const meaning = await explainUnassignedShard(connection, committeeEpoch, options);
    if (meaning.kind === 'ahead' || meaning.kind === 'failed') return meaning;
    // It may have arrived in the epoch between its refusal and its word, but only once.
    if (meaning.kind === 'level') levelCount += 1;
    if (round >= LAGGING_ROUNDS_MAX || levelCount > 1) {
      return { kind: 'failed', reason: 'says that the shard is not its own' };
    }
    await context.clock.sleep(context.limits.registrationBackoffMs.max, options.signal);
  }
}

function confirm(context: NetworkContext, upload: NodeUpload): Promise<ConfirmationOutcome> {
  return askConfirmation(context, upload.connection, upload.confirmation, upload.options);
}

async function storeMetadata(
  context: NetworkContext,
  upload: NodeUpload,
): Promise<NodeAnswer<'stored' | 'was-there'>> {
  const { blob, connection, options } = upload;
  const body = { sizeBytes: blob.metadata.length, read: () => blob.metadata };
  const answer = await withRetries(
    context,
    options.signal,
    () => putMetadata(connection, blob.blobId, body, options),
    storeRule,
  );
  if (answer.kind === 'ok') upload.onBytesDone(body.sizeBytes);
  return answer;
}

type Refusal = Exclude<NodeAnswer<unknown>, { kind: 'ok' }>;

/** Send the slivers of all shards of the node; gives the first answer that is final. */
async function storeSlivers(
  context: NetworkContext,
  upload: NodeUpload,
  askStatusFirst: boolean,
): Promise<Refusal | undefined> {
  const { blob, storageNode } = upload;
  const places = storageNode.shards.flatMap((shard) => {
    const pair = context.codec.pairOfShard(shard, blob.blobId, blob.shardCount);
    return AXES.map((axis): SliverPlace => ({ blobId: blob.blobId, pair, axis }));
  });
  let next = 0;
  let refusal: Refusal | undefined;
  const sendInTurn = async (): Promise<void> => {
    for (let place = places[next]; place && refusal === undefined; place = places[next]) {
      next += 1;
      const answer = await storeSliver(context, upload, place, askStatusFirst);
      if (answer.kind !== 'ok') refusal ??= answer;
    }
  };
  const senders = Math.min(upload.concurrency, places.length);
  await Promise.all(Array.from({ length: senders }, sendInTurn));
  return refusal;
}

async function storeSliver(
  context: NetworkContext,
  upload: NodeUpload,
  place: SliverPlace,
  askStatusFirst: boolean,
): Promise<NodeAnswer<unknown>> {
  const { blob, connection, options } = upload;
  const sizeBytes = sliverBytes(blob, place.axis);
  const body = sliverBody(context, blob, place);
  if (askStatusFirst && sizeBytes >= STATUS_CHECK_BYTES_MIN) {
    const status = await getSliverStatus(connection, place, options);
    if (status.kind === 'ok' && status.value) {
      upload.onBytesDone(sizeBytes);
      return status;
    }
  }
  let answer = await withRetries(
    context,
    options.signal,
    () => putSliver(connection, place, body, options),
    storeRule,
  );
  if (answer.kind === 'refused' && answer.reason === 'METADATA_NOT_FOUND') {
    // The node forgot it, perhaps by a restart without its disk.
    const metadata = await storeMetadata(context, upload);
    if (metadata.kind !== 'ok') return metadata;
    answer = await withRetries(
      context,
      options.signal,
      () => putSliver(connection, place, body, options),
      storeRule,
    );
  }
  if (answer.kind === 'ok') upload.onBytesDone(sizeBytes);
  return answer;
}
