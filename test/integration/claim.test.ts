/**
 * Goal: two devices that come to pay for the first time at the same moment, with the same words and
 * so with the same account, never both pay with it.
 * Method: whole engines on one network; what they send is held until both are about to send.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Engine } from '#engine/engine.ts';
import { hasCode } from '#engine/model/engine-error.ts';
import { compareTrees } from '#platform/compare-trees.ts';
import { bytes, KIB, makeTree } from '../support/tree.ts';
import { bareVault, startWorld, type BareVault, type World } from '../support/world.ts';

/** Called before anything is sent; sent when it resolves. */
const gate = vi.hoisted((): { pass: () => Promise<void> } => ({ pass: async () => undefined }));

vi.mock(import('#engine/sui/chain.ts'), async (importOriginal) => {
  const original = await importOriginal();
  return {
    ...original,
    openChain: (...args) => {
      const chain = original.openChain(...args);
      const openWallet = chain.openWallet.bind(chain);
      chain.openWallet = (...walletArgs) => {
        const wallet = openWallet(...walletArgs);
        const submit = wallet.submit.bind(wallet);
        wallet.submit = async (...submitArgs) => {
          await gate.pass();
          return submit(...submitArgs);
        };
        return wallet;
      };
      return chain;
    },
  };
});

/** Two at a time, as often as that; from then on, or once one of them has ended, everybody. */
function pairUp(times: number): { readonly end: () => void } {
  let left = times;
  let waiting: PromiseWithResolvers<undefined> | undefined;
  gate.pass = async () => {
    if (left === 0) return;
    if (waiting) {
      waiting.resolve(undefined);
      waiting = undefined;
      left -= 1;
      return;
    }
    waiting = Promise.withResolvers();
    await waiting.promise;
  };
  return {
    end: () => {
      left = 0;
      waiting?.resolve(undefined);
    },
  };
}

/** A device: its home, and the account that it holds. */
class Device {
  readonly #vault: BareVault;
  accountIndex = 0;
  engine: Engine;

  constructor(vault: BareVault) {
    this.#vault = vault;
    this.engine = this.#open();
  }

  /** As a host does: an engine that has left its account is opened with the next one. */
  async syncUntilDone(): Promise<number> {
    let left = 0;
    for (;;) {
      try {
        await this.engine.api.sync({});
        return left;
      } catch (error) {
        if (!hasCode(error, 'account-taken')) throw error;
        left += 1;
        await this.engine.close();
        this.engine = this.#open();
      }
    }
  }

  #open(): Engine {
    return this.#vault.open({
      accountIndex: this.accountIndex,
      onAccountTaken: async (next) => void (this.accountIndex = next),
    });
  }
}

let world: World;
let devices: Device[];

beforeEach(async () => {
  world = await startWorld({ shards: 4, nodes: 4 });
  const first = await bareVault(world, 'first');
  devices = [];
  for (const [name, vault] of Object.entries({ first, second: await first.blank('second') })) {
    makeTree(world.path(`${name}-files`), { 'a.bin': bytes(300 * KIB, name.length) });
    const device = new Device(vault);
    devices.push(device);
    await device.engine.api.addFolder({
      path: world.path(`${name}-files`),
      excludes: [],
      permanent: false,
    });
  }
});
afterEach(async () => {
  for (const { engine } of devices) await engine.close();
  await world.close();
});

describe('two devices with one account', () => {
  test.each([
    { name: 'that fund it at the same moment', times: 1 },
    { name: 'that claim it at the same moment', times: 2 },
    { name: 'that go side by side', times: 9 },
  ])('$name end with one each, and everything is paid once', async ({ times }) => {
    const pairs = pairUp(times);
    const left = await Promise.all(
      devices.map((device) => device.syncUntilDone().finally(pairs.end)),
    );
    expect(Math.max(...left)).toBeGreaterThan(0);
    const [one, other] = devices;
    expect(one!.accountIndex).not.toBe(other!.accountIndex);
    const counts = [...world.registrations(0).values()];
    expect(counts.every((count) => count === 1)).toBe(true);
    const wallets = await Promise.all(devices.map(({ engine }) => engine.api.wallet({})));
    const spent = wallets.reduce((sum, wallet) => sum + wallet.spent.walFrost, 0n);
    expect(spent).toBe(world.costOfRegistrations(0));
    // Each has what the other has stored.
    await one!.engine.api.restore({ folder: 'second-files', target: world.path('back') });
    expect(await compareTrees(world.path('second-files'), world.path('back'))).toEqual([]);
    // And the one that stayed goes on with its account.
    makeTree(world.path('first-files', 'later'), { 'b.txt': 'b' });
    expect((await one!.engine.api.sync({})).folders[0]).toMatchObject({ published: true });
  });
});
