/**
 * @file Brings one folder up to date: from a scan to a sealed commit in the journal.
 *
 *     scan → read, chunk, seal, pack → tree → index segment → snapshot → commit pack
 *
 * Everything that is new ends in one pack whenever it fits. What does not fit goes ahead in packs
 * of its own, and those are certified before the snapshot names them. Nothing here touches the
 * network: the river takes the packs on.
 */
import { decodeEntry } from '../archive/tree-entry.ts';
import { openTreeSplitter } from '../archive/tree.ts';
import { openChunker } from '../codec/chunk.ts';
import type { KnownEntry, KnownTree } from '../local-index/entry-table.ts';
import { EngineError } from '../model/engine-error.ts';
import { displayPath, type ChunkId, type RawPath } from '../model/ids.ts';
import { absolutePath, type AbsolutePath, type FileSystem } from '../ports/file-system.ts';
import { judgeBurst } from '../source/burst.ts';
import { type FileChange, type ScannedDirectory } from '../source/change.ts';
import { judgeMassChange } from '../source/mass-change.ts';
import { FolderScan, type ScanSummary } from '../source/scanner.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { lastCommit, openStream, placeOf, writeCommit, type CommitOptions } from './commit.ts';
import type { CommitRecord } from './commit-record.ts';
import {
  readFolderFiles,
  type FileToRead,
  type FolderReadings,
  type UnreadFile,
} from './folder-reader.ts';
import { needsEndedPack } from './index-writer.ts';
import type { PackStream } from './pack-stream.ts';
import { packedShareOf } from './packed-share.ts';
import { buildTree, type BuiltTree } from './tree-builder.ts';

export interface FolderSyncOptions extends CommitOptions {
  readonly files: FileSystem;
  readonly ownDirectories: readonly AbsolutePath[];
  readonly acceptDeletions: boolean;
  readonly onProgress: (progress: FolderProgress) => void;
}

export interface FolderProgress {
  readonly phase: 'scan' | 'protect';
  readonly filesDone: number;
  readonly filesTotal: number | undefined;
  readonly bytesDone: number;
  readonly bytesTotal: number | undefined;
  readonly current: string | undefined;
}

export interface FolderSyncResult {
  /** Whether a commit was sealed; else the folder is as its newest snapshot says. */
  readonly committed: boolean;
  readonly filesAdded: number;
  readonly filesChanged: number;
  readonly filesRemoved: number;
  readonly bytesRead: number;
  readonly bytesSealed: number;
  readonly unread: readonly UnreadFile[];
  readonly rootDevice: bigint;
  /** Directories that no watcher sees into. */
  readonly unwatchable: number;
}

interface ScannedFolder {
  readonly directories: readonly ScannedDirectory<KnownEntry>[];
  readonly summary: ScanSummary;
  readonly toRead: readonly FileToRead[];
  readonly unread: readonly UnreadFile[];
  readonly known: KnownTree;
  readonly counts: { added: number; changed: number; removed: number };
  /** Files that were there and are not any more. */
  readonly gone: readonly KnownEntry[];
}

/**
 * Scan the folder and seal what changed.
 *
 * @throws EngineError `folder-missing`, `folder-unreadable`, `mass-deletion`, `disk-full`
 */
export async function syncFolder(options: FolderSyncOptions): Promise<FolderSyncResult> {
  const scanned = await scanFolder(options);
  if (!options.acceptDeletions)
    refuseMassDeletion(scanned.summary, forgottenFiles(options, scanned.known));
  const sealing = openSealing(options);
  const readings = await readFolderFiles(scanned.toRead, {
    files: options.files,
    root: absolutePath(options.folder.root),
    clock: options.clock,
    chunks: sealing.chunks,
    stream: sealing.stream,
    onRead: progressReporter(options, scanned),
    signal: options.signal,
  });
  const tree = await buildTree(scanned.directories, {
    files: options.files,
    root: absolutePath(options.folder.root),
    chunks: sealing.chunks,
    splitter: sealing.splitter,
    readings,
    known: scanned.known,
    signal: options.signal,
  });
  const unread = [...scanned.unread, ...readings.unread];
  const encrypted = judgeEncryption(options, sealing.stream, scanned, readings);
  if (encrypted !== undefined) options.moves.noteBurst(encrypted);
  const committed = await commitIfChanged(options, sealing.stream, tree, unread);
  return {
    committed,
    filesAdded: scanned.counts.added,
    filesChanged: scanned.counts.changed,
    filesRemoved: scanned.counts.removed,
    bytesRead: readings.bytesRead,
    bytesSealed: sealing.stream.sealedBytes,
    unread,
    rootDevice: scanned.summary.rootDevice,
    unwatchable: scanned.summary.unwatchable,
  };
}

