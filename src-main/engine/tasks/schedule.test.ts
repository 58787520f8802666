import { describe, expect, test } from 'vitest';
import { dueAtMs, nextAllowedMs, type FolderPast, type Timing } from './schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = new Date(2026, 10, 21, 12, 0).getTime();
const timing: Timing = {
  quietMs: MINUTE,
  commitEveryMs: 6 * HOUR,
  scanEveryMs: 24 * HOUR,
  hours: [],
};
const past = (more: Partial<FolderPast>): FolderPast => ({
  scannedAtMs: NOW - HOUR,
  changes: undefined,
  retryAtMs: undefined,
  ...more,
});
const changed = (firstAgoMs: number, lastAgoMs: number, bytes = 0): FolderPast['changes'] => ({
  firstAtMs: NOW - firstAgoMs,
  lastAtMs: NOW - lastAgoMs,
  bytes,
});

describe('a folder is due', () => {
  test.each([
    { name: 'at once before its first scan', past: past({ scannedAtMs: undefined }), inMs: 0 },
    { name: 'a day after the last scan', past: past({}), inMs: 23 * HOUR },
    { name: 'at once when that was missed', past: past({ scannedAtMs: NOW - 99 * HOUR }), inMs: 0 },
    {
      name: 'when it has been quiet',
      past: past({ changes: changed(MINUTE, 10_000) }),
      inMs: 50_000,
    },
    {
      name: 'some hours after the first change, quiet or not',
      past: past({ changes: changed(6 * HOUR - 20_000, 0) }),
      inMs: 20_000,
    },
    { name: 'when a failure may have passed', past: past({ retryAtMs: NOW + 500 }), inMs: 500 },
    {
      name: 'at once when the clock was set back behind its last scan',
      past: past({ scannedAtMs: NOW + 99 * HOUR }),
      inMs: 0,
    },
    {
      name: 'at once when the clock was set back behind a change',
      past: past({ changes: changed(-HOUR, -HOUR) }),
      inMs: 0,
    },
  ])('$name', ({ past: known, inMs }) => {
    expect(dueAtMs(known, timing, NOW) - NOW).toBe(inMs);
  });
});

describe('much that has changed', () => {
  const BULK = 16 * 1024 * 1024;
  const withBulk = (gapMs: number): Timing => ({ ...timing, bulk: { bytes: BULK, gapMs } });
  test.each([
    { name: 'is due at once', bytes: BULK, gapMs: HOUR, inMs: 0 },
    {
      name: 'waits until the cap allows another commit',
      bytes: BULK,
      gapMs: 3 * HOUR,
      inMs: 2 * HOUR,
    },
    {
      name: 'waits no longer than little does',
      bytes: BULK,
      gapMs: 99 * HOUR,
      inMs: 6 * HOUR - MINUTE,
    },
    { name: 'is more than a byte less', bytes: BULK - 1, gapMs: HOUR, inMs: 6 * HOUR - MINUTE },
  ])('$name', ({ bytes, gapMs, inMs }) => {
    const waiting = { ...withBulk(gapMs), quietMs: 6 * HOUR };
    expect(dueAtMs(past({ changes: changed(MINUTE, 0, bytes) }), waiting, NOW) - NOW).toBe(inMs);
  });
});

describe('hours', () => {
  test.each([
    { name: 'none are always', hours: [], inMs: 0 },
    { name: 'that have begun', hours: [[12 * 60, 13 * 60]], inMs: 0 },
    { name: 'that have just ended are tomorrow', hours: [[11 * 60, 12 * 60]], inMs: 23 * HOUR },
    { name: 'later today', hours: [[13 * 60 + 30, 14 * 60]], inMs: 90 * MINUTE },
    { name: 'over midnight', hours: [[22 * 60, 6 * 60]], inMs: 10 * HOUR },
    { name: 'over midnight, within them', hours: [[11 * 60, 6 * 60]], inMs: 0 },
    {
      name: 'the next of several',
      hours: [
        [1 * 60, 2 * 60],
        [12 * 60 + 5, 13 * 60],
      ],
      inMs: 5 * MINUTE,
    },
    { name: 'that are empty hold nothing up', hours: [[60, 60]], inMs: 0 },
  ] as { name: string; hours: [number, number][]; inMs: number }[])('$name', ({ hours, inMs }) => {
    expect(nextAllowedMs(NOW, hours) - NOW).toBe(inMs);
  });

  test('hold back what is due', () => {
    const held = { ...timing, hours: [[20 * 60, 21 * 60]] as const };
    expect(dueAtMs(past({ scannedAtMs: undefined }), held, NOW) - NOW).toBe(8 * HOUR);
  });
});
