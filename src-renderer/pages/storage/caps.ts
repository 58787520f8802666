/** @file Spending limits as they are typed, and what a change of them means. Pure. */
import type { Cost, SpendingCaps } from '#contract/storage-api.ts';
import { amountText, parseAmount } from './amount.ts';

export const SCOPES = ['perTransaction', 'perDay', 'perEpoch'] as const;
export type Scope = (typeof SCOPES)[number];

export type CapFields = Readonly<Record<Scope, { readonly wal: string; readonly sui: string }>>;

export function capFields(caps: SpendingCaps, separator: '.' | ','): CapFields {
  const of = ({ walFrost, gasMist }: Cost) => ({
    wal: amountText(walFrost, separator),
    sui: amountText(gasMist, separator),
  });
  return {
    perTransaction: of(caps.perTransaction),
    perDay: of(caps.perDay),
    perEpoch: of(caps.perEpoch),
  };
}

/** The limits, or undefined while one of the fields holds no amount. */
export function capsOf(fields: CapFields): SpendingCaps | undefined {
  const of = ({ wal, sui }: { wal: string; sui: string }): Cost | undefined => {
    const walFrost = parseAmount(wal);
    const gasMist = parseAmount(sui);
    return walFrost === undefined || gasMist === undefined ? undefined : { walFrost, gasMist };
  };
  const perTransaction = of(fields.perTransaction);
  const perDay = of(fields.perDay);
  const perEpoch = of(fields.perEpoch);
  return perTransaction && perDay && perEpoch && { perTransaction, perDay, perEpoch };
}

export function raisesAny(before: SpendingCaps, after: SpendingCaps): boolean {
  return SCOPES.some(
    (scope) =>
      after[scope].walFrost > before[scope].walFrost ||
      after[scope].gasMist > before[scope].gasMist,
  );
}

/** The first renewal that a limit would not let through, if there is one. */
export function firstRefused<Renewal extends { readonly cost: Cost }>(
  caps: SpendingCaps,
  renewals: readonly Renewal[],
): Renewal | undefined {
  return renewals.find(({ cost }) =>
    // A transaction carries a part of a renewal; a day and an epoch must carry all of it.
    [caps.perDay, caps.perEpoch].some(
      (cap) => cost.walFrost > cap.walFrost || cost.gasMist > cap.gasMist,
    ),
  );
}
