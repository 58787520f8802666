/**
 * @file Ends what was sealed with a commit: index segment, snapshot, and the pack that carries it.
 *
 * A commit of a scan has a new tree. A commit without one (`recommit`) has the tree of the last:
 * only where things lie has changed, and it takes the place of the last in the folder's history.
 */
import type { ArchiveCodec } from '../archive/archive-codec.ts';
import type { PackLimits } from '../archive/limits.ts';
import { ENTRY_KIND, type EntryKind, type PackClass } from '../archive/pack-layout.ts';
import type { IndexEntry } from '../archive/pack-index.ts';
import type { PackOwner } from '../archive/pack-writer.ts';
import { sealSnapshot, signSnapshot, type SignBytes } from '../archive/snapshot.ts';
import type { Snapshot, SnapshotParent, SnapshotTotals } from '../archive/snapshot-record.ts';
import type { VaultRecord } from '../archive/vault-record.ts';
import { blake3 } from '../codec/hash.ts';
import type { VaultKeys } from '../codec/keys.ts';
import type { FolderRecord } from '../local-index/folder-table.ts';
import type { LocalIndex } from '../local-index/local-index.ts';
import { EngineError } from '../model/engine-error.ts';
import type { FolderKeys } from '../model/folder-keys.ts';
import type { BlobId, ChunkId, DeviceId, PackId, RawPath, SnapshotId } from '../model/ids.ts';
import type { WalrusSystem } from '../model/walrus.ts';
import type { Clock, Random } from '../ports/ports.ts';
import type { CommitRecord } from './commit-record.ts';
import { addIndexSegment, type WrittenIndex } from './index-writer.ts';
import { PackStream } from './pack-stream.ts';
import type { Spool } from './spool.ts';

