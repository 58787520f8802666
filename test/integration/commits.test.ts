/** @file What is worth a commit, and what the local index keeps of what is gone. */
import { renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLocalIndex } from '#engine/local-index/local-index.ts';
import { expectTree, makeTree } from '#test/support/tree.ts';
import { bareVault, startWorld, type World } from '#test/support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

test.each([
  {
    name: "the folder's own time",
    act: (root: string) => utimesSync(root, 1_600_000_000, 1_600_000_000),
    isPublished: false,
  },
  {
    name: 'something that is ignored, in the folder itself',
    act: (root: string) => writeFileSync(join(root, 'debug.log'), 'ignored'),
    isPublished: false,
  },
  {
    name: 'a file',
    act: (root: string) => writeFileSync(join(root, 'new.txt'), 'new'),
    isPublished: true,
  },
])('a change of $name alone: paid for is $isPublished', async ({ name, act, isPublished }) => {
  const root = world.path(`worth ${name.length}`);
  makeTree(root, { 'a.txt': 'a', sub: { 'b.txt': 'b' } });
  const engine = (await bareVault(world, `home ${name.length}`)).open();
  try {
    await engine.api.addFolder({ path: root, name: 'docs', excludes: ['*.log'], permanent: false });
    await engine.api.sync({});
    act(root);
    const before = world.registrations(0).size;
    const { folders } = await engine.api.sync({});
    expect(folders).toMatchObject([{ published: isPublished }]);
    expect(world.registrations(0).size - before).toBe(Number(isPublished));
  } finally {
    await engine.close();
  }
});

test('of a directory that became something else nothing is remembered, and all else is', async () => {
  const root = world.path('turned');
  makeTree(root, {
    photos: { 'a.jpg': 'a', deep: { 'b.jpg': 'b' } },
    letters: { 'c.txt': 'c' },
    'photos-old': { 'd.jpg': 'd' },
  });
  const vault = await bareVault(world, 'turned home');
  const engine = vault.open();
  let folderId: string;
  try {
    ({ folderId } = await engine.api.addFolder({ path: root, excludes: [], permanent: false }));
    await engine.api.sync({});
    rmSync(join(root, 'photos'), { recursive: true });
    writeFileSync(join(root, 'photos'), 'a file now');
    renameSync(join(root, 'letters'), world.path('away'));
    symlinkSync('photos', join(root, 'letters'));
    await engine.api.sync({ acceptDeletions: true });
    // What was written a moment before it was read is read once more.
    await engine.api.sync({});
    const again = await engine.api.sync({});
    expect(again.folders).toMatchObject([{ published: false, bytesRead: 0 }]);
    const target = world.path('turned back');
    await engine.api.restore({ folder: 'turned', target });
    expectTree(target, {
      photos: 'a file now',
      letters: { is: 'symlink', target: 'photos' },
      'photos-old': { 'd.jpg': 'd' },
    });
  } finally {
    await engine.close();
  }
  const index = openLocalIndex(join(vault.home, 'index.db'));
  try {
    const known = index.entries.load(folderId as never);
    expect([...known.directories.keys()].sort()).toEqual(['', 'photos-old']);
    expect(known.fileCount).toBe(2);
  } finally {
    index.close();
  }
});
