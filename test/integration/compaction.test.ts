/**
 * Random lives of one folder: files come, change and go, snapshots are made, pinned and forgotten,
 * epochs pass, packs are repacked and given up, processes die. Whatever happens, each snapshot that
 * is in the history can be restored and holds what it held, on one device and on two that share the
 * folder, and on a blank one; what must stay is there; and nothing was paid twice.
 *
 * Room is dear in this world, so that there is nearly always something to repack.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { RetentionPolicy } from '#contract/storage-api.ts';
import type { Engine } from '#engine/engine.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { Death, Fate, mortalFiles } from '../support/fate.ts';
import { next } from '../support/fated-engine.ts';
import {
  AheadClock,
  contentOf,
  edit,
  ExpectedHistory,
  FOLDER,
  type Choose,
  type Device,
} from '../support/folder-life.ts';
import { DEAR_ROOM, manySmallPacks, type SmallPacks } from '../support/small-packs.ts';
import { generator, IS_SWEEP, SEED } from '../support/story.ts';
import { bareVault, startWorld, type BareVault, type World } from '../support/world.ts';

vi.mock(import('#engine/local-index/local-index.ts'), async (importOriginal) =>
  (await import('../support/fated-engine.ts')).fatedLocalIndex(await importOriginal()),
);
vi.mock(import('#engine/sui/chain.ts'), async (importOriginal) =>
  (await import('../support/fated-engine.ts')).fatedChain(await importOriginal()),
);
vi.mock(import('#engine/walrus/storage-network.ts'), async (importOriginal) =>
  (await import('../support/fated-engine.ts')).fatedNetwork(await importOriginal()),
);

/** A case is a few steps of a life, and a look at what came of them. */
const CASES = IS_SWEEP ? 10_000 : 500;
const CASES_PER_LIFE = 10;
const STEPS_PER_CASE = 3;
const HOUR_MS = 3_600_000;
/** The step of the grid of ends where an epoch is a day and 53 are sold. */
const GRID_EPOCHS = 7;

let world: World;
let lifeCount = 0;

beforeAll(async () => {
  world = await startWorld({ shards: 4, nodes: 4 });
  await world.localnet.setPrices(DEAR_ROOM);
});
afterAll(async () => {
  await world.close();
});

const RULES: readonly (RetentionPolicy | undefined)[] = [
  undefined,
  { keepWithinMs: undefined, hourly: 1, daily: 0, weekly: 0, monthly: 0, yearly: 0 },
  { keepWithinMs: undefined, hourly: 2, daily: 2, weekly: 1, monthly: 0, yearly: 0 },
  { keepWithinMs: 20 * HOUR_MS, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 1 },
];

/** One life, told by a seed. */
class Life {
  readonly #choose: Choose;
  readonly #clock = new AheadClock();
  readonly #expected = new ExpectedHistory();
  readonly #devices: Device[] = [];
  readonly #place: string;
  readonly #told: string[] = [];
  /** How often there was something to repack. */
  repacked = 0;

  constructor(seed: number) {
    this.#choose = generator(seed);
    lifeCount += 1;
    this.#place = world.path(`life-${String(lifeCount).padStart(5, '0')}`);
  }

  get told(): string {
    return this.#told.join(', ');
  }

