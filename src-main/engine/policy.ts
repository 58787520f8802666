/**
 * @file What the engine decides by arithmetic alone: for how long to buy, when to commit, what one
 * transaction may cost.
 */
import {
  encodedBytes,
  storageCostFrost,
  writeCostFrost,
  type WalrusSystem,
} from './model/walrus.ts';
import type { SpendingCaps } from './sui/wallet/policy.ts';

const DAY_MS = 86_400_000;
const COIN = 1_000_000_000n;

/** A machine that is off for this long loses nothing, where the network sells that far ahead. */
const HORIZON_MS = 84 * DAY_MS;
const HORIZON_EPOCHS_MIN = 6;

/** Epochs that a pack is bought for: the floor, or for archives all that the network sells. */
export function epochsFor(system: WalrusSystem, permanent: boolean): number {
  if (permanent) return system.epochsAheadMax;
  const horizon = Math.ceil(HORIZON_MS / system.epochDurationMs);
  return Math.min(system.epochsAheadMax, Math.max(HORIZON_EPOCHS_MIN, horizon));
}

/** What reserving and registering a blob of `sizeBytes` costs. */
export function quoteRegistration(system: WalrusSystem, sizeBytes: number, epochs: number): bigint {
  const bytes = encodedBytes(sizeBytes, system.shardCount);
  return (
    storageCostFrost(bytes, epochs, system.storagePriceFrostPerMib) +
    writeCostFrost(bytes, system.writePriceFrostPerMib)
  );
}

/**
 * No single transaction may cost more, whoever asks for it: several times the price of the largest
 * pack at the highest prices that the networks have had.
 */
export const TRANSACTION_CAPS: SpendingCaps = {
  walFrost: 100n * COIN,
  suiMist: 200n * COIN,
  gasMist: 2n * COIN,
};

/** Quiet after which a change is committed on the try-out network, where commits cost nothing. */
export const COMMIT_QUIET_TRY_OUT_MS = 60_000;
/** Elsewhere each commit has a fixed cost, so changes wait for each other. */
export const COMMIT_DELAY_MS = 6 * 3_600_000;
/** After this a sync that failed for a reason that passes is tried again. */
export const RETRY_INTERVAL_MS = 10 * 60_000;
/** Watching can miss things; the scan is the truth. */
export const FULL_SCAN_INTERVAL_MS = DAY_MS;

/** When an epoch ends that is `endEpoch` (exclusive), by the chain's own times. Unix ms. */
export function epochEndMs(system: WalrusSystem, endEpoch: number): number {
  return system.epochStartedAtMs + (endEpoch - system.epoch) * system.epochDurationMs;
}