export interface CommitOptions {
  readonly folder: FolderRecord;
  readonly folderKeys: FolderKeys;
  readonly vaultKeys: VaultKeys;
  readonly vault: VaultRecord;
  readonly deviceId: DeviceId;
  readonly deviceName: string;
  readonly signer: Uint8Array;
  readonly sign: SignBytes;
  readonly codec: ArchiveCodec;
  readonly clock: Clock;
  readonly random: Random;
  readonly index: LocalIndex;
  readonly spool: Spool;
  readonly limits: PackLimits;
  readonly system: WalrusSystem;
  /** The newest snapshots of this folder that other devices published. */
  readonly otherParents: readonly SnapshotParent[];
  /** What leaves its pack, and what happens to older snapshots. */
  readonly moves: CommitMoves;
  /** A pack was sealed; resolves when there is room in the spool for the next one. */
  readonly onSealed: (packId: PackId, sizeBytes: number) => Promise<void>;
  /** Resolves when every sealed pack is certified. */
  readonly untilCertified: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** Take sealed bytes of the folder as they are. */
export type AddSealed = (kind: EntryKind, id: ChunkId, sealed: Uint8Array) => Promise<void>;

/** What a commit does beside storing what changed. */
export interface CommitMoves {
  /** Packs that nothing may rely on any more. */
  readonly isLeaving: (blobId: BlobId) => boolean;
  /** Packs whose chunks are stored again, although others may still need them. */
  readonly unusable: ReadonlySet<PackId>;
  /** Whether the folder needs a commit for its own sake: something must leave its pack. */
  readonly isDue: boolean;
  /** Give what must leave its pack to `add`, but for what `isStored` says is in a new one already. */
  carryOver(
    commit: CommitRecord,
    add: AddSealed,
    isStored: (id: ChunkId) => boolean,
    signal: AbortSignal,
  ): Promise<void>;
  /** So many files look encrypted: nothing may be forgotten by rule from now on. */
  noteBurst(files: number): void;
  /**
   * Forget nothing that the person wants to keep by now: the files may have been read for hours
   * since it was decided what goes.
   */
  keepWhatIsWanted(): void;
  /** Whether a commit of the same tree may take the place of this snapshot. */
  mayReplace(snapshotId: SnapshotId): boolean;
  /**
   * What becomes of older snapshots with a commit that is made now. `replaces` is true when it
   * takes the place of the last.
   */
  history(last: CommitRecord | undefined, replaces: boolean): HistoryChange;
}

export interface HistoryChange {
  /** For the pack index: snapshots that it names from now on, or no more. */
  readonly entries: readonly IndexEntry[];
  readonly forgets: readonly SnapshotId[];
  readonly pinned: readonly SnapshotId[];
}

/** What a snapshot says of the folder's content. */
export interface CommittedTree {
  readonly rootTree: ChunkId;
  readonly rootMode: number;
  readonly rootMtimeNs: bigint;
  readonly totals: SnapshotTotals;
  readonly createdAtMs: number;
  /** The snapshot whose place it takes. */
  readonly replaces?: SnapshotId | undefined;
}

export const packClassOf = (folder: FolderRecord): PackClass =>
  folder.permanent ? 'permanent' : 'deletable';

/** Who owns what the folder seals now. */
export function ownerOf({ folder, folderKeys }: CommitOptions): PackOwner {
  const newest = folderKeys.epochs.at(-1);
  if (!newest) throw new EngineError('index-damaged', 'a folder has no keys');
  return { folderId: folder.folderId, keyEpoch: newest.keyEpoch, key: newest.key };
}

export function openStream(options: CommitOptions): PackStream {
  return new PackStream({
    codec: options.codec,
    vaultId: options.vaultKeys.vaultId,
    folderId: options.folder.folderId,
    packClass: packClassOf(options.folder),
    shardCount: options.system.shardCount,
    limits: options.limits,
    index: options.index,
    spool: options.spool,
    random: options.random,
    hash: blake3,
    owner: ownerOf(options),
    onSealed: options.onSealed,
  });
}

/** The newest commit of the folder that was published. */
export function lastCommit({
  index,
  folder,
}: Pick<CommitOptions, 'index' | 'folder'>): CommitRecord | undefined {
  const newest = index.snapshots.newest(folder.folderId);
  return newest && (JSON.parse(newest.record) as CommitRecord);
}

/**
 * Commit the tree of the last commit once more, without what is leaving. Nothing of the folder is
 * read. False when there is no commit yet.
 */
export async function recommit(options: CommitOptions): Promise<boolean> {
  const before = lastCommit(options);
  if (!before) return false;
  const tree: CommittedTree = {
    rootTree: before.rootTree,
    rootMode: before.rootMode,
    rootMtimeNs: BigInt(before.rootMtimeNs),
    totals: before.totals,
    ...placeOf(options, before),
  };
  await writeCommit(options, openStream(options), tree, before, () => undefined);
  return true;
}

/** Where in time a commit of the same tree stands: in the place of the last, where that may go. */
export function placeOf(
  { moves }: Pick<CommitOptions, 'moves'>,
  { createdAtMs, snapshotId }: CommitRecord,
): Pick<CommittedTree, 'createdAtMs' | 'replaces'> {
  return { createdAtMs, replaces: moves.mayReplace(snapshotId) ? snapshotId : undefined };
}

/**
 * Carry over what leaves its pack, add the index segment, and close the pack with the snapshot.
 * `alongside` is written in the same transaction as its journal row.
 */
export async function writeCommit(
  options: CommitOptions,
  stream: PackStream,
  tree: CommittedTree,
  before: CommitRecord | undefined,
  alongside: () => void,
): Promise<void> {
  const { folder, index, moves } = options;
  moves.keepWhatIsWanted();
  if (before) await carryOver(options, stream, before);
  const history = moves.history(before, tree.replaces !== undefined);
  // Packs that are full already must have their blob IDs before the pack index can name them.
  await options.untilCertified();
  const segments = await addIndexSegment({
    codec: options.codec,
    index,
    folderId: folder.folderId,
    vaultId: options.vaultKeys.vaultId,
    chunkIdKey: options.folderKeys.chunkIdKey,
    owner: ownerOf(options),
    stream,
    limits: options.limits,
    epoch: options.system.epoch,
    previous: before,
    history: history.entries,
    isLeaving: moves.isLeaving,
    snapshotExtraBytes: snapshotExtraBytes(folder, history),
    untilCertified: options.untilCertified,
  });
  const commit = await sealCommit(options, stream, tree, segments, before, history);
  await stream.commit(
    (pack) => {
      const placed = pack.entries.find((entry) => entry.kind === ENTRY_KIND.snapshot);
      if (!placed) throw new EngineError('internal', 'a commit pack without its snapshot');
      return JSON.stringify({
        ...commit,
        packId: stream.openPackId,
        offsetBytes: placed.offsetBytes,
        sizeBytes: placed.sizeBytes,
      } satisfies CommitRecord);
    },
    () => {
      alongside();
      segments.write();
    },
  );
}

async function carryOver(
  { moves, signal }: CommitOptions,
  stream: PackStream,
  before: CommitRecord,
): Promise<void> {
  const open = new Set(stream.openEntries().map(({ id }) => id));
  const add: AddSealed = async (kind, id, sealed) => {
    await stream.add(kind, id, sealed);
  };
  await moves.carryOver(before, add, (id) => open.has(id), signal);
}

/** Bytes of a snapshot that depend on the person's choices. */
const snapshotExtraBytes = (folder: FolderRecord, { pinned }: HistoryChange): number =>
  folder.wrappedKeys.length +
  folder.root.length * 4 +
  folder.name.length * 4 +
  pinned.length * 32 +
  folder.excludes.reduce((sum, pattern) => sum + pattern.length * 4 + 3, 0);

async function sealCommit(
  options: CommitOptions,
  stream: PackStream,
  tree: CommittedTree,
  segments: WrittenIndex,
  before: CommitRecord | undefined,
  history: HistoryChange,
): Promise<Omit<CommitRecord, 'packId' | 'offsetBytes' | 'sizeBytes'>> {
  const { folder, vaultKeys, codec, system } = options;
  const sequence = (before?.sequence ?? 0) + 1;
  const parents: SnapshotParent[] = [
    ...(before
      ? [
          {
            deviceId: options.deviceId,
            sequence: before.sequence,
            snapshotId: before.snapshotId,
          },
        ]
      : []),
    ...options.otherParents,
  ];
  const snapshot: Snapshot = {
    vaultId: vaultKeys.vaultId,
    folderId: folder.folderId,
    folderName: folder.name,
    originPath: Buffer.from(folder.root, 'utf8').toString('latin1') as RawPath,
    excludes: folder.excludes,
    packClass: packClassOf(folder),
    deviceId: options.deviceId,
    deviceName: options.deviceName,
    sequence,
    parents,
    root: { treeId: tree.rootTree, mode: tree.rootMode, mtimeNs: tree.rootMtimeNs },
    wrappedKeys: [{ memberId: undefined, sealed: new Uint8Array(folder.wrappedKeys) }],
    keyEpoch: ownerOf(options).keyEpoch,
    segments: segments.refs,
    chainEpoch: system.epoch,
    createdAtMs: tree.createdAtMs,
    totals: tree.totals,
    vault: options.vault,
    pinned: history.pinned,
    signer: options.signer,
  };
  const signed = await signSnapshot(snapshot, { codec, sign: options.sign });
  const sealed = await sealSnapshot(signed, { codec, vaultKey: vaultKeys.vaultKey });
  const vaultOwner: PackOwner = { folderId: undefined, keyEpoch: 0, key: vaultKeys.vaultKey };
  const id = signed.snapshotId as unknown as ChunkId;
  stream.addLast(vaultOwner, ENTRY_KIND.snapshot, id, sealed);
  return {
    folderId: folder.folderId,
    headSlot: folder.headSlot,
    snapshotId: signed.snapshotId,
    sequence,
    rootTree: tree.rootTree,
    rootMode: tree.rootMode,
    rootMtimeNs: tree.rootMtimeNs.toString(),
    createdAtMs: snapshot.createdAtMs,
    totals: snapshot.totals,
    segments: segments.placed,
    packClass: snapshot.packClass,
    namesHistory: true,
    forgets: history.forgets,
    replaces: tree.replaces,
  };
}