  async run(deviceCount: number): Promise<void> {
    const since = world.localnet.chain.view.latestEventSequence;
    try {
      await this.#begin(deviceCount);
      for (let number = 0; number < CASES_PER_LIFE; number += 1) {
        for (let step = 0; step < STEPS_PER_CASE; step += 1) await this.#step();
        const device = this.#devices[this.#choose(deviceCount)];
        if (device) await this.#expected.check(this.#engineOf(device), `${this.#place}/back`, 2);
      }
      await this.#checkAll();
    } finally {
      for (const device of this.#devices) await device.engine?.close();
    }
    const counts = [...world.registrations(since).values()];
    expect(counts.filter((count) => count !== 1)).toEqual([]);
    rmSync(this.#place, { recursive: true, force: true });
  }

  async #begin(deviceCount: number): Promise<void> {
    const home = (name: string): string => `${this.#place.split('/').at(-1) ?? ''}/${name}`;
    const vault = await bareVault(world, home('home a'));
    await this.#addDevice('a', vault, undefined);
    if (deviceCount === 2) await this.#addDevice('b', await vault.blank(home('home b')), FOLDER);
  }

  async #addDevice(name: string, vault: Device['vault'], joins: string | undefined): Promise<void> {
    const device: Device = { name, vault, source: `${this.#place}/${name}`, engine: undefined };
    this.#devices.push(device);
    mkdirSync(device.source, { recursive: true });
    edit(device.source, this.#choose);
    const { api } = this.#engineOf(device);
    await api.addFolder({
      path: device.source,
      name: FOLDER,
      excludes: [],
      permanent: false,
      ...(joins === undefined ? {} : { joins }),
    });
    await this.#sync(device);
  }

  #engineOf(device: Device): Engine {
    return (device.engine ??= device.vault.open({ clock: this.#clock }));
  }

  async #step(): Promise<void> {
    this.#clock.aheadMs += this.#choose(30) * HOUR_MS;
    const device = this.#devices[this.#choose(this.#devices.length)];
    if (!device) return;
    const { api } = this.#engineOf(device);
    switch (this.#choose(9)) {
      case 0:
      case 1:
      case 2:
        this.#told.push(`${device.name} edits and syncs`);
        edit(device.source, this.#choose);
        return this.#sync(device);
      case 3:
        return this.#pinOrForget(device);
      case 4: {
        const rule = this.#choose(RULES.length);
        this.#told.push(`${device.name} takes rule ${String(rule)}`);
        return api.setRetention({ folder: FOLDER, retention: RULES[rule] });
      }
      case 5:
        this.#told.push('epochs pass');
        await world.localnet.advanceEpoch({ count: 1 + this.#choose(2) });
        return;
      case 6:
        this.#told.push(`${device.name} repacks`);
        await this.#repack(this.#engineOf(device));
        return this.#note(device);
      case 7:
        return this.#die(device);
      default:
        this.#told.push('all sync and repack at once');
        await Promise.all(
          this.#devices.map(async (one, index) => {
            if (index % 2 === 0) await this.#repack(this.#engineOf(one));
            else await this.#sync(one);
            await this.#note(one);
          }),
        );
    }
  }

  async #repack({ api }: Engine): Promise<void> {
    if ((await api.compact({})).compaction) this.repacked += 1;
  }

  async #sync(device: Device): Promise<void> {
    const report = await this.#engineOf(device).api.sync({});
    expect(report.folders[0]?.protectedUntil, this.told).toBeDefined();
    await this.#note(device);
  }

  /** The newest snapshot of this device holds what the folder does. */
  async #note(device: Device): Promise<void> {
    const { api } = this.#engineOf(device);
    const { folders } = await api.status({});
    const newest = folders.find(({ isHere }) => isHere)?.newestSnapshot;
    if (newest) this.#expected.note(newest.atMs, contentOf(device.source));
  }

