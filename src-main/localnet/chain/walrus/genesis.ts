/**
 * @file The first objects of a chain: System, Staking, one pool a node, the exchange.
 *
 * Everything is derived from what is passed, so equal input gives equal ids. The chain begins in
 * epoch 1 with the epoch change done, as a network does once it is up.
 */
import { toBase58 } from '@mysten/sui/utils';
import type { ChainGenesis, ChainGenesisNode } from '../chain.ts';
import type { StakingPoolStruct, SystemStateStruct } from '../contracts/layouts.ts';
import { CONTRACT_VERSION } from '../contracts/system.ts';
import type { Framework } from '../move/framework.ts';
import { blake2b256, dynamicFieldId, fieldType, type Owner } from '../move/object.ts';
import { primitive, type MoveType } from '../move/types.ts';
import { bcs } from '@mysten/sui/bcs';
import { deriveNodeIds, innerStateId, type WalrusIds } from './network-ids.ts';
import type { StateEditor } from './state-editor.ts';

const FIRST_EPOCH = 1;
/** Encoded bytes that may be sold for an epoch, unless the genesis says otherwise: 1 PB. */
const TOTAL_CAPACITY_BYTES = 1_000_000_000_000_000n;
/** WAL in the exchange at the beginning: four fifths of all there is. */
const EXCHANGE_FROST = 4_000_000_000_000_000_000n;
/** Stake of a pool, per shard. */
const STAKE_FROST_PER_SHARD = 1_000_000_000_000n;

/** Adds compressed points up: the committee's aggregated key. */
export type AggregateKeys = (publicKeys: readonly Uint8Array[]) => Uint8Array;

/** A node with its id, in committee order. */
export interface CommitteeSeat extends Omit<ChainGenesisNode, 'id'> {
  readonly id: string;
  readonly index: number;
}

/** Base58 digest of everything that the genesis says. */
export function genesisDigest(genesis: ChainGenesis): string {
  const text = JSON.stringify(genesis, (_key, value: unknown) => {
    if (typeof value === 'bigint') return value.toString();
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    return value;
  });
  return toBase58(blake2b256(new TextEncoder().encode(`floe localnet genesis ${text}`)));
}

/** Nodes with their ids, ascending by id: the order of the committee. Throws a TypeError. */
export function seatNodes(genesis: ChainGenesis, digest: string): CommitteeSeat[] {
  const shards = genesis.nodes.flatMap((node) => [...node.shards]).sort((a, b) => a - b);
  const isPartition =
    shards.length === genesis.shardCount && shards.every((shard, index) => shard === index);
  if (!isPartition) throw new TypeError('the shards of the nodes must be a partition');
  return genesis.nodes
    .map((node, index) => ({ ...node, index, id: node.id ?? deriveNodeIds(digest, index).pool }))
    .sort((left, right) => (left.id < right.id ? -1 : 1));
}

/** Create everything. */
export function writeGenesis(
  editor: StateEditor,
  framework: Framework,
  context: {
    readonly genesis: ChainGenesis;
    readonly digest: string;
    readonly ids: WalrusIds;
    readonly nowMs: number;
    readonly aggregateKeys: AggregateKeys;
  },
): void {
  const { genesis, digest, ids } = context;
  const seats = seatNodes(genesis, digest);
  const shared: Owner = { kind: 'shared', initialVersion: 1n };
  const capacity = genesis.totalCapacityBytes ?? TOTAL_CAPACITY_BYTES;
  const parameters = {
    total_capacity_size: capacity,
    storage_price_per_unit_size: genesis.storagePriceFrostPerMib,
    write_price_per_unit_size: genesis.writePriceFrostPerMib,
  };
  for (const [id, name] of [
    [ids.system, 'walrus::system::System'],
    [ids.staking, 'walrus::staking::Staking'],
  ] as const) {
    editor.create(id, framework.type(name), shared, {
      id,
      version: CONTRACT_VERSION,
      package_id: ids.packages.walrus,
      new_package_id: null,
    });
  }
  const inner = (parent: string, type: string, value: unknown): void => {
    createInner(editor, framework.type(type), parent, value);
  };
  inner(
    ids.system,
    'walrus::system_state_inner::SystemStateInnerV1',
    systemState(seats, context, parameters),
  );
  inner(
    ids.staking,
    'walrus::staking_inner::StakingInnerV1',
    stakingState(seats, context, parameters),
  );
  for (const seat of seats) createPool(editor, framework, seat, context, capacity);
  editor.create(ids.exchange, framework.type('exchange::wal_exchange::Exchange'), shared, {
    id: ids.exchange,
    wal: EXCHANGE_FROST,
    sui: 0n,
    rate: { wal: 1n, sui: 1n },
    admin: ids.exchangeAdmin,
  });
}

interface Parameters {
  readonly total_capacity_size: bigint;
  readonly storage_price_per_unit_size: bigint;
  readonly write_price_per_unit_size: bigint;
}

interface Context {
  readonly genesis: ChainGenesis;
  readonly digest: string;
  readonly ids: WalrusIds;
  readonly nowMs: number;
  readonly aggregateKeys: AggregateKeys;
}

