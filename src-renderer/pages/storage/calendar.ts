/**
 * @file Where things stand on the calendar of storage: bars, renewal marks, the scale. Pure.
 *
 * Positions are fractions of the span, from its start; the page turns them into distances from the
 * inline start, so that they follow the reading direction.
 */
import type { Cost, StorageForecast } from '#contract/storage-api.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Offered spans; the smallest that shows every end is the one to begin with. */
export const SPANS_MS = [
  6 * HOUR_MS,
  2 * DAY_MS,
  14 * DAY_MS,
  92 * DAY_MS,
  366 * DAY_MS,
  732 * DAY_MS,
];
/** More marks on the scale would run into each other. */
const TICKS_MAX = 13;
/** Renewals closer than this share of the span become one mark. */
const MARK_DISTANCE_MIN = 0.025;

export interface Mark {
  readonly position: number;
  readonly atMs: number;
  readonly epoch: number;
  /** Renewals that this mark stands for. */
  readonly count: number;
  readonly cost: Cost;
}

export interface Row {
  readonly folderId: string;
  readonly name: string;
  /** Where the bar ends; undefined when nothing of the folder is stored. */
  readonly end: number | undefined;
  /** The bar goes on beyond the span. */
  readonly isCut: boolean;
  readonly marks: readonly Mark[];
}

export interface Tick {
  readonly position: number;
  readonly atMs: number;
  /** Of the epoch that begins there, on the scale of epochs. */
  readonly epoch: number | undefined;
  readonly unit: 'hour' | 'day' | 'month';
  /** The year begins here: said in place of the month. */
  readonly isYear: boolean;
}

type Forecast = Pick<StorageForecast, 'now' | 'epochDurationMs' | 'folders'>;

/** The smallest span that shows the end of every folder. */
export function spanFor(forecast: Forecast, nowMs: number): number {
  const ends = forecast.folders.map(({ protectedUntil }) => protectedUntil?.atMs ?? nowMs);
  const needed = Math.max(0, ...ends.map((atMs) => atMs - nowMs)) * 1.05;
  return SPANS_MS.find((span) => span >= needed) ?? SPANS_MS.at(-1) ?? DAY_MS;
}

export function layOutRows(forecast: Forecast, nowMs: number, spanMs: number): readonly Row[] {
  const positionOf = (atMs: number): number => (atMs - nowMs) / spanMs;
  return forecast.folders.map(({ folderId, name, protectedUntil, renewals }) => {
    const end = protectedUntil && positionOf(protectedUntil.atMs);
    return {
      folderId,
      name,
      end: end === undefined ? undefined : Math.min(1, Math.max(0, end)),
      isCut: end !== undefined && end > 1,
      marks: mergeMarks(
        renewals
          .filter(({ at }) => at.atMs >= nowMs && at.atMs <= nowMs + spanMs)
          .map(({ at, cost }) => ({ ...at, position: positionOf(at.atMs), count: 1, cost })),
      ),
    };
  });
}

/** Marks too close to be told apart become one, at the place of the first, with the sum. */
function mergeMarks(marks: readonly Mark[]): readonly Mark[] {
  const merged: Mark[] = [];
  for (const mark of [...marks].sort((a, b) => a.position - b.position)) {
    const last = merged.at(-1);
    if (!last || mark.position - last.position >= MARK_DISTANCE_MIN) {
      merged.push(mark);
      continue;
    }
    merged[merged.length - 1] = {
      ...last,
      count: last.count + mark.count,
      cost: {
        walFrost: last.cost.walFrost + mark.cost.walFrost,
        gasMist: last.cost.gasMist + mark.cost.gasMist,
      },
    };
  }
  return merged;
}

/** Room that a label takes, as a share of the span. */
const LABEL_WIDTH = 0.13;

/**
 * The marks whose prices can be written below them, by index: none runs into the next one, into the
 * date at the end of the bar, or over the edge.
 */
export function pricedMarks({ marks, end, isCut }: Row): ReadonlySet<number> {
  const dateFrom = end === undefined || isCut ? 1 : Math.max(end - LABEL_WIDTH, 0);
  const dateTo = end === undefined || isCut ? 1 : Math.max(end, LABEL_WIDTH);
  const priced = new Set<number>();
  let free = 0;
  for (const [index, { position }] of marks.entries()) {
    const isInDate = position + LABEL_WIDTH > dateFrom && position < dateTo;
    if (position < free || isInDate || position + LABEL_WIDTH > 1) continue;
    priced.add(index);
    free = position + LABEL_WIDTH;
  }
  return priced;
}

/** The scale by date, in the person's own time zone. */
export function dateTicks(nowMs: number, spanMs: number): readonly Tick[] {
  const spans = [
    { unit: 'hour', steps: [1, 2, 3, 6, 12], lengthMs: HOUR_MS },
    { unit: 'day', steps: [1, 2, 7, 14], lengthMs: DAY_MS },
    { unit: 'month', steps: [1, 2, 3, 6], lengthMs: 30.4 * DAY_MS },
  ] as const;
  for (const { unit, steps, lengthMs } of spans) {
    const step = steps.find((count) => spanMs / (lengthMs * count) <= TICKS_MAX);
    if (step !== undefined) return ticksOf(unit, step, nowMs, spanMs);
  }
  return ticksOf('month', 12, nowMs, spanMs);
}

function ticksOf(unit: Tick['unit'], step: number, nowMs: number, spanMs: number): Tick[] {
  const ticks: Tick[] = [];
  const date = new Date(nowMs);
  if (unit === 'month') date.setMonth(date.getMonth() - (date.getMonth() % step), 1);
  if (unit === 'hour') date.setHours(date.getHours() - (date.getHours() % step), 0, 0, 0);
  else date.setHours(0, 0, 0, 0);
  for (;;) {
    if (unit === 'hour') date.setHours(date.getHours() + step);
    if (unit === 'day') date.setDate(date.getDate() + step);
    if (unit === 'month') date.setMonth(date.getMonth() + step);
    const atMs = date.getTime();
    if (atMs > nowMs + spanMs) return ticks;
    const isYear = unit === 'month' && date.getMonth() === 0;
    ticks.push({ position: (atMs - nowMs) / spanMs, atMs, epoch: undefined, unit, isYear });
  }
}

/** The scale by epoch: where each n-th one begins. */
export function epochTicks(forecast: Forecast, nowMs: number, spanMs: number): readonly Tick[] {
  const { now, epochDurationMs } = forecast;
  const count = spanMs / epochDurationMs;
  const step = [1, 2, 5].flatMap((digit) => [1, 10, 100, 1_000, 10_000].map((ten) => digit * ten));
  const every = step.sort((a, b) => a - b).find((size) => count / size <= TICKS_MAX) ?? 100_000;
  const first = Math.ceil((now.epoch + 1) / every) * every;
  const ticks: Tick[] = [];
  for (let epoch = first; ; epoch += every) {
    const atMs = now.atMs + (epoch - now.epoch) * epochDurationMs;
    if (atMs > nowMs + spanMs) return ticks;
    const position = (atMs - nowMs) / spanMs;
    if (position >= 0) ticks.push({ position, atMs, epoch, unit: 'day', isYear: false });
  }
}