  async #pinOrForget(device: Device): Promise<void> {
    const { api } = this.#engineOf(device);
    const { newestSnapshot } = (await api.status({})).folders.find(({ isHere }) => isHere) ?? {};
    const all = await api.snapshots({ folder: FOLDER });
    const chosen = all[this.#choose(all.length)];
    if (!chosen || chosen.snapshotId === newestSnapshot?.snapshotId) return;
    const request = { folder: FOLDER, snapshot: chosen.snapshotId };
    const isPinned = this.#choose(2) === 0;
    this.#told.push(`${device.name} ${isPinned ? 'pins' : 'forgets'} one`);
    try {
      if (isPinned) await api.pinSnapshot({ ...request, isPinned });
      else await api.forgetSnapshot({ ...request, now: this.#choose(2) === 0 });
    } catch (error) {
      // Another device's, or one that the other's history stands on.
      expect(error).toMatchObject({ code: /^snapshot-(unknown|kept)$/ as unknown as string });
    }
  }

  /** The process dies somewhere while it syncs and repacks; the next one goes on. */
  async #die(device: Device): Promise<void> {
    await device.engine?.close();
    device.engine = undefined;
    edit(device.source, this.#choose);
    const fate = new Fate(this.#choose(90));
    this.#told.push(`${device.name} dies`);
    next.fate = fate;
    let engine: Engine | undefined;
    try {
      engine = device.vault.open({
        clock: this.#clock,
        files: mortalFiles(openFileSystem(), fate),
      });
      next.fate = undefined;
      await engine.api.sync({});
      await this.#repack(engine);
    } catch (error) {
      if (!fate.isDead) throw error;
    } finally {
      next.fate = undefined;
      await engine?.close().catch((error: unknown) => {
        if (!(error instanceof Death)) throw error;
      });
    }
    this.#told.push(`at ${fate.steps.at(-1) ?? '?'}`);
    await this.#sync(device);
  }

  async #checkAll(): Promise<void> {
    const shown: number[][] = [];
    for (const device of this.#devices) {
      const engine = this.#engineOf(device);
      shown.push(await this.#expected.check(engine, `${this.#place}/back`));
    }
    const [first] = this.#devices;
    if (!first) return;
    const blank = await first.vault.blank(`${this.#place.split('/').at(-1) ?? ''}/blank`);
    const engine = blank.open({ clock: this.#clock });
    try {
      await this.#expected.check(engine, `${this.#place}/back`);
    } finally {
      await engine.close();
    }
  }
}

describe.each([1, 2])('with %i devices', (deviceCount) => {
  test('no life loses what a snapshot holds', async () => {
    const lives = CASES / 2 / CASES_PER_LIFE;
    let repacked = 0;
    for (let number = 0; number < lives; number += 1) {
      const seed = SEED * 1_000_003 + number * 2 + deviceCount;
      const life = new Life(seed);
      try {
        await life.run(deviceCount);
        repacked += life.repacked;
      } catch (error) {
        throw new Error(`seed ${String(seed)}: ${life.told}`, { cause: error });
      }
    }
    // Lives in which nothing is repacked would prove nothing.
    expect(repacked).toBeGreaterThanOrEqual(lives);
  }, 36_000_000);
});

function smallPacks(): Promise<SmallPacks> {
  lifeCount += 1;
  return manySmallPacks(world, `packs-${String(lifeCount)}`);
}

test('packs are condemned, let go an epoch later, and their storage is used for what comes', async () => {
  const { vault, source } = await smallPacks();
  const engine = vault.open();
  try {
    const { api } = engine;
    const planned = await api.planCompaction({});
    const { compaction } = await api.compact({});
    expect(compaction).toEqual(planned.compaction);
    expect(compaction?.sentence).toMatch(/^Repacking 4 packs saves [0-9.]+ WAL over 365 epochs\.$/);
    expect(await api.snapshots({ folder: FOLDER })).toHaveLength(1);
    const kindsOf = async () => (await api.wallet({})).transactions.map(({ kind }) => kind);
    // Condemned in this epoch: nobody may be left without them before the next.
    await api.sync({});
    expect(await kindsOf()).not.toContain('delete');
    await world.localnet.advanceEpoch();
    await api.sync({});
    expect((await kindsOf()).filter((kind) => kind === 'delete')).toHaveLength(1);
    await api.sync({});
    expect((await kindsOf()).filter((kind) => kind === 'delete')).toHaveLength(1);
    expect(await api.planCompaction({})).toEqual({ compaction: undefined });
    // Storage that is there need not be bought: only what it lacks, and the writing.
    writeFileSync(`${source}/file`, 'five');
    const { spent } = await api.sync({});
    const register = (await api.wallet({})).transactions.findLast(
      ({ kind }) => kind === 'register',
    );
    expect(register?.actualFrost).toBe(spent.walFrost);
    expect(spent.walFrost).toBeLessThan(10n * DEAR_ROOM.storageFrostPerMib);
    const target = world.path('back from little');
    await api.restore({ folder: FOLDER, target });
    expect(contentOf(target)).toEqual(new Map([['file', 'five']]));
  } finally {
    await engine.close();
  }
});

test('a pack that another device needs stays until that device has taken what it needs', async () => {
  const { vault, source } = await smallPacks();
  const other = await vault.blank(`${vault.home.split('/').at(-1) ?? ''}-other`);
  const otherSource = `${source}-other`;
  mkdirSync(otherSource);
  writeFileSync(`${otherSource}/file`, 'four');
  const [mine, theirs] = [vault.open(), other.open()];
  const deletions = async () =>
    (await mine.api.wallet({})).transactions.filter(({ kind }) => kind === 'delete').length;
  const restored = async (engine: Engine, name: string) => {
    const target = world.path(name);
    const report = await engine.api.restore({ folder: FOLDER, target });
    return [report.lost, [...contentOf(target).values()]];
  };
  try {
    const folder = { path: otherSource, excludes: [], permanent: false, joins: FOLDER };
    await theirs.api.addFolder(folder);
    await theirs.api.sync({});
    expect((await mine.api.compact({})).compaction).toBeDefined();
    await world.localnet.advanceEpoch({ count: 2 });
    // The other one sleeps, and its newest snapshot still names what is condemned.
    await mine.api.sync({});
    expect(await deletions()).toBe(0);
    expect(await restored(theirs, 'back while it sleeps')).toEqual([[], ['four']]);
    await theirs.api.sync({});
    await mine.api.sync({});
    expect(await deletions()).toBe(1);
    expect(await restored(theirs, 'back after it woke')).toEqual([[], ['four']]);
    expect((await theirs.api.status({})).folders[0]?.protectedUntil).toBeDefined();
  } finally {
    await mine.close();
    await theirs.close();
  }
});

test('files that somebody encrypted freeze the rules, until a person has looked', async () => {
  const { vault, source } = await smallPacks();
  const engine = vault.open();
  const causes: string[] = [];
  engine.subscribe((event) => {
    if (event.kind === 'notice') causes.push(event.cause);
  });
  try {
    const { api } = engine;
    for (let number = 0; number < 12; number += 1) {
      writeFileSync(`${source}/paper ${String(number)}.txt`, `${String(number)} `.repeat(2_000));
    }
    await api.sync({});
    const good = (await api.status({})).folders[0]?.newestSnapshot?.snapshotId ?? '';
    for (let number = 0; number < 12; number += 1) {
      rmSync(`${source}/paper ${String(number)}.txt`);
      writeFileSync(`${source}/paper ${String(number)}.txt.locked`, randomBytes(4_000));
    }
    await api.sync({ acceptDeletions: true });
    expect(await api.retention({ folder: FOLDER })).toMatchObject({ frozen: { files: 12 } });
    expect(causes.filter((cause) => cause.startsWith('encrypted files'))).toHaveLength(1);
    const idsOf = async () =>
      (await api.snapshots({ folder: FOLDER })).map(({ snapshotId }) => snapshotId);
    writeFileSync(`${source}/more`, 'more');
    await api.sync({});
    expect(await idsOf()).toContain(good);
    await api.thawRetention({ folder: FOLDER });
    writeFileSync(`${source}/more`, 'and more');
    await api.sync({});
    expect(await idsOf()).toHaveLength(1);
  } finally {
    await engine.close();
  }
});

test('a death at any step of repacking and letting go changes nothing about the end', async () => {
  const story = async ({ api }: Engine): Promise<void> => {
    await api.compact({});
    await world.localnet.advanceEpoch();
    await api.sync({});
  };
  const endOf = async ({ vault, source }: SmallPacks) => {
    const engine = vault.open();
    try {
      await engine.api.compact({});
      await world.localnet.advanceEpoch();
      await engine.api.sync({});
      const target = `${source}-back`;
      const report = await engine.api.restore({ folder: FOLDER, target });
      const { total } = await engine.api.blobs({ offset: 0, limit: 100 });
      const { transactions } = await engine.api.wallet({});
      return {
        lost: report.lost,
        content: [...contentOf(target)],
        total,
        pending: transactions.filter(({ state }) => state === 'prepared').length,
        registered: transactions.filter(
          ({ kind, state }) => kind === 'register' && state === 'landed',
        ).length,
      };
    } finally {
      await engine.close();
    }
  };
  // Ends lie on a grid: from another place on it a story has other steps.
  const begin = async (): Promise<SmallPacks> => {
    const { epoch } = world.localnet.chain.view;
    await world.localnet.advanceEpoch({ count: GRID_EPOCHS - (epoch % GRID_EPOCHS) });
    return smallPacks();
  };
  const undisturbed = new Fate();
  const first = await begin();
  await liveOnce(first.vault, undisturbed, story);
  const wanted = await endOf(first);
  expect(wanted).toMatchObject({ lost: [], total: 1, pending: 0, registered: 5 });
  const choose = generator(SEED);
  for (const [diesAt, step] of undisturbed.steps.entries()) {
    if (!step.startsWith('after')) continue;
    // A run tries a third of them, another one each time the seed changes.
    if (!IS_SWEEP && choose(3) > 0) continue;
    const begun = await begin();
    const fate = new Fate(diesAt);
    await liveOnce(begun.vault, fate, story);
    expect(fate.isDead, step).toBe(true);
    expect(await endOf(begun), `died ${step}`).toEqual(wanted);
  }
}, 3_600_000);

/** Run `work` with an engine of that fate. */
async function liveOnce(
  vault: BareVault,
  fate: Fate,
  work: (engine: Engine) => Promise<void>,
): Promise<void> {
  let engine: Engine | undefined;
  next.fate = fate;
  try {
    engine = vault.open({ files: mortalFiles(openFileSystem(), fate) });
    next.fate = undefined;
    await work(engine);
  } catch (error) {
    if (!fate.isDead) throw error;
  } finally {
    next.fate = undefined;
    await engine?.close().catch((error: unknown) => {
      if (!(error instanceof Death)) throw error;
    });
  }
}