function createInner(editor: StateEditor, type: MoveType, parent: string, value: unknown): void {
  const id = innerStateId(parent);
  editor.create(
    id,
    fieldType(primitive('u64'), type),
    { kind: 'object', address: parent },
    {
      id,
      name: CONTRACT_VERSION,
      value,
    },
  );
}

/** The BLS committee of the given seats. */
export function blsCommittee(
  seats: readonly {
    readonly id: string;
    readonly publicKey: Uint8Array;
    readonly shards: readonly number[];
  }[],
  epoch: number,
  aggregateKeys: AggregateKeys,
): SystemStateStruct['committee'] {
  const members = seats.filter((seat) => seat.shards.length > 0);
  return {
    members: members.map((seat) => ({
      public_key: { bytes: seat.publicKey },
      weight: seat.shards.length,
      node_id: seat.id,
    })),
    n_shards: members.reduce((sum, seat) => sum + seat.shards.length, 0),
    epoch,
    total_aggregated_key: { bytes: aggregateKeys(members.map((seat) => seat.publicKey)) },
  };
}

function systemState(
  seats: readonly CommitteeSeat[],
  { genesis, ids, aggregateKeys }: Context,
  parameters: Parameters,
) {
  const length = genesis.epochsAheadMax;
  return {
    committee: blsCommittee(seats, FIRST_EPOCH, aggregateKeys),
    used_capacity_size: 0n,
    ...parameters,
    future_accounting: {
      current_index: FIRST_EPOCH % length,
      length,
      // An account lies at its epoch modulo the length.
      ring_buffer: Array.from({ length }, (_, index) => ({
        epoch: index < FIRST_EPOCH % length || length === 1 ? index + length : index,
        used_capacity: 0n,
        rewards_to_distribute: 0n,
      })),
    },
    event_blob_certification_state: { latest_certified_blob: null, aggregate_weight_per_blob: [] },
    deny_list_sizes: { id: ids.denyListSizes },
  };
}

function stakingState(
  seats: readonly CommitteeSeat[],
  { genesis, ids, nowMs }: Context,
  parameters: Parameters,
) {
  return {
    n_shards: genesis.shardCount,
    epoch_duration: BigInt(genesis.epochDurationMs),
    first_epoch_start: BigInt(nowMs),
    pools: { id: ids.pools, size: BigInt(seats.length) },
    epoch: FIRST_EPOCH,
    active_set: { id: ids.activeSet },
    next_committee: null,
    committee: seats
      .filter((seat) => seat.shards.length > 0)
      .map((seat) => ({ key: seat.id, value: [...seat.shards] })),
    previous_committee: [],
    next_epoch_params: parameters,
    epoch_state: { EpochChangeDone: BigInt(nowMs) },
    next_epoch_public_keys: { id: ids.nextEpochPublicKeys },
  };
}

function createPool(
  editor: StateEditor,
  framework: Framework,
  seat: CommitteeSeat,
  { genesis, digest, ids }: Context,
  totalCapacity: bigint,
): void {
  const derived = deriveNodeIds(digest, seat.index);
  const stake = STAKE_FROST_PER_SHARD * BigInt(Math.max(seat.shards.length, 1));
  const pool: Omit<StakingPoolStruct, 'state' | 'commission_receiver' | 'governance_authorized'> = {
    id: seat.id,
    voting_params: {
      storage_price: genesis.storagePriceFrostPerMib,
      write_price: genesis.writePriceFrostPerMib,
      node_capacity:
        (totalCapacity * BigInt(Math.max(seat.shards.length, 1))) / BigInt(genesis.shardCount),
    },
    node_info: {
      name: seat.name,
      node_id: seat.id,
      network_address: seat.networkAddress,
      public_key: { bytes: seat.publicKey },
      next_epoch_public_key: null,
      network_public_key: seat.networkPublicKey,
      metadata: { id: derived.metadata },
    },
    activation_epoch: 0,
    latest_epoch: FIRST_EPOCH,
    wal_balance: stake,
    num_shares: stake,
    pending_shares_withdraw: [],
    pre_active_withdrawals: [],
    pending_commission_rate: [],
    commission_rate: 0,
    exchange_rates: { id: derived.exchangeRates, size: 0n },
    pending_stake: [],
    rewards_pool: 0n,
    commission: 0n,
    extra_fields: { id: derived.extraFields, size: 0n },
  };
  editor.create(
    seat.id,
    framework.type('walrus::staking_pool::StakingPool'),
    { kind: 'object', address: poolParent(framework, ids, seat.id) },
    {
      ...pool,
      state: { Active: true },
      commission_receiver: { Address: derived.owner },
      governance_authorized: { Address: derived.owner },
    },
  );
}

/** A pool is owned by the table's field for it, not by the table. */
function poolParent(framework: Framework, ids: WalrusIds, nodeId: string): string {
  const wrapper = framework.type('sui::dynamic_object_field::Wrapper<sui::object::ID>');
  return dynamicFieldId(ids.pools, wrapper, bcs.Address.serialize(nodeId).toBytes());
}
