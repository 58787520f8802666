/**
 * Goal: an archive that is shared stays whole for its owner and for a blank machine, and a guardian
 * that holds no key of the vault keeps it alive, and can do nothing else.
 * Method: a whole network; the guardian is a program of its own with its own account.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '#engine/engine.ts';
import { openGuardian } from '#host/guardian.ts';
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

describe('a guardian', () => {
  const { signal } = new AbortController();

  test('extends the shared blobs when they are due, pays once, and pays itself', async () => {
    const guardian = await openGuardian(world.path('guardian'), world.network.network);
    try {
      guardian.adopt(shared);
      const early = await guardian.look({ isDryRun: false }, signal);
      expect(early).toMatchObject({ blobCount: shared.length, lost: [], digests: [] });
      expect(early.address).not.toBe((await engine.api.wallet({})).address);
      // A quarter of the maximum is used up.
      await world.localnet.advanceEpoch({ count: 14 });
      const plan = await guardian.look({ isDryRun: true }, signal);
      expect(plan).toMatchObject({ due: { blobCount: shared.length }, digests: [] });
      const paid = await guardian.look({ isDryRun: false }, signal);
      expect(paid.spent.walFrost).toBe(plan.due.walFrost);
      expect(paid.protectedUntil?.epoch).toBe(15 + 53);
      const again = await guardian.look({ isDryRun: false }, signal);
      expect(again).toMatchObject({ due: { blobCount: 0 }, spent: { walFrost: 0n } });
    } finally {
      guardian.close();
    }
    // The owner sees what was done, and has nothing left to do for it.
    const { folders } = await engine.api.storage({});
    expect(folders.find(({ name }) => name === ARCHIVE)?.protectedUntil?.epoch).toBe(68);
    expect((await engine.api.planRenewal({ folder: ARCHIVE })).transactionCount).toBe(0);
  });

  test('keeps what it has for its owner alone', () => {
    const files = readdirSync(world.path('guardian'));
    expect(files).toContain('guardian.db');
    for (const file of files) {
      expect(statSync(join(world.path('guardian'), file)).mode & 0o077, file).toBe(0);
    }
  });

  test('touches nothing that is not shared', async () => {
    const { blobs } = await engine.api.blobs({ folder: 'papers', offset: 0, limit: 10 });
    const guardian = await openGuardian(world.path('guardian'), world.network.network);
    try {
      guardian.adopt(blobs.map(({ blobObjectId }) => blobObjectId));
      const report = await guardian.look({ isDryRun: false }, signal);
      expect(report.lost).toEqual(blobs.map(({ blobObjectId }) => blobObjectId));
      expect(report.digests).toEqual([]);
    } finally {
      guardian.close();
    }
  });

  test('keeps to its caps', async () => {
    await world.localnet.advanceEpoch({ count: 14 });
    const guardian = await openGuardian(world.path('guardian'), world.network.network);
    try {
      const nothing = { walFrost: 0n, gasMist: 10n ** 10n };
      guardian.setCaps({ perTransaction: nothing, perDay: nothing, perEpoch: nothing });
      await expect(guardian.look({ isDryRun: false }, signal)).rejects.toMatchObject({
        code: 'cap-exceeded',
      });
    } finally {
      guardian.close();
    }
  });
});