async function scanFolder(options: FolderSyncOptions): Promise<ScannedFolder> {
  const { folder, index, files, signal, onProgress } = options;
  const known = index.entries.load(folder.folderId);
  const nothing = new Map<RawPath, KnownEntry>();
  const scan = new FolderScan<KnownEntry>({
    files,
    root: absolutePath(folder.root),
    known: (directory) => known.directories.get(directory) ?? nothing,
    knownFiles: Math.max(known.fileCount, forgottenFiles(options, known)),
    knownDevice: folder.rootDevice === undefined ? undefined : BigInt(folder.rootDevice),
    ignorePatterns: folder.excludes,
    ownDirectories: options.ownDirectories,
    acceptDeletions: options.acceptDeletions,
    signal,
  });
  const directories: ScannedDirectory<KnownEntry>[] = [];
  const toRead: FileToRead[] = [];
  const unread: UnreadFile[] = [];
  const counts = { added: 0, changed: 0, removed: 0 };
  const gone: KnownEntry[] = [];
  for await (const directory of scan) {
    directories.push(directory);
    for (const change of directory.entries) {
      if (change.kind === 'removed' && change.known.kind === 'file') gone.push(change.known);
      sortChange(change, toRead, unread, counts);
    }
    const { files: filesDone, bytes: bytesDone } = scan.summary;
    onProgress({
      phase: 'scan',
      filesDone,
      filesTotal: undefined,
      bytesDone,
      bytesTotal: undefined,
      current: undefined,
    });
  }
  return { directories, summary: scan.summary, toRead, unread, known, counts, gone };
}

/** How many files look as if somebody had encrypted them, if they are enough to be alarmed. */
function judgeEncryption(
  { index, folder }: FolderSyncOptions,
  stream: PackStream,
  { gone, counts }: ScannedFolder,
  readings: FolderReadings,
): number | undefined {
  if (gone.length === 0) return undefined;
  const open = new Map(stream.openEntries().map(({ id, sizeBytes }) => [id, sizeBytes]));
  const sealedBytesOf = (id: ChunkId): number | undefined =>
    open.get(id) ?? index.journal.placeOf(folder.folderId, id)?.sizeBytes;
  const changed = counts.added + counts.changed + counts.removed;
  return judgeBurst(
    gone.map(({ path, entry }) => ({
      path,
      packedShare: packedShareOf(decodeEntry(entry), sealedBytesOf),
    })),
    [...readings.entries].map(([path, entry]) => ({
      path,
      packedShare: packedShareOf(entry, sealedBytesOf),
    })),
    changed,
  );
}

function sortChange(
  change: FileChange<KnownEntry>,
  toRead: FileToRead[],
  unread: UnreadFile[],
  counts: ScannedFolder['counts'],
): void {
  if (change.kind === 'removed') {
    if (change.known.kind === 'file') counts.removed += 1;
  } else if (change.kind === 'unreadable') {
    unread.push({ path: change.path, reason: change.reason });
  } else if (
    (change.kind === 'added' || change.kind === 'changed') &&
    change.stat.kind === 'file'
  ) {
    counts[change.kind] += 1;
    const { path, name, stat, hardLinkGroup } = change;
    toRead.push({ path, name, stat, hardLinkGroup });
  }
}

/**
 * Files of the newest snapshot, when nothing is known here of single files: the index was read
 * back, or everything is to be stored anew. An empty folder is then no less suspicious.
 */
