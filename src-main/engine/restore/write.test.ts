import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rawPath, type RawPath } from '#engine/model/ids.ts';
import {
  absolutePath,
  FileError,
  type NameRules,
  type TargetDirectory,
  type TargetFiles,
} from '#engine/ports/file-system.ts';
import { NodeSourceFiles } from '#platform/node-source-files.ts';
import { NodeTargetFiles } from '#platform/node-target-files.ts';
import {
  bytes,
  expectTree,
  file,
  hardlink,
  KIB,
  makeTree,
  MIB,
  rawName,
  sparse,
  symlink,
  directory as treeDirectory,
  temporaryFolder,
} from '#test/support/tree.ts';
import { openRestoreTarget, type FileAdmission, type RestoreTarget } from './write.ts';
import type {
  PlacedDirectory,
  PlacedEntry,
  RestoreDirectory,
  RestoreEntry,
  RestoreFile,
  RestoreRemark,
  RestoreSymlink,
} from './write-entries.ts';

let folder: ReturnType<typeof temporaryFolder>;
let target: string;
let outside: string;
let outsideMode: number;
let done: Set<RawPath>;
let remarks: RestoreRemark[];
let files: TargetFiles;

beforeEach(() => {
  folder = temporaryFolder();
  target = join(folder.path, 'target');
  outside = join(folder.path, 'outside');
  mkdirSync(outside);
  outsideMode = lstatSync(outside).mode & 0o777;
  done = new Set();
  remarks = [];
  files = new NodeTargetFiles();
});
afterEach(() => folder.remove());

const MTIME_NS = 1_234_567_890_123_456_789n;
const raw = (latin1: string): RawPath => latin1 as RawPath;

