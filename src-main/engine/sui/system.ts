/**
 * @file Reads what the chain says about the storage network: epoch, prices, committees, nodes.
 *
 * Everything but the nodes' addresses is read anew each time: a stale price makes payments abort,
 * a stale epoch makes confirmations worthless. The four central objects come in one request, so
 * they belong together as well as a full node can tell; where they don't (an epoch change between
 * two of its answers) they are read again.
 */
import { deriveDynamicFieldID } from '@mysten/sui/utils';
import { bcs } from '@mysten/sui/bcs';
import { EngineError } from '#engine/model/engine-error.ts';
import { epoch, parseObjectId, shardIndex, type ObjectId } from '#engine/model/ids.ts';
import type { Committee, StorageNode, WalrusSystem } from '#engine/model/walrus.ts';
import type { Clock } from '#engine/ports/ports.ts';
import {
  parseStruct,
  StakingInnerField,
  StakingPool,
  SystemInnerField,
  VersionedShell,
} from './move-structs.ts';
import type { ChainObject, ChainRpc } from './rpc/chain-rpc.ts';

/** Version of the inner objects on every network seen so far; only a first guess. */
const INNER_VERSION_GUESS = 3n;
/** Reads until the inner objects fit together. */
const ATTEMPTS_MAX = 4;
const ATTEMPT_DELAY_MS = 500;
/** A node that moves to another address is found again after this long. */
const POOL_AGE_MS_MAX = 10 * 60 * 1000;
const UNCOMPRESSED_G1_BYTES = 96;
const COMPRESSED_P256_BYTES = 33;

/** The System object with its inside: all that a transaction needs to know. */
export interface SystemState {
  readonly systemObjectId: ObjectId;
  readonly initialSharedVersion: bigint;
  readonly typePackageId: ObjectId;
  readonly callPackageId: ObjectId;
  readonly walType: string;
  readonly epoch: number;
  readonly shardCount: number;
  readonly epochsAheadMax: number;
  readonly storagePriceFrostPerMib: bigint;
  readonly writePriceFrostPerMib: bigint;
}

type SystemInner = ReturnType<typeof SystemInnerField.parse>;
type StakingInner = ReturnType<typeof StakingInnerField.parse>;
type NodeFacts = Omit<StorageNode, 'memberIndex' | 'shards'>;

interface EndpointCache {
  /** Versions of the inner objects, as last seen. */
  readonly versions: { system: bigint; staking: bigint };
  /** WAL's type is fixed by the package that defines the types. */
  readonly walTypes: Map<ObjectId, string>;
  readonly pools: Map<ObjectId, { readonly node: NodeFacts; readonly readAtMs: number }>;
}

export interface SystemReader {
  /** Everything, with committees and node addresses. */
  readSystem(rpc: ChainRpc, signal?: AbortSignal): Promise<WalrusSystem>;
  /** Only what a transaction needs: one request. */
  readState(rpc: ChainRpc, signal?: AbortSignal): Promise<SystemState>;
}

export function openSystemReader(options: {
  readonly systemObjectId: ObjectId;
  readonly stakingObjectId: ObjectId;
  readonly clock: Clock;
}): SystemReader {
  const { clock } = options;
  // Each endpoint has its own: what one of them says must not answer for another.
  const caches = new WeakMap<ChainRpc, EndpointCache>();
  const cacheOf = (rpc: ChainRpc): EndpointCache => {
    const known = caches.get(rpc);
    if (known) return known;
    const versions = { system: INNER_VERSION_GUESS, staking: INNER_VERSION_GUESS };
    const cache: EndpointCache = { versions, walTypes: new Map(), pools: new Map() };
    caches.set(rpc, cache);
    return cache;
  };

  async function readCore(rpc: ChainRpc, signal: AbortSignal | undefined): Promise<SystemCore> {
    const { versions } = cacheOf(rpc);
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const core = await readCoreOnce(rpc, options, versions, signal);
      if (core) return core;
      // The first miss only corrects the guess of the versions.
      if (attempt > 1) await clock.sleep(ATTEMPT_DELAY_MS, signal);
    }
    throw new EngineError('rpc-invalid-answer', 'System and Staking do not fit together', {
      context: { endpoint: rpc.name },
    });
  }

  async function readWalType(rpc: ChainRpc, typePackageId: ObjectId, signal?: AbortSignal) {
    const { walTypes } = cacheOf(rpc);
    const known = walTypes.get(typePackageId);
    if (known !== undefined) return known;
    const target = { packageId: typePackageId, module: 'staking', name: 'stake_with_pool' };
    const walType = await rpc.readCoinTypeOfFunction(target, signal);
    walTypes.set(typePackageId, walType);
    return walType;
  }

  async function readNodes(rpc: ChainRpc, nodeIds: readonly ObjectId[], signal?: AbortSignal) {
    const { pools } = cacheOf(rpc);
    const nowMs = clock.monotonicMs();
    const stale = nodeIds.filter((id) => {
      const known = pools.get(id);
      return known === undefined || nowMs - known.readAtMs > POOL_AGE_MS_MAX;
    });
    const objects = await rpc.readObjects(stale, signal);
    objects.forEach((object, index) => {
      const nodeId = stale[index];
      if (!object || nodeId === undefined) return;
      pools.set(nodeId, { node: parseNode(object), readAtMs: nowMs });
    });
    return (nodeId: ObjectId): NodeFacts | undefined => pools.get(nodeId)?.node;
  }

  return {
    async readState(rpc, signal) {
      const core = await readCore(rpc, signal);
      return toState(core, await readWalType(rpc, core.typePackageId, signal));
    },
    async readSystem(rpc, signal) {
      const core = await readCore(rpc, signal);
      const { staking } = core;
      const nodeIds = new Set(
        [...staking.committee, ...staking.previous_committee].map(({ key }) => parseObjectId(key)),
      );
      const [walType, nodeOf] = await Promise.all([
        readWalType(rpc, core.typePackageId, signal),
        readNodes(rpc, [...nodeIds], signal),
      ]);
      return toSystem(core, walType, nodeOf);
    },
  };
}

