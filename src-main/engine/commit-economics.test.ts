import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commitDelay, commitsPerDay, FIXED_COST_CAP_FROST } from './commit-economics.ts';

const HOUR_MS = 3_600_000;
const MONTH_MS = 30 * 24 * HOUR_MS;

describe('changes wait', () => {
  test.each([
    {
      name: 'a minute where commits cost nothing',
      isTryOut: true,
      cost: 10n ** 12n,
      hours: 1 / 60,
    },
    { name: 'six hours elsewhere', isTryOut: false, cost: 39_000_000n, hours: 6 },
    {
      name: 'longer where that would cost too much',
      isTryOut: false,
      cost: 83_333_334n,
      hours: 12,
    },
    { name: 'a week at most', isTryOut: false, cost: 10n ** 12n, hours: 168 },
    {
      name: 'less where the person pays more',
      isTryOut: false,
      cost: 39_000_000n,
      capFrost: 28_080_000_000n,
      hours: 1,
    },
    {
      name: 'a quarter of an hour at least',
      isTryOut: false,
      cost: 1n,
      capFrost: 10n ** 12n,
      hours: 0.25,
    },
    {
      name: 'as long as can be where nothing may be spent',
      isTryOut: false,
      cost: 1n,
      capFrost: 0n,
      hours: 168,
    },
  ])('$name', ({ isTryOut, cost, capFrost, hours }) => {
    expect(commitDelay({ isTryOut, fixedCostFrost: cost, capFrost }) / HOUR_MS).toBeCloseTo(
      hours,
      5,
    );
  });
});

test('as many commits as fit in a month stay below the cap, but for the longest delay', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 10n ** 8n }),
      fc.bigInt({ min: 10n ** 9n, max: 10n ** 11n }),
      (fixedCostFrost, capFrost) => {
        for (const cap of [capFrost, undefined]) {
          const delayMs = commitDelay({ isTryOut: false, fixedCostFrost, capFrost: cap });
          const commits = BigInt(Math.floor(MONTH_MS / delayMs));
          expect(commits * fixedCostFrost).toBeLessThanOrEqual(cap ?? FIXED_COST_CAP_FROST);
        }
      },
    ),
  );
});

describe('how often a folder will commit', () => {
  test.each([
    { name: 'is assumed when nothing is known', daysKnown: 0, commits: 0, perDay: 1 },
    { name: 'is what it did, after a month', daysKnown: 30, commits: 90, perDay: 3 },
    { name: 'is nothing where nothing changed in a month', daysKnown: 400, commits: 0, perDay: 0 },
    { name: 'is both, in between', daysKnown: 10, commits: 40, perDay: 2 },
    { name: 'does not jump with the first commits', daysKnown: 0.1, commits: 1, perDay: 1.03 },
    { name: 'is not assumed of an archive', permanent: true, daysKnown: 0, commits: 0, perDay: 0 },
    { name: 'counts an archive, too', permanent: true, daysKnown: 30, commits: 3, perDay: 0.1 },
  ])('$name', ({ permanent = false, daysKnown, commits, perDay }) => {
    expect(commitsPerDay({ permanent, daysKnown, commits })).toBeCloseTo(perDay, 2);
  });
});
