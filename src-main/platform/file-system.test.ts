import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RawPath } from '#engine/model/ids.ts';
import {
  absolutePath,
  FileError,
  pathBelow,
  type AbsolutePath,
} from '#engine/ports/file-system.ts';
import {
  bytes,
  file,
  KIB,
  makeTree,
  rawName,
  sparse,
  symlink,
  temporaryFolder,
} from '#test/support/tree.ts';
import { readAccountNames } from './account-names.ts';
import { openFileSystem } from './file-system.ts';

const files = openFileSystem();
let folder: ReturnType<typeof temporaryFolder>;
let root: AbsolutePath;

beforeEach(() => {
  folder = temporaryFolder();
  root = absolutePath(folder.path);
});
afterEach(() => folder.remove());

const below = (name: string): AbsolutePath => pathBelow(root, name);
const reasonOf = (call: () => unknown): unknown => {
  try {
    call();
    return undefined;
  } catch (error) {
    return error instanceof FileError ? error.reason : error;
  }
};

describe('reading a tree', () => {
  test('lists names of any bytes in their order, with stats to the nanosecond', async () => {
    const mtimeNs = 1_600_000_000_123_456_789n;
    makeTree(folder.path, {
      b: file('b', { mtimeNs, mode: 0o640 }),
      [rawName('\xff')]: 'x',
      ä: {},
    });
    const { entries, stat } = await files.listDirectory(root);
    expect(entries.map(({ name }) => name)).toEqual(['b', '\xc3\xa4', '\xff']);
    expect(entries[0]?.stat).toMatchObject({ kind: 'file', sizeBytes: 1, mtimeNs, mode: 0o640 });
    expect(stat.kind).toBe('directory');
  });

  test('reads a time before 1970', async () => {
    makeTree(folder.path, { old: file('x', { mtimeNs: -1n }) });
    expect(files.stat(below('old'))?.mtimeNs).toBe(-1n);
  });

  test('keeps the event loop turning over a large directory', async () => {
    for (let index = 0; index < 2000; index += 1)
      writeFileSync(join(folder.path, String(index)), '');
    let turns = 0;
    const turning = setInterval(() => (turns += 1), 0);
    const { entries } = await files.listDirectory(root);
    clearInterval(turning);
    expect(entries).toHaveLength(2000);
    expect(turns).toBeGreaterThan(0);
  });

  test('opens files and nothing else', () => {
    makeTree(folder.path, { x: 'x', d: {}, link: symlink('x') });
    execFileSync('mkfifo', [join(folder.path, 'pipe')]);
    expect(reasonOf(() => files.openFile(below('x')).close())).toBeUndefined();
    expect(reasonOf(() => files.openFile(below('d')))).toBe('is-directory');
    expect(reasonOf(() => files.openFile(below('link')))).toBe('is-link');
    expect(reasonOf(() => files.openFile(below('pipe')))).toBe('not-supported');
    expect(reasonOf(() => files.openFile(below('none')))).toBe('missing');
  });

  test('does not list through a link', async () => {
    makeTree(folder.path, { d: { x: 'x' }, link: symlink('d'), file: 'f' });
    await expect(files.listDirectory(below('link'))).rejects.toMatchObject({
      reason: expect.stringMatching(/is-link|not-directory/) as unknown,
    });
    await expect(files.listDirectory(below('file'))).rejects.toMatchObject({
      reason: 'not-directory',
    });
    await expect(files.listDirectory(below('none'))).rejects.toMatchObject({ reason: 'missing' });
  });

  test('finds data and holes', () => {
    makeTree(folder.path, { x: sparse(1024 * KIB, [[512 * KIB, bytes(4 * KIB)]]) });
    const open = files.openFile(below('x'));
    expect(open.dataExtents()).toEqual([{ offsetBytes: 512 * KIB, sizeBytes: 4 * KIB }]);
    open.close();
  });

  test("reads the user's attributes of files and directories", () => {
    makeTree(folder.path, { x: file('x', { xattrs: { 'user.b': '2', 'user.a': '1' } }), d: {} });
    const open = files.openFile(below('x'));
    const xattrs = open.xattrs().map(({ name, value }) => [name, Buffer.from(value).toString()]);
    open.close();
    expect(xattrs).toEqual([
      ['user.a', '1'],
      ['user.b', '2'],
    ]);
    expect(files.directoryXattrs(below('d'))).toEqual([]);
  });

  test('gives the raw target of a link', () => {
    symlinkSync(Buffer.from('\xff/none', 'latin1'), join(folder.path, 'link'));
    expect(files.readLink(below('link'))).toBe('\xff/none');
  });

  test('an error tells neither name nor path', () => {
    const caught = (() => {
      try {
        return files.openFile(below('very-secret-name'));
      } catch (error) {
        return error as Error;
      }
    })();
    expect(JSON.stringify([String((caught as Error).message), caught])).not.toContain('secret');
  });
});

