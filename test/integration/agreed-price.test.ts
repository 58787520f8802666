/**
 * @file What a person agreed to at a price is not paid for at a higher one, whenever it rose: while
 * they read the question, while it waited for its turn, or on its way.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '#engine/engine.ts';
import { parseNetwork } from '#engine/model/network.ts';
import { openRpcProxy, type RpcProxy } from '#test/support/rpc-proxy.ts';
import { makeTree } from '#test/support/tree.ts';
import { bareVault, startWorld, type World } from '#test/support/world.ts';

const EPOCH_MS = 14 * 86_400_000;
const USUAL = { storageFrostPerMib: 100_000n, writeFrostPerMib: 20_000n };
const DEAR = { ...USUAL, storageFrostPerMib: 250_000n };

let world: World;
let proxy: RpcProxy;
let engine: Engine;

beforeAll(async () => {
  world = await startWorld({ shards: 4, nodes: 4, epochDurationMs: EPOCH_MS });
  const { networkFile } = world.localnet;
  const [endpoint] = [networkFile.rpc].flat();
  proxy = await openRpcProxy(endpoint!.url);
  const json = { ...networkFile, rpc: { ...endpoint, url: proxy.url } };
  const network = parseNetwork(JSON.parse(JSON.stringify(json)));
  engine = (await bareVault(world, 'home')).open({ network });
  makeTree(world.path('papers'), { 'a.txt': 'a' });
  await engine.api.addFolder({ path: world.path('papers'), excludes: [], permanent: false });
  await engine.api.sync({});
  await world.localnet.advanceEpoch({ count: 2 });
});
afterAll(async () => {
  await engine.close();
  await proxy.close();
  await world.close();
});

const held = async (): Promise<bigint> => (await engine.api.wallet({})).walFrost;

/** What renewing everything would cost now. */
async function price(): Promise<bigint> {
  const plan = await engine.api.planRenewal({});
  expect(plan.folders).toHaveLength(1);
  return plan.cost.walFrost;
}

/** Begin as a window does; why the task failed, if it did. */
async function renewAsTask(walFrostMax: bigint): Promise<string | undefined> {
  const ended = Promise.withResolvers<string | undefined>();
  const unsubscribe = engine.subscribe((event) => {
    if (event.kind !== 'task' || event.task.kind !== 'renew') return;
    if (event.task.endedAtMs !== undefined) ended.resolve(event.task.problem?.code);
  });
  await engine.api.startRenewal({ walFrostMax });
  return ended.promise.finally(unsubscribe);
}

test.each([
  {
    name: 'before a renewal begins',
    rise: () => world.localnet.setPrices(DEAR),
    renew: (walFrostMax: bigint) =>
      engine.api.renew({ walFrostMax }).catch(({ code }: { code: string }) => code),
  },
  {
    name: 'before the task of a renewal begins',
    rise: () => world.localnet.setPrices(DEAR),
    renew: renewAsTask,
  },
  {
    name: 'while the renewal is carried out',
    rise: async () => proxy.beforeExecution(() => world.localnet.setPrices(DEAR)),
    renew: renewAsTask,
  },
])('a price that rises $name is not paid', async ({ rise, renew }) => {
  const shown = await price();
  const before = await held();
  await rise();
  expect(await renew(shown)).toBe('price-risen');
  expect(await held()).toBe(before);
  // Asked again it is shown, and can be agreed to.
  expect(await price()).toBeGreaterThan(shown);
  await world.localnet.setPrices(USUAL);
});

test('the price that was shown is paid, and so is a lower one', async () => {
  await world.localnet.setPrices(DEAR);
  const shown = await price();
  await world.localnet.setPrices(USUAL);
  const lower = await price();
  const report = await engine.api.renew({ walFrostMax: shown });
  expect(report.executed.walFrost).toBe(lower);
  await world.localnet.advanceEpoch({ count: 2 });
  const exact = await price();
  expect((await engine.api.renew({ walFrostMax: exact })).executed.walFrost).toBe(exact);
});
