import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hasCode } from '#engine/model/engine-error.ts';
import type { RawPath } from '#engine/model/ids.ts';
import { absolutePath } from '#engine/ports/file-system.ts';
import { FailingFiles } from '#test/support/failing-files.ts';
import {
  bytes,
  file,
  hardlink,
  makeTree,
  rawName,
  symlink,
  temporaryFolder,
  type Tree,
} from '#test/support/tree.ts';
import { knownEntry, type FileChange, type KnownEntry } from './change.ts';
import { FolderScan, type ScanOptions, type ScanSummary } from './scanner.ts';

type Known = Map<RawPath, Map<RawPath, KnownEntry>>;
type Change = FileChange<KnownEntry>;

let folder: ReturnType<typeof temporaryFolder>;
let root: string;
let files: FailingFiles;
let known: Known;

beforeEach(() => {
  folder = temporaryFolder();
  root = join(folder.path, 'root');
  files = new FailingFiles();
  known = new Map();
});
afterEach(() => folder.remove());

interface Result {
  readonly changes: Map<string, Change>;
  /** Directories in the order in which they came. */
  readonly directories: string[];
  readonly summary: ScanSummary;
}

async function scan(options: Partial<ScanOptions<KnownEntry>> = {}): Promise<Result> {
  const running = new FolderScan<KnownEntry>({
    files,
    root: absolutePath(root),
    known: (directory) => known.get(directory) ?? new Map<RawPath, KnownEntry>(),
    knownFiles: [...known.values()]
      .flatMap((entries) => [...entries.values()])
      .filter(({ kind }) => kind === 'file').length,
    ...options,
  });
  const changes = new Map<string, Change>();
  const directories: string[] = [];
  for await (const directory of running) {
    directories.push(directory.path);
    for (const entry of directory.entries) changes.set(entry.path, entry);
  }
  return { changes, directories, summary: running.summary };
}

/** Scan, and know from then on what was there. */
async function learn(): Promise<Result> {
  const result = await scan();
  known = new Map();
  for (const directory of result.directories) known.set(directory as RawPath, new Map());
  for (const change of result.changes.values()) {
    if (!('stat' in change)) continue;
    const parent = change.path.slice(0, Math.max(0, change.path.lastIndexOf('/')));
    known.get(parent as RawPath)?.set(change.name, knownEntry(change.stat, true));
  }
  return result;
}

/** What changed, as `kind path` in the order of the paths. */
function shown({ changes }: Result, ...except: string[]): string[] {
  return [...changes.values()]
    .filter(({ kind }) => !except.includes(kind))
    .map(({ kind, path }) => `${kind} ${path}`)
    .toSorted();
}

const small: Tree = {
  'a.txt': 'a',
  b: { 'c.txt': 'c', d: { 'e.txt': 'e' } },
  'b-after': 'x',
  empty: {},
  link: symlink('../outside'),
};

