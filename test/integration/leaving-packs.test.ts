/**
 * Goal: a pack that is to go goes when nobody needs it, and nothing is paid for it twice.
 * Method: a whole network and whole engines of one or two devices; epochs pass when the test says so.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '#engine/engine.ts';
import { contentOf, FOLDER } from '../support/folder-life.ts';
import { DEAR_ROOM, manySmallPacks } from '../support/small-packs.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ shards: 4, nodes: 4 });
  await world.localnet.setPrices(DEAR_ROOM);
});
afterAll(async () => {
  await world.close();
});

const NOTHING_DONE = { digests: [], executed: { walFrost: 0n, gasMist: 0n } };

const deletions = async ({ api }: Engine): Promise<number> =>
  (await api.wallet({})).transactions.filter(({ kind }) => kind === 'delete').length;

describe('a pack of a folder that was removed here, and that another device protects,', () => {
  /** Two devices with one folder; the first has repacked it, removed it, and gone on with another. */
  const removedAfterRepacking = async (name: string, textOfOther: string) => {
    const { vault, source } = await manySmallPacks(world, name);
    const other = await vault.blank(`${name}-other`);
    const [otherSource, rest] = [`${source}-other`, `${source}-rest`];
    for (const path of [otherSource, rest]) mkdirSync(path);
    writeFileSync(`${otherSource}/file`, textOfOther);
    const [mine, theirs] = [vault.open(), other.open()];
    const syncRest = async (text: string): Promise<void> => {
      writeFileSync(`${rest}/file`, text);
      await mine.api.sync({});
    };
    const folder = { excludes: [], permanent: false };
    await theirs.api.addFolder({ ...folder, path: otherSource, joins: FOLDER });
    await theirs.api.sync({});
    expect((await mine.api.compact({})).compaction).toBeDefined();
    await mine.api.addFolder({ ...folder, path: rest, name: 'rest' });
    await mine.api.removeFolder({ folder: FOLDER });
    await syncRest('at first');
    await world.localnet.advanceEpoch();
    return { mine, theirs, syncRest, back: `${source}-back` };
  };

  test.each([
    ['stays until that device has taken out what it needs', 'four'],
    ['goes once that device has said that it needs nothing of it', 'something else'],
  ])('%s', async (name, textOfOther) => {
    const { mine, theirs, syncRest, back } = await removedAfterRepacking(name, textOfOther);
    try {
      await syncRest('an epoch later');
      expect(await deletions(mine)).toBe(0);
      await theirs.api.sync({});
      await syncRest('when it woke');
      expect(await deletions(mine)).toBe(1);
      expect(await theirs.api.restore({ folder: FOLDER, target: back })).toMatchObject({
        lost: [],
      });
      expect(contentOf(back)).toEqual(new Map([['file', textOfOther]]));
    } finally {
      await mine.close();
      await theirs.close();
    }
  });
});

describe('packs that were to be repacked when no storage node answered', () => {
  /** A renewal is due whose packs are cheaper repacked than extended; the nodes leave after the plan. */
  const withDue = async (name: string, work: (engine: Engine) => Promise<void>): Promise<void> => {
    const { vault } = await manySmallPacks(world, name);
    await world.localnet.advanceEpoch({ count: 8 });
    const engine = vault.open();
    const nodes = world.localnet.nodes.map(({ node }) => node);
    try {
      const planned = await engine.api.planRenewal({});
      expect(planned).toMatchObject({
        compaction: { rewrittenPacks: 1, deletedPacks: 3 },
        folders: [],
      });
      for (const node of nodes) await node.refuse();
      expect(await engine.api.renew({})).toMatchObject(NOTHING_DONE);
      await work(engine);
    } finally {
      for (const node of nodes) await node.start();
      await engine.close();
    }
  };
  const ends = async ({ api }: Engine): Promise<number[]> =>
    (await api.blobs({ offset: 0, limit: 100 })).blobs.map(({ endsAt }) => endsAt.epoch);

  test('are not extended as well', async () => {
    await withDue('repacked later', async (engine) => {
      const { api } = engine;
      expect(await api.planRenewal({})).toMatchObject({ folders: [], compaction: undefined });
      for (const { node } of world.localnet.nodes) await node.start();
      expect(await api.renew({})).toMatchObject({ digests: [] });
      expect(await ends(engine)).toHaveLength(1);
    });
  });

  test('are extended before they end', async () => {
    await withDue('about to end', async (engine) => {
      const { api } = engine;
      const end = Math.min(...(await ends(engine)));
      const { epoch } = world.localnet.chain.view;
      await world.localnet.advanceEpoch({ count: end - epoch - 2 });
      expect((await api.renew({})).digests).toHaveLength(1);
      expect(Math.min(...(await ends(engine)))).toBeGreaterThan(end);
    });
  });
});

describe('for a folder that was removed', () => {
  const name = 'removed';
  let engine: Engine;
  let snapshot: string;
  beforeAll(async () => {
    const { vault } = await manySmallPacks(world, name);
    engine = vault.open();
    snapshot = (await engine.api.snapshots({ folder: FOLDER })).at(-1)?.snapshotId ?? '';
    expect((await engine.api.planCompaction({ folder: FOLDER })).compaction).toBeDefined();
    await engine.api.removeFolder({ folder: FOLDER });
  });
  afterAll(async () => {
    await engine.close();
  });

  const asked: readonly [string, (api: Engine['api']) => Promise<unknown>][] = [
    ['repacked', (api) => api.compact({ folder: FOLDER })],
    ['planned to be repacked', (api) => api.planCompaction({ folder: FOLDER })],
    ['renewed', (api) => api.renew({ folder: FOLDER })],
    ['planned to be renewed', (api) => api.planRenewal({ folder: FOLDER })],
    ['extended', (api) => api.extend({ folder: FOLDER, epochs: 1 })],
    ['shared', (api) => api.share({ folder: FOLDER, confirmation: FOLDER })],
    ['forgotten', (api) => api.forgetSnapshot({ folder: FOLDER, snapshot, now: true })],
  ];
  test.each(asked)('nothing is %s, and nothing is paid', async (_what, ask) => {
    const before = await engine.api.wallet({});
    await expect(ask(engine.api)).rejects.toMatchObject({ code: 'folder-unknown' });
    const { walFrost, suiMist, transactions } = await engine.api.wallet({});
    expect([walFrost, suiMist]).toEqual([before.walFrost, before.suiMist]);
    expect(transactions).toHaveLength(before.transactions.length);
  });
});