interface SystemCore {
  readonly shell: ChainObject;
  readonly typePackageId: ObjectId;
  readonly callPackageId: ObjectId;
  readonly initialSharedVersion: bigint;
  readonly system: SystemInner;
  readonly staking: StakingInner;
}

/** Undefined if the versions moved on or the two halves are of different epochs. */
async function readCoreOnce(
  rpc: ChainRpc,
  ids: { readonly systemObjectId: ObjectId; readonly stakingObjectId: ObjectId },
  versions: { system: bigint; staking: bigint },
  signal: AbortSignal | undefined,
): Promise<SystemCore | undefined> {
  const { systemObjectId, stakingObjectId } = ids;
  const innerIds = {
    system: innerFieldId(systemObjectId, versions.system),
    staking: innerFieldId(stakingObjectId, versions.staking),
  };
  const [systemShell, stakingShell, systemInner, stakingInner] = await rpc.readObjects(
    [systemObjectId, stakingObjectId, innerIds.system, innerIds.staking],
    signal,
  );
  if (!systemShell) throw missing('System', systemObjectId);
  if (!stakingShell) throw missing('Staking', stakingObjectId);
  const typePackageId = packageOfType(systemShell, 'system::System');
  if (packageOfType(stakingShell, 'staking::Staking') !== typePackageId) {
    throw invalid('System and Staking are of different packages');
  }
  const shell = parseStruct(VersionedShell, systemShell.contents, systemObjectId);
  const stakingVersion = parseStruct(
    VersionedShell,
    stakingShell.contents,
    stakingObjectId,
  ).version;
  const isCurrent =
    BigInt(shell.version) === versions.system && BigInt(stakingVersion) === versions.staking;
  versions.system = BigInt(shell.version);
  versions.staking = BigInt(stakingVersion);
  if (!isCurrent || !systemInner || !stakingInner) return undefined;

  const system = parseStruct(SystemInnerField, systemInner.contents, innerIds.system);
  const staking = parseStruct(StakingInnerField, stakingInner.contents, innerIds.staking);
  if (system.committee.epoch !== staking.epoch) return undefined;
  if (systemShell.owner.kind !== 'shared') throw invalid('the System object is not shared');
  return {
    shell: systemShell,
    typePackageId,
    callPackageId: parseObjectId(shell.package_id),
    initialSharedVersion: systemShell.owner.initialSharedVersion,
    system,
    staking,
  };
}

function toState(core: SystemCore, walType: string): SystemState {
  const { system } = core;
  return {
    systemObjectId: core.shell.objectId,
    initialSharedVersion: core.initialSharedVersion,
    typePackageId: core.typePackageId,
    callPackageId: core.callPackageId,
    walType,
    epoch: system.committee.epoch,
    shardCount: system.committee.n_shards,
    epochsAheadMax: system.future_accounting.length,
    storagePriceFrostPerMib: BigInt(system.storage_price_per_unit_size),
    writePriceFrostPerMib: BigInt(system.write_price_per_unit_size),
  };
}