describe('FolderScan', () => {
  test('yields every directory after those in it, entries in the order of their bytes', async () => {
    makeTree(root, { ...small, [rawName('\xff')]: 'raw', Z: 'z', ä: 'umlaut' });
    const result = await scan();
    expect(result.directories).toEqual(['b/d', 'b', 'empty', '']);
    const names = [...result.changes.values()]
      .map(({ path }) => path)
      .filter((p) => !p.includes('/'));
    expect(names).toEqual(['Z', 'a.txt', 'b', 'b-after', 'empty', 'link', '\xc3\xa4', '\xff']);
    expect(result.summary).toMatchObject({ files: 7, directories: 4, symlinks: 1, bytes: 14 });
  });

  test('finds nothing changed in a folder that is as it was', async () => {
    makeTree(root, small);
    await learn();
    const result = await scan();
    expect(shown(result, 'unchanged')).toEqual([]);
    expect(result.summary).toMatchObject({ vanishedFiles: 0, shrunkFiles: 0 });
  });

  test('reports what was added, changed, replaced and removed', async () => {
    makeTree(root, small);
    await learn();
    makeTree(root, { new: { 'n.txt': 'n' } });
    writeFileSync(join(root, 'a.txt'), 'another');
    rmSync(join(root, 'b/d'), { recursive: true });
    unlinkSync(join(root, 'link'));
    symlinkSync('elsewhere', join(root, 'link'));
    unlinkSync(join(root, 'b-after'));
    mkdirSync(join(root, 'b-after'));
    const result = await scan();
    expect(shown(result, 'unchanged')).toEqual([
      'added new',
      'added new/n.txt',
      'changed a.txt',
      'changed b',
      'changed b-after',
      'changed link',
      'removed b/d',
    ]);
    expect(result.changes.get('link')).toMatchObject({ target: 'elsewhere' });
    expect(result.summary.vanishedFiles).toBe(2);
  });

  test('a file that became a directory and back is what it is now', async () => {
    makeTree(root, { x: { y: 'y', z: 'z' } });
    await learn();
    rmSync(join(root, 'x'), { recursive: true });
    writeFileSync(join(root, 'x'), 'file');
    const result = await scan();
    expect(shown(result)).toEqual(['changed x']);
    expect(result.summary.vanishedFiles).toBe(2);
  });

  test('a new content with the old size and time is noticed', async () => {
    makeTree(root, { x: file('one', { mtimeNs: 1_600_000_000_000_000_000n }) });
    await learn();
    makeTree(root, { x: file('two', { mtimeNs: 1_600_000_000_000_000_000n }) });
    expect(shown(await scan())).toEqual(['changed x']);
  });

  test('never follows a link, to a directory or in a circle', async () => {
    makeTree(folder.path, { outside: { secret: 's' } });
    makeTree(root, { out: symlink('../outside'), self: symlink('.'), dangling: symlink('/none') });
    const result = await scan();
    expect(shown(result)).toEqual(['added dangling', 'added out', 'added self']);
    expect(result.changes.get('dangling')).toMatchObject({ target: '/none' });
  });

  test('a directory swapped for a link after it was listed is not entered', async () => {
    makeTree(folder.path, { outside: { secret: 's' } });
    makeTree(root, { d: { x: 'x' }, e: 'e' });
    await learn();
    files.before = (call, path) => {
      if (call !== 'list' || !path.endsWith('/d')) return;
      renameSync(join(root, 'd'), join(folder.path, 'moved'));
      symlinkSync('../outside', join(root, 'd'));
    };
    const result = await scan();
    expect(result.changes.get('d')).toMatchObject({ kind: 'unreadable', reason: 'changing' });
    expect([...result.changes.keys()]).not.toContain('d/secret');
    expect(result.summary.vanishedFiles).toBe(0);
  });

  test('a directory swapped for another one after it was listed is not entered', async () => {
    makeTree(folder.path, { outside: { secret: 's' } });
    makeTree(root, { d: { x: 'x' } });
    files.before = (call, path) => {
      if (call !== 'list' || !path.endsWith('/d')) return;
      renameSync(join(root, 'd'), join(folder.path, 'moved'));
      renameSync(join(folder.path, 'outside'), join(root, 'd'));
    };
    expect((await scan()).changes.get('d')).toMatchObject({ reason: 'changing' });
  });

  test('a directory that disappears meanwhile is removed, not unreadable', async () => {
    makeTree(root, { d: { x: 'x' }, e: 'e' });
    await learn();
    files.before = (call, path) => {
      if (call === 'list' && path.endsWith('/d')) rmSync(join(root, 'd'), { recursive: true });
    };
    const result = await scan();
    expect(shown(result, 'unchanged')).toEqual(['removed d']);
    expect(result.summary).toMatchObject({ vanishedFiles: 1, unreadable: 0 });
  });

  test('FIFOs, sockets and devices are skipped and named', async () => {
    makeTree(root, { x: 'x' });
    execFileSync('mkfifo', [join(root, 'pipe')]);
    const server = createServer().listen(join(root, 'socket'));
    await new Promise((ready) => server.once('listening', ready));
    const result = await scan();
    server.close();
    expect(result.changes.get('pipe')).toMatchObject({ kind: 'skipped', reason: 'fifo' });
    expect(result.changes.get('socket')).toMatchObject({ kind: 'skipped', reason: 'socket' });
    expect(result.summary.skipped).toBe(2);
  });

  test('what cannot be looked at is data and counts as in place', async () => {
    makeTree(root, { locked: { x: 'x', y: 'y' }, odd: 'odd', ok: 'ok' });
    await learn();
    files.failures = [
      { call: 'list', path: '/locked', reason: 'denied', systemCode: 'EACCES' },
      { call: 'stat', path: '/odd', reason: 'damaged', systemCode: 'EIO' },
    ];
    const result = await scan();
    expect(shown(result, 'unchanged')).toEqual(['unreadable locked', 'unreadable odd']);
    expect(result.changes.get('locked')).toMatchObject({
      reason: 'denied',
      known: { kind: 'directory' },
    });
    expect(result.summary).toMatchObject({ vanishedFiles: 0, unreadable: 2 });
  });

  test("Floe's own home is skipped, under whatever name", async () => {
    makeTree(root, { '.floe': { 'index.db': 'x' }, y: 'y' });
    const home = absolutePath(join(root, 'y/../.floe'));
    const result = await scan({ ownDirectories: [home] });
    expect(result.changes.get('.floe')).toMatchObject({ kind: 'skipped', reason: 'own-home' });
    expect(result.directories).toEqual(['']);
  });

  test('names of one file share a group, and a file with one name has none', async () => {
    makeTree(root, { a: 'same', d: { b: hardlink('a') }, c: 'same' });
    const { changes } = await scan();
    const group = (path: string): unknown => {
      const change = changes.get(path);
      return change && 'stat' in change ? change.hardLinkGroup : undefined;
    };
    expect(group('a')).toBeTypeOf('bigint');
    expect(group('d/b')).toBe(group('a'));
    expect(group('c')).toBeUndefined();
  });

  test('an aborted scan ends with the reason', async () => {
    makeTree(root, small);
    const reason = new DOMException('enough', 'AbortError');
    await expect(scan({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe('a scan with ignore rules', () => {
  test('leaves out what they name, and says so where it was known', async () => {
    makeTree(root, { 'a.tmp': '1', 'b.txt': '2', cache: { x: '3' } });
    await learn();
    const result = await scan({ ignorePatterns: ['*.tmp', 'cache/'] });
    expect(shown(result, 'unchanged')).toEqual(['ignored a.tmp', 'ignored cache']);
    expect(result.changes.get('a.tmp')?.kind === 'ignored').toBe(true);
    expect(result.summary).toMatchObject({ vanishedFiles: 0, ignored: 2 });
  });

  test('reads .floeignore in every directory and keeps the file itself', async () => {
    makeTree(root, {
      '.floeignore': '*.log\n',
      'a.log': '1',
      keep: { '.floeignore': '!*.log', 'b.log': '2' },
    });
    const result = await scan({ ignorePatterns: ['.floeignore'] });
    expect(shown(result, 'ignored')).toEqual([
      'added .floeignore',
      'added keep',
      'added keep/.floeignore',
      'added keep/b.log',
    ]);
  });

  test('a directory whose rules cannot be read is not looked into', async () => {
    makeTree(root, { d: { '.floeignore': 'secret', secret: 's', x: 'x' } });
    files.failures = [
      { call: 'open', path: '/.floeignore', reason: 'denied', systemCode: 'EACCES' },
    ];
    const result = await scan();
    expect(shown(result)).toEqual(['unreadable d']);
    expect(result.changes.get('d')).toMatchObject({ reason: 'ignore-file' });
  });

  test('rules that are too large are refused, not read in part', async () => {
    makeTree(root, { d: { '.floeignore': '#'.repeat(1024 * 1024 + 1), x: 'x' } });
    expect((await scan()).changes.get('d')).toMatchObject({ reason: 'ignore-file' });
  });

  test('a link called .floeignore holds no rules', async () => {
    makeTree(root, { rules: 'x', '.floeignore': symlink('rules'), x: 'x' });
    expect(shown(await scan())).toContain('added x');
  });
});

describe('a scan of dirty paths', () => {
  test('looks at them, what leads to them, and nothing else', async () => {
    makeTree(root, { a: { b: { x: 'x' }, c: { y: 'y' } }, d: { z: 'z' } });
    await learn();
    for (const path of ['a/b/x', 'a/c/y', 'd/z']) writeFileSync(join(root, path), 'another');
    const result = await scan({ dirty: ['a/b/x' as RawPath] });
    expect(result.directories).toEqual(['a/b', 'a', '']);
    expect(shown(result, 'unchanged')).toEqual(['changed a/b/x']);
    expect(result.changes.get('a/c')).toMatchObject({ kind: 'unchanged', isVisited: false });
    expect(result.summary.vanishedFiles).toBe(0);
  });

  test('a new directory is looked into although only its name is dirty', async () => {
    makeTree(root, { a: { x: 'x' } });
    await learn();
    makeTree(root, { n: { m: { y: 'y' } } });
    const result = await scan({ dirty: ['n' as RawPath] });
    expect(shown(result, 'unchanged')).toEqual(['added n', 'added n/m', 'added n/m/y']);
  });

  test('a dirty path that is gone is removed', async () => {
    makeTree(root, { a: { x: 'x', y: 'y' } });
    await learn();
    unlinkSync(join(root, 'a/x'));
    const result = await scan({ dirty: ['a/x' as RawPath] });
    expect(shown(result, 'unchanged', 'changed')).toEqual(['removed a/x']);
  });
});

describe('a folder that is not what it was', () => {
  const reasonOf = async (options: Partial<ScanOptions<KnownEntry>> = {}): Promise<unknown> => {
    try {
      await scan(options);
      return undefined;
    } catch (error) {
      return hasCode(error, 'folder-missing') ? error.context['reason'] : error;
    }
  };

  test('is missing when it does not exist', async () => {
    expect(await reasonOf()).toBe('missing');
  });

  test('is missing when something else has its name', async () => {
    writeFileSync(root, 'a file');
    expect(await reasonOf()).toBe('not-directory');
    unlinkSync(root);
    mkdirSync(join(folder.path, 'other'));
    symlinkSync('other', root);
    expect(await reasonOf()).toBe('not-directory');
  });

  test('is missing when it is empty and was not', async () => {
    makeTree(root, small);
    await learn();
    rmSync(root, { recursive: true });
    mkdirSync(root);
    expect(await reasonOf()).toBe('empty');
    expect(await reasonOf({ knownDevice: 1n })).toBe('unmounted');
    const result = await scan({ acceptDeletions: true });
    expect(result.summary.vanishedFiles).toBe(4);
  });

  test('is missing when it went while it was looked at', async () => {
    makeTree(root, { d: { x: 'x' }, e: 'e', f: 'f' });
    await learn();
    files.before = (call, path) => {
      if (call === 'list' && path.endsWith('/d')) renameSync(root, join(folder.path, 'gone'));
    };
    expect(await reasonOf()).toBe('missing');
    files.before = (call, path) => {
      if (call !== 'list' || !path.endsWith('/d')) return;
      renameSync(root, join(folder.path, 'gone too'));
      mkdirSync(root);
    };
    renameSync(join(folder.path, 'gone'), root);
    expect(await reasonOf()).toBe('missing');
  });

  test('may be empty when it always was', async () => {
    mkdirSync(root);
    expect((await scan()).summary.directories).toBe(1);
  });

  test('is unreadable when nobody may list it', async () => {
    makeTree(root, small);
    files.failures = [{ call: 'list', path: '/root', reason: 'denied', systemCode: 'EACCES' }];
    await expect(scan()).rejects.toMatchObject({ code: 'folder-unreadable' });
  });
});

describe('the counts of a scan', () => {
  test('tell moved files from files that are gone', async () => {
    makeTree(root, { old: { a: 'a', b: 'b', c: 'c' }, d: 'd' });
    await learn();
    renameSync(join(root, 'old'), join(root, 'new'));
    unlinkSync(join(root, 'd'));
    expect((await scan()).summary).toMatchObject({ knownFiles: 4, vanishedFiles: 1 });
  });

  test('count files that have shrunk', async () => {
    makeTree(root, { a: bytes(1000), b: bytes(1000) });
    await learn();
    writeFileSync(join(root, 'a'), '');
    writeFileSync(join(root, 'b'), bytes(999));
    expect((await scan()).summary).toMatchObject({ shrunkFiles: 1, vanishedFiles: 0 });
  });

  test('count directories that no watcher sees into', async () => {
    makeTree(root, { [rawName('\xff')]: { x: 'x' }, ä: {} });
    expect((await scan()).summary.unwatchable).toBe(1);
  });
});
