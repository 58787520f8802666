/**
 * @file Sending coins away: whoever asks again because the answer was lost does not send twice,
 * whatever happened in between; and no clock of this machine gives another day to send in.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Engine } from '#engine/engine.ts';
import { parseSuiAddress, type SuiAddress } from '#engine/model/ids.ts';
import { parseNetwork } from '#engine/model/network.ts';
import { systemClock } from '#platform/system-clock.ts';
import { openRpcProxy, type RpcProxy } from '#test/support/rpc-proxy.ts';
import { bareVault, startWorld, type BareVault, type World } from '#test/support/world.ts';

const MIST = 1_000_000n;
const FROST = 1_000_000n;
const LIMIT_MS = 20_000;
const HOUR_MS = 3_600_000;

let world: World;
let proxy: RpcProxy;
let vault: BareVault;
let engine: Engine;
let recipient: SuiAddress;
let addresses = 0;

let aheadMs = 0;
/** Nobody waits before the next try; time limits stay. */
const clock = {
  ...systemClock,
  nowMs: () => systemClock.nowMs() + aheadMs,
  sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms < LIMIT_MS ? 1 : ms, signal),
};

const open = (): Engine => {
  const { networkFile } = world.localnet;
  const [endpoint] = [networkFile.rpc].flat();
  const json = { ...networkFile, rpc: { ...endpoint, url: proxy.url } };
  return vault.open({ network: parseNetwork(JSON.parse(JSON.stringify(json))), clock });
};

beforeAll(async () => {
  world = await startWorld();
  proxy = await openRpcProxy([world.localnet.networkFile.rpc].flat()[0]!.url);
  vault = await bareVault(world, 'home');
  engine = open();
  await engine.api.requestTestFunds({});
});

afterAll(async () => {
  await engine.close();
  await proxy.close();
  await world.close();
});

beforeEach(() => {
  addresses += 1;
  recipient = parseSuiAddress(`0x${String(addresses).padStart(64, 'a')}`);
});

const withdraw = (signal?: AbortSignal) =>
  engine.api.withdraw(
    { to: recipient, asset: 'SUI', amount: MIST, confirmation: recipient.slice(-6) },
    signal ? { signal } : {},
  );

/** What has come to the other address, asked without the proxy. */
async function received(): Promise<bigint> {
  const { chain } = vault.openWallet();
  return (await chain.balances(recipient)).suiMist;
}

describe('what got no answer', () => {
  test.each([
    {
      name: 'was carried out',
      lose: () => proxy.loseExecution(),
      meanwhile: async () => undefined,
      hasLanded: true,
    },
    {
      name: 'never left this machine',
      lose: () => proxy.beforeExecution(async () => proxy.refuse()),
      meanwhile: async () => undefined,
      hasLanded: false,
    },
    {
      name: 'was settled by a sync meanwhile',
      lose: () => proxy.beforeExecution(async () => proxy.refuse()),
      meanwhile: () => engine.api.sync({}),
      hasLanded: false,
    },
    {
      name: 'was settled after a start of the engine',
      lose: () => proxy.loseExecution(),
      meanwhile: async () => {
        await engine.close();
        engine = open();
        await engine.api.sync({});
      },
      hasLanded: true,
    },
  ])('and $name is not sent twice', async ({ lose, meanwhile, hasLanded }) => {
    lose();
    await expect(withdraw()).rejects.toMatchObject({
      code: 'withdrawal-unanswered',
      message: expect.stringContaining('does not send twice') as unknown,
    });
    // While nobody answers, the answer stays the same.
    await expect(withdraw()).rejects.toMatchObject({ code: 'withdrawal-unanswered' });
    proxy.thaw();
    expect(await received()).toBe(hasLanded ? MIST : 0n);
    await meanwhile();
    expect(await withdraw()).toMatchObject({ wasSentBefore: true });
    expect(await received()).toBe(MIST);
  });

  test('because the person did not wait is not sent twice', async () => {
    const leaving = new AbortController();
    proxy.beforeExecution(async () => leaving.abort());
    await expect(withdraw(leaving.signal)).rejects.toThrow();
    expect(await withdraw()).toMatchObject({ wasSentBefore: true });
    expect(await received()).toBe(MIST);
  });
});

test('what was answered may be asked for again', async () => {
  const first = await withdraw();
  const second = await withdraw();
  expect([first, second]).toMatchObject([{ wasSentBefore: false }, { wasSentBefore: false }]);
  expect(second.digest).not.toBe(first.digest);
  expect(await received()).toBe(2n * MIST);
});

test('another amount is another request', async () => {
  proxy.loseExecution();
  await expect(withdraw()).rejects.toMatchObject({ code: 'withdrawal-unanswered' });
  proxy.thaw();
  const request = { to: recipient, asset: 'SUI', confirmation: recipient.slice(-6) } as const;
  const other = await engine.api.withdraw({ ...request, amount: MIST / 2n });
  expect(other.wasSentBefore).toBe(false);
  expect(await withdraw()).toMatchObject({ wasSentBefore: true });
  expect(await received()).toBe(MIST + MIST / 2n);
});

test('before anything was signed a failure is what it is', async () => {
  proxy.refuse();
  await expect(withdraw()).rejects.toMatchObject({ code: 'rpc-unreachable' });
  proxy.thaw();
  expect(await received()).toBe(0n);
  expect(await withdraw()).toMatchObject({ wasSentBefore: false });
});

test('a clock that is a day ahead gives no other budget', async () => {
  const { caps } = await engine.api.storage({});
  const perDay = { ...caps.perDay, walFrost: 10n * FROST };
  await engine.api.setCaps({ caps: { ...caps, perDay } });
  const send = (amount: bigint) =>
    engine.api.withdraw({
      to: recipient,
      asset: 'WAL',
      amount,
      confirmation: recipient.slice(-6),
    });
  await send(8n * FROST);
  aheadMs = 25 * HOUR_MS;
  await expect(send(3n * FROST)).rejects.toMatchObject({
    code: 'cap-exceeded',
    message: expect.stringContaining('0.002 WAL to send now') as unknown,
  });
  await send(2n * FROST);
});
