/**
 * @file What a local network is, kept in its directory: shape, prices, ports. Written at the first
 * start; later starts take it from there and may only change what does not change the network.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '#engine/model/engine-error.ts';
import type { ObjectId } from '#engine/model/ids.ts';
import { shardRanges, shardWeights } from './assignment.ts';
import type { BehaviourChoice } from './nodes/behaviour.ts';
import { freePorts, requireFree } from './ports.ts';
import { parseTip } from './relay/tip.ts';

export type LocalnetTransport = 'grpc-web' | 'json-rpc';

const FILE = 'localnet.json';
const FORMAT = 1;
/** Only this computer is served. */
export const HOST = '127.0.0.1';

/** The code needs four; a u16 numbers them, and a sliver pair each. */
export const SHARDS_MIN = 4;
export const SHARDS_MAX = 10_000;

const RPC_PORT_DEFAULT = 9000;
const FAUCET_PORT_DEFAULT = 9123;
const EPOCH_MS_MIN = 100;

const DEFAULTS = {
  shardCount: 100,
  nodeCount: 16,
  epochDurationMs: 24 * 3_600_000,
  epochsAheadMax: 53,
  storagePriceFrostPerMib: 100_000n,
  writePriceFrostPerMib: 20_000n,
} as const;

/** What a start may ask for. Everything is optional; later starts keep what was. */
export interface LocalnetChoices {
  readonly shards?: number | undefined;
  readonly nodes?: number | undefined;
  /** Of the RPC. 0: any free one, or the one it had. */
  readonly port?: number | undefined;
  readonly rpc?: readonly LocalnetTransport[] | undefined;
  readonly https?: boolean | undefined;
  readonly epochDurationMs?: number | undefined;
  readonly epochsAheadMax?: number | undefined;
  readonly storagePriceFrostPerMib?: bigint | undefined;
  readonly writePriceFrostPerMib?: bigint | undefined;
  /** Of all nodes, or of each by index. */
  readonly behaviour?: BehaviourChoice | readonly BehaviourChoice[] | undefined;
  /** With an upload relay, and what it takes: see `parseTip`. Without one unless it had one. */
  readonly relay?: { readonly tip: string } | undefined;
}

export interface NodeSettings {
  readonly id: ObjectId;
  readonly name: string;
  readonly port: number;
  /** At genesis. */
  readonly shards: readonly number[];
  readonly behaviour: BehaviourChoice;
}

export interface LocalnetSettings {
  readonly format: typeof FORMAT;
  /** Makes this network's object ids its own. */
  readonly seed: string;
  readonly shardCount: number;
  readonly epochDurationMs: number;
  readonly epochsAheadMax: number;
  /** Decimal FROST, at genesis. */
  readonly storagePriceFrostPerMib: string;
  readonly writePriceFrostPerMib: string;
  readonly https: boolean;
  readonly rpc: readonly LocalnetTransport[];
  readonly rpcPort: number;
  readonly faucetPort: number;
  /** In committee order: ascending by id. */
  readonly nodes: readonly NodeSettings[];
  /** The upload relay, on networks that have one. */
  readonly relay?: { readonly port: number; readonly tip: string };
}

