/**
 * @file When changes are committed, and what a commit costs: arithmetic on prices.
 *
 * A commit has a fixed cost, that of the smallest blob (63 units at 1,000 shards), however little
 * has changed. So changes wait for each other: as long as the folder's fixed costs would otherwise
 * exceed what they may be in a month.
 */
import type { FolderSchedule } from '#contract/api.ts';
import type { Cost } from '#contract/storage-api.ts';
import type { Uploads } from './backup/uploads.ts';
import { expectedPackGas } from './gas.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import type { LocalIndex } from './local-index/local-index.ts';
import { encodedBytes, type WalrusSystem } from './model/walrus.ts';
import { endEpochFor, quoteRegistration } from './policy.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MONTH_DAYS = 30;
const MONTH_MS = MONTH_DAYS * DAY_MS;

/** Quiet after which a change is committed on the try-out network, where commits cost nothing. */
const QUIET_TRY_OUT_MS = 60_000;
/** The delay elsewhere, unless prices or the person ask for a longer or a shorter one. */
export const COMMIT_DELAY_MS = 6 * HOUR_MS;
/** Not even a generous cap makes commits follow each other more closely. */
const COMMIT_DELAY_MS_MIN = 15 * 60_000;
/** Nor does a tight one put them off beyond this. */
const COMMIT_DELAY_MS_MAX = 7 * DAY_MS;
/** What a folder's fixed costs may be in a month, in FROST, unless the person says otherwise. */
export const FIXED_COST_CAP_FROST = 5_000_000_000n;
/** What sealing, trees, index and snapshot add to a commit at least. */
export const COMMIT_BYTES_MIN = 4_096;
/** How often a folder is assumed to commit of which nothing is known yet. */
const COMMITS_PER_DAY_ASSUMED = 1;

/** What the price of a commit follows from. */
export type CommitPrices = Pick<
  WalrusSystem,
  | 'epoch'
  | 'epochStartedAtMs'
  | 'epochDurationMs'
  | 'epochsAheadMax'
  | 'shardCount'
  | 'storagePriceFrostPerMib'
  | 'writePriceFrostPerMib'
>;

/** The class of its packs, and for how long they are bought. */
export type CommitFolder = Pick<FolderRecord, 'permanent' | 'horizon'>;

/** What committing `pendingBytes` of changes costs in WAL now; without them, the fixed cost. */
export function commitFrost(
  prices: CommitPrices,
  folder: CommitFolder,
  pendingBytes: number,
): bigint {
  const epochs = endEpochFor(prices, [folder], folder.permanent) - prices.epoch;
  return quoteRegistration(prices, pendingBytes + COMMIT_BYTES_MIN, epochs);
}

/** What a commit of the folder costs at least, however little has changed. */
export const smallestCommitCost = (
  { index, uploads }: CommitParts,
  system: WalrusSystem,
  folder: CommitFolder,
): Cost => ({
  walFrost: commitFrost(system, folder, 0),
  // A tip is SUI that is gone, as gas is.
  gasMist: expectedPackGas(index) + uploads.expectedTip(COMMIT_BYTES_MIN, system),
});

/** What the gas and the tip of a commit follow from. */
export interface CommitParts {
  readonly index: LocalIndex;
  readonly uploads: Pick<Uploads, 'expectedTip'>;
}

/** What a folder is known to do. */
export interface CommitHabit {
  readonly permanent: boolean;
  /** How long it has been protected here, in days; the month that counts is the last. */
  readonly daysKnown: number;
  /** Commits in these days beside the first one, which stored what was there. */
  readonly commits: number;
}

/**
 * How often a folder will commit: as it did, and where less than a month is known of it, for the
 * rest as is assumed. An archive is assumed to stay as it is.
 */
export function commitsPerDay({ permanent, daysKnown, commits }: CommitHabit): number {
  const known = Math.min(MONTH_DAYS, Math.max(0, daysKnown));
  const assumed = permanent ? 0 : COMMITS_PER_DAY_ASSUMED;
  return (commits + assumed * (MONTH_DAYS - known)) / MONTH_DAYS;
}

/** The habit of a folder by its snapshots: by their numbers, since rules may have thinned them out. */
export function habitOf(
  { snapshots }: LocalIndex,
  { folderId, permanent }: FolderRecord,
  nowMs: number,
): CommitHabit {
  // Newest first.
  const rows = snapshots.all(folderId);
  const [newest] = rows;
  const before = rows.find(({ atMs }) => atMs <= nowMs - MONTH_MS) ?? rows.at(-1);
  if (!newest || !before) return { permanent, daysKnown: 0, commits: 0 };
  return {
    permanent,
    daysKnown: (nowMs - before.atMs) / DAY_MS,
    commits: newest.sequence - before.sequence,
  };
}

