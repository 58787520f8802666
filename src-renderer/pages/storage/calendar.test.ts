/** @file Where things stand on the calendar of storage. */
import { describe, expect, test } from 'vitest';
import type { StorageForecast } from '#contract/storage-api.ts';
import { dateTicks, epochTicks, layOutRows, pricedMarks, spanFor, SPANS_MS } from './calendar.ts';

const DAY_MS = 86_400_000;
const nowMs = new Date(2026, 10, 21, 15, 30).getTime();

function forecastOf(
  folders: readonly { name: string; endsInDays?: number; renewalsInDays?: readonly number[] }[],
): Pick<StorageForecast, 'now' | 'epochDurationMs' | 'folders'> {
  const at = (days: number) => ({ epoch: 100 + Math.ceil(days / 14), atMs: nowMs + days * DAY_MS });
  return {
    now: { epoch: 100, atMs: nowMs - 3 * DAY_MS },
    epochDurationMs: 14 * DAY_MS,
    folders: folders.map(({ name, endsInDays, renewalsInDays = [] }) => ({
      folderId: name,
      name,
      permanent: false,
      sizeBytes: 1,
      encodedBytes: 1n,
      protectedUntil: endsInDays === undefined ? undefined : at(endsInDays),
      horizon: { kind: 'keep', floorEpochs: 6, targetEpochs: 8, untilMs: undefined },
      retention: undefined,
      renewals: renewalsInDays.map((days) => ({
        at: at(days),
        cost: { walFrost: 5n, gasMist: 1n },
      })),
      perMonth: { walFrost: 0n, gasMist: 0n },
    })),
  };
}

describe('the span to begin with', () => {
  test.each([
    { name: 'no folder at all', ends: [], days: 0.25 },
    { name: 'an end within hours', ends: [0.1], days: 0.25 },
    { name: 'an end in 84 days', ends: [84, 3], days: 92 },
    { name: 'an end just beyond a span', ends: [91], days: 366 },
    { name: 'an end beyond every span', ends: [2_000], days: 732 },
  ])('$name', ({ ends, days }) => {
    const forecast = forecastOf(
      ends.map((endsInDays, index) => ({ name: String(index), endsInDays })),
    );
    expect(spanFor(forecast, nowMs)).toBe(days * DAY_MS);
  });
});

describe('a row', () => {
  const span = 100 * DAY_MS;
  const rowOf = (folder: Parameters<typeof forecastOf>[0][number]) =>
    layOutRows(forecastOf([folder]), nowMs, span)[0];

  test('ends where its folder does', () => {
    expect(rowOf({ name: 'a', endsInDays: 25 })).toMatchObject({ end: 0.25, isCut: false });
  });

  test('is cut at the edge of the span', () => {
    expect(rowOf({ name: 'a', endsInDays: 250 })).toMatchObject({ end: 1, isCut: true });
  });

  test('of a folder that lapsed is empty, not negative', () => {
    expect(rowOf({ name: 'a', endsInDays: -5 })).toMatchObject({ end: 0 });
  });

  test('has no bar when nothing is stored', () => {
    expect(rowOf({ name: 'a' })?.end).toBeUndefined();
  });

  test('shows the renewals within the span only', () => {
    const marks = rowOf({ name: 'a', renewalsInDays: [-1, 20, 60, 101] })?.marks;
    expect(marks?.map(({ position }) => position)).toEqual([0.2, 0.6]);
  });

  test('joins renewals that would lie on each other, with their sum', () => {
    const marks = rowOf({ name: 'a', renewalsInDays: [42, 40, 41, 80] })?.marks;
    expect(marks).toMatchObject([
      { position: 0.4, count: 3, cost: { walFrost: 15n, gasMist: 3n } },
      { position: 0.8, count: 1 },
    ]);
  });
});

describe('prices', () => {
  const mark = (position: number) => ({
    position,
    atMs: 0,
    epoch: 0,
    count: 1,
    cost: { walFrost: 1n, gasMist: 0n },
  });
  const row = { folderId: 'a', name: 'a', isCut: false };

  test.each([
    {
      name: 'stand below marks that leave them room',
      at: [0.1, 0.4, 0.8],
      end: 0.7,
      priced: [0, 1, 2],
    },
    { name: 'leave out marks that are too close', at: [0.1, 0.15, 0.24], end: 0.7, priced: [0, 2] },
    { name: 'leave the end of the bar to its date', at: [0.1, 0.5, 0.69], end: 0.7, priced: [0] },
    { name: 'stay within the picture', at: [0.1, 0.95], end: 0.5, priced: [0] },
    { name: 'leave a short bar to its date', at: [0.05, 0.2], end: 0.06, priced: [1] },
  ])('$name', ({ at, end, priced }) => {
    expect([...pricedMarks({ ...row, end, marks: at.map(mark) })]).toEqual(priced);
  });

  test('have the whole width where the bar is cut', () => {
    const marks = [0.5, 0.8].map(mark);
    expect([...pricedMarks({ ...row, isCut: true, end: 1, marks })]).toEqual([0, 1]);
  });
});

describe('the scale', () => {
  test.each(SPANS_MS)('over %d ms has room for its labels', (spanMs) => {
    const forecast = forecastOf([]);
    for (const ticks of [dateTicks(nowMs, spanMs), epochTicks(forecast, nowMs, spanMs)]) {
      expect(ticks.length).toBeLessThanOrEqual(14);
      expect(ticks.every(({ position }) => position >= 0 && position <= 1)).toBe(true);
    }
  });

  test('by date stands on the first of the month', () => {
    const ticks = dateTicks(nowMs, 366 * DAY_MS).map(({ atMs }) => new Date(atMs));
    expect(ticks[0]).toEqual(new Date(2026, 11, 1));
    expect(ticks.every((date) => date.getDate() === 1 && date.getHours() === 0)).toBe(true);
    expect(dateTicks(nowMs, 366 * DAY_MS)[1]).toMatchObject({ isYear: true });
  });

  test('by epoch stands where the chain’s epochs begin', () => {
    const ticks = epochTicks(forecastOf([]), nowMs, 92 * DAY_MS);
    expect(ticks.map(({ epoch }) => epoch)).toEqual([101, 102, 103, 104, 105, 106]);
    expect(ticks[0]?.atMs).toBe(nowMs + 11 * DAY_MS);
  });

  test('by epoch leaves some out when there are many', () => {
    const ticks = epochTicks({ ...forecastOf([]), epochDurationMs: DAY_MS }, nowMs, 92 * DAY_MS);
    expect(ticks.map(({ epoch }) => epoch).slice(0, 2)).toEqual([110, 120]);
  });
});
