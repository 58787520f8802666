/**
 * @file What a person should know about time and money now, each with what it takes.
 *
 * A warning has a cause, which names it for as long as it lasts: a notification is made of it once
 * a day at most.
 */
import type { Cost, EpochDate, StorageForecast } from '#contract/storage-api.ts';
import type { SerializedError } from '#contract/errors.ts';
import type { Saying } from '#contract/told.ts';
import type { EngineParts } from './engine-parts.ts';
import type { FolderHolding } from './holdings.ts';
import type { WalrusSystem } from './model/walrus.ts';
import { serializeError, type EngineError } from './model/engine-error.ts';
import { coinText } from './money-text.ts';
import { dateOf, earliestEnd } from './epoch-dates.ts';
import { DAY_MS } from './spending.ts';

/** The first warning comes so many epochs before the earliest end, */
const EPOCHS_FIRST = 4;
/** and from here on one comes every day. */
const EPOCHS_DAILY = 1;
/** Below this a network sells too short a time for a machine that is off over a summer. */
const SHORT_NETWORK_MS = 84 * DAY_MS;
/** A balance that lasts longer is nobody's worry yet. */
const RUNWAY_WARNED_MS = 60 * DAY_MS;

export interface StorageWarning extends Saying {
  /** The same for as long as the cause lasts. */
  readonly cause: string;
  readonly folderName: string | undefined;
  /** Whether a notification is due every day, or once. */
  readonly isDaily: boolean;
}

export interface WarningFacts {
  readonly system: WalrusSystem;
  readonly holdings: readonly FolderHolding[];
  /** Undefined where nobody asked for the balance. */
  readonly balance:
    | {
        readonly runsOut: EpochDate | undefined;
        readonly perMonth: Cost;
        /** What can be paid in WAL. */
        readonly available: bigint;
      }
    | undefined;
}

export function storageWarnings(
  parts: EngineParts,
  facts: WarningFacts,
): (StorageWarning & StorageForecast['warnings'][number])[] {
  return [
    ...facts.holdings.flatMap((holding) => folderWarnings(parts, holding, facts)),
    ...renewalWarnings(parts),
    ...balanceWarnings(parts, facts),
    ...networkWarnings(facts),
  ];
}

function folderWarnings(
  { account, owners }: EngineParts,
  { folder, horizon, blobs }: FolderHolding,
  { system }: WarningFacts,
): StorageWarning[] {
  const { name: folderName, folderId } = folder;
  const warnings: StorageWarning[] = [];
  const lost = blobs.filter(({ isGone, endEpoch }) => isGone || endEpoch <= system.epoch);
  if (lost.length > 0) {
    warnings.push({
      cause: `lost ${folderId}`,
      folderName,
      sentence: `${countText(lost.length, 'blob')} of ${folderName} ${lost.length === 1 ? 'is' : 'are'} gone from the network.`,
      next: `Run \`floe sync ${folderName}\`: what lay there is stored anew.`,
      told: { what: 'lost', folder: folderName, blobs: lost.length },
      isDaily: true,
    });
  }
  const end = earliestEnd(blobs, system);
  if (end === undefined) return warnings;
  const left = end.epoch - system.epoch;
  const isMeantToEnd =
    horizon.kind === 'until' && horizon.untilMs !== undefined && end.atMs >= horizon.untilMs;
  if (left <= EPOCHS_FIRST && !isMeantToEnd) {
    const isDaily = left <= EPOCHS_DAILY;
    warnings.push({
      cause: `ends ${folderId} ${isDaily ? 'now' : 'soon'}`,
      folderName,
      sentence: `${folderName} is protected until ${dayText(end.atMs)} only, and was not renewed in time.`,
      next: `Run \`floe renew ${folderName}\`: it says what is in the way.`,
      told: { what: 'ends', folder: folderName, atMs: end.atMs },
      isDaily,
    });
  }
  if (isMeantToEnd && left <= EPOCHS_FIRST) {
    warnings.push({
      cause: `until ${folderId}`,
      folderName,
      sentence: `${folderName} ends on ${dayText(end.atMs)}, as you chose.`,
      next: `Run \`floe policy ${folderName} --keep\` if it is to stay.`,
      told: { what: 'ends-as-chosen', folder: folderName, atMs: end.atMs },
      isDaily: false,
    });
  }
  const foreign = blobs.filter(
    ({ owner, isGone }) =>
      !isGone && owner !== undefined && owner !== account.address && owners.has(owner),
  );
  if (foreign.length > 0) {
    warnings.push({
      cause: `foreign ${folderId}`,
      folderName,
      sentence: `${countText(foreign.length, 'blob')} of ${folderName} belong to another device of this vault, and only that one can renew them.`,
      next: 'Let that device run now and then, or add the folder anew on this one.',
      told: { what: 'foreign', folder: folderName, blobs: foreign.length },
      isDaily: false,
    });
  }
  return warnings;
}