/** Encoded bytes that the smallest commits of a folder take in an epoch, as far as it is known. */
export function committedBytes(
  { commits, daysKnown }: CommitHabit,
  { shardCount, epochDurationMs }: CommitPrices,
): bigint {
  const days = Math.max(1, Math.min(MONTH_DAYS, daysKnown));
  const perEpoch = Math.floor((commits / days) * (epochDurationMs / DAY_MS));
  return BigInt(perEpoch) * encodedBytes(COMMIT_BYTES_MIN, shardCount);
}

/** What so many of the smallest commits a day cost an epoch. */
export function commitsCost(cost: Cost, perDay: number, prices: CommitPrices): Cost {
  const perEpoch = (perDay * prices.epochDurationMs) / DAY_MS;
  const times = (amount: bigint): bigint =>
    (amount * BigInt(Math.round(perEpoch * 1e6))) / 1_000_000n;
  return { walFrost: times(cost.walFrost), gasMist: times(cost.gasMist) };
}

export interface CommitDelayFacts {
  readonly isTryOut: boolean;
  /** Of a commit of next to nothing. */
  readonly fixedCostFrost: bigint;
  /** Of the folder in 30 days; undefined: the default, and no shorter delay than the usual one. */
  readonly capFrost?: bigint | undefined;
}

/** How long changes wait for others. */
export function commitDelay(facts: CommitDelayFacts): number {
  if (facts.isTryOut) return QUIET_TRY_OUT_MS;
  const gapMs = commitGap(facts);
  return facts.capFrost === undefined ? Math.max(COMMIT_DELAY_MS, gapMs) : gapMs;
}

/** How far apart commits must lie for a month of them to stay below the cap. */
export function commitGap({ fixedCostFrost, capFrost }: CommitDelayFacts): number {
  const cap = capFrost ?? FIXED_COST_CAP_FROST;
  if (cap <= 0n) return COMMIT_DELAY_MS_MAX;
  // Rounded up: one commit more a month would be beyond the cap.
  const affordableMs = Number((BigInt(MONTH_MS) * fixedCostFrost + cap - 1n) / cap);
  return Math.min(COMMIT_DELAY_MS_MAX, Math.max(COMMIT_DELAY_MS_MIN, affordableMs));
}

const PRICES_FACT = 'commit-prices';

/** Remember the prices: the delay of commits follows them without asking the chain. */
export function notePrices(index: LocalIndex, system: CommitPrices): void {
  const { epoch, epochStartedAtMs, epochDurationMs, epochsAheadMax, shardCount } = system;
  const text = JSON.stringify({
    epoch,
    epochStartedAtMs,
    epochDurationMs,
    epochsAheadMax,
    shardCount,
    storagePrice: String(system.storagePriceFrostPerMib),
    writePrice: String(system.writePriceFrostPerMib),
  });
  if (index.readFact(PRICES_FACT) !== text) index.writeFact(PRICES_FACT, text);
}

/** A folder's fixed cost at the prices that were remembered; nothing before there were any. */
function rememberedFixedCost(index: LocalIndex, folder: CommitFolder): bigint {
  const text = index.readFact(PRICES_FACT);
  if (text === undefined) return 0n;
  const { storagePrice, writePrice, ...facts } = JSON.parse(text) as Omit<
    CommitPrices,
    'storagePriceFrostPerMib' | 'writePriceFrostPerMib'
  > & { readonly storagePrice: string; readonly writePrice: string };
  const prices = {
    ...facts,
    storagePriceFrostPerMib: BigInt(storagePrice),
    writePriceFrostPerMib: BigInt(writePrice),
  };
  return commitFrost(prices, folder, 0);
}

/** What the delay of a folder's commits follows from now. */
export const delayFacts = (
  index: LocalIndex,
  folder: CommitFolder & Pick<FolderRecord, 'schedule'>,
  isTryOut: boolean,
): CommitDelayFacts => ({
  isTryOut,
  fixedCostFrost: rememberedFixedCost(index, folder),
  capFrost: folder.schedule.fixedCostCapFrost,
});

/** When a folder is synced by itself, as a person is shown it. */
export function describeSchedule(
  index: LocalIndex,
  folder: CommitFolder & Pick<FolderRecord, 'schedule'>,
  isTryOut: boolean,
): FolderSchedule {
  const { commitEveryMs, hours = [], fixedCostCapFrost } = folder.schedule;
  return {
    commitEveryMs: commitEveryMs ?? 'auto',
    delayMs: commitEveryMs ?? commitDelay(delayFacts(index, folder, isTryOut)),
    hours,
    fixedCostCap: {
      frost: fixedCostCapFrost ?? FIXED_COST_CAP_FROST,
      isDefault: fixedCostCapFrost === undefined,
    },
  };
}
