/**
 * @file A node that was assigned shards at an epoch change fetches them from their previous
 * owners, page by page, and leaves what those cannot give to recovery.
 */
import { blobIdFromBytes, type BlobId, type Epoch } from '#engine/model/ids.ts';
import type { SliverAxis, StorageNode } from '#engine/model/walrus.ts';
import { pairOfShard } from './encoding.ts';
import type { NodeSigner } from './node-context.ts';
import { isGenuine, type RecoveryContext } from './recovery.ts';
import { storedMetadata } from './node-context.ts';
import {
  decodeSyncShardResponse,
  encodeSignedMessage,
  syncShardMessage,
  Undecodable,
  type SyncedSliver,
} from './wire.ts';

/** Slivers per page: a page stays below what an answer may hold. */
const SLIVERS_PER_PAGE = 100;

export interface ShardSync {
  readonly shard: number;
  readonly previousOwner: StorageNode;
  readonly epoch: Epoch;
}

/**
 * Fetch what the previous owner has of a shard. Best effort: ends early when the owner is down.
 * `ensureMetadata` makes the blob's metadata available, without which nothing can be verified.
 */
export async function syncShard(
  context: RecoveryContext,
  signer: NodeSigner,
  sync: ShardSync,
  ensureMetadata: (blobId: BlobId) => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  for (const axis of ['primary', 'secondary'] as const) {
    let start: Uint8Array | undefined = new Uint8Array(32);
    while (start) {
      const page = await fetchPage(context, signer, sync, axis, start, signal);
      for (const one of page) await storeSynced(context, sync.shard, axis, one, ensureMetadata);
      const last: SyncedSliver | undefined = page.at(-1);
      start = last && successor(last.blobId);
    }
  }
}

async function fetchPage(
  context: RecoveryContext,
  signer: NodeSigner,
  { shard, previousOwner, epoch }: ShardSync,
  axis: SliverAxis,
  startingBlobId: Uint8Array,
  signal: AbortSignal,
): Promise<readonly SyncedSliver[]> {
  const message = syncShardMessage({
    shard,
    axis,
    startingBlobId,
    sliverCount: SLIVERS_PER_PAGE,
    epoch,
  });
  const answer = await context.peers.fetch(
    previousOwner,
    {
      method: 'POST',
      path: '/v1/migrate/sync_shard',
      headers: {
        'content-type': 'application/octet-stream',
        authorization: Buffer.from(signer.publicKey).toString('base64'),
      },
      body: encodeSignedMessage(message, await signer.sign(message)),
    },
    signal,
  );
  if (!answer) return [];
  try {
    return decodeSyncShardResponse(answer);
  } catch (error) {
    if (error instanceof Undecodable) return [];
    throw error;
  }
}

async function storeSynced(
  context: RecoveryContext,
  shard: number,
  axis: SliverAxis,
  { blobId: bytes, sliver }: SyncedSliver,
  ensureMetadata: (blobId: BlobId) => Promise<boolean>,
): Promise<void> {
  const blobId = blobIdFromBytes(bytes);
  if (context.store.hasSliver(blobId, shard, axis) || !(await ensureMetadata(blobId))) return;
  const metadata = storedMetadata(context, blobId);
  const pair = pairOfShard(context.encoding.shape, blobId, shard);
  if (metadata && (await isGenuine(context, metadata, axis, sliver, pair))) {
    context.store.putSliver(blobId, shard, axis, sliver);
  }
}

/** The next blob ID in byte order; undefined after the last. */
function successor(blobId: Uint8Array): Uint8Array | undefined {
  const next = Uint8Array.from(blobId);
  for (let at = next.length - 1; at >= 0; at -= 1) {
    const byte = next[at] ?? 0;
    next[at] = (byte + 1) & 0xff;
    if (byte !== 0xff) return next;
  }
  return undefined;
}
