/** @file A restore target gets what the snapshot holds, whatever the disk takes and whenever it was interrupted. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RawPath } from '#engine/model/ids.ts';
import {
  absolutePath,
  FileError,
  type NameRules,
  type TargetDirectory,
} from '#engine/ports/file-system.ts';
import { NodeSourceFiles } from '#platform/node-source-files.ts';
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
} from '#test/support/tree.ts';
import type { PlacedEntry, RestoreFile } from './write-entries.ts';
import {
  leaveScene,
  prepareScene,
  aDirectory,
  aFile,
  aLink,
  begin,
  done,
  files,
  MTIME_NS,
  open,
  outside,
  placeOne,
  type Planned,
  raw,
  remarks,
  restore,
  restoreAll,
  target,
  useFiles,
  useTarget,
  withContent,
  writeFile,
} from '#test/support/restore-scene.ts';

beforeEach(prepareScene);
afterEach(leaveScene);

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
    { name: 'a file stands on the way', make: () => useTarget(join(outside, 'file/target')) },
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
    useFiles({ openTarget: (path) => real.openTarget(path), probeNameRules: () => rules });
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
    useFiles({
      openTarget: (path) => register(real.openTarget(path)),
      probeNameRules: (directory) => real.probeNameRules(directory),
    });
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