describe("Floe's own files", () => {
  test('are replaced in one step, for their owner alone', async () => {
    const place = below('home/deep/state');
    files.ensureDirectory(below('home/deep'));
    await files.writeFileDurable(place, Buffer.from('one'));
    await files.writeFileDurable(place, Buffer.from('two'));
    expect(Buffer.from((await files.readFile(place, 10)) ?? [])).toEqual(Buffer.from('two'));
    expect(statSync(join(folder.path, 'home/deep/state')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder.path, 'home/deep')).mode & 0o777).toBe(0o700);
    expect(files.listNames(below('home/deep'))).toEqual(['state']);
  });

  test('a directory that was open to others is closed', () => {
    mkdirSync(join(folder.path, 'home'), { mode: 0o755 });
    files.ensureDirectory(below('home'));
    expect(statSync(join(folder.path, 'home')).mode & 0o777).toBe(0o700);
  });

  test('an abandoned or dead writer leaves the old file', async () => {
    const place = below('state');
    await files.writeFileDurable(place, Buffer.from('old'));
    const abandoned = files.createDurable(place);
    await abandoned.write(Buffer.from('new'));
    abandoned.abandon();
    expect(readdirSync(folder.path)).toEqual(['state']);
    const dead = files.createDurable(place);
    await dead.write(Buffer.from('new'));
    expect(files.listNames(root)).toEqual(['state']);
    expect(files.removeUnfinished(root)).toBe(1);
    expect(readdirSync(folder.path)).toEqual(['state']);
    expect(readFileSync(join(folder.path, 'state'), 'utf8')).toBe('old');
  });

  test('a file that is not there is undefined, one that is too large an error', async () => {
    expect(await files.readFile(below('none'), 10)).toBeUndefined();
    writeFileSync(join(folder.path, 'big'), bytes(11));
    await expect(files.readFile(below('big'), 10)).rejects.toMatchObject({ code: 'internal' });
    expect(await files.readFile(below('big'), 11)).toHaveLength(11);
  });

  test('removing what is not there does nothing, and a tree goes without following links', () => {
    makeTree(folder.path, {
      outside: { x: 'x' },
      home: { d: { y: 'y' }, l: symlink('../outside') },
    });
    files.removeFile(below('none'));
    files.removeTree(below('none'));
    files.removeTree(below('home'));
    expect(readdirSync(folder.path)).toEqual(['outside']);
    expect(readdirSync(join(folder.path, 'outside'))).toEqual(['x']);
  });

  test('a lock is held once, and again after it was released', () => {
    const place = below('lock');
    const lock = files.lockFile(place);
    expect(lock).toBeDefined();
    expect(files.lockFile(place)).toBeUndefined();
    lock?.release();
    const again = files.lockFile(place);
    expect(again).toBeDefined();
    again?.release();
  });

  test('the free space of a disk is known', () => {
    expect(files.freeBytes(root)).toBeGreaterThan(0);
  });

  test('a full disk has its own code', async () => {
    // Every write to this device says that there is no space.
    const writer = files.openTarget(root).createFile('x' as RawPath);
    writer.close();
    expect(new FileError('no-space', 'ENOSPC', 'write').code).toBe('disk-full');
    expect(new FileError('denied', 'EACCES', 'open').code).toBe('internal');
    expect(lstatSync(join(folder.path, 'x')).size).toBe(0);
  });
});

describe('names of accounts', () => {
  test('come from the lists of the machine, the first line first', () => {
    writeFileSync(
      join(folder.path, 'passwd'),
      'root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\nöde:x:1000:1000::/:/\nbad line\n::::\n',
    );
    const names = readAccountNames(join(folder.path, 'passwd'), join(folder.path, 'none'));
    expect(names.userName(0)).toBe('root');
    expect(names.userId('toor' as RawPath)).toBe(0);
    expect(names.userName(1000)).toBe('\xc3\xb6de');
    expect(names.userName(4711)).toBeUndefined();
    expect(names.groupName(0)).toBeUndefined();
  });
});

describe('the names that a target takes', () => {
  test('are found out by trying, and nothing is left', () => {
    const target = files.openTarget(below('target'));
    expect(files.probeNameRules(target)).toEqual({
      isCaseSensitive: true,
      isFormSensitive: true,
      allowsAnyBytes: true,
      isWindows: false,
    });
    expect(target.listNames()).toEqual([]);
    target.close();
  });
});
