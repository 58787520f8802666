/**
 * What the source reads and the target writes, without anything between them: a tree that is
 * copied this way must be equal in everything that a snapshot can hold.
 */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rawPath, type RawPath } from '#engine/model/ids.ts';
import { absolutePath, pathBelow, type AbsolutePath } from '#engine/ports/file-system.ts';
import { compareTrees } from '#platform/compare-trees.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { systemClock } from '#platform/system-clock.ts';
import {
  bytes,
  directory,
  file,
  hardlink,
  KIB,
  makeTree,
  MIB,
  rawName,
  sparse,
  symlink,
  temporaryFolder,
  type Tree,
} from '#test/support/tree.ts';
import type { KnownEntry, PresentChange } from '../source/change.ts';
import { isSmallFile, readLargeFile, readSmallFiles } from '../source/reader.ts';
import { FolderScan } from '../source/scanner.ts';
import type { PlacedDirectory, PlacedEntry, RestoreEntry, RestoreFile } from './write-entries.ts';
import { openRestoreTarget, type RestoreTarget } from './write.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => (folder = temporaryFolder()));
afterEach(() => folder.remove());

const files = openFileSystem();
type Present = PresentChange<KnownEntry>;

/** The entries of every directory, by its path. */
async function scanAll(root: AbsolutePath): Promise<Map<RawPath, Present[]>> {
  const scan = new FolderScan<KnownEntry>({ files, root, known: () => new Map(), knownFiles: 0 });
  const directories = new Map<RawPath, Present[]>();
  for await (const { path, entries } of scan) {
    directories.set(
      path,
      entries.filter((entry): entry is Present => 'stat' in entry),
    );
  }
  return directories;
}

interface FileContent {
  readonly data: Buffer;
  readonly facts: Pick<RestoreFile, 'extents' | 'xattrs'>;
}

async function readContent(root: AbsolutePath, present: Present): Promise<FileContent> {
  const options = { files, root, clock: systemClock };
  const pieces: Buffer[] = [];
  if (isSmallFile(present.stat)) {
    const buffer = new Uint8Array(2 * MIB);
    const [result] = readSmallFiles(options, [present], buffer);
    if (result?.reading.kind !== 'read') throw new Error('a file was not read');
    const data = Buffer.from(buffer.subarray(0, result.sizeBytes));
    return { data, facts: { xattrs: result.reading.xattrs } };
  }
  const reading = await readLargeFile(options, present, {
    buffers: [new Uint8Array(MIB), new Uint8Array(MIB)],
    onAttempt: () => void pieces.splice(0),
    onPiece: (piece) => void pieces.push(Buffer.from(piece)),
  });
  if (reading.kind !== 'read') throw new Error('a file was not read');
  return {
    data: Buffer.concat(pieces),
    facts: { extents: reading.extents, xattrs: reading.xattrs },
  };
}

function entryOf(
  root: AbsolutePath,
  present: Present,
  content: FileContent | undefined,
): RestoreEntry {
  const { name, stat } = present;
  const common = {
    name,
    mode: stat.mode,
    mtimeNs: stat.mtimeNs,
    userName: files.userName(stat.uid),
    groupName: files.groupName(stat.gid),
  };
  if (stat.kind === 'symlink') {
    return { kind: 'symlink', ...common, target: present.target ?? rawPath('') };
  }
  if (stat.kind === 'directory') {
    const xattrs = files.directoryXattrs(pathBelow(root, present.path));
    return { kind: 'directory', ...common, xattrs };
  }
  const { hardLinkGroup } = present;
  return { kind: 'file', ...common, sizeBytes: stat.sizeBytes, hardLinkGroup, ...content?.facts };
}

async function copyDirectory(
  root: AbsolutePath,
  scanned: ReadonlyMap<RawPath, Present[]>,
  target: RestoreTarget,
  at: PlacedDirectory,
): Promise<void> {
  const entries = new Map<RestoreEntry, FileContent | undefined>();
  for (const present of scanned.get(at.path) ?? []) {
    const content = present.stat.kind === 'file' ? await readContent(root, present) : undefined;
    entries.set(entryOf(root, present, content), content);
  }
  for (const placed of target.place(at, [...entries.keys()])) {
    await copyEntry(root, scanned, target, placed, entries.get(placed.entry));
  }
}

