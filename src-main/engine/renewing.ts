/**
 * @file Renews what is due, and extends what is asked for: one plan, one way to carry it out.
 *
 *     reconcile with the chain → plan → for each transaction: funds, journal, submit
 *
 * Nothing is remembered between two transactions but what the chain shows: a renewal that was cut
 * off anywhere is gone on with by planning again, and what is done drops out of the plan.
 */
import type { ExtendReport } from '#contract/api.ts';
import type { Cost, RenewalPlan, RenewalReport } from '#contract/storage-api.ts';
import type { EngineParts } from './engine-parts.ts';
import { dateOf, earliestEnd } from './epoch-dates.ts';
import { asProtectedNow } from './folders.ts';
import { availableFrost, ensureFunds } from './funds.ts';
import { expectedGas } from './gas.ts';
import { KEPT_ALIVE_EPOCHS } from './giving-up.ts';
import {
  extendableBlobs,
  readHoldings,
  reconcileHoldings,
  type FolderHolding,
} from './holdings.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import { EngineError, serializeError } from './model/engine-error.ts';
import type { BlobId, FolderId, TransactionDigest } from './model/ids.ts';
import type { WalrusSystem } from './model/walrus.ts';
import { coinText } from './money-text.ts';
import { addCosts, NOTHING } from './renewal/forecast.ts';
import {
  costOf,
  dueTargets,
  planExtensions,
  type ExtensionPlan,
  type HeldBlob,
  type PlannedExtension,
} from './renewal/plan.ts';
import { allowanceOf, readCaps, spentBy } from './spending.ts';
import { noteRenewalProblem } from './storage-warnings.ts';
import { BLOBS_EXTENDED_MAX } from './sui/wallet/limits.ts';

/** Plans made anew because the price or the epoch moved while one was carried out. */
const REPLANS_MAX = 5;

/** Told how many of a plan's blobs are paid for. */
type OnBlobs = (blobs: { readonly done: number; readonly total: number }) => void;

interface Agreed {
  readonly onBlobs?: OnBlobs | undefined;
  /** What it may cost in all, also when it is planned anew on its way. */
  readonly walFrostMax?: bigint | undefined;
}

/** Which folders go to which end. */
type Targets = ReadonlyMap<FolderId, number>;

interface Prepared {
  readonly system: WalrusSystem;
  readonly holdings: readonly FolderHolding[];
  readonly blobs: readonly HeldBlob[];
  readonly targets: Targets;
  readonly plan: ExtensionPlan;
  readonly problem: EngineError | undefined;
}

/** What would be renewed now, of all folders or of one, but for what is `leaving`. Nothing is spent. */
export async function planRenewal(
  parts: EngineParts,
  folder: FolderRecord | undefined,
  signal: AbortSignal,
  leaving: ReadonlySet<BlobId> = new Set(),
): Promise<RenewalPlan> {
  const prepared = await prepare(parts, dueOf(parts, folder, leaving), signal);
  return describe(prepared, await simulateGas(parts, prepared.plan, signal));
}

/** Renew what is due. A second call finds nothing to do. */
export async function renew(
  parts: EngineParts,
  folder: FolderRecord | undefined,
  signal: AbortSignal,
  agreed: Agreed = {},
): Promise<RenewalReport> {
  const due = dueOf(parts, folder);
  const first = await prepare(parts, due, signal);
  let digests: readonly TransactionDigest[];
  try {
    digests = await carryOut(parts, first, due, signal, agreed);
  } catch (error) {
    const isStuck = error instanceof EngineError && error.retry === 'after-user-action';
    // A price that somebody did not agree to keeps nobody else from renewing.
    if (isStuck && error.code !== 'price-risen') {
      noteRenewalProblem(parts, error);
    }
    throw error;
  }
  if (folder === undefined) noteRenewalProblem(parts, first.problem);
  const executed = spentOn(parts, digests);
  const gas = digests.length === 0 ? NOTHING.gasMist : executed.gasMist;
  return { ...describe(first, gas), executed, digests };
}

