import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RetentionPolicy } from '#contract/storage-api.ts';
import { keptSnapshots } from './retention.ts';

const nothing: RetentionPolicy = {
  keepWithinMs: undefined,
  hourly: 0,
  daily: 0,
  weekly: 0,
  monthly: 0,
  yearly: 0,
};
const HOUR_MS = 3_600_000;
const at = (text: string): number => Date.parse(`${text}Z`);
const snapshots = (...texts: string[]) => texts.map((text) => ({ id: text, atMs: at(text) }));
const NOW = at('2027-03-03T12:00');

describe('of these snapshots', () => {
  // A Wednesday, its Monday, the Sunday before, the month before, the year before.
  const all = snapshots(
    '2027-03-03T11:50',
    '2027-03-03T11:10',
    '2027-03-03T09:30',
    '2027-03-01T08:00',
    '2027-02-28T23:59',
    '2027-02-01T10:00',
    '2026-12-31T23:59',
    '2026-01-01T00:00',
  );
  const [newest, sameHour, earlier, monday, sunday, february, december, january] = all.map(
    ({ id }) => id,
  );
  test.each([
    { name: 'no rule', rule: {}, kept: [newest] },
    {
      name: 'one an hour, of two hours that have one',
      rule: { hourly: 2 },
      kept: [newest, earlier],
    },
    { name: 'one a day, however far back', rule: { daily: 3 }, kept: [newest, monday, sunday] },
    { name: 'one a week, which begins on Monday', rule: { weekly: 2 }, kept: [newest, sunday] },
    { name: 'one a month', rule: { monthly: 3 }, kept: [newest, sunday, december] },
    { name: 'one a year', rule: { yearly: 9 }, kept: [newest, december] },
    {
      name: 'all within three hours',
      rule: { keepWithinMs: 3 * HOUR_MS },
      kept: [newest, sameHour, earlier],
    },
    {
      name: 'several rules together',
      rule: { hourly: 1, weekly: 1, yearly: 2 },
      kept: [newest, december],
    },
  ])('$name keeps', ({ rule, kept }) => {
    expect([...keptSnapshots(all, { ...nothing, ...rule }, NOW)].sort()).toEqual([...kept].sort());
  });

  test('what is always kept is kept beside the rules, and takes no place of theirs', () => {
    const always = new Set([february ?? '', january ?? '']);
    const kept = keptSnapshots(all, { ...nothing, yearly: 2 }, NOW, always);
    expect([...kept].sort()).toEqual([newest, february, december, january].sort());
  });
});

const counts = fc.integer({ min: 0, max: 6 });
const policies: fc.Arbitrary<RetentionPolicy> = fc.record({
  keepWithinMs: fc.option(fc.integer({ min: 0, max: 400 * 24 * HOUR_MS }), { nil: undefined }),
  hourly: counts,
  daily: counts,
  weekly: counts,
  monthly: counts,
  yearly: counts,
});
const histories = fc
  .uniqueArray(fc.integer({ min: 0, max: 3 * 365 * 24 * HOUR_MS }), { maxLength: 60 })
  .map((ages) => ages.map((age) => ({ id: age, atMs: NOW - age })));

describe('whatever the rules and the history', () => {
  test('the newest stays, and no more than the rules have room for', () => {
    fc.assert(
      fc.property(histories, policies, (all, policy) => {
        const kept = keptSnapshots(all, policy, NOW);
        const ages = all.map(({ id }) => id);
        if (ages.length > 0) expect(kept.has(Math.min(...ages))).toBe(true);
        const { keepWithinMs, hourly, daily, weekly, monthly, yearly } = policy;
        const recent = ages.filter((age) => keepWithinMs !== undefined && age <= keepWithinMs);
        expect(recent.every((age) => kept.has(age))).toBe(true);
        const room = 1 + recent.length + hourly + daily + weekly + monthly + yearly;
        expect(kept.size).toBeLessThanOrEqual(room);
      }),
    );
  });

  test('looking again changes nothing: what was kept is kept', () => {
    fc.assert(
      fc.property(histories, policies, (all, policy) => {
        const once = keptSnapshots(all, policy, NOW);
        const rest = all.filter(({ id }) => once.has(id));
        expect(keptSnapshots(rest, policy, NOW)).toEqual(once);
      }),
    );
  });

  test('a rule that wants more keeps at least what it kept before', () => {
    fc.assert(
      fc.property(histories, policies, (all, policy) => {
        const less = keptSnapshots(all, policy, NOW);
        const more = keptSnapshots(all, { ...policy, daily: policy.daily + 1 }, NOW);
        expect([...less].every((id) => more.has(id))).toBe(true);
      }),
    );
  });
});
