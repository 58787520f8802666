/**
 * Goal: an archive that is shared stays whole for its owner and for a blank machine, and a guardian
 * that holds no key of the vault keeps it alive, and can do nothing else.
 * Method: a whole network; the guardian is a program of its own with its own account.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '#engine/engine.ts';
import { compareTrees } from '#platform/compare-trees.ts';
import { bytes, KIB, makeTree } from '../support/tree.ts';
import { bareVault, startWorld, type BareVault, type World } from '../support/world.ts';

const ARCHIVE = 'dataset';

let world: World;
let vault: BareVault;
let engine: Engine;
let shared: readonly string[];

beforeAll(async () => {
  world = await startWorld({ shards: 4, nodes: 4, epochDurationMs: 14 * 86_400_000 });
  makeTree(world.path(ARCHIVE), { 'x.bin': bytes(500 * KIB, 4), 'readme.txt': 'what it is' });
  makeTree(world.path('papers'), { 'a.txt': 'a' });
  vault = await bareVault(world, 'home');
  engine = vault.open();
  const excludes: string[] = [];
  await engine.api.addFolder({ path: world.path(ARCHIVE), excludes, permanent: true });
  await engine.api.addFolder({ path: world.path('papers'), excludes, permanent: false });
  await engine.api.sync({});
});
afterAll(async () => {
  await engine.close();
  await world.close();
});

describe('sharing', () => {
  test.each([
    { name: 'a folder that is no archive', folder: 'papers', confirmation: 'papers' },
    { name: 'without the name typed again', folder: ARCHIVE, confirmation: 'yes' },
  ])('$name is refused', async ({ folder, confirmation }) => {
    await expect(engine.api.share({ folder, confirmation })).rejects.toMatchObject({
      code: 'usage',
    });
  });

  test('makes every blob of the archive shared, its newest commit included', async () => {
    const report = await engine.api.share({ folder: ARCHIVE, confirmation: ARCHIVE });
    expect(report.sharedNow).toBeGreaterThan(2);
    const { blobs } = await engine.api.blobs({ folder: ARCHIVE, offset: 0, limit: 100 });
    expect(blobs.every(({ isShared, state }) => isShared && state === 'certified')).toBe(true);
    shared = report.blobObjectIds;
    expect(shared).toEqual(blobs.map(({ blobObjectId }) => blobObjectId));
    expect(await engine.api.share({ folder: ARCHIVE, confirmation: ARCHIVE })).toMatchObject({
      sharedNow: 0,
      spent: { walFrost: 0n },
    });
  });

  test('leaves it protected here, and on a blank machine', async () => {
    const here = await engine.api.status({});
    expect(here.folders.find(({ name }) => name === ARCHIVE)?.protectedUntil).toBeDefined();
    const blank = (await vault.blank('other')).open();
    try {
      const there = await blank.api.status({});
      expect(there.folders.find(({ name }) => name === ARCHIVE)).toMatchObject({
        state: 'protected',
        protectedUntil: { epoch: 54 },
      });
      const target = world.path('back');
      expect(await blank.api.restore({ folder: ARCHIVE, target })).toMatchObject({ lost: [] });
      expect(await compareTrees(world.path(ARCHIVE), target)).toEqual([]);
    } finally {
      await blank.close();
    }
  });
});