/**
 * Bring everything that a folder holds to one end: `endEpoch`, or `epochs` beyond the earliest.
 *
 * What is meant by `epochs` is decided once and kept until it is reached, so that asking again
 * after a crash goes on towards the same end instead of buying more.
 *
 * @throws EngineError `folder-unknown` once it was removed, `blob-not-certified` before the first
 *   sync, `balance-low`, `cap-exceeded`
 */
export async function extendFolder(
  parts: EngineParts,
  folder: FolderRecord,
  request: ExtensionWish,
  signal: AbortSignal,
): Promise<ExtendReport> {
  const { index } = parts;
  const { folderId } = asProtectedNow(index, folder);
  if (!index.snapshots.newest(folderId)) {
    throw new EngineError('blob-not-certified', `${folder.name} has no snapshot yet`);
  }
  const fact = `extend-${folderId}`;
  const targetsOf: Extending['targetsOf'] = (_holdings, blobs, system) => {
    const own = blobs.filter(({ folderIds }) => folderIds.includes(folderId));
    const wanted = wantedEnd(request, own, index.readFact(fact));
    if (wanted === undefined) return new Map();
    index.writeFact(fact, JSON.stringify({ ...request, target: wanted }));
    return new Map([[folderId, Math.min(wanted, system.epoch + system.epochsAheadMax)]]);
  };
  // The person wants all of it, also what is to be repacked before long.
  const extending: Extending = { targetsOf, isLeft: () => false };
  const prepared = await prepare(parts, extending, signal);
  const digests = await carryOut(parts, prepared, extending, signal);
  if (prepared.problem) throw prepared.problem;
  index.writeFact(fact, '');
  const after = readHoldings(parts, prepared.system).find(
    (holding) => holding.folder.folderId === folderId,
  );
  return {
    blobs: prepared.plan.transactions.flat().length,
    transactions: digests.length,
    spent: spentOn(parts, digests),
    protectedUntil: earliestEnd(after?.blobs ?? [], prepared.system),
  };
}

export interface ExtensionWish {
  readonly epochs?: number;
  readonly endEpoch?: number;
}

function wantedEnd(
  { epochs, endEpoch }: ExtensionWish,
  blobs: readonly HeldBlob[],
  unfinished: string | undefined,
): number | undefined {
  if (endEpoch !== undefined || epochs === undefined) return endEpoch;
  if (unfinished !== undefined && unfinished !== '') {
    const before = JSON.parse(unfinished) as ExtensionWish & { readonly target: number };
    if (before.epochs === epochs) return before.target;
  }
  if (blobs.length === 0) return undefined;
  return Math.min(...blobs.map((blob) => blob.endEpoch)) + epochs;
}

interface Extending {
  readonly targetsOf: (
    holdings: readonly FolderHolding[],
    blobs: readonly HeldBlob[],
    system: WalrusSystem,
  ) => Targets;
  /** Whether a blob is left as it is. */
  readonly isLeft: (blobId: BlobId, endEpoch: number, system: WalrusSystem) => boolean;
}

/**
 * The folders that their horizons say are due, without what is `leaving` by plan. What is leaving
 * already is extended only when it may end before it has left.
 */
function dueOf(
  { index }: EngineParts,
  only: FolderRecord | undefined,
  leaving: ReadonlySet<BlobId> = new Set(),
): Extending {
  const begun = new Set(index.leaving.all().map(({ blobId }) => blobId));
  return {
    targetsOf: (holdings, blobs, system) =>
      dueTargets(
        blobs,
        holdings
          .filter(({ folder }) => only === undefined || folder.folderId === only.folderId)
          .map(({ folder, horizon }) => ({
            folderId: folder.folderId,
            permanent: folder.permanent,
            horizon,
          })),
        system,
      ),
    isLeft: (blobId, endEpoch, { epoch }) =>
      leaving.has(blobId) || (begun.has(blobId) && endEpoch - epoch > KEPT_ALIVE_EPOCHS),
  };
}

