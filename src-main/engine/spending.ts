/**
 * @file What may be spent: the caps that a person chose, and what is left of them.
 *
 * The wallet asks here for each transaction, in the account's turn; no caller is above it. A day is
 * the last 24 hours by the chain's clock, an epoch one of the storage network.
 */
import type { Cost, CurrencyRate, SpendingCaps } from '#contract/storage-api.ts';
import type { LocalIndex } from './local-index/local-index.ts';
import type { ReadCaps } from './sui/wallet/policy.ts';

const COIN = 1_000_000_000n;
export const DAY_MS = 86_400_000;
const CAPS_FACT = 'spending-caps';
const RATE_FACT = 'currency-rate';

/**
 * Until a person chooses others: several times the price of the largest pack at the highest prices
 * that the networks have had, for one transaction; a few hundred gigabytes a day.
 */
export const DEFAULT_CAPS: SpendingCaps = {
  perTransaction: { walFrost: 100n * COIN, gasMist: 2n * COIN },
  perDay: { walFrost: 500n * COIN, gasMist: 20n * COIN },
  perEpoch: { walFrost: 2_000n * COIN, gasMist: 50n * COIN },
};

/** SUI that one exchange may turn into WAL. */
const EXCHANGE_MIST_MAX = 200n * COIN;

export function readCaps(index: LocalIndex): SpendingCaps {
  const text = index.readFact(CAPS_FACT);
  return text === undefined ? DEFAULT_CAPS : (fromJson(text) as SpendingCaps);
}

export function writeCaps(index: LocalIndex, caps: SpendingCaps): void {
  index.writeFact(CAPS_FACT, toJson(caps));
}

export function readRate(index: LocalIndex): CurrencyRate | undefined {
  const text = index.readFact(RATE_FACT);
  return text === undefined || text === '' ? undefined : (JSON.parse(text) as CurrencyRate);
}

export function writeRate(index: LocalIndex, rate: CurrencyRate | undefined): void {
  index.writeFact(RATE_FACT, rate === undefined ? '' : JSON.stringify(rate));
}

export interface Spent {
  readonly today: Cost;
  readonly thisEpoch: Cost;
  readonly inAll: Cost;
}

export function spentBy(
  { ledger }: LocalIndex,
  moment: { readonly epoch: number; readonly atMs: number },
): Spent {
  return {
    today: ledger.spent({ sinceMs: moment.atMs - DAY_MS }),
    thisEpoch: ledger.spent({ epoch: moment.epoch }),
    inAll: ledger.spent('in-all'),
  };
}

/** What one transaction may cost now: the least of its own cap and what is left of the others. */
export function allowanceOf(caps: SpendingCaps, spent: Spent): ReturnType<ReadCaps> {
  const walFrost = tightest('walFrost', caps, spent);
  const gasMist = tightest('gasMist', caps, spent);
  return {
    walFrost: walFrost.amount,
    suiMist: EXCHANGE_MIST_MAX,
    gasMist: gasMist.amount,
    of: { walFrost: walFrost.name, gasMist: gasMist.name },
  };
}

/** How the wallet is told. */
export const capsOf =
  (index: LocalIndex): ReadCaps =>
  (moment) =>
    allowanceOf(readCaps(index), spentBy(index, moment));

function tightest(
  unit: keyof Cost,
  caps: SpendingCaps,
  spent: Spent,
): { readonly name: string; readonly amount: bigint } {
  const left = (cap: Cost, gone: Cost): bigint => {
    // Gas that came back is no further budget.
    const rest = cap[unit] - (gone[unit] > 0n ? gone[unit] : 0n);
    return rest > 0n ? rest : 0n;
  };
  const limits = [
    { name: 'the cap of a transaction', amount: caps.perTransaction[unit] },
    { name: 'what is left of the cap of a day', amount: left(caps.perDay, spent.today) },
    { name: 'what is left of the cap of an epoch', amount: left(caps.perEpoch, spent.thisEpoch) },
  ];
  return limits.reduce((least, limit) => (limit.amount < least.amount ? limit : least));
}

/** JSON in which amounts are decimal text with the coins' suffix of JavaScript. */
const toJson = (value: unknown): string =>
  JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'bigint' ? `${String(member)}n` : member,
  );

const fromJson = (text: string): unknown =>
  JSON.parse(text, (_key, member: unknown) =>
    typeof member === 'string' && /^\d+n$/.test(member) ? BigInt(member.slice(0, -1)) : member,
  );
