/**
 * @file What may be spent: the caps that a person chose, and what is left of them.
 *
 * The wallet asks here for each transaction, in the account's turn; no caller is above it. A day is
 * the last 24 hours by the chain's clock, an epoch one of the storage network.
 */
import type { Cost, CurrencyRate, SpendingCaps } from '#contract/storage-api.ts';
import type { LocalIndex } from './local-index/local-index.ts';
import { NOTHING } from './renewal/forecast.ts';
import type { Clock } from './ports/ports.ts';
import type { ReadCaps } from './sui/wallet/policy.ts';

const COIN = 1_000_000_000n;
export const DAY_MS = 86_400_000;
/** How long it takes until a higher cap holds. */
export const RAISE_DELAY_MS = 10 * 60_000;
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

interface ChosenCaps {
  readonly caps: SpendingCaps;
  /** Caps that hold from a moment on. */
  readonly toCome?: { readonly caps: SpendingCaps; readonly fromMs: number };
}

/** The caps that hold at a moment, and those that are to hold later. */
export function capsAt(index: LocalIndex, nowMs: number): ChosenCaps {
  const text = index.readFact(CAPS_FACT);
  if (text === undefined) return { caps: DEFAULT_CAPS };
  const chosen = fromJson(text) as ChosenCaps;
  const { toCome } = chosen;
  return toCome && toCome.fromMs <= nowMs ? { caps: toCome.caps } : chosen;
}

export const readCaps = (index: LocalIndex, nowMs: number): SpendingCaps =>
  capsAt(index, nowMs).caps;

/**
 * [Note: Raised caps wait] What is lowered holds at once, what is raised a little later: whoever
 * gets hold of a window cannot raise the caps and empty the account in one go.
 */
export function writeCaps(index: LocalIndex, caps: SpendingCaps, nowMs: number): void {
  const before = readCaps(index, nowMs);
  const now = {
    perTransaction: lower(before.perTransaction, caps.perTransaction),
    perDay: lower(before.perDay, caps.perDay),
    perEpoch: lower(before.perEpoch, caps.perEpoch),
  };
  const isRaised = SCOPES.some(
    (scope) =>
      caps[scope].walFrost > now[scope].walFrost || caps[scope].gasMist > now[scope].gasMist,
  );
  const toCome = { caps, fromMs: nowMs + RAISE_DELAY_MS };
  index.writeFact(CAPS_FACT, toJson({ caps: now, ...(isRaised ? { toCome } : {}) }));
}

const SCOPES = ['perTransaction', 'perDay', 'perEpoch'] as const;

const lower = (a: Cost, b: Cost): Cost => ({
  walFrost: a.walFrost < b.walFrost ? a.walFrost : b.walFrost,
  gasMist: a.gasMist < b.gasMist ? a.gasMist : b.gasMist,
});

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

/** How the wallet is told. What was spent goes by the chain's clock, which caps hold by ours. */
export const capsOf =
  (index: LocalIndex, clock: Pick<Clock, 'nowMs'>): ReadCaps =>
  (moment) =>
    allowanceOf(readCaps(index, clock.nowMs()), spentBy(index, moment));

/**
 * What may be sent away now. It has a budget of its own, as large as that for storage: what a
 * person takes out keeps nothing from being renewed. It goes by the same clocks.
 */
export function sendingLeft(
  index: LocalIndex,
  clock: Pick<Clock, 'nowMs'>,
  moment: Parameters<ReadCaps>[0],
): Cost {
  const sent: Spent = {
    today: index.ledger.sent({ sinceMs: moment.atMs - DAY_MS }),
    thisEpoch: index.ledger.sent({ epoch: moment.epoch }),
    inAll: NOTHING,
  };
  const { walFrost, gasMist } = allowanceOf(readCaps(index, clock.nowMs()), sent);
  return { walFrost, gasMist };
}

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
