/**
 * @file Time and money in one answer: what ends when, what is renewed when, what all of it costs,
 * how long the balance lasts, and what a person should know now.
 */
import type { BlobInventoryEntry, Cost, Quote, StorageForecast } from '#contract/storage-api.ts';
import { packLimits } from './archive/limits.ts';
import {
  COMMIT_BYTES_MIN,
  commitsCost,
  commitsPerDay,
  habitOf,
  smallestCommitCost,
  type CommitFolder,
  type CommitHabit,
  type CommitParts,
} from './commit-economics.ts';
import type { EngineParts } from './engine-parts.ts';
import { availableFrost } from './funds.ts';
import { expectedGas, expectedPackGas } from './gas.ts';
import { readHoldings, reconcileHoldings, type FolderHolding } from './holdings.ts';
import type { KnownBlob } from './local-index/blob-table.ts';
import type { LocalIndex } from './local-index/local-index.ts';
import { encodedBytes, type WalrusSystem } from './model/walrus.ts';
import { quoteRegistration } from './policy.ts';
import {
  addCosts,
  forecastRenewals,
  monthlyCost,
  NOTHING,
  runsOutAt,
  type ForecastFolder,
  type ForecastOptions,
} from './renewal/forecast.ts';
import { defaultHorizon, purchaseEnd } from './renewal/horizon.ts';
import { dateOf, earliestEnd } from './epoch-dates.ts';
import { capsAt, readRate, spentBy } from './spending.ts';
import { BLOBS_EXTENDED_MAX } from './sui/wallet/limits.ts';
import { storageWarnings } from './storage-warnings.ts';

/** Beside its chunks a pack holds trees, an index and footers: at most so much a file. */
const METADATA_BYTES_PER_FILE = 300;
const METADATA_SHARE = 0.01;
/** How old what is known of the blobs may be when somebody looks. */
const HOLDINGS_AGE_MS_MAX = 60_000;

