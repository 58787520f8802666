/**
 * Uploading by relay, from a folder to its restore: the relay gets each pack whole and exactly the
 * tip that was quoted; what it answers is believed only as far as storage nodes have signed it; and
 * when it is gone, lies, refuses or wants too much, the pack goes directly, or waits with a code.
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { UploadWish } from '#contract/task-api.ts';
import { RELAYED_FACT, RELAYED_IN_A_ROW_MAX, UPLINK_FACT } from '#engine/backup/uplink.ts';
import { COMMIT_BYTES_MIN } from '#engine/commit-economics.ts';
import { openLocalIndex } from '#engine/local-index/local-index.ts';
import type { Engine } from '#engine/engine.ts';
import { encodedBytes } from '#engine/model/walrus.ts';
import type { Clock } from '#engine/ports/ports.ts';
import { compareTrees } from '#platform/compare-trees.ts';
import { homeSettings } from '#host/home-settings.ts';
import { systemClock } from '#platform/system-clock.ts';
import {
  startRelayProxy,
  type Lie,
  type RelayAnswer,
  type RelayProxy,
} from '../support/relay-proxy.ts';
import { bytes, KIB, makeTree } from '../support/tree.ts';
import { bareVault, startWorld, type BareVault, type World } from '../support/world.ts';

const TIP_MAX = 1_000_000;
const SHARDS = 13;
/** `linear:500:3`, as the relay itself computes it. */
const tipOf = (sizeBytes: number): bigint =>
  500n + 3n * ((encodedBytes(sizeBytes, SHARDS) + 1023n) / 1024n);

let world: World;
let proxy: RelayProxy;
let count = 0;

beforeAll(async () => {
  world = await startWorld({ shards: SHARDS, nodes: 4, relay: { tip: 'linear:500:3' } });
});
afterAll(async () => {
  await world.close();
});
beforeEach(async () => {
  proxy = await startRelayProxy(world.localnet.networkFile.uploadRelay?.url ?? '');
});
afterEach(async () => {
  await proxy.close();
  await world.localnet.relay?.start();
});

interface Life {
  readonly vault: BareVault;
  readonly source: string;
  readonly open: (wish: Partial<UploadWish>) => Engine;
}

/** Longer waits are limits on silence, not pauses between attempts. */
const PAUSE_MS_MAX = 20_000;
/** Attempts follow each other at once: what they wait for here is only time. */
const impatientClock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms > PAUSE_MS_MAX ? ms : Math.min(ms, 20), signal),
};

/** A vault and a folder of some packs. The network's relay is the proxy; '' is a network without. */
async function begin(url = proxy.url): Promise<Life> {
  count += 1;
  const source = world.path(`source-${String(count)}`);
  makeTree(source, { 'large.bin': bytes(700 * KIB, count), 'a.txt': 'a', sub: { 'b.txt': 'b' } });
  const vault = await bareVault(world, `home-${String(count)}`);
  const { network } = world.network;
  const uploadRelay = url === '' ? undefined : { url };
  return {
    vault,
    source,
    open: (wish) =>
      vault.open({
        network: { ...network, uploadRelay },
        clock: impatientClock,
        upload: { way: 'relay', tipMaxMist: TIP_MAX, ...wish },
      }),
  };
}

/** The line was measured: so slow that directly every pack takes minutes. */
const slowUplink = (life: Life): void => writeFact(life, UPLINK_FACT, '2000');

function writeFact({ vault }: Life, name: string, value: string): void {
  const index = openLocalIndex(join(vault.home, 'index.db'));
  index.writeFact(name, value);
  index.close();
}

async function protect(engine: Engine, { source }: Life): Promise<void> {
  await engine.api.addFolder({ path: source, name: 'folder', excludes: [], permanent: false });
  const report = await engine.api.sync({});
  expect(report.folders[0]!.protectedUntil).toBeDefined();
}

/** What lies on the network is the folder, for whoever has the words. */
async function expectRestorable({ vault, source }: Life): Promise<void> {
  const engine = vault.open();
  const target = `${vault.home}-back`;
  try {
    const report = await engine.api.restore({ folder: 'folder', target });
    expect(report.lost).toEqual([]);
    expect(await compareTrees(source, target, { withRoot: true })).toEqual([]);
  } finally {
    await engine.close();
  }
}

const waysOf = async (engine: Engine): Promise<(string | undefined)[]> => {
  const { packs } = await engine.api.activity({});
  return packs.map(({ way }) => way);
};