function forgottenFiles({ index, folder }: FolderSyncOptions, known: KnownTree): number {
  if (known.root || known.fileCount > 0) return 0;
  const newest = index.snapshots.newest(folder.folderId);
  return newest ? (JSON.parse(newest.record) as CommitRecord).totals.fileCount : 0;
}

function refuseMassDeletion(summary: ScanSummary, forgotten: number): void {
  const vanishedFiles = Math.max(summary.vanishedFiles, forgotten - summary.files);
  const judged = judgeMassChange({ ...summary, vanishedFiles });
  if (judged.kind === 'usual') return;
  throw new EngineError(
    'mass-deletion',
    `${String(judged.files)} files vanished or shrank at once; nothing was published`,
    { context: { files: judged.files, percent: Math.round(judged.share * 100) } },
  );
}

interface Sealing {
  readonly stream: PackStream;
  readonly chunks: ChunkWriter;
  readonly splitter: ReturnType<typeof openTreeSplitter>;
}

function openSealing(options: FolderSyncOptions): Sealing {
  const { folder, folderKeys, vaultKeys, vault, codec, index, system, moves } = options;
  const stream = openStream(options);
  const chunks = new ChunkWriter({
    vaultId: vaultKeys.vaultId,
    folderId: folder.folderId,
    keys: folderKeys,
    chunker: openChunker({
      ...vault.chunk,
      gearKey: folderKeys.gearKey,
      chunkIdKey: folderKeys.chunkIdKey,
    }),
    stream,
    random: options.random,
    readKnown: () => index.journal.usableChunks(folder.folderId, system.epoch, moves.unusable),
  });
  const splitter = openTreeSplitter(codec, folderKeys.gearKey, vault.chunk.maxBytes);
  return { stream, chunks, splitter };
}

function progressReporter(
  options: FolderSyncOptions,
  scanned: ScannedFolder,
): (file: FileToRead, bytes: number) => void {
  const bytesTotal = scanned.toRead.reduce((sum, { stat }) => sum + stat.sizeBytes, 0);
  let bytesDone = 0;
  const done = new Set<RawPath>();
  return (file, bytes) => {
    bytesDone += bytes;
    done.add(file.path);
    options.onProgress({
      phase: 'protect',
      filesDone: done.size,
      filesTotal: scanned.toRead.length,
      bytesDone,
      bytesTotal: Math.max(bytesTotal, bytesDone),
      current: displayPath(file.path),
    });
  };
}

/** Seal the commit, unless the folder is as its newest snapshot says. */
async function commitIfChanged(
  options: FolderSyncOptions,
  stream: PackStream,
  tree: BuiltTree,
  unread: readonly UnreadFile[],
): Promise<boolean> {
  const { folder, index, moves, clock } = options;
  const { folderId } = folder;
  const before = lastCommit(options);
  const { epoch } = options.system;
  const rememberTree = (): void => {
    for (const path of tree.forget) index.entries.delete(folderId, path);
    for (const path of tree.forgetBelow) index.entries.deleteBelow(folderId, path);
    for (const entry of tree.remember) index.entries.put(folderId, entry);
    index.entries.replaceUnread(folderId, unread);
  };
  const isSame =
    before?.rootTree === tree.rootTree &&
    stream.isEmpty &&
    isSameRoot(before, tree) &&
    !needsEndedPack({ index, epoch }, before);
  if (isSame && !moves.isDue) {
    // Files that were read again and held the same.
    await stream.flush();
    index.atomically(rememberTree);
    return false;
  }
  const { rootTree, rootMode, rootMtimeNs } = tree;
  const totals = { ...tree.totals, unreadCount: unread.length };
  const place = isSame ? placeOf(options, before) : { createdAtMs: clock.nowMs() };
  const committed = { rootTree, rootMode, rootMtimeNs, totals, ...place };
  await writeCommit(options, stream, committed, before, rememberTree);
  return true;
}

/** Its time alone is not worth a commit: everything that is ignored changes it, too. */
const isSameRoot = (before: CommitRecord, tree: BuiltTree): boolean =>
  before.rootMode === tree.rootMode;