/** The storage of the whole vault, as far as this device protects it. */
export class Forecasting {
  readonly #parts: EngineParts;
  #reconciled:
    { readonly epoch: number; readonly atMs: number; readonly payments: number } | undefined;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  async storage(signal: AbortSignal): Promise<StorageForecast> {
    const { index, account, chain, options, uploads } = this.#parts;
    const { system, holdings } = await this.#read(signal);
    await uploads.learnTerms(COMMIT_BYTES_MIN, system, signal);
    const available = await availableFrost(this.#parts, signal);
    const { walFrost, suiMist } = await chain.balances(account.address, signal);
    const balance = { walFrost, gasMist: suiMist };
    const { caps, toCome } = capsAt(index, options.clock.nowMs());
    const forecast = forecastOptions(index, system);
    const folders = holdings.map((holding) => ({
      holding,
      forecast: forecastFolder(this.#parts, holding, system),
    }));
    const perMonth = folders
      .map((folder) => monthlyCost(folder.forecast, forecast))
      .reduce(addCosts, NOTHING);
    const outAt = runsOutAt(
      folders.map((folder) => folder.forecast),
      { walFrost: available, gasMist: suiMist },
      forecast,
    );
    const runsOut = outAt === undefined ? undefined : dateOf(system, outAt);
    return {
      now: dateOf(system, system.epoch),
      epochDurationMs: system.epochDurationMs,
      epochsAheadMax: system.epochsAheadMax,
      prices: {
        storageFrostPerMib: system.storagePriceFrostPerMib,
        writeFrostPerMib: system.writePriceFrostPerMib,
      },
      folders: folders.map(({ holding, forecast: own }) => ({
        ...describeHolding(holding, system),
        renewals: forecastRenewals(own, forecast).map(({ epoch, cost }) => ({
          at: dateOf(system, epoch),
          cost,
        })),
        perMonth: monthlyCost(own, forecast),
      })),
      ends: endsOf(holdings, system),
      balance,
      runsOutAt: runsOut,
      perMonth,
      caps,
      ...(toCome === undefined ? {} : { capsToCome: toCome }),
      spent: spentBy(index, { epoch: system.epoch, atMs: options.clock.nowMs() }),
      rate: readRate(index),
      warnings: storageWarnings(this.#parts, {
        system,
        holdings,
        balance: { runsOut, perMonth, available },
      }),
    };
  }

  async blobs(
    request: { readonly folder?: string; readonly offset: number; readonly limit: number },
    signal: AbortSignal,
  ): Promise<{ readonly blobs: readonly BlobInventoryEntry[]; readonly total: number }> {
    const { system, holdings } = await this.#read(signal);
    const all = holdings
      .filter(({ folder }) => request.folder === undefined || folder.folderId === request.folder)
      .flatMap(({ folder, blobs }) =>
        blobs.map((blob) => inventoryEntry(this.#parts, folder.name, blob, system)),
      );
    const { offset, limit } = request;
    return { blobs: all.slice(offset, offset + limit), total: all.length };
  }

  /** What protecting so much would cost, uncompressed: the price is this or less. */
  async quote(
    request: {
      readonly sizeBytes: number;
      readonly fileCount: number;
      readonly permanent: boolean;
      readonly untilMs?: number;
    },
    signal: AbortSignal,
  ): Promise<Quote> {
    const { index, chain, account } = this.#parts;
    const system = await chain.readSystem({ signal });
    const standard = defaultHorizon(system, request.permanent);
    const horizon =
      request.untilMs === undefined
        ? standard
        : { ...standard, kind: 'until' as const, untilMs: request.untilMs };
    const endEpoch = purchaseEnd(system, horizon, request.permanent);
    const packs = packSizes(request, system.shardCount);
    const gas = expectedPackGas(index);
    const tipMist = await this.#parts.uploads.quoteTips(packs, system, signal);
    const now: Cost = {
      walFrost: packs.reduce(
        (sum, size) => sum + quoteRegistration(system, size, endEpoch - system.epoch),
        0n,
      ),
      // A tip is SUI that is gone, as gas is.
      gasMist: gas * BigInt(packs.length) + tipMist,
    };
    const stored = packs.map((size) => encodedBytes(size, system.shardCount));
    const folder: ForecastFolder = {
      horizon,
      permanent: request.permanent,
      blobs: stored.map((storageBytes) => ({ endEpoch, storageBytes })),
      commitsPerEpoch: commitsPerEpoch(
        this.#parts,
        system,
        { permanent: request.permanent, horizon },
        {
          permanent: request.permanent,
          daysKnown: 0,
          commits: 0,
        },
      ),
    };
    const { suiMist } = await chain.balances(account.address, signal);
    const available = await availableFrost(this.#parts, signal);
    return {
      now,
      perMonth: monthlyCost(folder, forecastOptions(index, system)),
      protectedUntil: dateOf(system, endEpoch),
      blobCount: packs.length,
      // Each pack is registered and certified.
      transactionCount: 2 * packs.length,
      encodedBytes: stored.reduce((sum, bytes) => sum + bytes, 0n),
      tipMist,
      missing: {
        walFrost: positive(now.walFrost - available),
        gasMist: positive(now.gasMist - suiMist),
      },
    };
  }

  async #read(
    signal: AbortSignal,
  ): Promise<{ readonly system: WalrusSystem; readonly holdings: readonly FolderHolding[] }> {
    const { chain, options, index } = this.#parts;
    const system = await chain.readSystem({ signal });
    const nowMs = options.clock.monotonicMs();
    const last = this.#reconciled;
    // What this device has paid for since is seen at once; payments under way may still land.
    const payments = index.ledger.count();
    const isSettled = index.ledger.pending().length === 0;
    const isFresh =
      last?.epoch === system.epoch &&
      last.payments === payments &&
      nowMs - last.atMs <= HOLDINGS_AGE_MS_MAX;
    if (!isFresh) {
      await reconcileHoldings(this.#parts, system, signal);
      this.#reconciled = isSettled ? { epoch: system.epoch, atMs: nowMs, payments } : undefined;
    }
    return { system, holdings: readHoldings(this.#parts, system) };
  }
}

function describeHolding(
  { folder, horizon, blobs }: FolderHolding,
  system: WalrusSystem,
): Omit<StorageForecast['folders'][number], 'renewals' | 'perMonth'> {
  const living = blobs.filter(({ endEpoch, isGone }) => endEpoch > system.epoch && !isGone);
  const isWhole = blobs.length > 0 && living.length === blobs.length;
  return {
    folderId: folder.folderId,
    name: folder.name,
    permanent: folder.permanent,
    sizeBytes: living.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    encodedBytes: living.reduce((sum, { storageBytes }) => sum + storageBytes, 0n),
    protectedUntil: isWhole ? earliestEnd(living, system) : undefined,
    horizon,
    retention: undefined,
  };
}

/** What ends when, if nobody pays any more. */
function endsOf(holdings: readonly FolderHolding[], system: WalrusSystem): StorageForecast['ends'] {
  const byEnd = new Map<number, { blobs: Map<string, KnownBlob>; folders: Set<string> }>();
  for (const { folder, blobs } of holdings) {
    for (const blob of blobs) {
      if (blob.endEpoch <= system.epoch) continue;
      const end = byEnd.get(blob.endEpoch) ?? { blobs: new Map(), folders: new Set() };
      byEnd.set(blob.endEpoch, end);
      end.blobs.set(blob.blobObjectId, blob);
      end.folders.add(folder.name);
    }
  }
  return [...byEnd]
    .sort(([a], [b]) => a - b)
    .map(([epoch, { blobs, folders }]) => ({
      at: dateOf(system, epoch),
      blobCount: blobs.size,
      encodedBytes: [...blobs.values()].reduce((sum, { storageBytes }) => sum + storageBytes, 0n),
      folders: [...folders],
    }));
}

function inventoryEntry(
  { index }: EngineParts,
  folderName: string,
  blob: KnownBlob,
  system: WalrusSystem,
): BlobInventoryEntry {
  return {
    folderName,
    packId: blob.packId,
    blobId: index.journal.find(blob.packId)?.blobId ?? '',
    blobObjectId: blob.blobObjectId,
    sizeBytes: blob.sizeBytes,
    encodedBytes: blob.storageBytes,
    permanent: !blob.deletable,
    isShared: blob.isShared,
    endsAt: dateOf(system, blob.endEpoch),
    state: stateOf(blob, system),
  };
}

function stateOf(blob: KnownBlob, system: WalrusSystem): BlobInventoryEntry['state'] {
  if (blob.isGone) return 'gone';
  if (blob.endEpoch <= system.epoch) return 'lapsed';
  return blob.certifiedEpoch === undefined ? 'registered' : 'certified';
}

function forecastFolder(
  parts: EngineParts,
  { folder, horizon, blobs }: FolderHolding,
  system: WalrusSystem,
): ForecastFolder {
  const habit = habitOf(parts.index, folder, parts.options.clock.nowMs());
  return {
    horizon,
    permanent: folder.permanent,
    blobs: blobs.filter(({ isGone }) => !isGone),
    commitsPerEpoch: commitsPerEpoch(parts, system, folder, habit),
  };
}

const commitsPerEpoch = (
  parts: CommitParts,
  system: WalrusSystem,
  folder: CommitFolder,
  habit: CommitHabit,
): Cost => commitsCost(smallestCommitCost(parts, system, folder), commitsPerDay(habit), system);

const forecastOptions = (index: LocalIndex, system: WalrusSystem): ForecastOptions => ({
  facts: system,
  blobsPerTransaction: BLOBS_EXTENDED_MAX,
  gasMistPerTransaction: expectedGas(index, 'extend'),
});

/** The packs that so many bytes in so many files end in. */
function packSizes(
  request: { readonly sizeBytes: number; readonly fileCount: number },
  shardCount: number,
): number[] {
  const { packBytesTarget } = packLimits(shardCount);
  const bytes = Math.ceil(
    request.sizeBytes * (1 + METADATA_SHARE) + request.fileCount * METADATA_BYTES_PER_FILE,
  );
  const full = Math.floor(bytes / packBytesTarget);
  const rest = bytes - full * packBytesTarget;
  const sizes = Array.from({ length: full }, () => packBytesTarget);
  return rest > 0 || full === 0 ? [...sizes, Math.max(rest, 1)] : sizes;
}

const positive = (amount: bigint): bigint => (amount > 0n ? amount : 0n);