/** Undefined before the first start. */
export function readSettings(dir: string): LocalnetSettings | undefined {
  let settings: LocalnetSettings;
  try {
    settings = JSON.parse(readFileSync(join(dir, FILE), 'utf8')) as LocalnetSettings;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (settings.format !== FORMAT) {
    throw usage(`${dir} holds a local network of another release; use another --dir`);
  }
  return settings;
}

export function writeSettings(dir: string, settings: LocalnetSettings): void {
  const incoming = join(dir, `${FILE}.new`);
  writeFileSync(incoming, `${JSON.stringify(settings, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(incoming, join(dir, FILE));
}

/**
 * The settings of a first start. Throws `usage` for what cannot be, `port-taken` for a port that
 * was asked for, or is the default, and is not free.
 */
export async function createSettings(choices: LocalnetChoices): Promise<LocalnetSettings> {
  const shardCount = choices.shards ?? DEFAULTS.shardCount;
  const nodeCount = choices.nodes ?? Math.min(DEFAULTS.nodeCount, shardCount);
  requireShape(shardCount, nodeCount);
  const epochDurationMs = choices.epochDurationMs ?? DEFAULTS.epochDurationMs;
  if (epochDurationMs < EPOCH_MS_MIN) throw usage('an epoch lasts at least 100 ms');
  const [anyRpcPort = 0, anyFaucetPort = 0, ...nodePorts] = await freePorts(HOST, nodeCount + 2);
  const rpcPort = choices.port === 0 ? anyRpcPort : (choices.port ?? RPC_PORT_DEFAULT);
  const faucetPort = choices.port === undefined ? FAUCET_PORT_DEFAULT : anyFaucetPort;
  await requireFree(HOST, rpcPort);
  await requireFree(HOST, faucetPort);
  const ids = Array.from(
    { length: nodeCount },
    () => `0x${randomBytes(32).toString('hex')}` as ObjectId,
  ).sort();
  const shards = shardRanges(shardWeights(shardCount, nodeCount));
  return {
    format: FORMAT,
    seed: randomBytes(16).toString('hex'),
    shardCount,
    epochDurationMs,
    epochsAheadMax: choices.epochsAheadMax ?? DEFAULTS.epochsAheadMax,
    storagePriceFrostPerMib: String(
      choices.storagePriceFrostPerMib ?? DEFAULTS.storagePriceFrostPerMib,
    ),
    writePriceFrostPerMib: String(choices.writePriceFrostPerMib ?? DEFAULTS.writePriceFrostPerMib),
    https: choices.https ?? false,
    rpc: choices.rpc ?? ['grpc-web'],
    rpcPort,
    faucetPort,
    nodes: ids.map((id, index) => ({
      id,
      name: `local-node-${String(index).padStart(2, '0')}`,
      port: nodePorts[index] ?? 0,
      shards: shards[index] ?? [],
      behaviour: behaviourOf(choices.behaviour, index) ?? 'current',
    })),
  };
}

/**
 * The settings of a later start. Throws `usage` when a choice would make it another network.
 */
export function mergeSettings(known: LocalnetSettings, choices: LocalnetChoices): LocalnetSettings {
  type Fact = string | number | boolean | undefined;
  const fixed: readonly (readonly [string, Fact, Fact])[] = [
    ['--shards', choices.shards, known.shardCount],
    ['--nodes', choices.nodes, known.nodes.length],
    ['--https', choices.https, known.https],
    ['--epoch-duration', choices.epochDurationMs, known.epochDurationMs],
    ['epochsAheadMax', choices.epochsAheadMax, known.epochsAheadMax],
  ];
  for (const [name, wanted, is] of fixed) {
    if (wanted === undefined || wanted === is) continue;
    throw usage(
      `${name} ${String(wanted)} does not fit this local network, which has ${String(is)}; ` +
        'use another --dir for another network',
    );
  }
  return {
    ...known,
    rpc: choices.rpc ?? known.rpc,
    rpcPort: choices.port || known.rpcPort,
    nodes: known.nodes.map((node, index) => ({
      ...node,
      behaviour: behaviourOf(choices.behaviour, index) ?? node.behaviour,
    })),
  };
}

/**
 * The settings with the upload relay that a start asks for; on the port that it had, if any. Throws
 * `usage` for a tip that is none.
 */
export async function withRelay(
  settings: LocalnetSettings,
  { relay }: LocalnetChoices,
): Promise<LocalnetSettings> {
  if (!relay) return settings;
  parseTip(relay.tip);
  const [anyPort = 0] = await freePorts(HOST, 1);
  return { ...settings, relay: { port: settings.relay?.port ?? anyPort, tip: relay.tip } };
}

function behaviourOf(
  choice: LocalnetChoices['behaviour'],
  index: number,
): BehaviourChoice | undefined {
  return Array.isArray(choice)
    ? (choice as readonly BehaviourChoice[])[index]
    : (choice as BehaviourChoice | undefined);
}

function requireShape(shardCount: number, nodeCount: number): void {
  if (!Number.isInteger(shardCount) || shardCount < SHARDS_MIN || shardCount > SHARDS_MAX) {
    throw usage(`--shards must be from ${String(SHARDS_MIN)} to ${String(SHARDS_MAX)}`);
  }
  if (!Number.isInteger(nodeCount) || nodeCount < 1 || nodeCount > shardCount) {
    throw usage('--nodes must be from 1 to the number of shards');
  }
}

export function usage(message: string): EngineError {
  return new EngineError('usage', message);
}
