/**
 * @file The Walrus epoch cycle: parameters at half epoch, change, shards received, done.
 */
import type { StakingStateStruct, SystemStateStruct } from '../contracts/layouts.ts';
import { blsCommittee, type AggregateKeys } from './genesis.ts';
import type { StateEditor } from './state-editor.ts';

/** Shards by node id. */
export type Assignment = ReadonlyMap<string, readonly number[]>;

/** When the current epoch began; undefined while the change into it is under way. */
export function epochStartedAtMs(staking: StakingStateStruct): number | undefined {
  const { epoch_state: state } = staking;
  if (state.EpochChangeDone !== undefined) return Number(state.EpochChangeDone);
  if (state.NextParamsSelected !== undefined) return Number(state.NextParamsSelected);
  return undefined;
}

export const isChangingEpoch = (staking: StakingStateStruct): boolean =>
  staking.epoch_state.EpochChangeSync !== undefined;

export const areParametersSelected = (staking: StakingStateStruct): boolean =>
  staking.epoch_state.NextParamsSelected !== undefined;

/** `voting_end`: fix the next committee and its parameters. */
export function selectParameters(editor: StateEditor, assignment?: Assignment): void {
  const { staking, system } = editor;
  const shards = assignment ?? assignmentOf(staking.committee);
  staking.next_committee = [...shards]
    .filter(([, held]) => held.length > 0)
    .map(([key, held]) => ({ key, value: [...held] }))
    .sort((left, right) => (left.key < right.key ? -1 : 1));
  staking.next_epoch_params = {
    total_capacity_size: system.total_capacity_size,
    storage_price_per_unit_size: system.storage_price_per_unit_size,
    write_price_per_unit_size: system.write_price_per_unit_size,
  };
  if (areParametersSelected(staking)) return;
  const startedAt = BigInt(epochStartedAtMs(staking) ?? 0);
  staking.epoch_state = { NextParamsSelected: startedAt, $kind: 'NextParamsSelected' };
  editor.emit('EpochParametersSelected', { next_epoch: staking.epoch + 1 });
}

/** `initiate_epoch_change`: the next committee takes over, its shards are still on the way. */
export function startEpoch(editor: StateEditor, aggregateKeys: AggregateKeys): void {
  const { staking, system } = editor;
  const next = staking.next_committee;
  if (next === null) throw new TypeError('no committee was selected');
  const epoch = staking.epoch + 1;
  payRewards(editor, system, staking);
  staking.epoch = epoch;
  staking.previous_committee = staking.committee;
  staking.committee = next;
  staking.next_committee = null;
  staking.epoch_state = { EpochChangeSync: 0, $kind: 'EpochChangeSync' };
  system.committee = blsCommittee(
    next.map(({ key, value }) => ({
      id: key,
      publicKey: new Uint8Array(editor.pool(key).node_info.public_key.bytes),
      shards: value,
    })),
    epoch,
    aggregateKeys,
  );
  for (const { key } of next) editor.pool(key).latest_epoch = epoch;
  editor.emit('EpochChangeStart', { epoch });
}

/** Close the account of the old epoch and share its rewards by weight. */
function payRewards(
  editor: StateEditor,
  system: SystemStateStruct,
  staking: StakingStateStruct,
): void {
  const ring = system.future_accounting;
  const old = ring.ring_buffer[ring.current_index];
  if (old === undefined) throw new TypeError('the ring buffer is shorter than its length');
  ring.ring_buffer[ring.current_index] = {
    epoch: old.epoch + ring.length,
    used_capacity: 0n,
    rewards_to_distribute: 0n,
  };
  ring.current_index = (ring.current_index + 1) % ring.length;
  const shardCount = BigInt(system.committee.n_shards);
  let rest = old.rewards_to_distribute;
  for (const { key, value } of staking.committee) {
    const share = (old.rewards_to_distribute * BigInt(value.length)) / shardCount;
    const pool = editor.pool(key);
    pool.rewards_pool += share;
    pool.wal_balance += share;
    rest -= share;
  }
  const current = ring.ring_buffer[ring.current_index];
  if (current === undefined) throw new TypeError('the ring buffer is shorter than its length');
  current.rewards_to_distribute += rest;
  system.used_capacity_size = current.used_capacity;
  const capacity = staking.next_epoch_params?.total_capacity_size ?? system.total_capacity_size;
  system.total_capacity_size = maxOf(capacity, current.used_capacity);
}

const maxOf = (left: bigint, right: bigint): bigint => (left > right ? left : right);

/** `epoch_sync_done`: a node has its shards; with enough of them the change is done. */
export function receiveShards(editor: StateEditor, nodeId: string, nowMs: number): void {
  const { staking } = editor;
  const shards = staking.committee.find(({ key }) => key === nodeId)?.value ?? [];
  const synced = staking.epoch_state.EpochChangeSync;
  if (synced !== undefined) {
    const weight = synced + shards.length;
    if (3 * weight >= 2 * staking.n_shards + 1) {
      finishEpochChange(editor, nowMs);
    } else {
      staking.epoch_state = { EpochChangeSync: weight, $kind: 'EpochChangeSync' };
    }
  }
  editor.emit('ShardsReceived', { epoch: staking.epoch, shards });
}

/** Declare the change done, whoever has received what. */
export function finishEpochChange(editor: StateEditor, nowMs: number): void {
  const { staking } = editor;
  staking.epoch_state = { EpochChangeDone: BigInt(nowMs), $kind: 'EpochChangeDone' };
  editor.emit('EpochChangeDone', { epoch: staking.epoch });
}

/** Move every time of the cycle: the chain stood still for `pauseMs`. */
export function shiftTimes(editor: StateEditor, pauseMs: number): void {
  const { staking } = editor;
  const startedAt = epochStartedAtMs(staking);
  staking.first_epoch_start += BigInt(pauseMs);
  if (startedAt === undefined) return;
  const shifted = BigInt(startedAt + pauseMs);
  staking.epoch_state = areParametersSelected(staking)
    ? { NextParamsSelected: shifted, $kind: 'NextParamsSelected' }
    : { EpochChangeDone: shifted, $kind: 'EpochChangeDone' };
}

/** All pools vote for these prices, which hold at once. */
export function changePrices(editor: StateEditor, storage: bigint, write: bigint): void {
  const { system, staking } = editor;
  system.storage_price_per_unit_size = storage;
  system.write_price_per_unit_size = write;
  if (staking.next_epoch_params !== null) {
    staking.next_epoch_params.storage_price_per_unit_size = storage;
    staking.next_epoch_params.write_price_per_unit_size = write;
  }
  for (const { key } of staking.committee) {
    const { voting_params: votes } = editor.pool(key);
    votes.storage_price = storage;
    votes.write_price = write;
  }
  editor.emit('PricesUpdated', {
    epoch: system.committee.epoch,
    storage_price: storage,
    write_price: write,
  });
}

const assignmentOf = (committee: StakingStateStruct['committee']): Assignment =>
  new Map(committee.map(({ key, value }) => [key, value]));
