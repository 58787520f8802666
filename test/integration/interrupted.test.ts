/**
 * What interrupts a sync without killing anybody: answers that are lost, a person who changes her
 * mind, an epoch that ends, a spool that is damaged. Money is spent once, and nothing is stuck.
 */
import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EngineEvent, PackStep } from '#contract/events.ts';
import type { Engine } from '#engine/engine.ts';
import { compareTrees } from '#platform/compare-trees.ts';
import { bytes, KIB, makeTree } from '../support/tree.ts';
import { bareVault, startWorld, type BareVault, type World } from '../support/world.ts';

const FOLDER = 'folder';
/** What a pack holds where there are 4 shards, roughly. */
const PACK_KIB = 300;

let world: World;
let sceneCount = 0;

beforeAll(async () => {
  world = await startWorld({ shards: 4, nodes: 4 });
});
afterAll(async () => {
  await world.close();
});

interface Scene {
  readonly vault: BareVault;
  readonly source: string;
  /** Events of the chain before the vault was made. */
  readonly since: number;
}

/** A vault with a folder that makes so many packs or one more, and nothing synced. */
async function scene(packs = 4): Promise<Scene> {
  sceneCount += 1;
  const since = world.localnet.chain.view.latestEventSequence;
  const source = world.path(`source-${String(sceneCount)}`);
  makeTree(source, {
    'large.bin': bytes(packs * PACK_KIB * KIB, sceneCount),
    sub: { 'a.txt': 'a' },
  });
  const vault = await bareVault(world, `home-${String(sceneCount)}`);
  const engine = vault.open();
  await engine.api.addFolder({ path: source, name: FOLDER, excludes: [], permanent: false });
  await engine.close();
  return { vault, source, since };
}

/** Call `then` at the first pack event of that step. */
function atStep(engine: Engine, step: PackStep, then: () => void): void {
  const unsubscribe = engine.subscribe((event: EngineEvent) => {
    if (event.kind !== 'pack' || event.step !== step) return;
    unsubscribe();
    then();
  });
}

/** All is protected, paid once, and comes back. */
async function expectProtected(engine: Engine, { vault, source, since }: Scene): Promise<void> {
  const report = await engine.api.sync({});
  expect(report.folders[0]!.protectedUntil).toBeDefined();
  const registered = [...world.registrations(since).values()];
  expect(registered).toEqual(registered.map(() => 1));
  const { spent, walFrost, transactions } = await engine.api.wallet({});
  expect(spent.walFrost).toBe(world.costOfRegistrations(since));
  const exchanged = transactions
    .filter(({ kind }) => kind === 'exchange')
    .reduce((sum, { actualFrost }) => sum - (actualFrost ?? 0n), 0n);
  expect(exchanged - walFrost).toBe(spent.walFrost);
  expect(readdirSync(join(vault.home, 'spool'))).toEqual([]);
  const target = `${vault.home}-back`;
  await engine.api.restore({ folder: FOLDER, target });
  expect(await compareTrees(source, target)).toEqual([]);
}

test('every answer of the chain is lost, and nothing is paid twice', async () => {
  const begun = await scene(1);
  const engine = begun.vault.open();
  try {
    world.localnet.dropRpcReplies(1_000);
    await engine.api.sync({}).finally(() => world.localnet.dropRpcReplies(0));
    await expectProtected(engine, begun);
  } finally {
    await engine.close();
  }
});

test.each<PackStep>(['sealed', 'encoded', 'registered', 'uploaded', 'certified'])(
  'a sync that is stopped at `%s` does not fail the next one',
  async (step) => {
    const begun = await scene();
    const engine = begun.vault.open();
    try {
      const stop = new AbortController();
      atStep(engine, step, () => stop.abort());
      await expect(engine.api.sync({}, { signal: stop.signal })).rejects.toMatchObject({
        name: 'AbortError',
      });
      await expectProtected(engine, begun);
    } finally {
      await engine.close();
    }
  },
);

test.each<PackStep>(['registered', 'uploaded', 'certified'])(
  'an epoch that ends at `%s` costs a question, not a registration',
  async (step) => {
    const begun = await scene();
    const engine = begun.vault.open();
    try {
      const advanced = Promise.withResolvers<unknown>();
      atStep(engine, step, () => advanced.resolve(world.localnet.advanceEpoch()));
      await engine.api.sync({});
      await advanced.promise;
      await expectProtected(engine, begun);
    } finally {
      await engine.close();
    }
  },
);

