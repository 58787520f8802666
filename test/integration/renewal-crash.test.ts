/**
 * Goal: a renewal, or an extension, that dies at any step is finished by the next one, and nothing
 * is paid for twice.
 * Method: an undisturbed run tells the steps; then an engine dies at each of them, and another one
 * is asked for the same. Ends on chain and the account's balance must be as undisturbed.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Engine } from '#engine/engine.ts';
import type { ObjectId } from '#engine/model/ids.ts';
import { Death, Fate } from '../support/fate.ts';
import { next } from '../support/fated-engine.ts';
import { IS_SWEEP } from '../support/story.ts';
import { bytes, KIB, makeTree } from '../support/tree.ts';
import { bareVault, startWorld, type BareVault, type World } from '../support/world.ts';

vi.mock(import('#engine/local-index/local-index.ts'), async (importOriginal) =>
  (await import('../support/fated-engine.ts')).fatedLocalIndex(await importOriginal()),
);
vi.mock(import('#engine/sui/chain.ts'), async (importOriginal) =>
  (await import('../support/fated-engine.ts')).fatedChain(await importOriginal()),
);

const FOLDER = 'papers';
/** Two blobs a transaction, so that there is a second one to die before. */
const ROOMY = { walFrost: 10n ** 12n, gasMist: 10n ** 11n };
const CAPS = { perTransaction: { ...ROOMY, walFrost: 1_300_000n }, perDay: ROOMY, perEpoch: ROOMY };

let world: World;
let vaultCount = 0;

beforeAll(async () => {
  world = await startWorld({ shards: 4, nodes: 4, epochDurationMs: 14 * 86_400_000 });
  // Files of one chunk each: where a larger one is cut depends on the keys of its vault, and with
  // that how full packs get and what they cost.
  const papers = Array.from({ length: 140 }, (_, seed): [string, Uint8Array] => [
    `${String(seed)}.bin`,
    bytes(5 * KIB, seed),
  ]);
  makeTree(world.path(FOLDER), Object.fromEntries(papers));
});
afterAll(() => world.close());

/** A vault whose folder is stored, and bought to an end as of the world's epoch now. */
async function storedVault(): Promise<BareVault> {
  vaultCount += 1;
  const vault = await bareVault(world, `home-${String(vaultCount)}`);
  const engine = vault.open();
  await engine.api.addFolder({
    path: world.path(FOLDER),
    name: FOLDER,
    excludes: [],
    permanent: false,
  });
  await engine.api.sync({});
  await engine.api.setCaps({ caps: CAPS });
  await engine.close();
  return vault;
}

interface End {
  readonly ends: readonly number[];
  readonly walFrost: bigint;
  readonly pending: readonly string[];
}

async function endOf(vault: BareVault): Promise<End> {
  const engine = vault.open();
  const { blobs } = await engine.api.blobs({ offset: 0, limit: 100 });
  const wallet = await engine.api.wallet({});
  await engine.close();
  return {
    ends: blobs.map(
      ({ blobObjectId }) =>
        world.localnet.chain.view.registeredObject(blobObjectId as ObjectId)?.endEpoch ?? 0,
    ),
    walFrost: wallet.walFrost,
    pending: wallet.transactions
      .filter(({ state }) => state === 'prepared')
      .map(({ kind }) => kind),
  };
}

/** Run `work` with an engine of that fate; whether it died. */
async function live(
  vault: BareVault,
  fate: Fate,
  work: (engine: Engine) => Promise<unknown>,
): Promise<boolean> {
  let engine: Engine | undefined;
  try {
    next.fate = fate;
    engine = vault.open();
    next.fate = undefined;
    await work(engine);
  } catch (error) {
    if (!fate.isDead) throw error;
    expect(error).toBeInstanceOf(Error);
  } finally {
    next.fate = undefined;
    await engine?.close().catch((error: unknown) => {
      if (!(error instanceof Death)) throw error;
    });
  }
  return fate.isDead;
}

const stories: Readonly<Record<string, (engine: Engine) => Promise<unknown>>> = {
  'a renewal': async ({ api }) => {
    await api.setHorizon({
      folder: FOLDER,
      horizon: { kind: 'keep', floorEpochs: 10, targetEpochs: 12, untilMs: undefined },
    });
    await api.renew({});
  },
  'an extension by epochs': ({ api }) => api.extend({ folder: FOLDER, epochs: 3 }),
};

describe.each(Object.entries(stories))('%s', (_name, work) => {
  test('that dies at any step is finished by the next, and costs the same', async () => {
    const undisturbedVault = await storedVault();
    const undisturbedFate = new Fate();
    await live(undisturbedVault, undisturbedFate, work);
    const undisturbed = await endOf(undisturbedVault);
    expect(undisturbed.ends.length).toBeGreaterThan(2);
    const { steps } = undisturbedFate;
    expect(steps.filter((step) => step.includes('wallet.submit')).length).toBeGreaterThan(2);
    for (const [diesAt, step] of steps.entries()) {
      // Between the end of one effect and the beginning of the next nothing durable happens.
      if (!IS_SWEEP && step.startsWith('before') && diesAt > 0) continue;
      // Dead after the very last step all was done: asked again, it is another request.
      if (diesAt === steps.length - 1) continue;
      const vault = await storedVault();
      const where = `step ${String(diesAt)}: ${step}`;
      expect(await live(vault, new Fate(diesAt), work), where).toBe(true);
      await live(vault, new Fate(), work);
      expect(await endOf(vault), where).toEqual(undisturbed);
    }
  }, 600_000);
});
