/**
 * @file A small world for tests of the whole engine: a local network in this process, folders, and
 * homes that come and go. Everything is real: sockets, disks, SQLite, keys.
 *
 * Engines are opened as the host opens them, on a home of the temporary directory, or with `bare`
 * without a vault file and a sealed secret (faster, and the caller may replace any port). Opening
 * a home sets the process's umask to 077 for good: trees that a test makes afterwards are 0700 and
 * 0600 unless the literal says otherwise. Their equals are compared, so that does not matter.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openEngine, type Engine, type EngineOptions } from '#engine/engine.ts';
import { encodedBytes, storageCostFrost, writeCostFrost } from '#engine/model/walrus.ts';
import { parseNetwork } from '#engine/model/network.ts';
import { deriveAccount } from '#engine/sui/account.ts';
import { openChain, type Chain } from '#engine/sui/chain.ts';
import type { Wallet } from '#engine/sui/wallet/wallet.ts';
import type { BlobId } from '#engine/model/ids.ts';
import { absolutePath } from '#engine/ports/file-system.ts';
import {
  createDeviceId,
  findVault,
  generateWords,
  readWords,
  seedFromWords,
} from '#engine/vault.ts';
import type { EngineConnection } from '#contract/api.ts';
import { connectEngine } from '#host/connect.ts';
import type { NetworkChoice } from '#host/network-choice.ts';
import { setUpVault, type SetupReport } from '#host/setup.ts';
import type { ChainEvent } from '#localnet/chain/chain.ts';
import { startLocalnet, type LocalnetOptions, type RunningLocalnet } from '#localnet/localnet.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { systemClock } from '#platform/system-clock.ts';
import { systemRandom } from '#platform/system-random.ts';
import { ChokidarWatchFiles } from '#platform/watch.ts';
import { temporaryFolder } from './tree.ts';

/** How many events one look at the chain takes; a world has fewer. */
const EVENTS_MAX = 100_000;
/** For each MiB, the former for each epoch. What a local network begins with. */
const STORAGE_PRICE_FROST = 100_000n;
const WRITE_PRICE_FROST = 20_000n;

export interface World {
  readonly localnet: RunningLocalnet;
  readonly network: NetworkChoice;
  /** A path below the world's folder. Nothing is made there. */
  path(...names: string[]): string;
  /** A new vault in the home of that name, or the vault of `words` in a blank home. */
  setUp(home: string, words?: string): Promise<SetupReport>;
  /** The engine of that home, in this process. */
  open(home: string): Promise<EngineConnection>;
  /** Open, ask, close. */
  ask<Answer>(
    home: string,
    question: (engine: EngineConnection) => Promise<Answer>,
  ): Promise<Answer>;
  /** The machine is gone: a home with all that is in it. */
  wipe(home: string): void;
  /** Registrations that the chain has seen since `sequence`, by blob ID. */
  registrations(sequence: number): Map<BlobId, number>;
  /** What they cost: storage to their ends, and writing, in FROST. */
  costOfRegistrations(sequence: number): bigint;
  /** While `work` runs, nothing of the network answers: it is stopped, and started again. */
  outage<Answer>(work: () => Promise<Answer>): Promise<Answer>;
  /** MIST that the network's upload relay has got so far. */
  tips(): bigint;
  close(): Promise<void>;
}

export type WorldOptions = Omit<
  LocalnetOptions,
  'dir' | 'port' | 'storagePriceFrostPerMib' | 'writePriceFrostPerMib'
>;

