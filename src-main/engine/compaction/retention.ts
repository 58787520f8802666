/**
 * @file Which snapshots the rules keep. A pure function of times.
 *
 * As in restic and Kopia: each rule keeps the newest snapshot of each of its last periods, counted
 * over periods that have one, and a snapshot stays if any rule wants it. The newest always stays.
 * Periods are those of UTC, weeks begin on Monday: two machines must not disagree over a time zone.
 */
import type { RetentionPolicy } from '#contract/storage-api.ts';

export interface DatedSnapshot<Id> {
  readonly id: Id;
  readonly atMs: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** 1 January 1970 was a Thursday; its week began three days before. */
const MONDAY_OFFSET_DAYS = 3;

type Rule = 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly';

/** The period that a moment belongs to, as a number that differs between periods. */
const PERIODS: Readonly<Record<Rule, (atMs: number) => number>> = {
  hourly: (atMs) => Math.floor(atMs / HOUR_MS),
  daily: (atMs) => Math.floor(atMs / DAY_MS),
  weekly: (atMs) => Math.floor((Math.floor(atMs / DAY_MS) + MONDAY_OFFSET_DAYS) / 7),
  monthly: (atMs) => dateOf(atMs).getUTCFullYear() * 12 + dateOf(atMs).getUTCMonth(),
  yearly: (atMs) => dateOf(atMs).getUTCFullYear(),
};

const dateOf = (atMs: number): Date => new Date(atMs);

/**
 * The snapshots that stay, as IDs. `always` are kept whatever the rules say: pinned ones, and those
 * that another device's history stands on.
 */
export function keptSnapshots<Id>(
  snapshots: readonly DatedSnapshot<Id>[],
  policy: RetentionPolicy,
  nowMs: number,
  always: ReadonlySet<Id> = new Set(),
): Set<Id> {
  const newestFirst = snapshots.toSorted((one, other) => other.atMs - one.atMs);
  const kept = new Set<Id>(newestFirst.slice(0, 1).map(({ id }) => id));
  for (const { id, atMs } of newestFirst) {
    const isRecent = policy.keepWithinMs !== undefined && nowMs - atMs <= policy.keepWithinMs;
    if (isRecent || always.has(id)) kept.add(id);
  }
  for (const rule of Object.keys(PERIODS) as Rule[]) {
    keepPeriods(newestFirst, PERIODS[rule], policy[rule], kept);
  }
  return kept;
}

function keepPeriods<Id>(
  newestFirst: readonly DatedSnapshot<Id>[],
  periodOf: (atMs: number) => number,
  count: number,
  kept: Set<Id>,
): void {
  let periods = 0;
  let last: number | undefined;
  for (const { id, atMs } of newestFirst) {
    if (periods === count) return;
    const period = periodOf(atMs);
    if (period === last) continue;
    last = period;
    periods += 1;
    kept.add(id);
  }
}
