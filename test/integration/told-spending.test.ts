/**
 * Goal: what one window does about time and money is told, so that every other window, and the
 * tray, asks again.
 * Method: a whole network and a whole engine; what is told while a call runs is counted.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '#engine/engine.ts';
import type { Clock } from '#engine/ports/ports.ts';
import { systemClock } from '#platform/system-clock.ts';
import { makeTree } from '../support/tree.ts';
import { bareVault, startWorld, type World } from '../support/world.ts';

const FOLDER = 'papers';
const ROOMY = { walFrost: 10n ** 12n, gasMist: 10n ** 10n };
const ELSEWHERE = `0x${'7'.repeat(64)}`;

/** The machine's clock, but that the engine never gathers changes to tell them together. */
const clock: Clock = {
  ...systemClock,
  sleep: (ms, signal) =>
    ms === 250 ? new Promise<never>(() => undefined) : systemClock.sleep(ms, signal),
};

let world: World;
let engine: Engine;

beforeAll(async () => {
  world = await startWorld({ shards: 4, nodes: 4 });
  makeTree(world.path(FOLDER), { 'a.txt': 'a' });
  engine = (await bareVault(world, 'home')).open({ clock });
  const { api } = engine;
  await api.addFolder({ path: world.path(FOLDER), excludes: [], permanent: false });
  await api.sync({});
  await world.localnet.advanceEpoch({ count: 8 });
});
afterAll(async () => {
  await engine.close();
  await world.close();
});

/** Whether the engine has said that its status is another one by the time it answers. */
const isTold = async (call: Promise<unknown>): Promise<boolean> => {
  let count = 0;
  const unsubscribe = engine.subscribe(({ kind }) => {
    if (kind === 'status-changed') count += 1;
  });
  await call.catch(() => undefined);
  unsubscribe();
  return count > 0;
};

const sending = { to: ELSEWHERE, asset: 'SUI' as const, confirmation: '777777' };
const calls: readonly [string, (api: Engine['api']) => Promise<unknown>][] = [
  ['a renewal', (api) => api.renew({})],
  ['an extension', (api) => api.extend({ folder: FOLDER, epochs: 2 })],
  ['coins that were asked for', (api) => api.requestTestFunds({})],
  ['coins that were sent', (api) => api.withdraw({ ...sending, amount: 1n })],
  ['a rate', (api) => api.setRate({ rate: { currency: 'EUR', perWal: 0.5, perSui: 3 } })],
  [
    'caps',
    (api) => api.setCaps({ caps: { perTransaction: ROOMY, perDay: ROOMY, perEpoch: ROOMY } }),
  ],
];
test.each(calls)('%s: told', async (_what, call) => {
  expect(await isTold(call(engine.api))).toBe(true);
});
