/**
 * @file The Walrus contracts' objects as BCS, each read up to the last field we use.
 *
 * Field order is the contracts' (walrus `contracts/walrus/sources`, the same from release 1.32 to
 * 1.56). What follows the last field of a struct is left unread, so most additions of a newer
 * release do not concern us; a change before it makes the checks of the callers fail.
 *
 * [Note: 256-bit numbers are bytes] Blob IDs and root hashes are `u256` on chain. Their
 * little-endian BCS is exactly the 32 bytes that everybody else calls the blob ID.
 */
import type { BcsType } from '@mysten/bcs';
import { bcs } from '@mysten/sui/bcs';
import { EngineError } from '#engine/model/engine-error.ts';

const vecMap = <Key, KeyInput, Value, ValueInput>(
  key: BcsType<Key, KeyInput>,
  value: BcsType<Value, ValueInput>,
) => bcs.vector(bcs.struct('Entry', { key, value }));

/** `system::System` and `staking::Staking`: the shells that name the version of their inside. */
export const VersionedShell = bcs.struct('System', {
  id: bcs.Address,
  version: bcs.u64(),
  package_id: bcs.Address,
});

const BlsCommittee = bcs.struct('BlsCommittee', {
  members: bcs.vector(
    bcs.struct('BlsCommitteeMember', {
      public_key: bcs.byteVector(),
      weight: bcs.u16(),
      node_id: bcs.Address,
    }),
  ),
  n_shards: bcs.u16(),
  epoch: bcs.u32(),
  total_aggregated_key: bcs.byteVector(),
});

/** `Field<u64, SystemStateInnerV1>`, up to the number of epochs that can be booked ahead. */
export const SystemInnerField = bcs.struct('SystemInnerField', {
  id: bcs.Address,
  name: bcs.u64(),
  committee: BlsCommittee,
  total_capacity_size: bcs.u64(),
  used_capacity_size: bcs.u64(),
  storage_price_per_unit_size: bcs.u64(),
  write_price_per_unit_size: bcs.u64(),
  future_accounting: bcs.struct('FutureAccountingRingBuffer', {
    current_index: bcs.u32(),
    /** The ring's length is the furthest epoch ahead that storage can be bought for. */
    length: bcs.u32(),
  }),
});

const Committee = vecMap(bcs.Address, bcs.vector(bcs.u16()));
const SizedTable = bcs.struct('Table', { id: bcs.Address, size: bcs.u64() });

/** `Field<u64, StakingInnerV1>`, up to the state of the epoch change. */
export const StakingInnerField = bcs.struct('StakingInnerField', {
  id: bcs.Address,
  name: bcs.u64(),
  n_shards: bcs.u16(),
  epoch_duration: bcs.u64(),
  first_epoch_start: bcs.u64(),
  pools: SizedTable,
  epoch: bcs.u32(),
  active_set: bcs.Address,
  next_committee: bcs.option(Committee),
  committee: Committee,
  previous_committee: Committee,
  next_epoch_params: bcs.option(
    bcs.struct('EpochParams', {
      total_capacity_size: bcs.u64(),
      storage_price_per_unit_size: bcs.u64(),
      write_price_per_unit_size: bcs.u64(),
    }),
  ),
  epoch_state: bcs.enum('EpochState', {
    /** Weight of the nodes that have reported so far. */
    EpochChangeSync: bcs.u16(),
    /** Unix ms at which the epoch's change was done. */
    EpochChangeDone: bcs.u64(),
    /** The same moment: the parameters of the next epoch are chosen half-way. */
    NextParamsSelected: bcs.u64(),
  }),
});

/** `staking_pool::StakingPool`, up to what the committee needs of the node. */
export const StakingPool = bcs.struct('StakingPool', {
  id: bcs.Address,
  state: bcs.enum('PoolState', { Active: null, Withdrawing: bcs.u32(), Withdrawn: null }),
  voting_params: bcs.struct('VotingParams', {
    storage_price: bcs.u64(),
    write_price: bcs.u64(),
    node_capacity: bcs.u64(),
  }),
  name: bcs.string(),
  node_id: bcs.Address,
  network_address: bcs.string(),
  public_key: bcs.byteVector(),
  next_epoch_public_key: bcs.option(bcs.byteVector()),
  network_public_key: bcs.byteVector(),
});

export const Storage = bcs.struct('Storage', {
  id: bcs.Address,
  start_epoch: bcs.u32(),
  end_epoch: bcs.u32(),
  storage_size: bcs.u64(),
});

export const Blob = bcs.struct('Blob', {
  id: bcs.Address,
  registered_epoch: bcs.u32(),
  blob_id: bcs.bytes(32),
  size: bcs.u64(),
  encoding_type: bcs.u8(),
  certified_epoch: bcs.option(bcs.u32()),
  storage: Storage,
  deletable: bcs.bool(),
});

export const SharedBlob = bcs.struct('SharedBlob', {
  id: bcs.Address,
  blob: Blob,
  funds: bcs.u64(),
});

/** `wal_exchange::Exchange`. */
export const Exchange = bcs.struct('Exchange', {
  id: bcs.Address,
  wal: bcs.u64(),
  sui: bcs.u64(),
  rate: bcs.struct('ExchangeRate', { wal: bcs.u64(), sui: bcs.u64() }),
});

/** `0x2::bag::Bag`. */
export const Bag = bcs.struct('Bag', { id: bcs.Address, size: bcs.u64() });

/** `0x2::dynamic_field::Field<u64, vector<u8>>`, a field of a head's bag. */
export const BagField = bcs.struct('BagField', {
  id: bcs.Address,
  name: bcs.u64(),
  value: bcs.byteVector(),
});

/** Parse `contents`, or throw `rpc-invalid-answer` naming what it should have been. */
export function parseStruct<T>(
  type: { readonly name: string; parse(bytes: Uint8Array): T },
  contents: Uint8Array,
  objectId: string,
): T {
  try {
    return type.parse(contents);
  } catch (error) {
    throw new EngineError('rpc-invalid-answer', `object ${objectId} is not a ${type.name}`, {
      context: { objectId, sizeBytes: contents.length },
      cause: error,
    });
  }
}
