/** @file Epochs as dates, by what is known of the chain's times now. */
import type { EpochDate } from '#contract/storage-api.ts';
import type { WalrusSystem } from './model/walrus.ts';
import { epochEndMs } from './policy.ts';

export const dateOf = (system: WalrusSystem, epoch: number): EpochDate => ({
  epoch,
  atMs: epochEndMs(system, epoch),
});

/** The earliest end of blobs that have not ended; undefined without one. */
export function earliestEnd(
  blobs: readonly { readonly endEpoch: number }[],
  system: WalrusSystem,
): EpochDate | undefined {
  const ends = blobs.map(({ endEpoch }) => endEpoch).filter((end) => end > system.epoch);
  return ends.length === 0 ? undefined : dateOf(system, Math.min(...ends));
}