async function prepare(
  parts: EngineParts,
  { targetsOf, isLeft }: Extending,
  signal: AbortSignal,
): Promise<Prepared> {
  const { index, river, options } = parts;
  const system = await river.refresh(signal);
  await river.payments.settlePending(signal);
  await reconcileHoldings(parts, system, signal);
  const holdings = readHoldings(parts, system);
  const blobs = extendableBlobs(parts, holdings, system).filter(({ packId, endEpoch }) => {
    const blobId = index.journal.find(packId)?.blobId;
    return blobId === undefined || !isLeft(blobId, endEpoch, system);
  });
  const targets = targetsOf(holdings, blobs, system);
  const nowMs = options.clock.nowMs();
  const caps = readCaps(index, nowMs);
  const spent = spentBy(index, { epoch: system.epoch, atMs: nowMs });
  // Of what is left in all, no transaction may take more than its own cap.
  const unlimited = { ...caps, perTransaction: caps.perEpoch };
  const left = allowanceOf(unlimited, spent).walFrost;
  const available = await availableFrost(parts, signal);
  const plan = planExtensions(blobs, targets, system, {
    blobsPerTransaction: BLOBS_EXTENDED_MAX,
    frostPerTransaction: caps.perTransaction.walFrost,
    frostInAll: left < available ? left : available,
  });
  const problem = whyPostponed(parts, plan, available, left);
  return { system, holdings, blobs, targets, plan, problem };
}

/** Why not all of it can be done now, and what it takes. */
function whyPostponed(
  { index, wallet, options }: EngineParts,
  plan: ExtensionPlan,
  available: bigint,
  leftOfCaps: bigint,
): EngineError | undefined {
  if (plan.postponed.length === 0) return undefined;
  const needed = costOf(plan.transactions.flat()) + costOf(plan.postponed);
  const neededFrost = String(needed);
  if (available < needed && available <= leftOfCaps) {
    return new EngineError(
      'balance-low',
      `renewing takes ${coinText(needed)} WAL, the wallet holds ${coinText(available)}: ${coinText(needed - available)} are missing. Send them to ${wallet.address}`,
      { context: { address: wallet.address, neededFrost, walFrost: String(available) } },
    );
  }
  if (leftOfCaps >= needed) {
    const { walFrost } = readCaps(index, options.clock.nowMs()).perTransaction;
    return new EngineError(
      'cap-exceeded',
      `a single blob costs more than the cap of a transaction, ${coinText(walFrost)} WAL: it is renewed in pieces`,
      { context: { amount: neededFrost, cap: String(walFrost) } },
    );
  }
  return new EngineError(
    'cap-exceeded',
    `renewing takes ${coinText(needed)} WAL, the caps leave ${coinText(leftOfCaps)} now: the rest waits`,
    { context: { amount: neededFrost, cap: String(leftOfCaps) } },
  );
}

/** Carry a plan out. Returns the digests that landed; what they changed is told in any case. */
async function carryOut(
  parts: EngineParts,
  { plan }: Prepared,
  extending: Extending,
  signal: AbortSignal,
  agreed: Agreed = {},
): Promise<TransactionDigest[]> {
  const digests: TransactionDigest[] = [];
  try {
    await payForAll(parts, plan, extending, digests, signal, agreed);
    if (digests.length > 0) {
      await reconcileHoldings(parts, await parts.river.refresh(signal), signal);
    }
  } finally {
    if (digests.length > 0) parts.emit({ kind: 'status-changed' });
  }
  return digests;
}

/** Pay for what is planned, and plan anew when the ground has moved. Adds to `digests` what landed. */
async function payForAll(
  parts: EngineParts,
  planned: ExtensionPlan,
  extending: Extending,
  digests: TransactionDigest[],
  signal: AbortSignal,
  { onBlobs, walFrostMax }: Agreed,
): Promise<void> {
  const paid = (): bigint => spentOn(parts, digests).walFrost;
  let plan = planned;
  let done = 0;
  for (let replans = 0; ; replans += 1) {
    try {
      refuseRisen(paid() + costOf(plan.transactions.flat()), walFrostMax);
      const total = done + plan.transactions.flat().length;
      onBlobs?.({ done, total });
      for (const extensions of plan.transactions) {
        const digest = await payFor(parts, extensions, signal, (quoted) =>
          refuseRisen(paid() + quoted, walFrostMax),
        );
        if (digest !== undefined) digests.push(digest);
        done += extensions.length;
        onBlobs?.({ done, total });
      }
      return;
    } catch (error) {
      const isMoved = error instanceof EngineError && error.retry === 'after-refresh';
      if (!isMoved || replans === REPLANS_MAX) throw error;
      parts.options.logger.info('a renewal is planned again', { code: error.code });
      plan = (await prepare(parts, extending, signal)).plan;
    }
  }
}

