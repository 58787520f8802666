/** @file Looking into folders and snapshots, with real trees on a real local network. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '#engine/engine.ts';
import { bareVault, startWorld, type BareVault, type World } from '#test/support/world.ts';
import { bytes, KIB, makeTree } from '#test/support/tree.ts';

let world: World;
let vault: BareVault;
let engine: Engine;
let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  world = await startWorld();
  vault = await bareVault(world, 'home');
  engine = vault.open();
  folder = world.path('Documents');
  makeTree(folder, {
    'Zebra.txt': 'z',
    'apple.txt': bytes(9 * KIB, 1),
    'Résumé.pdf': bytes(2 * KIB, 2),
    photos: { 'a.jpg': bytes(5 * KIB, 3), 'b.jpg': bytes(KIB, 4), summer: { 'sea.jpg': 'sea' } },
    Archive: { 'old.txt': 'old' },
  });
  await engine.api.addFolder({ path: folder, excludes: [], permanent: false });
  await engine.api.sync({});
  writeFileSync(at('apple.txt'), 'another apple');
  writeFileSync(at('photos/new.jpg'), 'new');
  rmSync(at('Archive'), { recursive: true });
  await engine.api.sync({});
  rmSync(at('apple.txt'));
  await engine.api.sync({});
});

afterAll(async () => {
  await engine.close();
  await world.close();
});

const page = { folder: 'Documents', path: '', offset: 0, limit: 100 };
const paths = ({ entries }: { readonly entries: readonly { readonly path: string }[] }) =>
  entries.map(({ path }) => path);
const snapshotIds = async (): Promise<string[]> =>
  (await engine.api.snapshots({ folder: 'Documents' }))
    .toSorted((one, other) => one.sequence - other.sequence)
    .map(({ snapshotId }) => snapshotId);

describe('a directory of a snapshot', () => {
  test('comes in pages: directories first, then by name, whatever the case', async () => {
    const [first = ''] = await snapshotIds();
    const all = await engine.api.browse({ ...page, snapshot: first });
    expect(paths(all)).toEqual(['Archive', 'photos', 'apple.txt', 'Résumé.pdf', 'Zebra.txt']);
    expect(all.total).toBe(5);
    const second = await engine.api.browse({ ...page, snapshot: first, offset: 3, limit: 1 });
    expect(paths(second)).toEqual(['Résumé.pdf']);
    expect(second.total).toBe(5);
  });

  test.each([
    { sort: 'size' as const, isDescending: true, first: 'apple.txt' },
    { sort: 'size' as const, isDescending: false, first: 'Zebra.txt' },
    { sort: 'name' as const, isDescending: true, first: 'Zebra.txt' },
  ])('is sorted by $sort, descending $isDescending', async ({ sort, isDescending, first }) => {
    const [snapshot = ''] = await snapshotIds();
    const { entries } = await engine.api.browse({ ...page, snapshot, sort, isDescending });
    expect(entries.find(({ kind }) => kind === 'file')?.path).toBe(first);
    expect(entries.slice(0, 2).every(({ kind }) => kind === 'directory')).toBe(true);
  });

  test('has the paths below the root, and the size of what lies in its directories', async () => {
    const inside = await engine.api.browse({ ...page, path: 'photos' });
    expect(paths(inside)).toEqual([
      'photos/summer',
      'photos/a.jpg',
      'photos/b.jpg',
      'photos/new.jpg',
    ]);
    expect(inside.entries[0]).toMatchObject({ kind: 'directory', sizeBytes: 3 });
  });

  test.each(['nowhere', 'Zebra.txt', 'photos/a.jpg/deeper'])('at %s is unknown', async (path) => {
    await expect(engine.api.browse({ ...page, path })).rejects.toMatchObject({
      code: 'path-unknown',
    });
  });
});

describe('a search', () => {
  test.each([
    { text: 'RESUME', found: ['Résumé.pdf'] },
    { text: 'photos/s', found: ['photos/summer', 'photos/summer/sea.jpg'] },
    {
      text: 'jpg',
      found: ['photos/a.jpg', 'photos/b.jpg', 'photos/new.jpg', 'photos/summer/sea.jpg'],
    },
    { text: 'nothing of the kind', found: [] },
  ])('for $text', async ({ text, found }) => {
    const hits = await engine.api.search({ folder: 'Documents', text, limit: 10 });
    expect([...paths(hits)].sort()).toEqual(found);
    expect(hits.total).toBe(found.length);
  });

  test('counts all and gives as many as asked for', async () => {
    const hits = await engine.api.search({ folder: 'Documents', text: '.', limit: 2 });
    expect(hits.entries).toHaveLength(2);
    expect(hits.total).toBe(6);
  });
});

describe('a file through the snapshots', () => {
  test('was added, changed and removed', async () => {
    const ids = await snapshotIds();
    const versions = await engine.api.fileVersions({ folder: 'Documents', path: 'apple.txt' });
    expect(versions.map(({ change, snapshotId }) => [change, ids.indexOf(snapshotId)])).toEqual([
      ['removed', 2],
      ['changed', 1],
      ['added', 0],
    ]);
    expect(versions[1]?.sizeBytes).toBe('another apple'.length);
  });

  test('that never changed is one version, named by its first snapshot', async () => {
    const [first] = await snapshotIds();
    const versions = await engine.api.fileVersions({ folder: 'Documents', path: 'photos/a.jpg' });
    expect(versions).toMatchObject([{ change: 'added', snapshotId: first }]);
  });
});

describe('two snapshots', () => {
  test('differ in what was added, changed and removed', async () => {
    const [, second = ''] = await snapshotIds();
    const changes = await engine.api.snapshotChanges({ folder: 'Documents', to: second });
    expect(changes).toEqual({
      added: 1,
      changed: 1,
      removed: 1,
      addedBytes: 'new'.length,
      removedBytes: 9 * KIB - 'another apple'.length + 'old'.length,
      examples: [
        { path: 'apple.txt', change: 'changed' },
        { path: 'Archive/old.txt', change: 'removed' },
        { path: 'photos/new.jpg', change: 'added' },
      ],
    });
  });

  test('of which the first has no parent: all of it was added', async () => {
    const [first = ''] = await snapshotIds();
    expect(await engine.api.snapshotChanges({ folder: 'Documents', to: first })).toMatchObject({
      added: 7,
      changed: 0,
      removed: 0,
    });
  });

  test('may be any two', async () => {
    const [first = '', , third = ''] = await snapshotIds();
    const changes = await engine.api.snapshotChanges({
      folder: 'Documents',
      from: first,
      to: third,
    });
    expect(changes).toMatchObject({ added: 1, changed: 0, removed: 2 });
  });
});

describe('a device that has only the words', () => {
  test('sees the same', async () => {
    const other = (await vault.blank('other')).open();
    try {
      const [first = ''] = await snapshotIds();
      expect(await other.api.browse(page)).toEqual(await engine.api.browse(page));
      expect(paths(await other.api.browse({ ...page, snapshot: first }))).toContain('Archive');
      const versions = await other.api.fileVersions({ folder: 'Documents', path: 'apple.txt' });
      expect(versions.map(({ change }) => change)).toEqual(['removed', 'changed', 'added']);
    } finally {
      await other.close();
    }
  });
});

describe('a preview', () => {
  test('counts by the real rules, and says which rule leaves out what', async () => {
    const root = world.path('Work');
    makeTree(root, {
      '.floeignore': '*.log\n',
      'keep.txt': bytes(KIB, 1),
      'big.bin': bytes(90 * KIB, 2),
      'one.log': bytes(2 * KIB, 3),
      node_modules: { a: { 'index.js': bytes(3 * KIB, 4) }, 'b.js': bytes(KIB, 5) },
    });
    const preview = await engine.api.previewFolder({ path: root, excludes: ['node_modules/'] });
    expect(preview).toMatchObject({
      path: root,
      suggestedName: 'Work',
      fileCount: 3,
      sizeBytes: 91 * KIB + '*.log\n'.length,
      isPartial: false,
      unread: [],
      ignored: [
        { rule: 'node_modules/', fileCount: 2, sizeBytes: 4 * KIB, examples: ['node_modules/'] },
        { rule: '*.log', fileCount: 1, sizeBytes: 2 * KIB, examples: ['one.log'] },
      ],
    });
    expect(preview.largest[0]).toEqual({ path: 'big.bin', sizeBytes: 90 * KIB });
    expect((await engine.api.status({})).folders).toHaveLength(1);
  });

  test('suggests a name that no folder has', async () => {
    const root = world.path('elsewhere', 'Documents');
    mkdirSync(root, { recursive: true });
    const preview = await engine.api.previewFolder({ path: root, excludes: [] });
    expect(preview).toMatchObject({ suggestedName: 'Documents 2', fileCount: 0 });
  });

  test.each([
    {
      name: 'of a place that is not there',
      path: () => world.path('gone'),
      code: 'folder-missing',
    },
    { name: 'of a relative path', path: () => 'Work', code: 'usage' },
  ])('$name is refused', async ({ path, code }) => {
    await expect(engine.api.previewFolder({ path: path(), excludes: [] })).rejects.toMatchObject({
      code,
    });
  });
});

describe('folders of this machine', () => {
  test('are listed with a way up, hidden ones last', async () => {
    const root = world.path('choose');
    makeTree(root, { b: {}, a: {}, '.hidden': {}, 'file.txt': 'no folder' });
    const { path, parent, folders } = await engine.api.machineFolders({ path: root });
    expect(path).toBe(root);
    expect(parent).toBe(world.path());
    expect(folders.map(({ name }) => name)).toEqual(['a', 'b', '.hidden']);
    expect((await engine.api.machineFolders({ path: '/' })).parent).toBeUndefined();
  });
});

describe('the plan of a restore', () => {
  const plan = (more: { paths?: string[]; target?: string }) =>
    engine.api.restorePlan({ folder: 'Documents', paths: [], ...more });

  test('counts what is selected, and each thing once', async () => {
    expect(await plan({})).toMatchObject({ fileCount: 6 });
    expect(await plan({ paths: ['photos', 'photos/a.jpg', 'Zebra.txt'] })).toMatchObject({
      fileCount: 5,
      sizeBytes: 6 * KIB + 'sea'.length + 'new'.length + 1,
    });
  });

  test('says why a target cannot be', async () => {
    expect((await plan({ target: world.path('free') })).problem).toBeUndefined();
    expect((await plan({ target: at('inside') })).problem?.message).toContain('Documents');
    expect((await plan({ target: folder })).problem).toBeDefined();
    expect((await plan({ target: world.path('network') })).problem).toBeDefined();
    makeTree(world.path('full'), { x: 'x' });
    expect((await plan({ target: world.path('full') })).problem?.message).toContain('not empty');
  });
});
