/**
 * @file Finds what a bad disk did: every stored file is verified, the damaged ones are removed so
 * that recovery fetches them again.
 */
import type { BlobId } from '#engine/model/ids.ts';
import type { NodeContext } from './node-context.ts';
import { isGenuine } from './recovery.ts';
import { decodeMetadataOutline, Undecodable } from './wire.ts';
import { pairOfShard } from './encoding.ts';

const AXES = ['primary', 'secondary'] as const;

type ScrubContext = Pick<NodeContext, 'encoding' | 'store' | 'shards'>;

/**
 * Remove the blob's damaged metadata, or its damaged slivers. Slivers can only be judged by good
 * metadata: where it was missing, fetch it and call again.
 */
export async function dropDamaged(
  context: ScrubContext,
  blobId: BlobId,
): Promise<'metadata-missing' | 'checked'> {
  const { encoding, store, shards } = context;
  const bytes = store.metadata(blobId);
  const metadata = bytes && isDecodable(bytes) ? encoding.openMetadata(blobId, bytes) : undefined;
  if (!metadata) {
    store.dropMetadata(blobId);
    return 'metadata-missing';
  }
  for (const [shard] of shards.entries()) {
    for (const axis of AXES) {
      const sliver = store.sliver(blobId, shard, axis);
      if (!sliver) continue;
      const pair = pairOfShard(encoding.shape, blobId, shard);
      if (await isGenuine(context, metadata, axis, sliver, pair)) continue;
      store.dropSliver(blobId, shard, axis);
    }
  }
  return 'checked';
}

function isDecodable(bytes: Uint8Array): boolean {
  try {
    decodeMetadataOutline(bytes);
    return true;
  } catch (error) {
    if (error instanceof Undecodable) return false;
    throw error;
  }
}
