/**
 * @file What the engine decides by arithmetic alone: for how long to buy, what that costs, and when
 * to commit.
 */
import {
  encodedBytes,
  storageCostFrost,
  writeCostFrost,
  type WalrusSystem,
} from './model/walrus.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import { defaultHorizon, purchaseEnd, type EpochFacts } from './renewal/horizon.ts';

const DAY_MS = 86_400_000;

/** The epoch at whose start a pack ends that is bought now: the latest that a folder of it wants. */
export function endEpochFor(
  system: EpochFacts,
  folders: readonly Pick<FolderRecord, 'horizon'>[],
  permanent: boolean,
): number {
  const standard = defaultHorizon(system, permanent);
  const horizons = folders.map(({ horizon }) => horizon ?? standard);
  const ends = (horizons.length > 0 ? horizons : [standard]).map((horizon) =>
    purchaseEnd(system, horizon, permanent),
  );
  return Math.max(...ends);
}

/** What reserving and registering a blob of `sizeBytes` costs. */
export function quoteRegistration(
  system: Pick<WalrusSystem, 'shardCount' | 'storagePriceFrostPerMib' | 'writePriceFrostPerMib'>,
  sizeBytes: number,
  epochs: number,
): bigint {
  const bytes = encodedBytes(sizeBytes, system.shardCount);
  return (
    storageCostFrost(bytes, epochs, system.storagePriceFrostPerMib) +
    writeCostFrost(bytes, system.writePriceFrostPerMib)
  );
}

/** After this a sync that failed for a reason that passes is tried again. */
export const RETRY_INTERVAL_MS = 10 * 60_000;
/** Watching can miss things; the scan is the truth. */
export const FULL_SCAN_INTERVAL_MS = DAY_MS;

/** When an epoch ends that is `endEpoch` (exclusive), by the chain's own times. Unix ms. */
export function epochEndMs(system: WalrusSystem, endEpoch: number): number {
  return system.epochStartedAtMs + (endEpoch - system.epoch) * system.epochDurationMs;
}
