/** @file Which caps hold after `floe wallet caps`: those that were not named stay as they are. */
import type { SpendingCaps, StorageForecast } from '#contract/storage-api.ts';

export interface CapOptions {
  readonly transactionWal?: bigint;
  readonly transactionSui?: bigint;
  readonly dayWal?: bigint;
  readonly daySui?: bigint;
  readonly epochWal?: bigint;
  readonly epochSui?: bigint;
}

/**
 * Whoever raises a cap goes on from a raise that waits. Whoever only lowers one does not ask for it:
 * it may be somebody else's.
 */
export function chosenCaps(
  { caps, capsToCome }: Pick<StorageForecast, 'caps' | 'capsToCome'>,
  options: CapOptions,
): SpendingCaps {
  const chosen = changedCaps(caps, options);
  const isRaised = (['perTransaction', 'perDay', 'perEpoch'] as const).some(
    (scope) =>
      chosen[scope].walFrost > caps[scope].walFrost || chosen[scope].gasMist > caps[scope].gasMist,
  );
  return isRaised && capsToCome ? changedCaps(capsToCome.caps, options) : chosen;
}

const changedCaps = (before: SpendingCaps, options: CapOptions): SpendingCaps => ({
  perTransaction: {
    walFrost: options.transactionWal ?? before.perTransaction.walFrost,
    gasMist: options.transactionSui ?? before.perTransaction.gasMist,
  },
  perDay: {
    walFrost: options.dayWal ?? before.perDay.walFrost,
    gasMist: options.daySui ?? before.perDay.gasMist,
  },
  perEpoch: {
    walFrost: options.epochWal ?? before.perEpoch.walFrost,
    gasMist: options.epochSui ?? before.perEpoch.gasMist,
  },
});
