/** @file Restore and browse as EngineApi offers them: from a name to files. */
import type { ListEntry, RestoreReport, SnapshotSummary } from '#contract/api.ts';
import { findEntry, readDirectory } from './archive/tree.ts';
import type { CatalogSnapshot } from './catalog.ts';
import type { EngineParts } from './engine-parts.ts';
import { tellLosses } from './losses.ts';
import { EngineError } from './model/engine-error.ts';
import { displayPath, joinRawPath, rawPath, type RawPath } from './model/ids.ts';
import { absolutePath } from './ports/file-system.ts';
import { refuseProtectedTarget } from './restore-targets.ts';
import { restoreKeyOf, restoreSnapshot, type RestoreProgress } from './restore/restore.ts';
import type { AskedPart } from './restore/selection.ts';
import type { OpenedSnapshot } from './restore/snapshot-reader.ts';

const NS_PER_MS = 1_000_000n;

export const summaryOf = ({ signed, location }: CatalogSnapshot): SnapshotSummary => ({
  snapshotId: signed.snapshotId,
  folderId: signed.snapshot.folderId,
  folderName: signed.snapshot.folderName,
  device: signed.snapshot.deviceName,
  sequence: signed.snapshot.sequence,
  atMs: signed.snapshot.createdAtMs,
  fileCount: signed.snapshot.totals.fileCount,
  sizeBytes: signed.snapshot.totals.sizeBytes,
  blobId: location.blobId,
});

/**
 * The newest snapshot of a folder as its head names it, or the one that is meant.
 *
 * @throws EngineError `folder-unknown`, `snapshot-unknown`
 */
export async function openSnapshotOf(
  { catalog }: EngineParts,
  request: { readonly folder: string; readonly snapshot?: string | undefined },
  signal: AbortSignal,
): Promise<OpenedSnapshot> {
  const found =
    request.snapshot === undefined
      ? await catalog.newestOf(request.folder, signal)
      : await catalog.find(request.folder, request.snapshot, signal);
  return catalog.open(found, signal);
}

/** @throws EngineError as restoreSnapshot, and `folder-unknown`, `snapshot-unknown` */
export async function restoreFolder(
  parts: EngineParts,
  request: {
    readonly folder: string;
    readonly target: string;
    readonly snapshot?: string;
  } & AskedPart,
  signal: AbortSignal,
): Promise<RestoreReport> {
  const { options, emit } = parts;
  refuseProtectedTarget(parts, request.target);
  const snapshot = await openSnapshotOf(parts, request, signal);
  const startedMs = options.clock.monotonicMs();
  const { folderId, folderName } = snapshot.signed.snapshot;
  return restoreOpened(parts, snapshot, {
    ...request,
    onProgress: (progress) =>
      emit({
        kind: 'progress',
        task: 'restore',
        folderId,
        folderName,
        ...progress,
        elapsedMs: options.clock.monotonicMs() - startedMs,
      }),
    signal,
  });
}

/** Restore from a snapshot that is open, and remember what is finished until all of it is. */
export async function restoreOpened(
  { options, index, packs, chain }: EngineParts,
  snapshot: OpenedSnapshot,
  request: AskedPart & {
    readonly target: string;
    readonly onProgress: (progress: RestoreProgress) => void;
    readonly signal: AbortSignal;
  },
): Promise<RestoreReport> {
  const { glob, paths, target, onProgress, signal } = request;
  const asked = { glob, paths };
  const key = `${restoreKeyOf(snapshot, asked)} ${target}`;
  const result = await restoreSnapshot({
    snapshot,
    packs,
    files: options.files,
    target: absolutePath(target),
    asked,
    done: index.restored.load(key),
    markDone: (done) => index.restored.put(key, done),
    onProgress,
    signal,
  });
  if (result.isComplete) index.restored.clear(key);
  return {
    snapshotId: snapshot.signed.snapshotId,
    target,
    filesRestored: result.filesRestored,
    bytesRestored: result.bytesRestored,
    filesAlreadyThere: result.filesAlreadyThere,
    lost: await tellLosses(chain, result.lost, signal),
  };
}

/** The entries of one directory of a snapshot; for a file, that file alone. */
export async function listSnapshotDirectory(
  parts: EngineParts,
  request: { readonly folder: string; readonly path: string; readonly snapshot?: string },
  signal: AbortSignal,
): Promise<readonly ListEntry[]> {
  const snapshot = await openSnapshotOf(parts, request, signal);
  const get = snapshot.getChunk;
  let treeId = snapshot.signed.snapshot.root.treeId;
  let path = '' as RawPath;
  for (const name of request.path.split('/').filter((part) => part !== '')) {
    const entry = await findEntry(treeId, rawPath(name), { get, signal });
    if (!entry) {
      throw new EngineError('path-unknown', `the snapshot holds nothing at ${request.path}`);
    }
    path = joinRawPath(path, entry.name);
    if (entry.kind !== 'directory') return [listed(path, entry)];
    ({ treeId } = entry);
  }
  const entries: ListEntry[] = [];
  for await (const entry of readDirectory(treeId, { get, signal })) {
    entries.push(listed(joinRawPath(path, entry.name), entry));
  }
  return entries;
}

function listed(path: RawPath, entry: Awaited<ReturnType<typeof findEntry>> & object): ListEntry {
  return {
    path: displayPath(path),
    kind: entry.kind,
    sizeBytes: entry.kind === 'file' ? entry.sizeBytes : 0,
    mode: entry.mode,
    mtimeMs: Number(entry.mtimeNs / NS_PER_MS),
    target: entry.kind === 'symlink' ? displayPath(entry.target) : undefined,
  };
}
