/**
 * @file What can be wrong, from the first sign to the cure: status and a notification say in plain
 * words what happened, what Floe does and what a person can do; and it clears by itself.
 *
 * A locked keychain and wrong words are met before there is an engine, and a crashed engine cannot
 * speak: the home and the shell tell of those, and test/integration/home-server.test.ts and
 * test/desktop show it.
 */
import { copyFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { FolderStatus, VaultStatus } from '#contract/api.ts';
import type { ErrorCode } from '#contract/errors.ts';
import type { EngineEvent } from '#contract/events.ts';
import type { Engine, EngineOptions } from '#engine/engine.ts';
import { parseNetwork } from '#engine/model/network.ts';
import { FileError, type FileSystem } from '#engine/ports/file-system.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { systemClock } from '#platform/system-clock.ts';
import { openRpcProxy } from '#test/support/rpc-proxy.ts';
import { makeTree } from '#test/support/tree.ts';
import { bareVault, startWorld, type BareVault, type World } from '#test/support/world.ts';

const HOUR_MS = 3_600_000;
const USUAL_PRICES = { storageFrostPerMib: 100_000n, writeFrostPerMib: 20_000n };
/** More than the network sells ahead. */
const EPOCHS_PAST_ALL = 54;

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

/** One vault with a folder that was protected, and is watched. */
interface Scene {
  readonly vault: BareVault;
  readonly folder: string;
  engine: Engine;
  readonly notices: Extract<EngineEvent, { readonly kind: 'notice' }>[];
}

interface Trouble {
  readonly name: string;
  readonly code: ErrorCode;
  /** Whether it concerns all folders at once. */
  readonly isOfAll?: boolean;
  readonly says: RegExp;
  /** Ports that differ, made anew for each scene. */
  readonly ports?: () => Promise<Partial<Pick<EngineOptions, 'files' | 'clock' | 'network'>>>;
  readonly begin: (scene: Scene) => Promise<unknown>;
  readonly cure: (scene: Scene) => Promise<unknown>;
  /** The first sync meets it already. */
  readonly isFromTheStart?: boolean;
  /** Met by status alone: the engine cures it before a sync could fail. */
  readonly isSeenByStatus?: boolean;
}

let isDiskFull = false;
let aheadMs = 0;
let proxy: Awaited<ReturnType<typeof openRpcProxy>> | undefined;
const nodes = () => world.localnet.nodes.map(({ node }) => node);

const TROUBLES: readonly Trouble[] = [
  {
    name: 'too many storage nodes are away',
    code: 'quorum-missing',
    says: /storage nodes? do(es)? not answer.*safe.*keeps trying/,
    begin: async () => Promise.all([nodes()[0]?.kill(), nodes()[1]?.kill(), nodes()[2]?.kill()]),
    cure: async () => {
      for (const node of nodes()) await node.start();
      for (const node of nodes()) await node.heal();
    },
  },
  {
    name: 'the wallet is empty',
    code: 'balance-low',
    says: /The wallet holds 0 WAL; this needs 0\.\d+\. .*stays so until its date/,
    isFromTheStart: true,
    ports: async () => {
      const { walrus, ...rest } = world.localnet.networkFile;
      const poor = { ...rest, faucet: undefined, walrus: { ...walrus, exchangeObjectIds: [] } };
      return { network: parseNetwork(JSON.parse(JSON.stringify(poor))) };
    },
    begin: async () => undefined,
    cure: async ({ engine }) => {
      const { address } = await engine.api.wallet({});
      await world.localnet.fund(address as never, { mist: 10n ** 9n, frost: 10n ** 9n });
    },
  },
  {
    name: 'the disk is full',
    code: 'disk-full',
    says: /disk of this computer is full.*goes on as soon as there is room/,
    ports: async () => ({ files: fillableFiles() }),
    begin: async () => (isDiskFull = true),
    cure: async () => (isDiskFull = false),
  },
  {
    name: 'the drive of the folder is not there',
    code: 'folder-missing',
    says: /The folder is not there any more\. Floe has deleted nothing/,
    begin: async ({ folder }) => renameSync(folder, `${folder} away`),
    cure: async ({ folder }) => renameSync(`${folder} away`, folder),
  },
  {
    name: 'the network is down',
    code: 'rpc-unreachable',
    isOfAll: true,
    says: /network does not answer.*safe.*keeps trying/,
    ports: async () => {
      const { networkFile } = world.localnet;
      const [endpoint] = [networkFile.rpc].flat();
      proxy = await openRpcProxy(endpoint!.url);
      const json = { ...networkFile, rpc: { ...endpoint, url: proxy.url } };
      return { network: parseNetwork(JSON.parse(JSON.stringify(json))) };
    },
    begin: async () => proxy?.refuse(),
    cure: async () => proxy?.thaw(),
  },
  {
    name: 'the clock is hours ahead',
    code: 'clock-skewed',
    isOfAll: true,
    isSeenByStatus: true,
    says: /clock of this computer is 3 hours ahead\. Floe goes on/,
    ports: async () => ({ clock: { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs } }),
    begin: async () => (aheadMs = 3 * HOUR_MS),
    cure: async () => (aheadMs = 0),
  },
  {
    name: 'the local index is older than what was published',
    code: 'index-damaged',
    says: /list of what it has stored is damaged or too old.*stores nothing new until/,
    begin: async (scene) => {
      const index = join(scene.vault.home, 'index.db');
      await scene.engine.close();
      copyFileSync(index, `${index}.old`);
      scene.engine = scene.vault.open();
      change(scene);
      await scene.engine.api.sync({});
      await scene.engine.close();
      for (const more of ['-wal', '-shm']) rmSync(index + more, { force: true });
      renameSync(`${index}.old`, index);
      scene.engine = await watched(scene);
    },
    cure: async ({ engine }) => engine.api.doctor({ rebuildIndex: true }),
  },
  {
    name: 'the price has jumped',
    code: 'cap-exceeded',
    says: /This would cost \d+(\.\d+)? coins, more than the \d+.*has paid nothing/,
    begin: async ({ engine }) => {
      const { address } = await engine.api.wallet({});
      await world.localnet.fund(address as never, { mist: 10n ** 12n, frost: 10n ** 15n });
      await world.localnet.setPrices({ ...USUAL_PRICES, storageFrostPerMib: 10n ** 10n });
    },
    cure: async () => world.localnet.setPrices(USUAL_PRICES),
  },
  {
    name: 'the storage has ended',
    code: 'blob-expired',
    isSeenByStatus: true,
    says: /storage of a part of this folder has ended\. Floe stores it again/,
    begin: async (scene) => {
      await scene.engine.close();
      await world.localnet.advanceEpoch({ count: EPOCHS_PAST_ALL });
      scene.engine = scene.vault.open();
    },
    // It is the engine that cures it, as soon as it runs.
    cure: async (scene) => scene.engine.watch(),
  },
];

afterEach(async () => {
  await proxy?.close();
  proxy = undefined;
});

function fillableFiles(): FileSystem {
  const files = openFileSystem();
  return new Proxy(files, {
    get: (_target, property) => {
      if (property === 'writeFileDurable' && isDiskFull) {
        return async () => {
          throw new FileError('no-space', 'ENOSPC', 'write');
        };
      }
      const value: unknown = Reflect.get(files, property, files);
      return typeof value === 'function' ? (value.bind(files) as unknown) : value;
    },
  });
}

let changes = 0;
function change({ folder }: Pick<Scene, 'folder'>): void {
  changes += 1;
  writeFileSync(join(folder, `change-${String(changes)}.txt`), String(changes));
}

function listen(scene: Scene, engine: Engine): void {
  engine.subscribe((event) => {
    if (event.kind === 'notice') scene.notices.push(event);
  });
}

/** Begin to watch; the notices of this engine are heard, too. */
async function watched(scene: Scene): Promise<Engine> {
  const engine = scene.vault.open();
  listen(scene, engine);
  await engine.watch();
  return engine;
}

async function setScene(trouble: Trouble, name: string): Promise<Scene> {
  const folder = world.path(name);
  makeTree(folder, { 'a.txt': 'a', sub: { 'b.txt': 'b' } });
  const bare = await bareVault(world, `home of ${name}`);
  const ports = (await trouble.ports?.()) ?? {};
  const vault: BareVault = { ...bare, open: () => bare.open(ports) };
  const scene: Scene = { vault, folder, engine: vault.open(), notices: [] };
  listen(scene, scene.engine);
  await scene.engine.api.addFolder({ path: folder, excludes: [], permanent: false });
  if (trouble.isFromTheStart !== true) await scene.engine.api.sync({});
  return scene;
}

/** Ask for the status, and again after each change, until it is as asked. */
async function untilStatus(
  engine: Engine,
  isSo: (status: VaultStatus) => boolean,
): Promise<VaultStatus> {
  let changed = Promise.withResolvers<undefined>();
  const unsubscribe = engine.subscribe(() => changed.resolve(undefined));
  try {
    for (;;) {
      changed = Promise.withResolvers();
      const status = await engine.api.status({});
      if (isSo(status)) return status;
      await changed.promise;
    }
  } finally {
    unsubscribe();
  }
}

const problemIn = (
  { problem, folders }: VaultStatus,
  { isOfAll, code }: Trouble,
): FolderStatus['problem'] =>
  [isOfAll === true ? problem : folders[0]?.problem].find((one) => one?.code === code);

describe('a person hears of it and it clears by itself, when', () => {
  test.each(TROUBLES.map((trouble) => ({ ...trouble, trouble })))(
    '$name',
    async ({ name, trouble }) => {
      const { code, says, begin, cure, isSeenByStatus } = trouble;
      const scene = await setScene(trouble, name);
      try {
        if (isSeenByStatus !== true) await scene.engine.watch();
        await begin(scene);
        if (isSeenByStatus !== true) {
          if (code !== 'folder-missing') change(scene);
          await scene.engine.api.startSync({});
        }
        const told = () => scene.notices.filter(({ cause }) => cause.includes(code));
        // The status may know before the sync has failed; the notice comes with the sync.
        const status = await untilStatus(
          scene.engine,
          (now) =>
            problemIn(now, trouble) !== undefined && (isSeenByStatus === true || told().length > 0),
        );
        const problem = problemIn(status, trouble);
        expect(status.state).toBe('attention');
        expect(problem?.message).toMatch(says);
        expect(problem?.next).toMatch(/^[A-Z].*\.$/);
        expect(status.sentence).toContain(problem?.message);
        await cure(scene);
        await scene.engine.api.setConditions({ hasWoken: true });
        const cured = await untilStatus(
          scene.engine,
          ({ problem: all, folders }) =>
            !all && !folders[0]?.problem && !!folders[0]?.protectedUntil,
        );
        expect(cured.state).toBe('protected');
        if (isSeenByStatus !== true) {
          expect(told()).toHaveLength(1);
          expect(told()[0]?.sentence).toContain(problem?.message);
        }
      } finally {
        await scene.engine.close();
      }
    },
  );
});
