/**
 * @file The system state's bookkeeping: what is sold and paid for each epoch to come.
 */
import { assertMove } from '../move/abort.ts';
import type { Call } from '../move/call.ts';
import { STORAGE_UNIT_BYTES } from '#engine/model/walrus.ts';
import { sites } from './abort-sites.ts';
import { checkedU64, joinBalance, splitBalance } from './balance.ts';
import type { CoinStruct, StorageStruct, SystemStateStruct } from './layouts.ts';
import { createStorage } from './storage-resource.ts';

const storageUnits = (bytes: bigint): bigint =>
  (bytes + STORAGE_UNIT_BYTES - 1n) / STORAGE_UNIT_BYTES;

/** The account of the epoch that begins `epochsAhead` epochs from now (`ring_lookup_mut`). */
export function accountOf(state: SystemStateStruct, epochsAhead: number) {
  const ring = state.future_accounting;
  assertMove(epochsAhead < ring.length, sites.tooFarInFuture);
  const account = ring.ring_buffer[(epochsAhead + ring.current_index) % ring.length];
  if (account === undefined) throw new TypeError('the ring buffer is shorter than its length');
  return account;
}

/** `process_storage_payments`: epoch by epoch, so that a coin that is too small aborts there. */
export function payForStorage(
  state: SystemStateStruct,
  period: StoragePeriod,
  payment: CoinStruct,
): void {
  const due = checkedU64(state.storage_price_per_unit_size * storageUnits(period.size));
  for (let ahead = period.startOffset; ahead < period.endOffset; ahead += 1) {
    payment.balance = splitBalance(payment.balance, due);
    const account = accountOf(state, ahead);
    account.rewards_to_distribute = joinBalance(account.rewards_to_distribute, due);
  }
}

/** What writing `encodedBytes` costs once. */
export function writePrice(state: SystemStateStruct, encodedBytes: bigint): bigint {
  return checkedU64(state.write_price_per_unit_size * storageUnits(encodedBytes));
}

/** Offsets from the current epoch; the end is exclusive. */
export interface StoragePeriod {
  readonly size: bigint;
  readonly startOffset: number;
  readonly endOffset: number;
}

/** `reserve_space_without_payment`. */
export function reserveWithoutPayment(
  call: Call,
  state: SystemStateStruct,
  period: StoragePeriod,
): StorageStruct {
  assertMove(period.size > 0n, sites.resourceSizeZero);
  occupy(state, period, sites.storageExceeded);
  const { epoch } = state.committee;
  return createStorage(call, epoch + period.startOffset, epoch + period.endOffset, period.size);
}

/** Count the space as used in each epoch; abort at `exceeded` where it is more than there is. */
export function occupy(
  state: SystemStateStruct,
  period: StoragePeriod,
  exceeded: typeof sites.storageExceeded,
): void {
  for (let ahead = period.startOffset; ahead < period.endOffset; ahead += 1) {
    const account = accountOf(state, ahead);
    account.used_capacity = checkedU64(account.used_capacity + period.size);
    if (ahead === 0) state.used_capacity_size = account.used_capacity;
    assertMove(account.used_capacity <= state.total_capacity_size, exceeded);
  }
}