function toSystem(
  core: SystemCore,
  walType: string,
  nodeOf: (nodeId: ObjectId) => NodeFacts | undefined,
): WalrusSystem {
  const { system, staking } = core;
  const state = toState(core, walType);
  const current = epoch(state.epoch);
  const committee = toCommittee(staking.committee, state.shardCount, state.epoch, nodeOf);
  const previous = staking.previous_committee;
  return {
    epoch: current,
    isChangingEpoch: staking.epoch_state.$kind === 'EpochChangeSync',
    epochStartedAtMs: epochStartMs(staking),
    epochDurationMs: Number(staking.epoch_duration),
    epochsAheadMax: state.epochsAheadMax,
    shardCount: state.shardCount,
    committee: withChainKeys(committee, system),
    // A node that left may have dissolved its pool; without it the old committee is no use.
    previousCommittee:
      previous.length === 0 || previous.some(({ key }) => !nodeOf(parseObjectId(key)))
        ? undefined
        : toCommittee(previous, state.shardCount, state.epoch - 1, nodeOf),
    storagePriceFrostPerMib: state.storagePriceFrostPerMib,
    writePriceFrostPerMib: state.writePriceFrostPerMib,
    totalCapacityBytes: BigInt(system.total_capacity_size),
    usedCapacityBytes: BigInt(system.used_capacity_size),
    typePackageId: state.typePackageId,
    callPackageId: state.callPackageId,
    walType,
  };
}

/**
 * When the current epoch began. While the change is under way the contract has not written the
 * moment yet; then it is the scheduled one, which is never later.
 */
function epochStartMs(staking: StakingInner): number {
  const state = staking.epoch_state;
  switch (state.$kind) {
    case 'EpochChangeDone':
      return Number(state.EpochChangeDone);
    case 'NextParamsSelected':
      return Number(state.NextParamsSelected);
    case 'EpochChangeSync':
      return (
        Number(staking.first_epoch_start) +
        Math.max(0, staking.epoch - 1) * Number(staking.epoch_duration)
      );
  }
}

function toCommittee(
  members: StakingInner['committee'],
  shardCount: number,
  ofEpoch: number,
  nodeOf: (nodeId: ObjectId) => NodeFacts | undefined,
): Committee {
  const seen = new Set<number>();
  const nodes = members.map(({ key, value }, memberIndex) => {
    for (const shard of value) {
      if (shard >= shardCount || seen.has(shard)) throw invalid(`shard ${String(shard)} twice`);
      seen.add(shard);
    }
    const node = nodeOf(parseObjectId(key));
    if (!node) throw invalid(`there is no staking pool ${key}`);
    return { ...node, memberIndex, shards: value.map(shardIndex) };
  });
  if (seen.size !== shardCount) {
    throw invalid(`a committee of ${String(seen.size)} of ${String(shardCount)} shards`);
  }
  return { epoch: epoch(ofEpoch), shardCount, members: nodes };
}

/**
 * The keys that certificates are checked against are those in System; a pool may already show the
 * key of the next epoch. Both lists must name the same members in the same order, since a
 * member's position is its bit in the signers bitmap.
 */
function withChainKeys(committee: Committee, system: SystemInner): Committee {
  const keys = system.committee.members;
  if (keys.length !== committee.members.length) throw invalid('two committees of different size');
  const members = committee.members.map((member, index) => {
    const key = keys[index];
    if (key?.node_id !== member.nodeId || key.weight !== member.shards.length) {
      throw invalid(`committee member ${String(index)} differs between System and Staking`);
    }
    const publicKey = new Uint8Array(key.public_key);
    if (publicKey.length !== UNCOMPRESSED_G1_BYTES) throw invalid('a public key of wrong length');
    return { ...member, publicKey };
  });
  return { ...committee, members };
}

function parseNode(pool: ChainObject): NodeFacts {
  const parsed = parseStruct(StakingPool, pool.contents, pool.objectId);
  if (parsed.id !== pool.objectId || parsed.node_id !== pool.objectId) {
    throw invalid(`staking pool ${pool.objectId} names another node`);
  }
  const networkPublicKey = new Uint8Array(parsed.network_public_key);
  if (networkPublicKey.length !== COMPRESSED_P256_BYTES) {
    throw invalid(`node ${pool.objectId} has a network key of wrong length`);
  }
  return {
    nodeId: pool.objectId,
    name: parsed.name,
    networkAddress: parsed.network_address,
    publicKey: new Uint8Array(parsed.public_key),
    networkPublicKey,
  };
}

function innerFieldId(parent: ObjectId, version: bigint): ObjectId {
  const key = bcs.u64().serialize(version).toBytes();
  return parseObjectId(deriveDynamicFieldID(parent, 'u64', key));
}

function packageOfType(object: ChainObject, name: string): ObjectId {
  const [packageId, ...rest] = object.type.split('::');
  if (packageId === undefined || rest.join('::') !== name) {
    throw invalid(`object ${object.objectId} is a ${object.type}, not a ${name}`);
  }
  return parseObjectId(packageId);
}

function missing(name: string, objectId: ObjectId): EngineError {
  return new EngineError(
    'network-file-invalid',
    `the network file names ${objectId} as ${name}, which does not exist on this chain`,
    { context: { objectId } },
  );
}

function invalid(what: string): EngineError {
  return new EngineError('rpc-invalid-answer', `the chain's state makes no sense: ${what}`);
}
