/**
 * @file BCS layouts of the Walrus contracts' structs. Field order is the contracts'.
 *
 * Only what the local network reads or writes; storage pools and event blobs are left out.
 */
import { bcs } from '@mysten/sui/bcs';
import { address, bytes, u256, u64 } from '../move/layouts.ts';

/** `0x2::group_ops::Element`. */
const element = bcs.struct('Element', { bytes });
/** `walrus::extended_field::ExtendedField`: what it holds is a dynamic field of its id. */
const extendedField = bcs.struct('ExtendedField', { id: address });

export const storageLayout = bcs.struct('Storage', {
  id: address,
  start_epoch: bcs.u32(),
  end_epoch: bcs.u32(),
  storage_size: u64,
});

export const blobLayout = bcs.struct('Blob', {
  id: address,
  registered_epoch: bcs.u32(),
  blob_id: u256,
  size: u64,
  encoding_type: bcs.u8(),
  certified_epoch: bcs.option(bcs.u32()),
  storage: storageLayout,
  deletable: bcs.bool(),
});

/** What a blob ID is the hash of. */
export const blobIdDerivationLayout = bcs.struct('BlobIdDerivation', {
  encoding_type: bcs.u8(),
  size: u64,
  root_hash: u256,
});

export const sharedBlobLayout = bcs.struct('SharedBlob', {
  id: address,
  blob: blobLayout,
  funds: u64,
});

export const metadataLayout = bcs.struct('Metadata', {
  metadata: bcs.vector(bcs.struct('Entry', { key: bcs.string(), value: bcs.string() })),
});

/** System and Staking: the rest is a dynamic field under the version. */
export const versionedLayout = bcs.struct('Versioned', {
  id: address,
  version: u64,
  package_id: address,
  new_package_id: bcs.option(address),
});

const blsCommitteeLayout = bcs.struct('BlsCommittee', {
  members: bcs.vector(
    bcs.struct('BlsCommitteeMember', {
      public_key: element,
      weight: bcs.u16(),
      node_id: address,
    }),
  ),
  n_shards: bcs.u16(),
  epoch: bcs.u32(),
  total_aggregated_key: element,
});

const futureAccounting = bcs.struct('FutureAccounting', {
  epoch: bcs.u32(),
  used_capacity: u64,
  rewards_to_distribute: u64,
});

const ringBuffer = bcs.struct('FutureAccountingRingBuffer', {
  current_index: bcs.u32(),
  length: bcs.u32(),
  ring_buffer: bcs.vector(futureAccounting),
});

const eventBlob = bcs.struct('EventBlob', { blob_id: u256, ending_checkpoint: u64 });

export const systemStateLayout = bcs.struct('SystemStateInnerV1', {
  committee: blsCommitteeLayout,
  total_capacity_size: u64,
  used_capacity_size: u64,
  storage_price_per_unit_size: u64,
  write_price_per_unit_size: u64,
  future_accounting: ringBuffer,
  event_blob_certification_state: bcs.struct('EventBlobCertificationState', {
    latest_certified_blob: bcs.option(eventBlob),
    aggregate_weight_per_blob: bcs.vector(
      bcs.struct('Entry', { key: eventBlob, value: bcs.u16() }),
    ),
  }),
  deny_list_sizes: extendedField,
});

/** Shards by node, ascending by node id: the order of the signers bitmap too. */
const committee = bcs.vector(bcs.struct('Entry', { key: address, value: bcs.vector(bcs.u16()) }));

export const stakingStateLayout = bcs.struct('StakingInnerV1', {
  n_shards: bcs.u16(),
  epoch_duration: u64,
  first_epoch_start: u64,
  pools: bcs.struct('ObjectTable', { id: address, size: u64 }),
  epoch: bcs.u32(),
  active_set: extendedField,
  next_committee: bcs.option(committee),
  committee,
  previous_committee: committee,
  next_epoch_params: bcs.option(
    bcs.struct('EpochParams', {
      total_capacity_size: u64,
      storage_price_per_unit_size: u64,
      write_price_per_unit_size: u64,
    }),
  ),
  epoch_state: bcs.enum('EpochState', {
    EpochChangeSync: bcs.u16(),
    EpochChangeDone: u64,
    NextParamsSelected: u64,
  }),
  next_epoch_public_keys: extendedField,
});

const pendingValues = bcs.vector(bcs.struct('Entry', { key: bcs.u32(), value: u64 }));
const authorized = bcs.enum('Authorized', { Address: address, ObjectID: address });

export const stakingPoolLayout = bcs.struct('StakingPool', {
  id: address,
  state: bcs.enum('PoolState', { Active: null, Withdrawing: bcs.u32(), Withdrawn: null }),
  voting_params: bcs.struct('VotingParams', {
    storage_price: u64,
    write_price: u64,
    node_capacity: u64,
  }),
  node_info: bcs.struct('StorageNodeInfo', {
    name: bcs.string(),
    node_id: address,
    network_address: bcs.string(),
    public_key: element,
    next_epoch_public_key: bcs.option(element),
    network_public_key: bytes,
    metadata: extendedField,
  }),
  activation_epoch: bcs.u32(),
  latest_epoch: bcs.u32(),
  wal_balance: u64,
  num_shares: u64,
  pending_shares_withdraw: pendingValues,
  pre_active_withdrawals: pendingValues,
  pending_commission_rate: pendingValues,
  commission_rate: bcs.u16(),
  exchange_rates: bcs.struct('Table', { id: address, size: u64 }),
  pending_stake: pendingValues,
  rewards_pool: u64,
  commission: u64,
  commission_receiver: authorized,
  governance_authorized: authorized,
  extra_fields: bcs.struct('Bag', { id: address, size: u64 }),
});

export const exchangeLayout = bcs.struct('Exchange', {
  id: address,
  wal: u64,
  sui: u64,
  rate: bcs.struct('ExchangeRate', { wal: u64, sui: u64 }),
  admin: address,
});

export const coinLayout = bcs.struct('Coin', { id: address, balance: u64 });
export const bagLayout = bcs.struct('Bag', { id: address, size: u64 });

export type StorageStruct = typeof storageLayout.$inferType;
export type BlobStruct = typeof blobLayout.$inferType;
export type SharedBlobStruct = typeof sharedBlobLayout.$inferType;
export type MetadataStruct = typeof metadataLayout.$inferType;
export type VersionedStruct = typeof versionedLayout.$inferType;
export type BlsCommitteeStruct = typeof blsCommitteeLayout.$inferType;
export type SystemStateStruct = typeof systemStateLayout.$inferType;
export type StakingStateStruct = typeof stakingStateLayout.$inferType;
export type StakingPoolStruct = typeof stakingPoolLayout.$inferType;
export type ExchangeStruct = typeof exchangeLayout.$inferType;
export type CoinStruct = typeof coinLayout.$inferType;
export type BagStruct = typeof bagLayout.$inferType;
