/**
 * @file The years to come, played through: which renewals a policy brings, what they cost at the
 * prices of today, and until when the balance pays for them. Nothing is asked and nothing changes.
 */
import type { Cost, HorizonPolicy } from '#contract/storage-api.ts';
import { storageCostFrost } from '../model/walrus.ts';
import { isDue, renewalEnd } from './horizon.ts';
import type { HeldBlob, PlanFacts } from './plan.ts';

/** How far a forecast looks: what the networks sell at most, about two years. */
const FORECAST_MS = 2 * 365 * 86_400_000;
/** Epochs of a network with very short ones that are played through. */
const FORECAST_EPOCHS_MAX = 1_000;
const MONTH_MS = 30 * 86_400_000;

export interface ForecastFolder {
  readonly horizon: HorizonPolicy;
  readonly permanent: boolean;
  readonly blobs: readonly Pick<HeldBlob, 'endEpoch' | 'storageBytes'>[];
  /** What its commits cost an epoch, by how often it commits. */
  readonly commitsPerEpoch: Cost;
}

export interface ForecastOptions {
  readonly facts: PlanFacts;
  readonly blobsPerTransaction: number;
  readonly gasMistPerTransaction: bigint;
}

export interface PlannedRenewal {
  readonly epoch: number;
  readonly cost: Cost;
}

/** Blobs of one end, as one. */
interface Lot {
  count: number;
  frostPerEpoch: bigint;
}

export function forecastEpochs({ epochDurationMs }: PlanFacts): number {
  return Math.min(FORECAST_EPOCHS_MAX, Math.ceil(FORECAST_MS / epochDurationMs));
}

/** The renewals of one folder, the first of them perhaps now. */
export function forecastRenewals(
  { horizon, permanent, blobs }: ForecastFolder,
  options: ForecastOptions,
): PlannedRenewal[] {
  const { facts, blobsPerTransaction, gasMistPerTransaction } = options;
  const lots = lotsByEnd(blobs, facts);
  const renewals: PlannedRenewal[] = [];
  for (let ahead = 0; ahead < forecastEpochs(facts); ahead += 1) {
    const now = epochsLater(facts, ahead);
    for (const end of [...lots.keys()]) if (end <= now.epoch) lots.delete(end);
    if (![...lots.keys()].some((end) => isDue(end, now, horizon))) continue;
    const target = renewalEnd(now, horizon, permanent);
    const due = [...lots].filter(([end]) => end < target);
    const walFrost = due.reduce(
      (sum, [end, lot]) => sum + lot.frostPerEpoch * BigInt(target - end),
      0n,
    );
    const count = due.reduce((sum, [, lot]) => sum + lot.count, 0);
    const transactions = Math.ceil(count / blobsPerTransaction);
    const gasMist = BigInt(transactions) * gasMistPerTransaction;
    renewals.push({ epoch: now.epoch, cost: { walFrost, gasMist } });
    for (const [end, lot] of due) {
      lots.delete(end);
      addLot(lots, target, lot);
    }
  }
  return renewals;
}

/** What keeping the folders costs in a month of 30 days, commits included. */
export function monthlyCost(folder: ForecastFolder, options: ForecastOptions): Cost {
  const { facts } = options;
  const epochs = FORECAST_MS / facts.epochDurationMs;
  const months = FORECAST_MS / MONTH_MS;
  const perEpoch = folder.blobs.reduce(
    (sum, { storageBytes }) =>
      sum + storageCostFrost(storageBytes, 1, facts.storagePriceFrostPerMib),
    folder.commitsPerEpoch.walFrost,
  );
  const renewals = forecastRenewals(folder, options);
  const gas = renewals.reduce((sum, { cost }) => sum + cost.gasMist, 0n);
  return {
    walFrost: scaled(perEpoch, epochs / months),
    gasMist: scaled(gas, 1 / months) + scaled(folder.commitsPerEpoch.gasMist, epochs / months),
  };
}

/** The first epoch whose payments the balance does not cover; undefined when it lasts. */
export function runsOutAt(
  folders: readonly ForecastFolder[],
  balance: Cost,
  options: ForecastOptions,
): number | undefined {
  const { facts } = options;
  const renewals = folders.flatMap((folder) => forecastRenewals(folder, options));
  const perEpoch = folders.map(({ commitsPerEpoch }) => commitsPerEpoch).reduce(addCosts, NOTHING);
  let left = balance;
  for (let ahead = 0; ahead < forecastEpochs(facts); ahead += 1) {
    const epoch = facts.epoch + ahead;
    const due = renewals.filter((renewal) => renewal.epoch === epoch).map(({ cost }) => cost);
    const cost = due.reduce(addCosts, perEpoch);
    left = { walFrost: left.walFrost - cost.walFrost, gasMist: left.gasMist - cost.gasMist };
    if (left.walFrost < 0n || left.gasMist < 0n) return epoch;
  }
  return undefined;
}

export const NOTHING: Cost = { walFrost: 0n, gasMist: 0n };

export const addCosts = (a: Cost, b: Cost): Cost => ({
  walFrost: a.walFrost + b.walFrost,
  gasMist: a.gasMist + b.gasMist,
});

export const scaleCost = (cost: Cost, factor: number): Cost => ({
  walFrost: scaled(cost.walFrost, factor),
  gasMist: scaled(cost.gasMist, factor),
});

/** An amount times a factor, to a millionth. */
function scaled(amount: bigint, factor: number): bigint {
  return (amount * BigInt(Math.round(factor * 1e6))) / 1_000_000n;
}

function lotsByEnd(blobs: ForecastFolder['blobs'], facts: PlanFacts): Map<number, Lot> {
  const lots = new Map<number, Lot>();
  for (const { endEpoch, storageBytes } of blobs) {
    const frostPerEpoch = storageCostFrost(storageBytes, 1, facts.storagePriceFrostPerMib);
    addLot(lots, endEpoch, { count: 1, frostPerEpoch });
  }
  return lots;
}

function addLot(lots: Map<number, Lot>, end: number, { count, frostPerEpoch }: Lot): void {
  const lot = lots.get(end) ?? { count: 0, frostPerEpoch: 0n };
  lots.set(end, {
    count: lot.count + count,
    frostPerEpoch: lot.frostPerEpoch + frostPerEpoch,
  });
}

const epochsLater = (facts: PlanFacts, ahead: number): PlanFacts => ({
  ...facts,
  epoch: facts.epoch + ahead,
  epochStartedAtMs: facts.epochStartedAtMs + ahead * facts.epochDurationMs,
});
