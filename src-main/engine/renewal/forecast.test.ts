import { describe, expect, test } from 'vitest';
import { forecastRenewals, monthlyCost, runsOutAt, type ForecastFolder } from './forecast.ts';
import { defaultHorizon } from './horizon.ts';

const MIB = 1_048_576n;
const facts = {
  epoch: 100,
  epochStartedAtMs: 1_800_000_000_000,
  epochDurationMs: 14 * 86_400_000,
  epochsAheadMax: 53,
  storagePriceFrostPerMib: 10n,
};
const options = { facts, blobsPerTransaction: 200, gasMistPerTransaction: 7n };
const nothing = { walFrost: 0n, gasMist: 0n };
const folder = (permanent: boolean, ends: readonly number[]): ForecastFolder => ({
  horizon: defaultHorizon(facts, permanent),
  permanent,
  blobs: ends.map((endEpoch) => ({ endEpoch, storageBytes: 3n * MIB })),
  commitsPerEpoch: nothing,
});

describe('the renewals to come', () => {
  test('of an ordinary folder are one every other epoch, each for two epochs', () => {
    const renewals = forecastRenewals(folder(false, [106, 108]), options);
    // 53 epochs are two years. The first one brings both blobs to one end.
    expect(renewals.slice(0, 3)).toEqual([
      { epoch: 101, cost: { walFrost: 60n, gasMist: 7n } },
      { epoch: 103, cost: { walFrost: 120n, gasMist: 7n } },
      { epoch: 105, cost: { walFrost: 120n, gasMist: 7n } },
    ]);
    expect(renewals).toHaveLength(26);
  });

  test('of an archive come when a quarter of the maximum is used up', () => {
    const renewals = forecastRenewals(folder(true, [153]), options);
    expect(renewals.map(({ epoch }) => epoch)).toEqual([114, 128, 142]);
    expect(renewals[0]?.cost.walFrost).toBe(14n * 30n);
  });

  test('end with the date that was chosen', () => {
    const untilMs = facts.epochStartedAtMs + 9 * facts.epochDurationMs;
    const base = folder(false, [105]);
    const until = { ...base, horizon: { ...base.horizon, kind: 'until' as const, untilMs } };
    expect(forecastRenewals(until, options)).toEqual([
      { epoch: 100, cost: { walFrost: 90n, gasMist: 7n } },
      { epoch: 103, cost: { walFrost: 30n, gasMist: 7n } },
    ]);
  });

  test('are none for what has ended', () => {
    expect(forecastRenewals(folder(false, [100, 99]), options)).toEqual([]);
  });

  test('count each transaction of a plan', () => {
    const many = folder(
      false,
      Array.from({ length: 401 }, () => 104),
    );
    expect(forecastRenewals(many, options)[0]?.cost.gasMist).toBe(21n);
  });
});

test('a month costs its share of an epoch, with the commits in it', () => {
  const one = {
    ...folder(false, [108]),
    commitsPerEpoch: { walFrost: 14n, gasMist: 0n },
  };
  // 44 an epoch of 14 days, for 30 days.
  expect(monthlyCost(one, options).walFrost).toBe(94n);
});

describe('a balance', () => {
  const folders = [folder(false, [106]), folder(true, [153])];
  test.each([
    { name: 'of nothing runs out with the first renewal', wal: 0n, epoch: 101 },
    { name: 'runs out when the archive is due', wal: 7n * 60n, epoch: 114 },
    { name: 'of enough lasts', wal: 10_000n, epoch: undefined },
  ])('$name', ({ wal, epoch }) => {
    expect(runsOutAt(folders, { walFrost: wal, gasMist: 10_000n }, options)).toBe(epoch);
  });
});
