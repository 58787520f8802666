import { describe, expect, test } from 'vitest';
import { ProgressRate } from './progress-rate.ts';

const MIB = 1024 * 1024;

/** Progress at `bytesPerMs`, told every `everyMs`, up to `untilMs`. */
function steady(bytesPerMs: number, everyMs: number, untilMs: number): ProgressRate {
  const rate = new ProgressRate();
  for (let atMs = 0; atMs <= untilMs; atMs += everyMs) {
    rate.add(atMs, { bytes: atMs * bytesPerMs, files: Math.floor(atMs / 100) });
  }
  return rate;
}

describe('a rate', () => {
  test.each([
    { name: 'many small steps', everyMs: 3, untilMs: 20_000 },
    { name: 'steps of a second', everyMs: 1_000, untilMs: 20_000 },
    { name: 'few large steps', everyMs: 4_000, untilMs: 60_000 },
    { name: 'the first seconds', everyMs: 50, untilMs: 1_500 },
  ])('that is steady gives the time left within a quarter: $name', ({ everyMs, untilMs }) => {
    const bytesPerMs = 3_000;
    const rate = steady(bytesPerMs, everyMs, untilMs);
    const left = 600 * MIB;
    const truthMs = left / bytesPerMs;
    const told = rate.remainingMs(untilMs, { bytes: left }) ?? Number.NaN;
    expect(Math.abs(told - truthMs) / truthMs).toBeLessThan(0.25);
  });

  test('is not known before a second has passed', () => {
    const rate = steady(1_000, 10, 900);
    expect(rate.bytesPerSecond(900)).toBeUndefined();
    expect(rate.remainingMs(900, { bytes: MIB })).toBeUndefined();
  });

  test('follows a change within the window', () => {
    const rate = steady(1_000, 100, 30_000);
    for (let atMs = 30_100; atMs <= 60_000; atMs += 100) {
      rate.add(atMs, { bytes: 30_000_000 + (atMs - 30_000) * 100, files: 300 });
    }
    expect(rate.bytesPerSecond(60_000)).toBeCloseTo(100_000, -4);
  });

  test('falls while nothing moves', () => {
    const rate = steady(1_000, 100, 10_000);
    const before = rate.bytesPerSecond(10_000) ?? 0;
    expect(rate.bytesPerSecond(20_000) ?? 0).toBeLessThan(before * 0.6);
  });

  test('begins anew when less is done than before', () => {
    const rate = steady(1_000, 100, 10_000);
    rate.add(10_100, { bytes: 0, files: 0 });
    expect(rate.bytesPerSecond(10_200)).toBeUndefined();
  });

  test('goes by files where no bytes are left to move', () => {
    const rate = steady(0, 100, 10_000);
    expect(rate.remainingMs(10_000, { bytes: 0, files: 50 })).toBeCloseTo(5_000, -3);
  });

  test('says nothing of a total that is not known, and that nothing is left of nothing', () => {
    const rate = steady(1_000, 100, 10_000);
    expect(rate.remainingMs(10_000, {})).toBeUndefined();
    expect(rate.remainingMs(10_000, { bytes: 0, files: 0 })).toBe(0);
  });
});