describe('by relay', () => {
  test('every pack goes whole, its tip is exact, and it comes back', async () => {
    const life = await begin();
    const before = world.tips();
    const engine = life.open({});
    try {
      const quote = await engine.api.quote({
        sizeBytes: 700 * KIB,
        fileCount: 3,
        permanent: false,
      });
      expect(quote.tipMist).toBeGreaterThan(0n);
      const steps: (string | undefined)[] = [];
      engine.subscribe((event) => {
        if (event.kind === 'pack' && event.step === 'uploaded') steps.push(event.way);
      });
      await protect(engine, life);
      const { packs } = await engine.api.activity({});
      expect(packs.length).toBeGreaterThan(0);
      expect(await waysOf(engine)).toEqual(packs.map(() => 'relay'));
      expect(steps).toEqual(packs.map(() => 'relay'));
      const due = packs.reduce((sum, { sizeBytes }) => sum + tipOf(sizeBytes), 0n);
      expect(world.tips() - before).toBe(due);
      const { entries } = await engine.api.ledger({ offset: 0, limit: 100 });
      const registrations = entries.filter(({ kind }) => kind === 'register');
      expect(registrations.reduce((sum, { suiMist }) => sum + suiMist, 0n)).toBe(due);
      // Gone is what gas took, and the tips.
      const gas = entries.reduce((sum, { actual }) => sum + (actual?.gasMist ?? 0n), 0n);
      expect((await engine.api.wallet({})).spent.gasMist).toBe(gas + due);
      expect((await engine.api.storage({})).spent.inAll.gasMist).toBe(gas + due);
    } finally {
      await engine.close();
    }
    await expectRestorable(life);
  });

  test('a permanent folder does, too', async () => {
    const life = await begin();
    const engine = life.open({});
    try {
      const { source: path } = life;
      await engine.api.addFolder({ path, name: 'folder', excludes: [], permanent: true });
      await engine.api.sync({});
      expect(proxy.uploads.every((query) => !query.has('deletable_blob_object'))).toBe(true);
    } finally {
      await engine.close();
    }
    await expectRestorable(life);
  });

  test('is in every price of what is to come, and only as long as it is the way', async () => {
    const life = await begin();
    const pricesOf = async ({ api }: Engine) => {
      const request = { sizeBytes: 700 * KIB, fileCount: 3, permanent: false };
      const { perMonth, now } = await api.quote(request);
      const forecast = await api.storage({});
      return { now, folder: perMonth, forecast: forecast.folders[0]!.perMonth };
    };
    const engine = life.open({ way: 'relay' });
    try {
      await protect(engine, life);
      const byRelay = await pricesOf(engine);
      await engine.api.setConditions({ upload: { way: 'direct', tipMaxMist: TIP_MAX } });
      const directly = await pricesOf(engine);
      // Gas and storage cost the same either way; a folder is taken to commit once a day.
      const month = 30n * tipOf(COMMIT_BYTES_MIN);
      for (const price of ['folder', 'forecast'] as const) {
        expect(byRelay[price].walFrost).toBe(directly[price].walFrost);
        expect(byRelay[price].gasMist - directly[price].gasMist).toBe(month);
      }
      expect(byRelay.now.gasMist).toBeGreaterThan(directly.now.gasMist);
    } finally {
      await engine.close();
    }
  });

  test('is what the home says, also in a command that runs the engine itself', async () => {
    const home = 'home-with-settings';
    await world.setUp(home);
    const change = { upload: 'relay', uploadTipMaxMist: TIP_MAX } as const;
    expect(await homeSettings(world.path(home), change)).toMatchObject(change);
    const before = world.tips();
    makeTree(world.path('source-with-settings'), { 'a.txt': 'a' });
    await world.ask(home, async ({ api }) => {
      const path = world.path('source-with-settings');
      await api.addFolder({ path, name: 'folder', excludes: [], permanent: false });
      await api.sync({});
    });
    expect(world.tips()).toBeGreaterThan(before);
  });

  test('is chosen by itself where the line is slow, and said in the settings of a running engine', async () => {
    const life = await begin();
    const engine = life.open({ way: 'auto' });
    try {
      await protect(engine, life);
      expect(new Set(await waysOf(engine))).toEqual(new Set(['direct']));
      slowUplink(life);
      writeFileSync(join(life.source, 'new.bin'), randomBytes(300 * KIB));
      await engine.api.sync({});
      expect((await waysOf(engine)).at(-1)).toBe('relay');
      // After so many packs one goes directly, to see what the line carries now.
      writeFact(life, RELAYED_FACT, String(RELAYED_IN_A_ROW_MAX));
      for (const way of ['direct', 'relay']) {
        writeFileSync(join(life.source, `${way}.bin`), randomBytes(300 * KIB));
        await engine.api.sync({});
        expect((await waysOf(engine)).at(-1)).toBe(way);
      }
      await engine.api.setConditions({ upload: { way: 'direct', tipMaxMist: TIP_MAX } });
      writeFileSync(join(life.source, 'newer.bin'), randomBytes(300 * KIB));
      await engine.api.sync({});
      expect((await waysOf(engine)).at(-1)).toBe('direct');
    } finally {
      await engine.close();
    }
    await expectRestorable(life);
  });
});