test('a folder that is removed while its packs are on their way costs nothing more', async () => {
  const begun = await scene();
  const engine = begun.vault.open();
  try {
    const stop = new AbortController();
    atStep(engine, 'registered', () => stop.abort());
    await expect(engine.api.sync({}, { signal: stop.signal })).rejects.toThrow();
    await engine.api.removeFolder({ folder: FOLDER });
    expect(readdirSync(join(begun.vault.home, 'spool'))).toEqual([]);
    const { spent } = await engine.api.wallet({});
    expect(await engine.api.sync({})).toMatchObject({ folders: [] });
    expect((await engine.api.wallet({})).spent).toEqual(spent);
    await expect(engine.api.sync({ folder: FOLDER })).rejects.toMatchObject({
      code: 'folder-unknown',
    });
    // The next folder is protected as if there had been no other.
    const { api } = engine;
    const other = world.path(`other-${String(sceneCount)}`);
    makeTree(other, { 'b.txt': 'b' });
    await api.addFolder({ path: other, name: 'other', excludes: [], permanent: false });
    const report = await api.sync({});
    expect(report.folders.map(({ name, published }) => ({ name, published }))).toEqual([
      { name: 'other', published: true },
    ]);
  } finally {
    await engine.close();
  }
});

test('a damaged or missing spool file is sealed anew', async () => {
  const begun = await scene();
  const { vault } = begun;
  const engine = vault.open();
  const stop = new AbortController();
  atStep(engine, 'encoded', () => stop.abort());
  await expect(engine.api.sync({}, { signal: stop.signal })).rejects.toThrow();
  await engine.close();
  const spool = join(vault.home, 'spool');
  const names = readdirSync(spool);
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) truncateSync(join(spool, name), 1_000);
  // What a writer leaves that died in the middle, and before its row.
  writeFileSync(join(spool, `${'ab'.repeat(16)}.0123456789abcdef.part`), 'torn');
  writeFileSync(join(spool, 'cd'.repeat(16)), 'of nobody');
  const again = vault.open();
  try {
    await expectProtected(again, begun);
  } finally {
    await again.close();
  }
});

test('a folder that is gone keeps no other from being protected', async () => {
  const begun = await scene();
  const engine = begun.vault.open();
  try {
    const gone = world.path(`gone-${String(sceneCount)}`);
    makeTree(gone, { 'x.txt': 'x' });
    await engine.api.sync({});
    await engine.api.addFolder({ path: gone, name: 'gone', excludes: [], permanent: false });
    rmSync(gone, { recursive: true });
    writeFileSync(join(begun.source, 'new.txt'), 'new');
    await expect(engine.api.sync({})).rejects.toMatchObject({ code: 'folder-missing' });
    const { folders } = await engine.api.status({});
    expect(folders.map(({ name, state, fileCount }) => ({ name, state, fileCount }))).toEqual([
      { name: FOLDER, state: 'protected', fileCount: 3 },
      { name: 'gone', state: 'attention', fileCount: 0 },
    ]);
  } finally {
    await engine.close();
  }
});

test('a folder is kept when whoever lets go of it leaves before the turn', async () => {
  const begun = await scene(1);
  const engine = begun.vault.open();
  const leaving = new AbortController();
  const synced = engine.api.sync({});
  const removed = engine.api.removeFolder({ folder: FOLDER }, { signal: leaving.signal });
  leaving.abort();
  await expect(removed).rejects.toMatchObject({ name: 'AbortError' });
  await synced;
  expect((await engine.api.status({})).folders).toMatchObject([{ removed: false }]);
  await engine.close();
});

test.each<{
  readonly name: string;
  readonly ask: (api: Engine['api'], signal: AbortSignal) => Promise<unknown>;
}>([
  { name: 'sync', ask: (api, signal) => api.sync({}, { signal }) },
  { name: 'renewal', ask: (api, signal) => api.renew({}, { signal }) },
  { name: 'plan of a renewal', ask: (api, signal) => api.planRenewal({}, { signal }) },
  { name: 'repacking', ask: (api, signal) => api.compact({}, { signal }) },
  {
    name: 'extension',
    ask: (api, signal) => api.extend({ folder: FOLDER, epochs: 1 }, { signal }),
  },
])(
  'whoever leaves before the turn of a $name has an answer while others go on',
  async ({ ask }) => {
    const begun = await scene(1);
    const engine = begun.vault.open();
    const nodes = world.localnet.nodes.map(({ node }) => node);
    for (const node of nodes) await node.kill();
    // Nothing can be stored: it keeps its turn.
    const synced = engine.api.sync({});
    const leaving = new AbortController();
    const asked = ask(engine.api, leaving.signal);
    leaving.abort();
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
    const { transactions } = await engine.api.wallet({});
    for (const node of nodes) await node.heal();
    await synced;
    expect(transactions.filter(({ kind }) => kind === 'extend')).toEqual([]);
    await engine.close();
  },
);

test('closing waits for what was asked, and refuses what comes after', async () => {
  const begun = await scene();
  const engine = begun.vault.open();
  await engine.api.sync({});
  const asked = Promise.allSettled([
    engine.api.status({ withSpread: true }),
    engine.api.restore({ folder: FOLDER, target: `${begun.vault.home}-closing` }),
    engine.api.sync({}),
    engine.api.sync({}),
    engine.api.removeFolder({ folder: FOLDER }),
  ]);
  await engine.close();
  for (const outcome of await asked) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ name: 'AbortError' });
  }
  await expect(engine.api.status({})).rejects.toMatchObject({ name: 'AbortError' });
});
