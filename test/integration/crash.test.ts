/**
 * The process dies at every durable step: before and after each row of the journal, each file of
 * the spool, each transaction, each upload, each file of a restore. Whatever was left, the next
 * engine brings about the same end: the same files, no blob registered twice, not a FROST more
 * spent than undisturbed, no tip paid twice, nothing left in the spool.
 *
 * The steps are not listed here: an undisturbed run tells them, so that a new row is a new case.
 * Two modules are wrapped for the whole file, which leaves the product without test-only doors.
 */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { UploadWish } from '#contract/task-api.ts';
import type { Engine } from '#engine/engine.ts';
import { compareTrees } from '#platform/compare-trees.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { Death, Fate, mortalFiles } from '../support/fate.ts';
import { next } from '../support/fated-engine.ts';
import { generator, IS_SWEEP, SEED } from '../support/story.ts';
import {
  bytes,
  directory,
  file,
  hardlink,
  KIB,
  makeTree,
  sparse,
  symlink,
  type Tree,
} from '../support/tree.ts';
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
vi.mock(import('#engine/walrus/relay/upload-relay.ts'), async (importOriginal) =>
  (await import('../support/fated-engine.ts')).fatedRelay(await importOriginal()),
);

/** What the relay takes for each pack. */
const TIP_MIST = 105n;
/** Pairs of deaths, one in the first run and one in the next, that are tried. */
const PAIRS = IS_SWEEP ? 200 : 8;

let world: World;
let vaultCount = 0;

beforeAll(async () => {
  const relay = { tip: `const:${String(TIP_MIST)}` };
  world = await startWorld({ shards: 4, nodes: 4, relay });
});
afterAll(async () => {
  await world.close();
});

const newVault = (): Promise<BareVault> => {
  vaultCount += 1;
  return bareVault(world, `home-${String(vaultCount).padStart(4, '0')}`);
};

/** An engine that dies as `fate` says. */
function openMortal(vault: BareVault, fate: Fate, upload: UploadWish | undefined): Engine {
  next.fate = fate;
  try {
    const files = mortalFiles(openFileSystem(), fate);
    return vault.open({ files, ...(upload ? { upload } : {}) });
  } finally {
    next.fate = undefined;
  }
}

/** Run `work` with an engine of that fate; whether it died. */
async function live(
  vault: BareVault,
  fate: Fate,
  work: (engine: Engine) => Promise<void>,
  upload?: UploadWish,
): Promise<boolean> {
  let engine: Engine | undefined;
  try {
    engine = openMortal(vault, fate, upload);
    await work(engine);
  } catch (error) {
    if (!fate.isDead) throw error;
    // Whatever reached the caller, it is no answer that claims success.
    expect(error).toBeInstanceOf(Error);
  } finally {
    await engine?.close().catch((error: unknown) => {
      if (!(error instanceof Death)) throw error;
    });
  }
  return fate.isDead;
}

const FOLDER = 'folder';

/** Protect the tree at `source`, from wherever an earlier run has left off. */
const protect =
  (source: string) =>
  async ({ api }: Engine): Promise<void> => {
    let report = await api.sync({});
    if (report.folders.length === 0) {
      await api.addFolder({ path: source, name: FOLDER, excludes: [], permanent: false });
      report = await api.sync({});
    }
    expect(report.folders[0]!.protectedUntil).toBeDefined();
  };

interface Begun {
  readonly vault: BareVault;
  /** Events of the chain: when the story began, and before the vault was made. */
  readonly since: number;
  readonly sinceBirth: number;
  readonly tipsBefore: bigint;
}

interface End {
  /** How often each registered blob was registered. */
  readonly registrations: readonly number[];
  /** Spent beyond what these, and those before them, cost. */
  readonly overpaidFrost: bigint;
  readonly tipsMist: bigint;
  readonly spool: readonly string[];
  readonly differences: number;
  /** Transactions that certify, and with it publish. */
  readonly published: number;
  readonly pending: readonly string[];
}

/** What everything has come to, as chain, disk and a restore say. */
async function endOf(begun: Begun, source: string): Promise<End> {
  const { vault, since, sinceBirth, tipsBefore } = begun;
  const registrations = [...world.registrations(since).values()];
  const engine = vault.open();
  try {
    const wallet = await engine.api.wallet({});
    const target = `${vault.home}-back`;
    const report = await engine.api.restore({ folder: FOLDER, target });
    expect(report.lost).toEqual([]);
    const differences = await compareTrees(source, target, { withRoot: true });
    rmSync(target, { recursive: true });
    // The ledger may say what it likes: the balance tells what was really spent.
    const exchanged = wallet.transactions
      .filter(({ kind }) => kind === 'exchange')
      .reduce((sum, { actualFrost }) => sum - (actualFrost ?? 0n), 0n);
    expect(exchanged - wallet.walFrost).toBe(wallet.spent.walFrost);
    return {
      registrations,
      overpaidFrost: wallet.spent.walFrost - world.costOfRegistrations(sinceBirth),
      tipsMist: world.tips() - tipsBefore,
      spool: readdirSync(join(vault.home, 'spool')),
      differences: differences.length,
      published: wallet.transactions.filter(({ kind }) => kind === 'certify').length,
      pending: wallet.transactions
        .filter(({ state }) => state !== 'landed')
        .map(({ kind, state }) => `${kind} ${state}`),
    };
  } finally {
    await engine.close();
  }
}

const stories: Readonly<
  Record<
    string,
    {
      readonly tree: Tree;
      readonly change?: (source: string) => void;
      readonly upload?: UploadWish;
    }
  >
