/**
 * @file A place for tests of what a restore writes: a target, a folder outside of it that nothing may
 * touch, and a restore as its caller would run it. The values are those of the test that runs.
 */
import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { rawPath, type RawPath } from '#engine/model/ids.ts';
import { absolutePath, type TargetFiles } from '#engine/ports/file-system.ts';
import {
  openRestoreTarget,
  type FileAdmission,
  type RestoreTarget,
} from '#engine/restore/write.ts';
import type {
  PlacedDirectory,
  PlacedEntry,
  RestoreDirectory,
  RestoreEntry,
  RestoreFile,
  RestoreRemark,
  RestoreSymlink,
} from '#engine/restore/write-entries.ts';
import { NodeTargetFiles } from '#platform/node-target-files.ts';
import { temporaryFolder } from './tree.ts';

export let folder: ReturnType<typeof temporaryFolder>;
export let target: string;
export let outside: string;
export let outsideMode: number;
export let done: Set<RawPath>;
export let remarks: RestoreRemark[];
export let files: TargetFiles;

/** Before each test. */
export function prepareScene(): void {
  folder = temporaryFolder();
  target = join(folder.path, 'target');
  outside = join(folder.path, 'outside');
  mkdirSync(outside);
  outsideMode = lstatSync(outside).mode & 0o777;
  done = new Set();
  remarks = [];
  files = new NodeTargetFiles();
}

/** After each test. */
export const leaveScene = (): void => folder.remove();

/** Restore to another place from now on. */
export function useTarget(path: string): void {
  target = path;
}

/** Let the targets that are opened from now on be on another disk. */
export function useFiles(others: TargetFiles): void {
  files = others;
}

export const MTIME_NS = 1_234_567_890_123_456_789n;
export const raw = (latin1: string): RawPath => latin1 as RawPath;

export function open(restoreKey = 'snapshot'): RestoreTarget {
  return openRestoreTarget({
    files,
    target: absolutePath(target),
    restoreKey,
    isDone: (path) => done.has(path),
    markDone: (path) => void done.add(path),
    onRemark: (remark) => void remarks.push(remark),
  });
}

type Rest<E> = Partial<Omit<E, 'kind' | 'name'>>;
export const aFile = (
  name: string,
  sizeBytes: number,
  rest: Rest<RestoreFile> = {},
): RestoreFile => ({
  kind: 'file',
  name: rawPath(name),
  sizeBytes,
  mode: 0o644,
  mtimeNs: MTIME_NS,
  ...rest,
});
export const aDirectory = (name: string, rest: Rest<RestoreDirectory> = {}): RestoreDirectory => ({
  kind: 'directory',
  name: rawPath(name),
  mode: 0o755,
  mtimeNs: MTIME_NS,
  ...rest,
});
export const aLink = (
  name: string,
  to: string,
  rest: Rest<RestoreSymlink> = {},
): RestoreSymlink => ({
  kind: 'symlink',
  name: rawPath(name),
  target: rawPath(to),
  mode: 0o777,
  mtimeNs: MTIME_NS,
  ...rest,
});

/** An entry with the content of a file, or the entries of a directory. */
export interface Planned {
  readonly entry: RestoreEntry;
  readonly content?: Uint8Array;
  readonly entries?: readonly Planned[];
}
export const withContent = (
  name: string,
  content: string | Uint8Array,
  rest: Rest<RestoreFile> = {},
): Planned => {
  const data = Buffer.from(content as Uint8Array);
  return { entry: aFile(name, data.length, rest), content: data };
};

export async function writeFile(admission: FileAdmission, content: Uint8Array): Promise<void> {
  if (admission.kind !== 'write') return;
  await admission.writer.write(content, 0);
  await admission.writer.finish();
}

/** Restore a whole tree as a caller would. */
export async function restore(
  opened: RestoreTarget,
  at: PlacedDirectory,
  planned: readonly Planned[],
): Promise<void> {
  const byEntry = new Map(planned.map((one) => [one.entry, one]));
  for (const placed of opened.place(
    at,
    planned.map(({ entry }) => entry),
  )) {
    const plan = byEntry.get(placed.entry);
    switch (placed.entry.kind) {
      case 'directory': {
        const below = opened.addDirectory(placed as PlacedEntry<RestoreDirectory>);
        if (below) await restore(opened, below, plan?.entries ?? []);
        break;
      }
      case 'file':
        await writeFile(
          opened.addFile(placed as PlacedEntry<RestoreFile>),
          plan?.content ?? new Uint8Array(),
        );
        break;
      case 'symlink':
        opened.addSymlink(placed as PlacedEntry<RestoreSymlink>);
        break;
    }
  }
}

export async function restoreAll(planned: readonly Planned[]): Promise<void> {
  const opened = open();
  await restore(opened, opened.root, planned);
  await opened.finish({ isComplete: true });
}

/** The one entry, placed in the root. */
export function placeOne<E extends RestoreEntry>(opened: RestoreTarget, entry: E): PlacedEntry<E> {
  const [placed] = opened.place(opened.root, [entry]);
  if (!placed) throw new Error('the entry was left out');
  return placed as PlacedEntry<E>;
}

export function begin(opened: RestoreTarget, entry: RestoreFile) {
  const admission = opened.addFile(placeOne(opened, entry));
  if (admission.kind !== 'write') throw new Error(`the file is ${admission.kind}`);
  return admission.writer;
}