/** Bits of a list of numbers changed at a place. */
const flipped = (list: readonly number[], place: number): number[] =>
  list.map((byte, index) => (index === place ? byte ^ 1 : byte));

const certificateWith =
  (change: (one: RelayAnswer['confirmation_certificate']) => object): Lie =>
  (answer) => ({
    ...answer,
    confirmation_certificate: {
      ...answer.confirmation_certificate,
      ...change(answer.confirmation_certificate),
    },
  });

const lies: readonly { readonly name: string; readonly lie: Lie; readonly code: string }[] = [
  {
    name: 'names another blob',
    lie: (answer) => ({ ...answer, blob_id: flipped(answer.blob_id, 3) }),
    code: 'relay-invalid-answer',
  },
  {
    name: 'certifies another blob',
    lie: certificateWith(({ serialized_message: message }) => ({
      serialized_message: flipped(message, 12),
    })),
    code: 'relay-invalid-answer',
  },
  {
    name: 'certifies another epoch',
    lie: certificateWith(({ serialized_message: message }) => ({
      serialized_message: message.map((byte, index) => (index === 3 ? byte + 1 : byte)),
    })),
    code: 'relay-invalid-answer',
  },
  {
    name: 'certifies a permanent blob instead of a deletable one',
    lie: certificateWith(({ serialized_message: message }) => ({
      serialized_message: [...message.slice(0, 39), 0],
    })),
    code: 'relay-invalid-answer',
  },
  {
    name: 'forges the signature',
    lie: certificateWith(() => ({ signature: Buffer.alloc(96, 0xa5).toString('base64') })),
    code: 'relay-invalid-answer',
  },
  {
    name: 'names signers that have not signed',
    lie: certificateWith(({ signers }) => ({ signers: signers.slice(1) })),
    code: 'relay-invalid-answer',
  },
  {
    name: 'names too few signers',
    lie: certificateWith(() => ({ signers: [0] })),
    code: 'relay-invalid-answer',
  },
  {
    name: 'counts a signer twice',
    lie: certificateWith(() => ({ signers: [0, 0, 0, 0] })),
    code: 'relay-invalid-answer',
  },
  { name: 'fails', lie: () => 503, code: 'relay-unreachable' },
  { name: 'denies that it was paid', lie: () => 402, code: 'relay-refused' },
];

describe.each(lies)('a relay that $name', ({ lie, code }) => {
  test('is not believed: the pack goes directly, nothing is registered twice, and it is told', async () => {
    const life = await begin();
    const engine = life.open({ way: 'auto' });
    const since = world.localnet.chain.view.latestEventSequence;
    try {
      slowUplink(life);
      proxy.lie = lie;
      await protect(engine, life);
      // The first pack met it; later ones leave it alone.
      expect(new Set(proxy.uploads.map((query) => query.get('blob_id'))).size).toBe(1);
      expect(new Set(await waysOf(engine))).toEqual(new Set(['direct']));
      expect(new Set(world.registrations(since).values())).toEqual(new Set([1]));
      const { history } = await engine.api.activity({});
      const told = history.find(({ problem }) => problem?.code === code);
      expect(told?.sentence).toMatch(/upload relay .*uploaded directly instead\.$/);
    } finally {
      await engine.close();
    }
    await expectRestorable(life);
  });
});

/** One of each code. */
const oneOfEach = lies.filter(
  ({ code }, index) => lies.findIndex((one) => one.code === code) === index,
);

describe.each(oneOfEach)('where nothing else is wanted, a relay that $name', ({ lie, code }) => {
  test('is not believed: the storage nodes are asked', async () => {
    const life = await begin();
    const engine = life.open({ way: 'relay' });
    try {
      proxy.lie = lie;
      const { source: path } = life;
      await engine.api.addFolder({ path, name: 'folder', excludes: [], permanent: false });
      // A refusal is not tried again by itself.
      const isLeft = await engine.api.sync({}).then(
        () => false,
        (error: unknown) => {
          expect(error).toMatchObject({ code });
          return true;
        },
      );
      expect(isLeft).toBe(code === 'relay-refused');
      while (isLeft && (await isUnfinished(engine)))
        await engine.api.sync({}).catch(() => undefined);
      const perBlob = new Map<string, number>();
      for (const query of proxy.uploads) {
        const blobId = query.get('blob_id') ?? '';
        perBlob.set(blobId, (perBlob.get(blobId) ?? 0) + 1);
      }
      // What was stored is not sent again; only a failure may have been none, and is tried anew.
      expect(Math.max(...perBlob.values())).toBe(code === 'relay-unreachable' ? 3 : 1);
    } finally {
      await engine.close();
    }
    await expectRestorable(life);
  });
});

