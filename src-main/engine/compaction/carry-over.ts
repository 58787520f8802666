/**
 * @file Takes what is needed out of packs that are leaving: sealed bytes, as they are.
 *
 * The associated data of a chunk names neither pack nor position, so nothing is opened or sealed
 * again. Each pack is read once, whole, and checked against its blob ID by whoever reads it.
 */
import type { FoundEntry, IndexedPack } from '../archive/pack-index.ts';
import { ENTRY_KIND, type EntryKind } from '../archive/pack-layout.ts';
import type { BlobId, ChunkId } from '../model/ids.ts';

export type IndexedEntry = FoundEntry & { readonly id: ChunkId };

export interface CarryOverOptions {
  /** What the newest pack index names, each ID once. */
  readonly entries: Iterable<IndexedEntry>;
  readonly isLeaving: (blobId: BlobId) => boolean;
  /** Whether anything that is kept needs it: chunks by the live set, snapshots by the history. */
  readonly isNeeded: (entry: IndexedEntry) => boolean;
  readonly readPack: (pack: IndexedPack, signal: AbortSignal) => Promise<Uint8Array>;
  readonly add: (kind: EntryKind, id: ChunkId, sealed: Uint8Array) => Promise<void>;
  readonly signal: AbortSignal;
}

export async function carryOver(options: CarryOverOptions): Promise<void> {
  const { entries, isLeaving, isNeeded, readPack, add, signal } = options;
  const byPack = new Map<BlobId, IndexedEntry[]>();
  for (const entry of entries) {
    const { blobId } = entry.pack;
    if (!isLeaving(blobId) || !isNeeded(entry)) continue;
    const others = byPack.get(blobId);
    if (others) others.push(entry);
    else byPack.set(blobId, [entry]);
  }
  for (const needed of byPack.values()) {
    needed.sort((one, other) => one.offsetBytes - other.offsetBytes);
    const [first] = needed;
    if (!first) continue;
    const bytes = await readPack(first.pack, signal);
    for (const { id, kind, offsetBytes, sizeBytes } of needed) {
      // A snapshot names places in the pack that it leaves: who reads it must know.
      const moved = kind === ENTRY_KIND.snapshot ? ENTRY_KIND.movedSnapshot : kind;
      await add(moved, id, bytes.subarray(offsetBytes, offsetBytes + sizeBytes));
    }
  }
}