function open(restoreKey = 'snapshot'): RestoreTarget {
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
const aFile = (name: string, sizeBytes: number, rest: Rest<RestoreFile> = {}): RestoreFile => ({
  kind: 'file',
  name: rawPath(name),
  sizeBytes,
  mode: 0o644,
  mtimeNs: MTIME_NS,
  ...rest,
});
const aDirectory = (name: string, rest: Rest<RestoreDirectory> = {}): RestoreDirectory => ({
  kind: 'directory',
  name: rawPath(name),
  mode: 0o755,
  mtimeNs: MTIME_NS,
  ...rest,
});
const aLink = (name: string, to: string, rest: Rest<RestoreSymlink> = {}): RestoreSymlink => ({
  kind: 'symlink',
  name: rawPath(name),
  target: rawPath(to),
  mode: 0o777,
  mtimeNs: MTIME_NS,
  ...rest,
});

/** An entry with the content of a file, or the entries of a directory. */
interface Planned {
  readonly entry: RestoreEntry;
  readonly content?: Uint8Array;
  readonly entries?: readonly Planned[];
}
const withContent = (
  name: string,
  content: string | Uint8Array,
  rest: Rest<RestoreFile> = {},
): Planned => {
  const data = Buffer.from(content as Uint8Array);
  return { entry: aFile(name, data.length, rest), content: data };
};

async function writeFile(admission: FileAdmission, content: Uint8Array): Promise<void> {
  if (admission.kind !== 'write') return;
  await admission.writer.write(content, 0);
  await admission.writer.finish();
}

/** Restore a whole tree as a caller would. */
async function restore(
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

async function restoreAll(planned: readonly Planned[]): Promise<void> {
  const opened = open();
  await restore(opened, opened.root, planned);
  await opened.finish({ isComplete: true });
}

/** The one entry, placed in the root. */
function placeOne<E extends RestoreEntry>(opened: RestoreTarget, entry: E): PlacedEntry<E> {
  const [placed] = opened.place(opened.root, [entry]);
  if (!placed) throw new Error('the entry was left out');
  return placed as PlacedEntry<E>;
}

function begin(opened: RestoreTarget, entry: RestoreFile) {
  const admission = opened.addFile(placeOne(opened, entry));
  if (admission.kind !== 'write') throw new Error(`the file is ${admission.kind}`);
  return admission.writer;
}

describe('a restore target', () => {
  test('gets a tree with contents, modes, times, links and empty directories', async () => {
    await restoreAll([
      withContent('a.txt', 'hello', { mode: 0o640 }),
      withContent('empty', ''),
      {
        entry: aDirectory('d', { mode: 0o500 }),
        entries: [withContent('b', bytes(3 * MIB)), { entry: aDirectory('deep', { mode: 0o700 }) }],
      },
      { entry: aLink('link', '/etc/passwd') },
      {
        entry: aFile('twin', 5, { hardLinkGroup: 7n }),
        content: Buffer.from('twins'),
      },
      { entry: aFile('twin-2', 5, { hardLinkGroup: 7n }), content: Buffer.from('never') },
      { entry: { ...aFile('x', 3), name: raw('\xff\xfe') }, content: Buffer.from('raw') },
    ]);
    expectTree(target, {
      'a.txt': file('hello', { mode: 0o640, mtimeNs: MTIME_NS }),
      empty: file('', { mtimeNs: MTIME_NS }),
      d: treeDirectory(
        {
          b: file(bytes(3 * MIB), { mtimeNs: MTIME_NS }),
          deep: treeDirectory({}, { mtimeNs: MTIME_NS }),
        },
        { mode: 0o500, mtimeNs: MTIME_NS },
      ),
      link: symlink('/etc/passwd', { mtimeNs: MTIME_NS }),
      twin: 'twins',
      'twin-2': hardlink('twin'),
      [rawName('\xff\xfe')]: 'raw',
    });
    expect(remarks).toEqual([]);
  });

  test('sets what the directory itself gets last', async () => {
    const opened = open();
    await restore(opened, opened.root, [withContent('a', 'a')]);
    await opened.finish({ isComplete: true, rootMetadata: { mode: 0o750, mtimeNs: 5n } });
    const stat = lstatSync(target, { bigint: true });
    expect([stat.mode & 0o777n, stat.mtimeNs]).toEqual([0o750n, 5n]);
  });

  test('drops set-user and set-group bits, and keeps the sticky bit of directories', async () => {
    await restoreAll([
      withContent('suid', 'x', { mode: 0o6755 }),
      { entry: aDirectory('tmp', { mode: 0o3777 }) },
    ]);
    expectTree(target, {
      suid: file('x', { mode: 0o755 }),
      tmp: treeDirectory({}, { mode: 0o1777 }),
    });
  });

  test('takes attributes of users and no others', async () => {
    const xattrs = [
      { name: raw('user.note'), value: Buffer.from('x') },
      { name: raw('security.capability'), value: Buffer.from('x') },
      { name: raw('trusted.x'), value: Buffer.from('x') },
    ];
    await restoreAll([withContent('a', 'a', { xattrs, mode: 0o400 })]);
    const restored = new NodeSourceFiles().openFile(absolutePath(join(target, 'a')));
    expect(restored.xattrs().map(({ name }) => name)).toEqual(['user.note']);
    restored.close();
  });

  test('refuses a directory that holds something', () => {
    makeTree(target, { precious: 'x' });
    expect(() => open()).toThrow(expect.objectContaining({ code: 'restore-target-not-empty' }));
    expectTree(target, { precious: 'x' });
  });

  test('refuses the leftovers of another restore', () => {
    open('one').close();
    expect(() => open('another')).toThrow(
      expect.objectContaining({ code: 'restore-target-not-empty' }),
    );
  });

  test.each([
    { name: 'a file stands there', make: () => writeFileSync(target, 'x') },
    { name: 'a file stands on the way', make: () => void (target = join(outside, 'file/target')) },
  ])('refuses a place where $name', ({ make }) => {
    writeFileSync(join(outside, 'file'), 'x');
    make();
    expect(() => open()).toThrow(expect.objectContaining({ code: 'restore-target-unwritable' }));
  });

  test('accepts a fresh disk', () => {
    makeTree(target, { 'lost+found': {} });
    open().close();
  });

  test('accepts pieces in any order', async () => {
    const content = bytes(1 * MIB + 17);
    const opened = open();
    const writer = begin(opened, aFile('x', content.length));
    const starts = Array.from({ length: 17 }, (_, index) => index * 64 * KIB).toReversed();
    await Promise.all(
      starts.map((start) => writer.write(content.subarray(start, start + 64 * KIB), start)),
    );
    expect(await writer.finish()).toBe(true);
    await opened.finish({ isComplete: true });
    expectTree(target, { x: content });
  });

  test('writes more files at a time than may be open', async () => {
    const opened = open();
    const entries = Array.from({ length: 1000 }, (_, index) => aFile(`f${String(index)}`, 2));
    const writers = opened.place(opened.root, entries).map((placed) => {
      const admission = opened.addFile(placed as PlacedEntry<RestoreFile>);
      if (admission.kind !== 'write') throw new Error(admission.kind);
      return admission.writer;
    });
    for (const offset of [1, 0]) {
      await Promise.all(
        writers.map((writer) =>
          writer.write(Buffer.from('ab').subarray(offset, offset + 1), offset),
        ),
      );
    }
    for (const writer of writers) await writer.finish();
    await opened.finish({ isComplete: true });
    expect(readdirSync(target)).toHaveLength(1000);
    expect(readFileSync(join(target, 'f999'), 'utf8')).toBe('ab');
  });

  test('leaves holes where the file had them', async () => {
    const extents = [
      { offsetBytes: 64 * KIB, sizeBytes: 8 * KIB },
      { offsetBytes: 1 * MIB, sizeBytes: 4 * KIB },
    ];
    const content = bytes(12 * KIB);
    const opened = open();
    const writer = begin(opened, aFile('x', 4 * MIB, { extents }));
    expect(writer.contentBytes).toBe(12 * KIB);
    await writer.write(content.subarray(6 * KIB), 6 * KIB);
    await writer.write(content.subarray(0, 6 * KIB), 0);
    await writer.finish();
    const hole = begin(opened, aFile('hole', 1 * MIB, { extents: [] }));
    await hole.finish();
    await opened.finish({ isComplete: true });
    expectTree(target, {
      x: sparse(4 * MIB, [
        [64 * KIB, content.subarray(0, 8 * KIB)],
        [1 * MIB, content.subarray(8 * KIB)],
      ]),
      hole: sparse(1 * MIB, []),
    });
    expect(lstatSync(join(target, 'x')).blocks * 512).toBeLessThan(64 * KIB);
  });

  test('hard links only files with the same content', async () => {
    const twin = (name: string, contentKey: string): Planned => ({
      entry: aFile(name, 3, { hardLinkGroup: 1n, contentKey }),
      content: Buffer.from(contentKey),
    });
    await restoreAll([twin('a', 'one'), twin('b', 'two'), twin('c', 'one')]);
    expectTree(target, { a: 'one', b: 'two', c: hardlink('a') });
  });

  test('very deep directories are written', async () => {
    let planned: Planned = withContent('leaf', 'x');
    for (let depth = 0; depth < 300; depth += 1) {
      planned = { entry: aDirectory(`directory-${String(depth)}`), entries: [planned] };
    }
    await restoreAll([planned]);
    const path = Array.from({ length: 60 }, (_, index) => `directory-${String(299 - index)}`);
    expect(existsSync(join(target, ...path))).toBe(true);
    expect(remarks).toEqual([]);
  });
});

describe('a hostile tree', () => {
  test('its names are left out and reported, and nothing is written outside', async () => {
    const hostile = [
      '..',
      '.',
      '',
      '/',
      '../outside/x',
      '/etc/x',
      'a/b',
      'nul\0',
      '../../x',
      'a/../../outside/y',
    ];
    await restoreAll([
      ...hostile.map((name) => withContent(name, 'evil')),
      ...hostile.map((name) => ({ entry: aDirectory(name), entries: [withContent('x', 'evil')] })),
      withContent('good', 'good'),
      withContent('good', 'evil twin'),
    ]);
    expectTree(target, { good: 'good' });
    expect(readdirSync(outside)).toEqual([]);
    expect(readdirSync(folder.path).toSorted()).toEqual(['outside', 'target']);
    const reasons = remarks.map((remark) => (remark.kind === 'left-out' ? remark.reason : ''));
    expect(reasons.filter((reason) => reason === 'hostile')).toHaveLength(20);
    expect(reasons.filter((reason) => reason === 'duplicate')).toHaveLength(1);
  });

  test('500 odd names are restored as they are where the disk takes them', async () => {
    const names = Array.from({ length: 500 }, (_, index) => {
      const odd = [
        'C:\\',
        'CON',
        '..\\..\\',
        'a.',
        'b ',
        ':s',
        '%',
        '-rf',
        '\n',
        '\xff',
        '\xc3',
        '~',
      ][index % 12];
      return raw(`${String(odd)}${String(index)}`);
    });
    await restoreAll(
      names.map((name) => ({ entry: { ...aFile('x', 1), name }, content: Buffer.from('x') })),
    );
    expect(readdirSync(target, 'latin1').toSorted()).toEqual(names.toSorted());
  });

  test('a link and a directory of one name do not lead outside', async () => {
    const opened = open();
    const entries = [aLink('d', '../outside'), aDirectory('d')];
    const placed = opened.place(opened.root, entries);
    expect(placed).toHaveLength(1);
    for (const one of placed) opened.addSymlink(one as PlacedEntry<RestoreSymlink>);
    await opened.finish({ isComplete: true });
    expectTree(target, { d: symlink('../outside') });
  });

  test('the name of the staging directory is not for the snapshot to use', async () => {
    const opened = open();
    const [staging] = readdirSync(target);
    expect(opened.place(opened.root, [aFile(String(staging), 1)])).toEqual([]);
    expect(remarks).toMatchObject([{ kind: 'left-out', reason: 'obstructed' }]);
    await opened.finish({ isComplete: true });
  });

  test('a name that the disk refuses is left out', async () => {
    await restoreAll([withContent('x'.repeat(300), 'x'), withContent('ok', 'ok')]);
    expectTree(target, { ok: 'ok' });
    expect(remarks).toMatchObject([{ kind: 'left-out', reason: 'name-refused' }]);
  });
});

describe('somebody else at work in the target', () => {
  test('a directory swapped for a link is not written through', async () => {
    const opened = open();
    const placed = opened.addDirectory(placeOne(opened, aDirectory('d')));
    if (!placed) throw new Error('no directory');
    const entries = Array.from({ length: 50 }, (_, index) => aFile(`f${String(index)}`, 1));
    for (const [index, entry] of opened.place(placed, entries).entries()) {
      if (index === 10) renameSync(join(target, 'd'), join(target, 'moved'));
      if (index === 10) symlinkSync('../outside', join(target, 'd'));
      if (index === 30) unlinkSync(join(target, 'd'));
      if (index === 30) symlinkSync(outside, join(target, 'd'));
      await writeFile(opened.addFile(entry as PlacedEntry<RestoreFile>), Buffer.from('x'));
    }
    await opened.finish({ isComplete: true });
    expect(readdirSync(outside)).toEqual([]);
  });

  test('a directory swapped while no handle is held is reported', async () => {
    const opened = open();
    const directories = Array.from({ length: 200 }, (_, index) => aDirectory(`d${String(index)}`));
    const placed = opened
      .place(opened.root, directories)
      .map((one) => opened.addDirectory(one as PlacedEntry<RestoreDirectory>));
    for (const name of ['d0', 'd1']) {
      rmSync(join(target, name), { recursive: true });
      symlinkSync(outside, join(target, name));
    }
    const [first] = placed;
    if (!first) throw new Error('no directory');
    const [entry] = opened.place(first, [aFile('x', 1)]);
    await writeFile(opened.addFile(entry as PlacedEntry<RestoreFile>), Buffer.from('x'));
    await opened.finish({ isComplete: true });
    expect(readdirSync(outside)).toEqual([]);
    expect(remarks).toContainEqual({ kind: 'left-out', path: 'd0/x', reason: 'obstructed' });
    expect(lstatSync(join(folder.path, 'outside')).mode & 0o777).not.toBe(0);
  });

  test('a process that swaps a directory for a link all the time gets nothing written outside', async () => {
    const opened = open();
    const placed = opened.addDirectory(placeOne(opened, aDirectory('d')));
    if (!placed) throw new Error('no directory');
    symlinkSync('../outside', join(target, 'link'));
    // Exchanging the names by renames, as fast as it can.
    const script = `
      const { renameSync } = require('node:fs');
      const swap = (from, to) => { try { renameSync(from, to); } catch {} };
      console.log('ready');
      for (;;) { swap('d', 'aside'); swap('link', 'd'); swap('d', 'link'); swap('aside', 'd'); }`;
    const swapper = spawn(process.execPath, ['-e', script], { cwd: target });
    await new Promise((ready) => swapper.stdout.once('data', ready));
    try {
      const other = Array.from({ length: 100 }, (_, index) => aDirectory(`other${String(index)}`));
      const entries = Array.from({ length: 2000 }, (_, index) => aFile(`f${String(index)}`, 1));
      for (const [index, entry] of opened.place(placed, entries).entries()) {
        await writeFile(opened.addFile(entry as PlacedEntry<RestoreFile>), Buffer.from('x'));
        // Now and then other directories push the handle out, and it has to be found by name.
        if (index % 100 !== 0) continue;
        for (const one of opened.place(opened.root, other)) {
          const made = opened.addDirectory(one as PlacedEntry<RestoreDirectory>);
          const [leaf] = made ? opened.place(made, [aDirectory('leaf')]) : [];
          if (leaf) opened.addDirectory(leaf as PlacedEntry<RestoreDirectory>);
        }
      }
      await opened.finish({ isComplete: true });
    } finally {
      swapper.kill('SIGKILL');
      await new Promise((ended) => swapper.once('exit', ended));
    }
    expect(readdirSync(outside)).toEqual([]);
    expect(lstatSync(outside).mode & 0o777).toBe(outsideMode);
  });

  test('a file that somebody puts in the way stays, and ours is reported', async () => {
    const opened = open();
    const writer = begin(opened, aFile('x', 4));
    await writer.write(Buffer.from('ours'), 0);
    writeFileSync(join(target, 'x'), 'theirs, and longer');
    expect(await writer.finish()).toBe(false);
    await opened.finish({ isComplete: true });
    expectTree(target, { x: 'theirs, and longer' });
    expect(remarks).toEqual([{ kind: 'left-out', path: 'x', reason: 'obstructed' }]);
  });

  test('a link that somebody puts in the way is not followed', async () => {
    const opened = open();
    const writer = begin(opened, aFile('x', 4));
    await writer.write(Buffer.from('ours'), 0);
    symlinkSync('../outside/x', join(target, 'x'));
    expect(await writer.finish()).toBe(false);
    await opened.finish({ isComplete: true });
    expect(readdirSync(outside)).toEqual([]);
  });
});

describe('a restore that was interrupted', () => {
  test('goes on with what is finished and what was begun', async () => {
    const content = bytes(256 * KIB);
    const first = open();
    await writeFile(first.addFile(placeOne(first, aFile('done', 4))), Buffer.from('done'));
    const begun = begin(first, aFile('begun', content.length));
    await begun.write(content.subarray(0, 100 * KIB), 0);
    first.close();

    const before = lstatSync(join(target, 'done'), { bigint: true });
    const second = open();
    expect(second.addFile(placeOne(second, aFile('done', 4))).kind).toBe('done');
    const writer = begin(second, aFile('begun', content.length));
    expect(writer.isResumed).toBe(true);
    const held = new Uint8Array(100 * KIB);
    await writer.readBack(held, 0);
    expect(Buffer.compare(held, content.subarray(0, 100 * KIB))).toBe(0);
    const rest = new Uint8Array(16).fill(1);
    await writer.readBack(rest, 200 * KIB);
    expect(rest).toEqual(new Uint8Array(16));
    await writer.write(content.subarray(100 * KIB), 100 * KIB);
    await writer.finish();
    await second.finish({ isComplete: true });
    expectTree(target, { done: 'done', begun: content });
    expect(lstatSync(join(target, 'done'), { bigint: true }).ctimeNs).toBe(before.ctimeNs);
  });

  test('writes a finished file again when somebody has changed it', async () => {
    const first = open();
    await writeFile(first.addFile(placeOne(first, aFile('x', 4))), Buffer.from('done'));
    first.close();
    unlinkSync(join(target, 'x'));
    const second = open();
    expect(second.addFile(placeOne(second, aFile('x', 4))).kind).toBe('write');
    second.close();
  });

  test('replaces its own file that it could not mark as finished', async () => {
    const first = open();
    await writeFile(first.addFile(placeOne(first, aFile('x', 4))), Buffer.from('once'));
    first.close();
    done.clear();
    await restoreAll([withContent('x', 'once')]);
    expectTree(target, { x: file('once', { mtimeNs: MTIME_NS }) });
    expect(remarks).toEqual([]);
  });

  test('cuts what a longer attempt has left', async () => {
    const first = open();
    await begin(first, aFile('x', 10)).write(Buffer.from('0123456789'), 0);
    first.close();
    await restoreAll([withContent('x', 'abc')]);
    expectTree(target, { x: 'abc' });
  });

  test('makes links and directories that are there already', async () => {
    const planned: Planned[] = [
      {
        entry: aDirectory('d', { mode: 0o500 }),
        entries: [withContent('a', 'a', { hardLinkGroup: 1n })],
      },
      withContent('b', 'a', { hardLinkGroup: 1n }),
      { entry: aLink('link', 'd') },
    ];
    const first = open();
    await restore(first, first.root, planned);
    await first.finish({ isComplete: false });
    expect(readdirSync(target)).toHaveLength(4);
    chmodSync(join(target, 'd'), 0);
    done.clear();
    await restoreAll(planned);
    expectTree(target, {
      d: treeDirectory({ a: 'a' }, { mode: 0o500, mtimeNs: MTIME_NS }),
      b: hardlink('d/a'),
      link: symlink('d'),
    });
    expect(remarks).toEqual([]);
  });

  test('an abandoned file leaves nothing', async () => {
    const opened = open();
    const writer = begin(opened, aFile('x', 4));
    await writer.write(Buffer.from('x'), 0);
    writer.abandon();
    await opened.finish({ isComplete: true });
    expectTree(target, {});
  });
});

describe('a disk with rules of its own', () => {
  const rules: NameRules = {
    isCaseSensitive: false,
    isFormSensitive: false,
    allowsAnyBytes: false,
    isWindows: true,
  };

  test('gets escaped names, each of them reported', async () => {
    const real = files;
    files = { openTarget: (path) => real.openTarget(path), probeNameRules: () => rules };
    await restoreAll([
      withContent('readme', '1'),
      withContent('README', '2'),
      { entry: aDirectory('a:b'), entries: [withContent('con', '3')] },
    ]);
    expectTree(target, { readme: '1', 'README%~2': '2', 'a%3Ab': { '%63on': '3' } });
    expect(remarks).toEqual([
      { kind: 'renamed', path: 'README', targetPath: 'README%~2' },
      { kind: 'renamed', path: 'a:b', targetPath: 'a%3Ab' },
      { kind: 'renamed', path: 'a:b/con', targetPath: 'a%3Ab/%63on' },
    ]);
  });

  /** The real target with one call that fails. */
  function failing(step: (name: RawPath) => void, call: 'linkTo' | 'createFile'): void {
    const real = files;
    const wrap = (directory: TargetDirectory): TargetDirectory =>
      new Proxy(directory, {
        get(inner, key) {
          if (key === 'openDirectory') return (name: RawPath) => wrap(inner.openDirectory(name));
          const value: unknown = Reflect.get(inner, key);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]): unknown => {
            if (key === call) step(args[0] as RawPath);
            // The real directory asks for real ones.
            const unwrapped = args.map((arg) => inners.get(arg as object) ?? arg);
            return (value as (...all: unknown[]) => unknown).apply(inner, unwrapped);
          };
        },
      });
    const inners = new Map<object, TargetDirectory>();
    const register = (directory: TargetDirectory): TargetDirectory => {
      const wrapped = wrap(directory);
      inners.set(wrapped, directory);
      return wrapped;
    };
    files = {
      openTarget: (path) => register(real.openTarget(path)),
      probeNameRules: (directory) => real.probeNameRules(directory),
    };
  }

  test('without hard links gets copies', async () => {
    failing(() => {
      throw new FileError('not-supported', 'ENOTSUP', 'link');
    }, 'linkTo');
    await restoreAll([
      withContent('a', 'same', { hardLinkGroup: 1n }),
      withContent('b', 'same', { hardLinkGroup: 1n }),
    ]);
    expectTree(target, { a: 'same', b: file('same', { mtimeNs: MTIME_NS }) });
    expect(lstatSync(join(target, 'a')).nlink).toBe(1);
  });

  test('that is full ends the restore', async () => {
    failing(() => {
      throw new FileError('no-space', 'ENOSPC', 'create');
    }, 'createFile');
    await expect(restoreAll([withContent('a', 'a')])).rejects.toMatchObject({ code: 'disk-full' });
  });
});
