/**
 * Goal: a snapshot that the person wants to keep is kept, whatever is going on meanwhile, and none
 * is forgotten on a guess.
 * Method: a whole network and whole engines; what happens during a sync happens while it lists the
 * folder, when what goes was decided already.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '#engine/engine.ts';
import type { BlobId } from '#engine/model/ids.ts';
import { EventfulFiles } from '../support/eventful-files.ts';
import { FOLDER } from '../support/folder-life.ts';
import { manySmallPacks, ONE_KEPT } from '../support/small-packs.ts';
import { startWorld, type World } from '../support/world.ts';

const PRICES = { storageFrostPerMib: 100_000n, writeFrostPerMib: 20_000n };

let world: World;

beforeAll(async () => {
  world = await startWorld({ shards: 4, nodes: 4 });
});
afterAll(async () => {
  await world.close();
});

const snapshotsOf = async ({ api }: Engine): Promise<string[]> =>
  (await api.snapshots({ folder: FOLDER })).map(({ snapshotId }) => snapshotId);

/** An engine whose rules would leave one snapshot of four, and the oldest of them. */
const withOldest = async (
  name: string,
  work: (life: {
    readonly engine: Engine;
    readonly oldest: string;
    readonly files: EventfulFiles;
    /** Change the folder and sync it. */
    readonly commit: (text: string) => Promise<void>;
  }) => Promise<void>,
): Promise<void> => {
  const { vault, source } = await manySmallPacks(world, name);
  const files = new EventfulFiles();
  const engine = vault.open({ files });
  try {
    const oldest = (await snapshotsOf(engine)).at(-1) ?? '';
    const commit = async (text: string): Promise<void> => {
      writeFileSync(`${source}/file`, text);
      await engine.api.sync({});
    };
    await work({ engine, oldest, files, commit });
  } finally {
    await engine.close();
  }
};

describe('while a folder is synced whose rules forget the oldest snapshot', () => {
  test('that snapshot is pinned, and stays', async () => {
    await withOldest('pinned', async ({ engine, oldest, files, commit }) => {
      files.next = () =>
        engine.api.pinSnapshot({ folder: FOLDER, snapshot: oldest, isPinned: true });
      await commit('five');
      const shown = await snapshotsOf(engine);
      expect(shown).toHaveLength(2);
      expect(shown).toContain(oldest);
      await commit('six');
      expect(await snapshotsOf(engine)).toContain(oldest);
      const target = world.path('pinned-back');
      expect(await engine.api.restore({ folder: FOLDER, snapshot: oldest, target })).toMatchObject({
        lost: [],
      });
    });
  });

  test('the rules are taken back, and everything stays', async () => {
    await withOldest('taken back', async ({ engine, files, commit }) => {
      files.next = () => engine.api.setRetention({ folder: FOLDER, retention: undefined });
      await commit('five');
      expect(await snapshotsOf(engine)).toHaveLength(5);
    });
  });
});

test('a snapshot that is pinned after it was to be forgotten stays', async () => {
  await withOldest('pinned later', async ({ engine, oldest, commit }) => {
    const { api } = engine;
    await api.forgetSnapshot({ folder: FOLDER, snapshot: oldest, now: false });
    await api.pinSnapshot({ folder: FOLDER, snapshot: oldest, isPinned: true });
    expect(await api.retention({ folder: FOLDER })).toMatchObject({
      pinned: [oldest],
      forgotten: [],
    });
    await commit('five');
    expect(await snapshotsOf(engine)).toContain(oldest);
  });
});

test('a pin goes over to the snapshot that takes the place of a pinned one', async () => {
  await withOldest('replaced', async ({ engine, oldest, commit }) => {
    const { api } = engine;
    await api.setRetention({ folder: FOLDER, retention: undefined });
    const [newest = ''] = await snapshotsOf(engine);
    let pinned: Promise<void> | undefined;
    engine.subscribe((event) => {
      if (event.kind !== 'pack' || event.step !== 'sealed') return;
      pinned ??= api.pinSnapshot({ folder: FOLDER, snapshot: newest, isPinned: true });
    });
    // The newest tree is committed once more, without the oldest snapshot.
    await api.forgetSnapshot({ folder: FOLDER, snapshot: oldest, now: true });
    await pinned;
    const [instead = ''] = await snapshotsOf(engine);
    expect(instead).not.toBe(newest);
    expect(await api.retention({ folder: FOLDER })).toMatchObject({ pinned: [instead] });
    await api.setRetention({ folder: FOLDER, retention: ONE_KEPT });
    await commit('five');
    expect(await snapshotsOf(engine)).toContain(instead);
  });
});

