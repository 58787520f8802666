/**
 * @file A whole Walrus network on this computer: a chain, its RPC and faucet, and storage nodes,
 * each on its own socket and disk. Usable in process by tests; `floe localnet start` is this in a
 * process of its own.
 *
 * Everything is in one directory and survives a restart with the same ports, keys and ids:
 *
 *     localnet.json   what the network is (settings.ts)
 *     network.json    the network file for engines
 *     chain/          the chain's state
 *     nodes/NN/       one storage node each: keys, shards, blobs
 *                     (an upload relay keeps nothing)
 *     lock.sqlite     held while a process runs it
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '#engine/model/engine-error.ts';
import type { ObjectId, SuiAddress } from '#engine/model/ids.ts';
import type { Chain, ChainClock } from './chain/chain.ts';
import { openChain } from './chain/open-chain.ts';
import { createRpcFaults, type RpcFaults } from './chain/rpc/faults.ts';
import { serveFaucet, serveRpc } from './chain/rpc/serve.ts';
import { moveShards } from './assignment.ts';
import { lockDirectory } from './directory-lock.ts';
import { InvalidBlobReporter } from './invalidation.ts';
import {
  describeNetwork,
  rpcEndpoints,
  writeNetworkFile,
  type LocalnetNetworkFile,
} from './network-file.ts';
import { resolveBehaviour } from './nodes/behaviour.ts';
import { ByteBudget } from './nodes/byte-budget.ts';
import { CodecEncoding } from './nodes/codec-encoding.ts';
import { openNodeKeys, type NodeKeys } from './nodes/keys.ts';
import { StorageNode } from './nodes/storage-node.ts';
import { createCertificate } from './nodes/tls-certificate.ts';
import { requireFree } from './ports.ts';
import { startRelay } from './relay/start.ts';
import type { UploadRelay } from './relay/upload-relay.ts';
import {
  createSettings,
  HOST,
  mergeSettings,
  readSettings,
  withRelay,
  writeSettings,
  type LocalnetChoices,
  type LocalnetSettings,
} from './settings.ts';

/** Slivers in memory while they are verified, over all nodes. */
const UPLOAD_BYTES_MAX = 192 * 1024 * 1024;
/** The writer's tail: a certified blob is left alone until nothing came for this long. */
const RECOVERY_QUIET_MS = 5_000;
const TICK_MS_MAX = 1_000;
const TICK_MS_MIN = 20;
/** How long an epoch change with shard movement may take. */
const EPOCH_CHANGE_MS_MAX = 120_000;
const EPOCH_CHANGE_POLL_MS = 20;

export interface LocalnetOptions extends LocalnetChoices {
  readonly dir: string;
  /** See [Note: No fsync] in nodes/sliver-store.ts. */
  readonly fsync?: boolean | undefined;
  readonly recoveryQuietMs?: number | undefined;
  /** Where the chain's time comes from; it then passes only by `advanceEpoch`, not by itself. */
  readonly clock?: ChainClock | undefined;
  /** Lines for a person; nowhere by default. */
  readonly log?: ((line: string) => void) | undefined;
}

export interface LocalnetNode {
  readonly index: number;
  readonly id: ObjectId;
  /** `host:port`. */
  readonly address: string;
  readonly node: StorageNode;
}

/** The network as it is now. */
export interface LocalnetStatus {
  readonly dir: string;
  readonly chainIdentifier: string;
  readonly epoch: number;
  readonly epochEndsAtMs: number;
  readonly isChangingEpoch: boolean;
  readonly shardCount: number;
  readonly network: LocalnetNetworkFile;
  readonly nodes: readonly ({
    readonly index: number;
    readonly id: string;
    readonly address: string;
  } & ReturnType<StorageNode['status']>)[];
}

export interface RunningLocalnet {
  readonly networkFile: LocalnetNetworkFile;
  readonly nodes: readonly LocalnetNode[];
  readonly chain: Chain;
  /** Where it was started with one. */
  readonly relay: UploadRelay | undefined;
  status(): LocalnetStatus;
  /** By index or object id. Throws `usage`. */
  node(id: string | number): LocalnetNode;
  /** New coins for an address. */
  fund(
    address: SuiAddress,
    amounts: { readonly mist?: bigint; readonly frost?: bigint },
  ): Promise<{ readonly txDigest: string }>;
  /**
   * Start the next epoch, `count` times. With `moveShards` that many shards change owners each
   * time, and the epoch change ends when the nodes have them.
   */
  advanceEpoch(options?: {
    readonly count?: number;
    readonly moveShards?: number;
  }): Promise<{ readonly epoch: number }>;
  setPrices(prices: {
    readonly storageFrostPerMib: bigint;
    readonly writeFrostPerMib: bigint;
  }): Promise<void>;
  /** Execute the next `count` transactions, then reset the connection instead of answering. */
  dropRpcReplies(count: number): void;
  /** Let reads of the RPC be this far behind. */
  setRpcLag(ms: number): void;
  close(): Promise<void>;
}

