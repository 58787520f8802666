/** @file How well the content of a file compressed, by the chunks that it was sealed into. */
import { SEAL_OVERHEAD_BYTES } from '../archive/archive-codec.ts';
import type { TreeEntry } from '../archive/tree-entry.ts';
import type { ChunkId } from '../model/ids.ts';

/**
 * Sealed bytes for each byte of content, without what sealing adds. Undefined for what is no file,
 * is empty, or is so large that lists name its chunks.
 */
export function packedShareOf(
  entry: TreeEntry,
  sealedBytesOf: (id: ChunkId) => number | undefined,
): number | undefined {
  if (entry.kind !== 'file' || entry.content?.depth !== 0) return undefined;
  let plain = 0;
  let sealed = 0;
  for (const { id, sizeBytes } of entry.content.items) {
    const bytes = sealedBytesOf(id);
    if (bytes === undefined) return undefined;
    plain += sizeBytes;
    sealed += bytes - SEAL_OVERHEAD_BYTES;
  }
  return plain === 0 ? undefined : sealed / plain;
}