/** Start a world of 13 shards on 4 storage nodes, unless told otherwise. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const folder = temporaryFolder();
  const path = (...names: string[]): string => join(folder.path, ...names);
  const start = (): Promise<RunningLocalnet> =>
    startLocalnet({
      shards: 13,
      nodes: 4,
      recoveryQuietMs: 1_000,
      ...options,
      dir: path('network'),
      port: 0,
    });
  let localnet: RunningLocalnet;
  try {
    localnet = await start();
  } catch (error) {
    folder.remove();
    throw error;
  }
  const { networkFile } = localnet;
  const network: NetworkChoice = { network: parseNetwork(networkFile), json: networkFile };
  const { signal } = new AbortController();
  const open = (home: string): Promise<EngineConnection> =>
    connectEngine({ home: path(home), passphraseFile: undefined, signal });
  return {
    get localnet() {
      return localnet;
    },
    network,
    path,
    setUp: (home, words) =>
      setUpVault({
        home: path(home),
        network,
        words,
        mayStartEmpty: words === undefined,
        kitFile: undefined,
        passphraseFile: undefined,
        confirmWords: undefined,
        signal,
      }),
    open,
    ask: async (home, question) => {
      const engine = await open(home);
      try {
        return await question(engine);
      } finally {
        await engine.close();
      }
    },
    wipe: (home) => rmSync(path(home), { recursive: true }),
    registrations: (sequence) =>
      countRegistrations(localnet.chain.events.eventsSince(sequence, EVENTS_MAX)),
    costOfRegistrations: (sequence) =>
      localnet.chain.events
        .eventsSince(sequence, EVENTS_MAX)
        .reduce((sum, event) => sum + costOf(event, localnet.chain.view.shardCount), 0n),
    outage: async (work) => {
      await localnet.close();
      try {
        return await work();
      } finally {
        localnet = await start();
      }
    },
    tips: countTips(() => localnet),
    close: async () => {
      await localnet.close();
      folder.remove();
    },
  };
}

/** What the relay's account has got; each transaction is looked at once. */
function countTips(running: () => RunningLocalnet): () => bigint {
  let sum = 0n;
  let next = 0;
  return () => {
    const { chain, relay } = running();
    for (; next <= chain.view.latestCheckpoint; next += 1) {
      const { record } = chain.ledger.transactions.byCheckpoint(next) ?? {};
      for (const { owner, amount } of record?.balanceChanges ?? []) {
        if (owner === relay?.tipAddress) sum += BigInt(amount);
      }
    }
    return sum;
  };
}

function countRegistrations(events: readonly ChainEvent[]): Map<BlobId, number> {
  const counts = new Map<BlobId, number>();
  for (const event of events) {
    if (event.kind !== 'blob-registered') continue;
    counts.set(event.blobId, (counts.get(event.blobId) ?? 0) + 1);
  }
  return counts;
}

function costOf(event: ChainEvent, shardCount: number): bigint {
  if (event.kind !== 'blob-registered') return 0n;
  const stored = encodedBytes(event.sizeBytes, shardCount);
  const epochs = event.endEpoch - event.epoch;
  return (
    storageCostFrost(stored, epochs, STORAGE_PRICE_FROST) +
    writeCostFrost(stored, WRITE_PRICE_FROST)
  );
}

/** What a test may give an engine in the place of the vault's own. */
type Replaced =
  'files' | 'clock' | 'random' | 'network' | 'upload' | 'accountIndex' | 'onAccountTaken';

/** A vault whose engines are opened without a host. */
export interface BareVault {
  readonly words: readonly string[];
  readonly home: string;
  /** Open an engine on the vault's home, with other ports where given. */
  open(ports?: Partial<Pick<EngineOptions, Replaced>>): Engine;
  /** A blank home of the same vault: a new device. */
  blank(name: string): Promise<BareVault>;
  /** The wallet of this device, held by somebody else who has the words. */
  openWallet(): { readonly chain: Chain; readonly wallet: Wallet };
}

/** A new vault, or that of `words`, in the home of that name. */
export async function bareVault(world: World, name: string, words?: string): Promise<BareVault> {
  const { network } = world.network;
  const list = words === undefined ? generateWords(systemRandom) : readWords(words);
  const logger = { info: () => undefined, warn: () => undefined };
  const ports = { clock: systemClock, random: systemRandom, logger };
  const found = await findVault(list, network, ports);
  const seed = await seedFromWords(list);
  const home = world.path(name);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const deviceId = createDeviceId(systemRandom);
  return {
    words: list,
    home,
    open: (replaced = {}) =>
      openEngine({
        network,
        isTryOut: true,
        chainIdentifier: found.chainIdentifier,
        vaultKeys: found.keys,
        seed,
        accountIndex: found.nextAccountIndex,
        deviceId,
        deviceName: 'test device',
        isKitConfirmed: true,
        vaultCreatedAtMs: 1_700_000_000_000,
        paths: {
          index: join(home, 'index.db'),
          spool: absolutePath(join(home, 'spool')),
          own: [absolutePath(home), absolutePath(world.path('network'))],
        },
        files: openFileSystem(),
        watchFiles: new ChokidarWatchFiles(),
        ...ports,
        ...replaced,
      }),
    blank: (other) => bareVault(world, other, list.join(' ')),
    openWallet: () => {
      const chain = openChain(network, ports);
      const account = deriveAccount(seed, found.nextAccountIndex);
      const coin = 1_000_000_000n;
      const caps = { walFrost: 100n * coin, suiMist: 100n * coin, gasMist: coin };
      return { chain, wallet: chain.openWallet(account, caps) };
    },
  };
}