test('a snapshot that a sealed commit leaves out is not pinned any more, and that is said', async () => {
  await withOldest('too late', async ({ engine, oldest, commit }) => {
    const { api } = engine;
    await world.localnet.setPrices({ ...PRICES, storageFrostPerMib: 10n ** 12n });
    // Sealed, and nobody can pay for it.
    await expect(commit('five')).rejects.toMatchObject({ code: 'balance-low' });
    await expect(
      api.pinSnapshot({ folder: FOLDER, snapshot: oldest, isPinned: true }),
    ).rejects.toMatchObject({ code: 'snapshot-unknown' });
    await world.localnet.setPrices(PRICES);
    await commit('five');
    expect(await snapshotsOf(engine)).not.toContain(oldest);
  });
});

/** Two devices with one folder: the newest snapshot of the second follows one of the first. */
const withFollower = async (
  name: string,
  work: (life: {
    readonly engine: Engine;
    readonly followed: string;
    /** What holds the newest snapshot of the second device. */
    readonly blobId: BlobId;
    readonly commit: (text: string) => Promise<void>;
  }) => Promise<void>,
): Promise<void> => {
  const { vault, source } = await manySmallPacks(world, name);
  const otherSource = `${source}-other`;
  mkdirSync(otherSource);
  writeFileSync(`${otherSource}/file`, 'something else');
  const theirs = (await vault.blank(`${name}-other`)).open();
  const engine = vault.open();
  try {
    const folder = { path: otherSource, excludes: [], permanent: false, joins: FOLDER };
    await theirs.api.addFolder(folder);
    const [followed = ''] = await snapshotsOf(theirs);
    await theirs.api.sync({});
    const [newest] = await theirs.api.snapshots({ folder: FOLDER });
    const commit = async (text: string): Promise<void> => {
      writeFileSync(`${source}/file`, text);
      await engine.api.sync({});
    };
    await work({ engine, followed, blobId: newest?.blobId as BlobId, commit });
  } finally {
    await engine.close();
    await theirs.close();
  }
};

describe('a snapshot that another device may stand on', () => {
  test('stays while nobody can read what that device has published', async () => {
    await withFollower('unread', async ({ engine, followed, blobId, commit }) => {
      const { api } = engine;
      const nodes = world.localnet.nodes.map(({ node }) => node);
      for (const node of nodes) node.block(blobId);
      await commit('five');
      const kept = await snapshotsOf(engine);
      expect(kept).toHaveLength(5);
      for (const snapshot of [followed, kept.at(-1) ?? '']) {
        await expect(
          api.forgetSnapshot({ folder: FOLDER, snapshot, now: false }),
        ).rejects.toMatchObject({ code: 'blob-blocked' });
      }
      for (const node of nodes) await node.heal();
      await commit('six');
      // The newest of each device, and the one that they have in common.
      const left = await snapshotsOf(engine);
      expect(left).toHaveLength(3);
      expect(left).toContain(followed);
    });
  });

  test('goes once the storage of that device has ended', async () => {
    await withFollower('ended', async ({ engine, followed, commit }) => {
      const { api } = engine;
      const [end = 0] = (await api.storage({})).ends.map(({ at }) => at.epoch);
      const { epoch } = world.localnet.chain.view;
      await world.localnet.advanceEpoch({ count: end - epoch - 1 });
      // This device pays for what is its own.
      await api.extend({ folder: FOLDER, epochs: 10 });
      await world.localnet.advanceEpoch();
      await commit('five');
      const left = await snapshotsOf(engine);
      expect(left).toHaveLength(1);
      expect(left).not.toContain(followed);
    });
  });
});
