import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HorizonPolicy } from '#contract/storage-api.ts';
import { defaultHorizon, gridStep, isDue, purchaseEnd, renewalEnd } from './horizon.ts';

const DAY_MS = 86_400_000;
const network = (epochDays: number, epoch = 100, epochsAheadMax = 53) => ({
  epoch,
  epochStartedAtMs: 1_800_000_000_000,
  epochDurationMs: epochDays * DAY_MS,
  epochsAheadMax,
});

describe('the horizon of a folder that nobody set one for', () => {
  test.each([
    { name: 'two weeks an epoch', days: 14, permanent: false, floor: 6, target: 8, step: 2 },
    { name: 'a week an epoch', days: 7, permanent: false, floor: 12, target: 16, step: 4 },
    // 84 days are more than is sold: a week of renewals in one is left.
    { name: 'a day an epoch', days: 1, permanent: false, floor: 46, target: 53, step: 7 },
    { name: 'two weeks, an archive', days: 14, permanent: true, floor: 40, target: 53, step: 2 },
    { name: 'a day, an archive', days: 1, permanent: true, floor: 40, target: 53, step: 7 },
  ])('$name', ({ days, permanent, floor, target, step }) => {
    const facts = network(days);
    expect(defaultHorizon(facts, permanent)).toEqual({
      kind: 'keep',
      floorEpochs: floor,
      targetEpochs: target,
      untilMs: undefined,
    });
    expect(gridStep(facts)).toBe(step);
  });

  test('an archive is renewed once a quarter of the maximum is used up, and not before', () => {
    const facts = network(14);
    const horizon = defaultHorizon(facts, true);
    expect(isDue(100 + 40, facts, horizon)).toBe(false);
    expect(isDue(100 + 39, facts, horizon)).toBe(true);
    expect(renewalEnd(facts, horizon, true)).toBe(153);
  });
});

describe('the ends of ordinary folders', () => {
  test.each([
    { epoch: 100, bought: 106, renewed: 108 },
    { epoch: 101, bought: 108, renewed: 108 },
  ])('lie on even epochs, bought or renewed in $epoch', ({ epoch, bought, renewed }) => {
    const facts = network(14, epoch);
    const horizon = defaultHorizon(facts, false);
    expect(purchaseEnd(facts, horizon, false)).toBe(bought);
    expect(renewalEnd(facts, horizon, false)).toBe(renewed);
  });
});

describe('a folder that is kept until a date', () => {
  const until = (days: number): HorizonPolicy => ({
    kind: 'until',
    floorEpochs: 6,
    targetEpochs: 8,
    untilMs: 1_800_000_000_000 + days * DAY_MS,
  });
  test.each([
    { name: 'far ahead is renewed as ever', days: 1_000, due: true, end: 108 },
    { name: 'inside the target is bought just as far', days: 50, due: true, end: 104 },
    { name: 'on the start of an epoch ends there', days: 42, due: false, end: 103 },
    { name: 'that has passed is left to lapse', days: -1, due: false, end: 100 },
  ])('$name', ({ days, due, end }) => {
    const facts = network(14);
    expect(isDue(103, facts, until(days))).toBe(due);
    expect(renewalEnd(facts, until(days), false)).toBe(end);
  });
});

test('whatever the network and the horizon: a renewal is due again only in a later epoch, and nothing is bought beyond what is sold', () => {
  const cases = fc.record({
    days: fc.integer({ min: 1, max: 60 }),
    epoch: fc.integer({ min: 1, max: 5_000 }),
    max: fc.integer({ min: 2, max: 104 }),
    permanent: fc.boolean(),
    chosen: fc.option(fc.tuple(fc.integer({ min: 1, max: 104 }), fc.integer({ min: 1, max: 50 }))),
  });
  fc.assert(
    fc.property(cases, ({ days, epoch, max, permanent, chosen }) => {
      const facts = network(days, epoch, max);
      const horizon: HorizonPolicy = chosen
        ? {
            kind: 'keep',
            floorEpochs: chosen[0],
            targetEpochs: chosen[0] + chosen[1],
            untilMs: undefined,
          }
        : defaultHorizon(facts, permanent);
      for (const end of [
        purchaseEnd(facts, horizon, permanent),
        renewalEnd(facts, horizon, permanent),
      ]) {
        expect(end).toBeGreaterThan(epoch);
        expect(end).toBeLessThanOrEqual(epoch + max);
        expect(isDue(end, facts, horizon)).toBe(false);
      }
    }),
  );
});
