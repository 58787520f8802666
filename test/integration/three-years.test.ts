/**
 * Goal: over years nothing under policy lapses, every spend is what was quoted, no cap is exceeded,
 * and at most one plan an epoch is paid for.
 * Method: whole engines on a whole network whose time is in the test's hand. Each epoch may bring
 * edits, another price, a lost answer, a week without any network, or a machine that is asleep; what the
 * engine says of ends and costs is compared with the chain's own objects and the account's balance.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cost } from '#contract/storage-api.ts';
import type { Engine } from '#engine/engine.ts';
import type { ObjectId } from '#engine/model/ids.ts';
import type { Clock } from '#engine/ports/ports.ts';
import { systemClock } from '#platform/system-clock.ts';
import { generator, IS_SWEEP, SEED } from '../support/story.ts';
import { bytes, KIB, makeTree } from '../support/tree.ts';
import { bareVault, startWorld, type BareVault, type World } from '../support/world.ts';

const DAY_MS = 86_400_000;
const COIN = 1_000_000_000n;

/** The machine's and the chain's clock: it runs as ever, and jumps when the test says so. */
class ShiftedClock implements Clock {
  #shiftMs = 0;
  nowMs(): number {
    return systemClock.nowMs() + this.#shiftMs;
  }
  monotonicMs(): number {
    return systemClock.monotonicMs() + this.#shiftMs;
  }
  /** While nobody answers there is nothing to wait for but time. */
  isPassing = false;
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (this.isPassing) this.jump(ms);
    await systemClock.sleep(this.isPassing ? 0 : ms, signal);
  }
  jump(ms: number): void {
    this.#shiftMs += ms;
  }
}

interface Story {
  readonly world: World;
  readonly clock: ShiftedClock;
  readonly vault: BareVault;
  engine: Engine;
  /** An epoch's time passes, but for what has passed of it, and the next one begins. */
  nextEpoch(passedMs?: number): Promise<void>;
}

async function begin(epochDays: number): Promise<Story> {
  const clock = new ShiftedClock();
  const epochDurationMs = epochDays * DAY_MS;
  const world = await startWorld({ shards: 4, nodes: 4, epochDurationMs, clock });
  const vault = await bareVault(world, 'home');
  const engine = vault.open({ clock });
  makeTree(world.path('papers'), { 'a.txt': 'a', 'b.bin': bytes(300 * KIB, 1) });
  makeTree(world.path('dataset'), { 'x.bin': bytes(400 * KIB, 2) });
  const excludes: string[] = [];
  await engine.api.addFolder({ path: world.path('papers'), excludes, permanent: false });
  await engine.api.addFolder({ path: world.path('dataset'), excludes, permanent: true });
  await engine.api.sync({});
  return {
    world,
    clock,
    vault,
    engine,
    nextEpoch: async (passedMs = 0) => {
      clock.jump(epochDurationMs - passedMs);
      await world.localnet.advanceEpoch();
    },
  };
}

async function end({ engine, world }: Story): Promise<void> {
  await engine.close();
  await world.close();
}

/** Blobs that the folders need, and of them those that the chain does not show living. */
async function lapsedOnChain({ engine, world }: Story): Promise<readonly string[]> {
  const { blobs, total } = await engine.api.blobs({ offset: 0, limit: 10_000 });
  expect(blobs).toHaveLength(total);
  const { view } = world.localnet.chain;
  return blobs
    .filter(({ blobObjectId, endsAt }) => {
      const onChain = view.registeredObject(blobObjectId as ObjectId);
      // What the engine tells is what the chain holds.
      if (onChain) expect(endsAt.epoch).toBe(onChain.endEpoch);
      return onChain === undefined || onChain.endEpoch <= view.epoch;
    })
    .map(({ blobObjectId }) => blobObjectId);
}

const percentOff = (actual: bigint, quoted: bigint): number =>
  quoted === 0n ? Number(actual) : Math.abs(Number(actual - quoted) / Number(quoted)) * 100;