> = {
  // 4 shards make packs of 350 kB at most: one full pack, and the one with the commit.
  'the first sync': {
    tree: { 'large.bin': bytes(420 * KIB, 5), 'a.txt': 'a', sub: { 'b.txt': 'b' }, empty: {} },
  },
  'the first sync, by relay': {
    tree: { 'large.bin': bytes(420 * KIB, 7), 'a.txt': 'a', sub: { 'b.txt': 'b' } },
    upload: { way: 'relay', tipMaxMist: Number(TIP_MIST) },
  },
  // One pack, whose commit replaces the head that is there.
  'a later sync': {
    tree: { 'a.txt': 'a', 'b.txt': 'b', sub: { 'c.txt': 'c' } },
    change: (source) => {
      writeFileSync(join(source, 'a.txt'), 'another');
      rmSync(join(source, 'b.txt'));
    },
  },
};

describe.each(Object.entries(stories))('%s', (name, { tree, change, upload }) => {
  const source = (): string => world.path(`source of ${name}`);
  let steps: readonly string[];
  let undisturbed: End;

  /** A vault in which everything that precedes the story has happened. */
  const begin = async (): Promise<Begun> => {
    const { view } = world.localnet.chain;
    const sinceBirth = view.latestEventSequence;
    const tipsBefore = world.tips();
    const vault = await newVault();
    if (!change) return { vault, since: sinceBirth, sinceBirth, tipsBefore };
    rmSync(source(), { recursive: true, force: true });
    makeTree(source(), tree);
    await live(vault, new Fate(), protect(source()));
    change(source());
    return { vault, since: view.latestEventSequence, sinceBirth, tipsBefore };
  };

  beforeAll(async () => {
    makeTree(source(), tree);
    const begun = await begin();
    const fate = new Fate();
    await live(begun.vault, fate, protect(source()), upload);
    steps = fate.steps;
    undisturbed = await endOf(begun, source());
  });

  test('undisturbed it ends as it should', () => {
    expect(steps.length).toBeGreaterThan(20);
    expect(undisturbed).toMatchObject({
      overpaidFrost: 0n,
      spool: [],
      differences: 0,
      pending: [],
    });
    expect(undisturbed.registrations).toEqual(change ? [1] : [1, 1]);
    expect(undisturbed.tipsMist).toBe(upload ? 2n * TIP_MIST : 0n);
    expect(steps.filter((step) => step === 'after relay.upload')).toHaveLength(upload ? 2 : 0);
  });

  test('a death at any step changes nothing about the end', async () => {
    for (const [diesAt, step] of steps.entries()) {
      // Between the end of one effect and the beginning of the next nothing durable happens.
      if (!IS_SWEEP && step.startsWith('before') && diesAt > 0) continue;
      const begun = await begin();
      const { vault } = begun;
      const fate = new Fate(diesAt);
      const died = await live(vault, fate, protect(source()), upload);
      const where = `step ${String(diesAt)}: ${fate.steps.at(-1) ?? ''}`;
      expect(died, where).toBe(true);
      await live(vault, new Fate(), protect(source()), upload);
      expect(await endOf(begun, source()), where).toEqual(undisturbed);
    }
  });

  test('nor do two deaths in a row', async () => {
    const choose = generator(SEED);
    for (let pair = 0; pair < PAIRS; pair += 1) {
      const begun = await begin();
      const { vault } = begun;
      const [first, second] = [choose(steps.length), choose(steps.length)];
      const where = `seed ${String(SEED)}, steps ${String(first)} and ${String(second)}`;
      await live(vault, new Fate(first), protect(source()), upload);
      await live(vault, new Fate(second), protect(source()), upload);
      await live(vault, new Fate(), protect(source()), upload);
      expect(await endOf(begun, source()), where).toEqual(undisturbed);
    }
  });
});

test('a restore that dies at any step is finished by the next one', async () => {
  const source = world.path('source to restore');
  makeTree(source, {
    'large.bin': bytes(420 * KIB, 6),
    'a.txt': 'a',
    'hole.img': sparse(256 * KIB, [[128 * KIB, 'in the middle']]),
    'one name': 'linked',
    'other name': hardlink('one name'),
    link: symlink('a.txt'),
    sub: directory({ 'read only.txt': file('b', { mode: 0o400, mtimeNs: 1n }) }, { mode: 0o500 }),
    empty: {},
  });
  const vault = await newVault();
  await live(vault, new Fate(), protect(source));
  const restoreTo =
    (target: string) =>
    async ({ api }: Engine): Promise<void> => {
      const report = await api.restore({ folder: FOLDER, target });
      expect(report.lost).toEqual([]);
    };
  const undisturbed = new Fate();
  await live(vault, undisturbed, restoreTo(world.path('back')));
  expect(undisturbed.steps.filter((step) => step.includes('target.')).length).toBeGreaterThan(10);
  for (const [diesAt, step] of undisturbed.steps.entries()) {
    if (!IS_SWEEP && step.startsWith('before') && diesAt > 0) continue;
    const where = `step ${String(diesAt)}: ${step}`;
    const target = world.path(`back-${String(diesAt)}`);
    expect(await live(vault, new Fate(diesAt), restoreTo(target)), where).toBe(true);
    // What was finished is not done again: the target is not empty any more.
    if (step !== 'after restored.clear') await live(vault, new Fate(), restoreTo(target));
    expect(await compareTrees(source, target, { withRoot: true }), where).toEqual([]);
  }
});