async function copyEntry(
  root: AbsolutePath,
  scanned: ReadonlyMap<RawPath, Present[]>,
  target: RestoreTarget,
  placed: PlacedEntry,
  content: FileContent | undefined,
): Promise<void> {
  const { entry, path, targetPath } = placed;
  if (entry.kind === 'symlink') return target.addSymlink({ entry, path, targetPath });
  if (entry.kind === 'directory') {
    const made = target.addDirectory({ entry, path, targetPath });
    if (made) await copyDirectory(root, scanned, target, made);
    return;
  }
  const admission = target.addFile({ entry, path, targetPath });
  if (admission.kind !== 'write') return;
  await admission.writer.write(content?.data ?? new Uint8Array(), 0);
  await admission.writer.finish();
}

const tree: Tree = {
  empty: '',
  'small.txt': file('hello', { mode: 0o600, mtimeNs: 1n, xattrs: { 'user.note': 'kept' } }),
  'before 1970': file('x', { mtimeNs: -1_234_567_891n }),
  'far ahead': file('x', { mtimeNs: 4_102_444_800_000_000_007n }),
  'large.bin': file(bytes(5 * MIB + 3), { mode: 0o444 }),
  'holes.img': sparse(16 * MIB, [
    [0, bytes(70 * KIB)],
    [8 * MIB, bytes(130 * KIB, 2)],
  ]),
  'ends in a hole': sparse(3 * MIB, [[0, 'x']]),
  'all hole': sparse(2 * MIB, []),
  'empty directory': directory({}, { mode: 0o711, mtimeNs: 1_000_000_001n }),
  closed: directory({ x: 'x' }, { mode: 0o500, mtimeNs: 77n }),
  sticky: directory({}, { mode: 0o1777 }),
  links: {
    inside: symlink('../small.txt', { mtimeNs: 123_456_789n }),
    outside: symlink('/etc/passwd'),
    dangling: symlink('nowhere/at all'),
    circle: symlink('.'),
    long: symlink('x'.repeat(2000)),
  },
  twins: {
    a: file('twin', { mtimeNs: 5n }),
    deep: { b: hardlink('twins/a') },
    c: hardlink('twins/a'),
  },
  names: {
    [rawName('\xff\xfe')]: 'raw',
    [rawName('\xc3(')]: { inner: 'x' },
    'line\nfeed': 'x',
    ' leading and trailing ': 'x',
    'CON.txt': 'x',
    'a:b\\c*?"<>|': 'x',
    '-rf': 'x',
    '%41': 'x',
    'trailing.': 'x',
    Case: 'x',
    case: 'y',
    '\u00e9': 'composed',
    'e\u0301': 'decomposed',
    ['n'.repeat(255)]: 'x',
    '.floe-restore-': 'x',
    '...': {},
  },
};

test('a tree that is read and written again is equal in content and metadata', async () => {
  const source = join(folder.path, 'source');
  const copy = join(folder.path, 'copy');
  makeTree(source, tree);
  const root = absolutePath(source);
  const scanned = await scanAll(root);
  const done = new Set<RawPath>();
  const remarks: unknown[] = [];
  const target = openRestoreTarget({
    files,
    target: absolutePath(copy),
    restoreKey: 'round trip',
    isDone: (path) => done.has(path),
    markDone: (path) => void done.add(path),
    onRemark: (remark) => void remarks.push(remark),
  });
  await copyDirectory(root, scanned, target, target.root);
  const own = files.stat(root);
  if (!own) throw new Error('the source is gone');
  await target.finish({ isComplete: true, rootMetadata: own });
  expect(remarks).toEqual([]);
  expect(await compareTrees(source, copy, { withRoot: true })).toEqual([]);
});