const isUnfinished = async (engine: Engine): Promise<boolean> => {
  const { folders } = await engine.api.status({});
  return folders[0]?.protectedUntil === undefined;
};

interface Trouble {
  readonly name: string;
  readonly begin: () => void | Promise<void>;
  readonly end: () => void | Promise<void>;
  readonly code: string;
}

const troubles: readonly Trouble[] = [
  {
    name: 'fails before it does anything',
    begin: () => void (proxy.refusal = 500),
    end: () => void (proxy.refusal = undefined),
    code: 'relay-unreachable',
  },
  {
    name: 'refuses',
    begin: () => void (proxy.refusal = 401),
    end: () => void (proxy.refusal = undefined),
    code: 'relay-refused',
  },
  {
    name: 'is killed',
    begin: () => world.localnet.relay!.kill(),
    end: () => world.localnet.relay!.start(),
    code: 'relay-unreachable',
  },
];

describe.each(troubles)('a relay that $name', (trouble) => {
  test('is left alone: the pack goes directly', async () => {
    const life = await begin();
    const engine = life.open({ way: 'auto' });
    try {
      slowUplink(life);
      await trouble.begin();
      await protect(engine, life);
      expect(new Set(await waysOf(engine))).toEqual(new Set(['direct']));
    } finally {
      await engine.close();
      await trouble.end();
    }
    await expectRestorable(life);
  });

  test('has a code where nothing else is wanted; later the tip that was paid serves', async () => {
    const life = await begin();
    const engine = life.open({ way: 'relay' });
    const since = world.localnet.chain.view.latestEventSequence;
    const before = world.tips();
    try {
      const { source: path } = life;
      // The terms are known, so that the trouble meets a pack that is paid for.
      await engine.api.quote({ sizeBytes: 1, fileCount: 1, permanent: false });
      await trouble.begin();
      await engine.api.addFolder({ path, name: 'folder', excludes: [], permanent: false });
      await expect(engine.api.sync({})).rejects.toMatchObject({ code: trouble.code });
      expect(world.tips()).toBeGreaterThan(before);
      await trouble.end();
      const report = await engine.api.sync({});
      expect(report.folders[0]!.protectedUntil).toBeDefined();
      expect(new Set(world.registrations(since).values())).toEqual(new Set([1]));
      const { packs } = await engine.api.activity({});
      const due = packs.reduce((sum, { sizeBytes }) => sum + tipOf(sizeBytes), 0n);
      expect(world.tips() - before).toBe(due);
    } finally {
      await engine.close();
    }
    await expectRestorable(life);
  });
});

describe('a relay that wants more than a tip may be', () => {
  test('gets nothing, and the pack goes directly', async () => {
    const life = await begin();
    const before = world.tips();
    const engine = life.open({ way: 'auto', tipMaxMist: 499 });
    try {
      slowUplink(life);
      await protect(engine, life);
      expect(new Set(await waysOf(engine))).toEqual(new Set(['direct']));
      expect(world.tips()).toBe(before);
    } finally {
      await engine.close();
    }
  });

  test.each([
    { name: 'the setting', change: () => undefined, tipMaxMist: 499, code: 'relay-tip-too-high' },
    {
      name: 'what it asks suddenly',
      change: () => {
        const address = `0x${'7'.repeat(64)}`;
        proxy.terms = { send_tip: { address, kind: { const: TIP_MAX + 1 } } };
      },
      tipMaxMist: TIP_MAX,
      code: 'relay-tip-too-high',
    },
    {
      name: 'nonsense in its terms',
      change: () => void (proxy.terms = { send_tip: { address: 'me', kind: { const: 1 } } }),
      tipMaxMist: TIP_MAX,
      code: 'relay-invalid-answer',
    },
  ])('has a code where nothing else is wanted: $name', async ({ change, tipMaxMist, code }) => {
    const life = await begin();
    const since = world.localnet.chain.view.latestEventSequence;
    const engine = life.open({ way: 'relay', tipMaxMist });
    try {
      change();
      const { source: path } = life;
      await engine.api.addFolder({ path, name: 'folder', excludes: [], permanent: false });
      await expect(engine.api.sync({})).rejects.toMatchObject({ code });
      expect(world.registrations(since).size).toBe(0);
    } finally {
      await engine.close();
    }
  });

  test('and a network without one says so', async () => {
    const life = await begin('');
    const engine = life.open({ way: 'relay' });
    try {
      const { source: path } = life;
      await engine.api.addFolder({ path, name: 'folder', excludes: [], permanent: false });
      await expect(engine.api.sync({})).rejects.toMatchObject({ code: 'relay-absent' });
    } finally {
      await engine.close();
    }
  });
});
