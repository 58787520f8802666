/**
 * @file When changes are committed, and what a commit costs: arithmetic on prices.
 *
 * A commit has a fixed cost, that of the smallest blob (63 units at 1,000 shards), however little
 * has changed. So changes wait for each other: as long as the folder's fixed costs would otherwise
 * exceed what they may be in a month.
 */
import type { LocalIndex } from './local-index/local-index.ts';
import type { WalrusSystem } from './model/walrus.ts';
import { endEpochFor, quoteRegistration } from './policy.ts';

const HOUR_MS = 3_600_000;
const MONTH_MS = 30 * 24 * HOUR_MS;

/** Quiet after which a change is committed on the try-out network, where commits cost nothing. */
const QUIET_TRY_OUT_MS = 60_000;
/** The delay elsewhere, unless prices or the person ask for a longer or a shorter one. */
export const COMMIT_DELAY_MS = 6 * HOUR_MS;
/** Not even a generous cap makes commits follow each other more closely. */
const COMMIT_DELAY_MS_MIN = 15 * 60_000;
/** Nor does a tight one put them off beyond this. */
const COMMIT_DELAY_MS_MAX = 7 * 24 * HOUR_MS;
/** What a folder's fixed costs may be in a month, in FROST, unless the person says otherwise. */
export const FIXED_COST_CAP_FROST = 5_000_000_000n;
/** Of registering and certifying, measured and rounded up. */
const COMMIT_GAS_MIST = 6_000_000n;
/** What sealing, trees, index and snapshot add to a commit at least. */
const COMMIT_BYTES_MIN = 4_096;

export interface CommitCost {
  readonly walFrost: bigint;
  readonly gasMist: bigint;
}

/** What committing `pendingBytes` of changes costs now, bought for `epochs`. */
export function commitCost(system: WalrusSystem, pendingBytes: number, epochs: number): CommitCost {
  return {
    walFrost: quoteRegistration(system, pendingBytes + COMMIT_BYTES_MIN, epochs),
    gasMist: COMMIT_GAS_MIST,
  };
}

export interface CommitDelayFacts {
  readonly isTryOut: boolean;
  /** Of a commit of next to nothing. */
  readonly fixedCostFrost: bigint;
  /** Of the folder in 30 days; undefined: the default, and no shorter delay than the usual one. */
  readonly capFrost?: bigint | undefined;
}

/** How long changes wait for others. */
export function commitDelay({ isTryOut, fixedCostFrost, capFrost }: CommitDelayFacts): number {
  if (isTryOut) return QUIET_TRY_OUT_MS;
  const cap = capFrost ?? FIXED_COST_CAP_FROST;
  if (cap <= 0n) return COMMIT_DELAY_MS_MAX;
  // Rounded up: one commit more a month would be beyond the cap.
  const affordableMs = Number((BigInt(MONTH_MS) * fixedCostFrost + cap - 1n) / cap);
  const leastMs = capFrost === undefined ? COMMIT_DELAY_MS : COMMIT_DELAY_MS_MIN;
  return Math.min(COMMIT_DELAY_MS_MAX, Math.max(leastMs, affordableMs));
}

const FIXED_COST_FACT = 'fixed-commit-cost';

/** Remember what a commit costs at these prices: the delay follows it without asking the chain. */
export function noteFixedCost(index: LocalIndex, system: WalrusSystem): void {
  const epochs = endEpochFor(system, [], false) - system.epoch;
  const cost = String(commitCost(system, 0, epochs).walFrost);
  if (index.readFact(FIXED_COST_FACT) !== cost) index.writeFact(FIXED_COST_FACT, cost);
}

export const fixedCostOf = (index: LocalIndex): bigint =>
  BigInt(index.readFact(FIXED_COST_FACT) ?? 0);
