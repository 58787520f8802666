/**
 * @file What the journal keeps of a commit: enough to publish it after a crash, and to build the
 * next one on it.
 */
import type { PackClass } from '../archive/pack-layout.ts';
import type { SnapshotTotals } from '../archive/snapshot-record.ts';
import type { ChunkId, FolderId, PackId, SnapshotId } from '../model/ids.ts';

/** A part of an index segment: as in the snapshot, but its pack is named by our own ID. */
export interface PlacedPart {
  readonly packId: PackId;
  readonly id: ChunkId;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly packCount: number;
  readonly entryCount: number;
  readonly firstId: ChunkId | undefined;
}

export interface PlacedSegment {
  readonly parts: readonly PlacedPart[];
}

export interface CommitRecord {
  readonly folderId: FolderId;
  readonly headSlot: number;
  readonly snapshotId: SnapshotId;
  readonly sequence: number;
  readonly rootTree: ChunkId;
  readonly rootMode: number;
  /** Decimal. */
  readonly rootMtimeNs: string;
  readonly createdAtMs: number;
  readonly totals: SnapshotTotals;
  readonly packClass: PackClass;
  /** Oldest first, as the snapshot names them. */
  readonly segments: readonly PlacedSegment[];
  /** The pack that carries the commit, and where in it the snapshot lies. */
  readonly packId: PackId;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  /** Whether the pack index names the older snapshots that are kept. */
  readonly namesHistory?: boolean;
  /** Older snapshots that leave the history with this commit. */
  readonly forgets?: readonly SnapshotId[];
  /** The snapshot before, when this one is the same tree with another pack index. */
  readonly replaces?: SnapshotId | undefined;
}