/**
 * Start a local network, or go on with the one in the directory.
 *
 * Throws `localnet-in-use`, `port-taken` (naming the port), `usage`.
 */
export async function startLocalnet(options: LocalnetOptions): Promise<RunningLocalnet> {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  // Closed last to first, also when a later step fails.
  const closing = new AsyncDisposableStack();
  try {
    closing.defer(lockDirectory(options.dir));
    const settings = await openSettings(options);
    const keys = settings.nodes.map((_, index) => openNodeKeys(makeNodeDir(options.dir, index)));
    const chain = await openChain({
      dir: join(options.dir, 'chain'),
      genesis: genesisOf(settings, keys),
      clock: options.clock ?? { nowMs: () => Date.now() },
    });
    closing.defer(() => chain.close());
    const nodes = await startNodes(options, settings, keys, chain, closing);
    const faults = createRpcFaults();
    const rpc = await serveRpc({
      chain,
      port: settings.rpcPort,
      transports: settings.rpc,
      faults,
    });
    closing.defer(() => rpc.close());
    const faucet = await serveFaucet({ chain, port: settings.faucetPort });
    closing.defer(() => faucet.close());
    const relay = await startRelay(settings, chain, (message) => options.log?.(message));
    if (relay) closing.defer(() => relay.close());
    if (!options.clock) closing.defer(startTicking(chain, settings.epochDurationMs, options.log));
    const { dir } = options;
    const localnet = new Localnet({ dir, settings, chain, nodes, relay, faults, closing });
    writeNetworkFile(options.dir, localnet.networkFile);
    return localnet;
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}

async function openSettings(options: LocalnetOptions): Promise<LocalnetSettings> {
  const known = readSettings(options.dir);
  const chosen = known ? mergeSettings(known, options) : await createSettings(options);
  const settings = await withRelay(chosen, options);
  const ports = [settings.rpcPort, settings.faucetPort, ...settings.nodes.map(({ port }) => port)];
  if (settings.relay) ports.push(settings.relay.port);
  for (const port of ports) await requireFree(HOST, port);
  writeSettings(options.dir, settings);
  return settings;
}

function makeNodeDir(dir: string, index: number): string {
  const nodeDir = join(dir, 'nodes', String(index).padStart(2, '0'));
  mkdirSync(nodeDir, { recursive: true, mode: 0o700 });
  return nodeDir;
}

function genesisOf(settings: LocalnetSettings, keys: readonly NodeKeys[]) {
  return {
    seed: settings.seed,
    shardCount: settings.shardCount,
    epochDurationMs: settings.epochDurationMs,
    epochsAheadMax: settings.epochsAheadMax,
    storagePriceFrostPerMib: BigInt(settings.storagePriceFrostPerMib),
    writePriceFrostPerMib: BigInt(settings.writePriceFrostPerMib),
    nodes: settings.nodes.map((node, index) => {
      const own = keys[index];
      if (!own) throw new EngineError('internal', 'a storage node without keys');
      return {
        id: node.id,
        name: node.name,
        networkAddress: `${HOST}:${String(node.port)}`,
        publicKey: own.publicKey,
        networkPublicKey: own.networkPublicKey,
        shards: node.shards,
      };
    }),
  };
}

async function startNodes(
  options: LocalnetOptions,
  settings: LocalnetSettings,
  keys: readonly NodeKeys[],
  chain: Chain,
  closing: AsyncDisposableStack,
): Promise<readonly LocalnetNode[]> {
  const encoding = new CodecEncoding(settings.shardCount);
  const uploadBudget = new ByteBudget(UPLOAD_BYTES_MAX);
  const reencodeTurns = new ByteBudget(1);
  const [rpc] = rpcEndpoints(settings);
  if (!rpc) throw new EngineError('usage', '--rpc needs at least one transport');
  const reporter = new InvalidBlobReporter({ chain, rpc, seed: settings.seed });
  const nodes: LocalnetNode[] = [];
  for (const [index, { id, name, port, behaviour }] of settings.nodes.entries()) {
    const own = keys[index];
    if (!own) throw new EngineError('internal', 'a storage node without keys');
    const node = new StorageNode({
      nodeId: id,
      dir: makeNodeDir(options.dir, index),
      host: HOST,
      port,
      signer: own.signer,
      tls: settings.https
        ? {
            certificatePem: await createCertificate(own.networkKeyPem, HOST),
            keyPem: own.networkKeyPem,
          }
        : undefined,
      behaviour: resolveBehaviour(behaviour),
      encoding,
      chain,
      uploadBudget,
      reencodeTurn: (work) => reencodeTurns.run(1, work),
      recoveryQuietMs: options.recoveryQuietMs ?? RECOVERY_QUIET_MS,
      fsync: options.fsync ?? false,
      reportInvalid: (certificate) => reporter.report(certificate),
      log: (message) => options.log?.(`${name}: ${message}`),
    });
    closing.defer(() => node.close());
    await node.start();
    nodes.push({ index, id, address: `${HOST}:${String(port)}`, node });
  }
  return nodes;
}

/** Let the chain's time pass. Returns how to stop it. */
function startTicking(
  chain: Chain,
  epochDurationMs: number,
  log: LocalnetOptions['log'],
): () => Promise<void> {
  const everyMs = Math.min(TICK_MS_MAX, Math.max(TICK_MS_MIN, epochDurationMs / 20));
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= chain
      .tick()
      .catch((error: unknown) => log?.(`the chain's clock failed: ${String(error)}`))
      .finally(() => {
        running = undefined;
      });
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

class Localnet implements RunningLocalnet {
  readonly networkFile: LocalnetNetworkFile;
  readonly nodes: readonly LocalnetNode[];
  readonly chain: Chain;
  readonly relay: UploadRelay | undefined;
  readonly #dir: string;
  readonly #faults: RpcFaults;
  readonly #closing: AsyncDisposableStack;

  constructor(parts: {
    readonly dir: string;
    readonly settings: LocalnetSettings;
    readonly chain: Chain;
    readonly nodes: readonly LocalnetNode[];
    readonly relay: UploadRelay | undefined;
    readonly faults: RpcFaults;
    readonly closing: AsyncDisposableStack;
  }) {
    this.#dir = parts.dir;
    this.chain = parts.chain;
    this.nodes = parts.nodes;
    this.relay = parts.relay;
    this.#faults = parts.faults;
    this.#closing = parts.closing;
    this.networkFile = describeNetwork(parts.settings, parts.chain);
  }

  status(): LocalnetStatus {
    const { view } = this.chain;
    return {
      dir: this.#dir,
      chainIdentifier: this.chain.chainIdentifier,
      epoch: view.epoch,
      epochEndsAtMs: this.chain.epochEndsAtMs,
      isChangingEpoch: view.isChangingEpoch,
      shardCount: view.shardCount,
      network: this.networkFile,
      nodes: this.nodes.map(({ index, id, address, node }) => ({
        index,
        id,
        address,
        ...node.status(),
      })),
    };
  }

  node(id: string | number): LocalnetNode {
    const found = this.nodes.find((node) => node.id === id || String(node.index) === String(id));
    if (found) return found;
    throw new EngineError('usage', `there is no storage node ${String(id)}`, {
      context: { nodeCount: this.nodes.length },
    });
  }

  async fund(
    address: SuiAddress,
    amounts: { readonly mist?: bigint; readonly frost?: bigint },
  ): Promise<{ readonly txDigest: string }> {
    const { txDigest } = await this.chain.fund(address, amounts);
    return { txDigest };
  }

  async advanceEpoch(
    options: { readonly count?: number; readonly moveShards?: number } = {},
  ): Promise<{ readonly epoch: number }> {
    for (let done = 0; done < (options.count ?? 1); done += 1) {
      if (options.moveShards === undefined) {
        // Nobody has anything to fetch, so nobody is waited for.
        await this.chain.advanceEpoch();
        continue;
      }
      const current = new Map(
        this.chain.view.committee.members.map(({ nodeId, shards }) => [nodeId, shards]),
      );
      await this.chain.advanceEpoch({
        shards: moveShards(current, options.moveShards),
        awaitNodes: true,
      });
      await this.#untilEpochChanged();
    }
    return { epoch: this.chain.view.epoch };
  }

  async #untilEpochChanged(): Promise<void> {
    const deadlineMs = performance.now() + EPOCH_CHANGE_MS_MAX;
    while (this.chain.view.isChangingEpoch) {
      if (performance.now() > deadlineMs) {
        throw new EngineError(
          'quorum-missing',
          'too few storage nodes have received their shards; the epoch change goes on',
        );
      }
      await new Promise((resolve) => setTimeout(resolve, EPOCH_CHANGE_POLL_MS));
    }
  }

  async setPrices(prices: {
    readonly storageFrostPerMib: bigint;
    readonly writeFrostPerMib: bigint;
  }): Promise<void> {
    await this.chain.setPrices(prices);
  }

  dropRpcReplies(count: number): void {
    this.#faults.dropReply(count);
  }

  setRpcLag(ms: number): void {
    this.#faults.setLagMs(ms);
  }

  close(): Promise<void> {
    return this.#closing.disposeAsync();
  }
}