describe('three years of two-week epochs', () => {
  let story: Story;
  const choose = generator(SEED);
  const caps = {
    perTransaction: { walFrost: COIN / 100n, gasMist: COIN },
    perDay: { walFrost: COIN / 20n, gasMist: 5n * COIN },
    perEpoch: { walFrost: COIN / 10n, gasMist: 10n * COIN },
  };
  const EPOCHS = IS_SWEEP ? 260 : 78;
  /** Epochs that the machine sleeps through: 60 days, and then some. */
  const ASLEEP = new Set([40, 41, 42, 43]);
  const balances = async (): Promise<Cost> => {
    const { balance } = await story.engine.api.funding({});
    return balance;
  };

  /** A blob of the smallest size, from now to the end that is bought. */
  const priceOfSmallest = async (): Promise<bigint> => {
    const request = { sizeBytes: 1, fileCount: 1, permanent: false };
    return (await story.engine.api.quote(request)).now.walFrost;
  };
  /** A week in which neither the chain nor a storage node answers; how long it took. */
  const weekWithoutNetwork = async (): Promise<number> => {
    const { engine, world, clock } = story;
    const name = `written in the outage ${String(clock.nowMs())}.txt`;
    writeFileSync(join(world.path('papers'), name), 'waits');
    const before = await balances();
    const beganMs = clock.nowMs();
    await world.outage(async () => {
      clock.isPassing = true;
      for (let day = 0; day < 7; day += 1) {
        await expect(engine.api.renew({})).rejects.toMatchObject({ code: 'rpc-unreachable' });
        clock.jump(DAY_MS);
      }
      await expect(engine.api.sync({})).rejects.toMatchObject({ code: 'rpc-unreachable' });
      const status = await engine.api.status({});
      expect(status).toMatchObject({ state: 'attention', problem: { code: 'rpc-unreachable' } });
      // What was true when it last answered is still told.
      expect(status.folders.filter(({ protectedUntil }) => !protectedUntil)).toEqual([]);
      clock.isPassing = false;
    });
    expect(await balances()).toEqual(before);
    // What was written meanwhile is caught up on.
    const { folders } = await engine.api.sync({ folder: 'papers' });
    expect(folders[0]).toMatchObject({ published: true });
    return clock.nowMs() - beganMs;
  };

  beforeAll(async () => {
    story = await begin(14);
    await story.engine.api.setCaps({ caps });
  });
  afterAll(() => end(story));

  test('lapse nothing, cost what was quoted, and are paid once an epoch', async () => {
    const { engine, world } = story;
    const quoted = { walFrost: 0n, gasMist: 0n };
    const paid = { walFrost: 0n, gasMist: 0n };
    let plansPaid = 0;
    let weeksWithout = 0;
    for (let epoch = 2; epoch <= EPOCHS + 1; epoch += 1) {
      const isAsleep = ASLEEP.has(epoch);
      const passedMs = !isAsleep && choose(10) === 0 ? await weekWithoutNetwork() : 0;
      weeksWithout += passedMs > 0 ? 1 : 0;
      await story.nextEpoch(passedMs);
      if (choose(5) === 0) {
        const storageFrostPerMib = BigInt(60_000 + choose(100_000));
        await world.localnet.setPrices({ storageFrostPerMib, writeFrostPerMib: 20_000n });
      }
      if (isAsleep) continue;
      const where = `seed ${String(SEED)}, epoch ${String(epoch)}`;
      if (choose(2) === 0) {
        const name = `file ${String(choose(6))}.bin`;
        writeFileSync(join(world.path('papers'), name), bytes((1 + choose(60)) * KIB, epoch));
        await engine.api.sync({ folder: 'papers' });
      }
      // A transaction lands and nobody hears of it.
      if (choose(6) === 0) world.localnet.dropRpcReplies(1);
      const plan = await engine.api.planRenewal({});
      expect(plan.problem, where).toBeUndefined();
      const before = await balances();
      const report = await engine.api.renew({});
      const after = await balances();
      // Exchanges bring WAL in: what the ledger says of this renewal is what left the account.
      if (after.walFrost <= before.walFrost) {
        expect(before.walFrost - after.walFrost, where).toBe(report.executed.walFrost);
      }
      // Repacking may use storage that was given back; and the last pack may be one more.
      const tolerance = plan.compaction ? await priceOfSmallest() : 0n;
      expect(report.executed.walFrost, where).toBeLessThanOrEqual(plan.cost.walFrost + tolerance);
      if (!plan.compaction) expect(report.executed.walFrost, where).toBe(plan.cost.walFrost);
      quoted.walFrost += plan.cost.walFrost;
      // The gas of an extension is simulated; that of a repacking is what such transactions took lately.
      const isSimulated = plan.compaction === undefined;
      quoted.gasMist += isSimulated ? plan.cost.gasMist : 0n;
      paid.walFrost += report.executed.walFrost;
      paid.gasMist += isSimulated ? report.executed.gasMist : 0n;
      plansPaid += report.digests.length > 0 ? 1 : 0;
      expect(await lapsedOnChain(story), where).toEqual([]);
      if (epoch % 6 > 0) continue;
      expect(await engine.api.renew({}), where).toMatchObject({ digests: [] });
      const status = await engine.api.status({});
      const unprotected = status.folders.filter(({ protectedUntil }) => !protectedUntil);
      expect(unprotected, where).toEqual([]);
    }
    expect(plansPaid).toBeGreaterThan(EPOCHS / 4);
    expect(weeksWithout).toBeGreaterThan(EPOCHS / 20);
    expect(percentOff(paid.walFrost, quoted.walFrost)).toBeLessThanOrEqual(2);
    expect(percentOff(paid.gasMist, quoted.gasMist)).toBeLessThanOrEqual(2);
  }, 1_800_000);

  test('kept every cap', async () => {
    const { entries, total } = await story.engine.api.ledger({ offset: 0, limit: 10_000 });
    expect(entries).toHaveLength(total);
    // The first sync was made under the caps of a new vault.
    const under = entries.filter(({ epoch, kind }) => epoch > 1 && kind !== 'exchange');
    const perEpoch = new Map<number, bigint>();
    for (const { epoch, actual, atMs } of under) {
      const cost = actual?.walFrost ?? 0n;
      expect(cost).toBeLessThanOrEqual(caps.perTransaction.walFrost);
      perEpoch.set(epoch, (perEpoch.get(epoch) ?? 0n) + cost);
      const day = under
        .filter((other) => other.atMs <= atMs && other.atMs > atMs - DAY_MS)
        .reduce((sum, other) => sum + (other.actual?.walFrost ?? 0n), 0n);
      expect(day).toBeLessThanOrEqual(caps.perDay.walFrost);
    }
    for (const [, cost] of perEpoch) expect(cost).toBeLessThanOrEqual(caps.perEpoch.walFrost);
  });
});

describe('a network that sells 53 epochs of a day', () => {
  let story: Story;
  beforeAll(async () => {
    story = await begin(1);
  });
  afterAll(() => end(story));

  test('says before that a machine asleep for longer loses its data, and it does', async () => {
    const { engine } = story;
    const { warnings, epochsAheadMax } = await engine.api.storage({});
    expect(epochsAheadMax).toBe(53);
    expect(warnings.map(({ sentence }) => sentence)).toContainEqual(
      expect.stringMatching(/^This network sells storage for 53 days at most/) as unknown,
    );
    for (let day = 0; day < 60; day += 1) await story.nextEpoch();
    expect((await lapsedOnChain(story)).length).toBeGreaterThan(0);
    const { folders } = await engine.api.status({});
    expect(folders.map(({ state }) => state)).toEqual(['attention', 'attention']);
    const after = await engine.api.storage({});
    expect(after.warnings.some(({ sentence }) => sentence.includes('gone from the network'))).toBe(
      true,
    );
    // The files are here: the next sync brings everything back.
    await engine.api.sync({});
    expect(await lapsedOnChain(story)).toEqual([]);
  });
});