/** Why the last renewal could not be made in whole, kept until one can. */
const RENEWAL_PROBLEM_FACT = 'renewal-problem';

export function noteRenewalProblem({ index }: EngineParts, problem: EngineError | undefined): void {
  index.writeFact(
    RENEWAL_PROBLEM_FACT,
    problem === undefined ? '' : JSON.stringify(serializeError(problem)),
  );
}

function renewalWarnings({ index }: EngineParts): StorageWarning[] {
  const text = index.readFact(RENEWAL_PROBLEM_FACT) ?? '';
  if (text === '') return [];
  const problem = JSON.parse(text) as SerializedError;
  const { message, next } = problem;
  return [
    {
      cause: 'renewal',
      folderName: undefined,
      sentence: `The vault cannot be renewed in whole: ${message}.`,
      next,
      told: { what: 'renewal-stuck', problem },
      isDaily: true,
    },
  ];
}

function balanceWarnings(
  { wallet, options }: EngineParts,
  { system, balance }: WarningFacts,
): StorageWarning[] {
  // A faucet gives what is missing.
  if (options.network.faucet || balance?.runsOut === undefined) return [];
  const { runsOut, perMonth, available } = balance;
  if (runsOut.atMs - system.epochStartedAtMs > RUNWAY_WARNED_MS) return [];
  return [
    {
      cause: 'balance',
      folderName: undefined,
      sentence: `The balance pays for renewals until ${dayText(runsOut.atMs)}: it holds ${coinText(available)} WAL, and everything costs ${coinText(perMonth.walFrost)} WAL a month.`,
      next: `Send WAL and a little SUI to ${wallet.address}.`,
      told: {
        what: 'runway',
        atMs: runsOut.atMs,
        frost: String(available),
        perMonthFrost: String(perMonth.walFrost),
        address: wallet.address,
      },
      isDaily: false,
    },
  ];
}

function networkWarnings({ system, holdings }: WarningFacts): StorageWarning[] {
  const furthestMs = system.epochsAheadMax * system.epochDurationMs;
  if (furthestMs >= SHORT_NETWORK_MS || holdings.length === 0) return [];
  const days = Math.floor(furthestMs / DAY_MS);
  const furthest = dateOf(system, system.epoch + system.epochsAheadMax);
  return [
    {
      cause: 'short network',
      folderName: undefined,
      sentence: `This network sells storage for ${days === 0 ? 'less than a day' : countText(days, 'day')} at most, now until ${dayText(furthest.atMs)}: if no device of yours runs for longer, what is stored here is lost.`,
      next: 'Let one device run at least every few days, or use a network with longer epochs.',
      told: { what: 'short-network', days, atMs: furthest.atMs },
      isDaily: false,
    },
  ];
}

const countText = (count: number, noun: string): string =>
  `${String(count)} ${noun}${count === 1 ? '' : 's'}`;

export const dayText = (atMs: number): string =>
  new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' }).format(atMs);