/** @throws EngineError `price-risen` */
export function refuseRisen(amount: bigint, shown: bigint | undefined): void {
  if (shown === undefined || amount <= shown) return;
  throw new EngineError(
    'price-risen',
    `it costs ${coinText(amount)} WAL by now, ${coinText(shown)} were agreed to`,
    { context: { amount: String(amount), shown: String(shown) } },
  );
}

/** `checkQuote` may refuse what the transaction costs by the prices that it is made with. */
async function payFor(
  parts: EngineParts,
  extensions: readonly PlannedExtension[],
  signal: AbortSignal,
  checkQuote: (walFrost: bigint) => void,
): Promise<TransactionDigest | undefined> {
  const { chain, wallet, river, options } = parts;
  const { network } = options;
  const payments = river.payments;
  await ensureFunds(
    { chain, wallet, network, payments: () => payments },
    costOf(extensions),
    signal,
  );
  const outcome = await payments.pay(
    extensions.map(({ packId }) => packId),
    async () => {
      const { transaction } = await wallet.prepareExtend(extensions, { signal });
      try {
        checkQuote(transaction?.quote.walFrost ?? 0n);
      } catch (error) {
        if (transaction) wallet.discard(transaction);
        throw error;
      }
      return transaction;
    },
    signal,
  );
  return outcome?.digest;
}

/** What the transactions of a plan would take in gas: the first and the last are simulated. */
async function simulateGas(
  { wallet, index }: EngineParts,
  { transactions }: ExtensionPlan,
  signal: AbortSignal,
): Promise<bigint> {
  const gasOf = async (extensions: readonly PlannedExtension[] | undefined): Promise<bigint> => {
    if (extensions === undefined) return 0n;
    try {
      const { transaction } = await wallet.prepareExtend(extensions, { signal });
      if (!transaction) return 0n;
      wallet.discard(transaction);
      return transaction.quote.gasMistExpected;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof EngineError) return expectedGas(index, 'extend');
      throw error;
    }
  };
  const [first] = transactions;
  const last = transactions.length > 1 ? transactions.at(-1) : undefined;
  const full = BigInt(Math.max(0, transactions.length - (last ? 1 : 0)));
  return (await gasOf(first)) * full + (await gasOf(last));
}

function spentOn({ index }: EngineParts, digests: readonly TransactionDigest[]): Cost {
  return digests
    .flatMap((digest) => index.ledger.find(digest) ?? [])
    .map(({ actualFrost, actualGasMist }) => ({
      walFrost: actualFrost ?? 0n,
      gasMist: actualGasMist ?? 0n,
    }))
    .reduce(addCosts, NOTHING);
}

function describe(prepared: Prepared, gasMist: bigint): RenewalPlan {
  const { system, holdings, targets, plan, problem } = prepared;
  const planned = plan.transactions.flat();
  return {
    folders: holdings
      .filter(({ folder }) => targets.has(folder.folderId))
      .flatMap(({ folder, blobs }) => {
        const own = planned.filter(({ folderIds }) => folderIds[0] === folder.folderId);
        const from = earliestEnd(blobs, system);
        if (own.length === 0 || from === undefined) return [];
        return {
          folderId: folder.folderId,
          name: folder.name,
          from,
          to: dateOf(system, targets.get(folder.folderId) ?? from.epoch),
          blobCount: own.length,
          cost: { walFrost: costOf(own), gasMist: 0n },
        };
      }),
    compaction: undefined,
    transactionCount: plan.transactions.length,
    cost: { walFrost: costOf(planned), gasMist },
    problem: problem && serializeError(problem),
  };
}
