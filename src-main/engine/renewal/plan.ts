/**
 * @file What to extend, to which epoch, in which transactions: a value, made without asking anybody.
 *
 * Blobs that end soonest come first, so that whatever stops a plan half-way, a cap or an empty
 * wallet, has kept what was most urgent. An extension is named by where it begins and ends: made
 * twice it aborts, since the periods must be adjacent.
 */
import type { HorizonPolicy } from '#contract/storage-api.ts';
import type { FolderId, ObjectId, PackId } from '../model/ids.ts';
import { storageCostFrost } from '../model/walrus.ts';
import { isDue, renewalEnd, type EpochFacts } from './horizon.ts';

/** A blob that folders need, certified and not at its end. */
export interface HeldBlob {
  readonly blobObjectId: ObjectId;
  readonly packId: PackId;
  readonly folderIds: readonly FolderId[];
  readonly endEpoch: number;
  readonly storageBytes: bigint;
}

export interface FolderHorizon {
  readonly folderId: FolderId;
  readonly permanent: boolean;
  readonly horizon: HorizonPolicy;
}

export interface PlannedExtension extends HeldBlob {
  readonly targetEndEpoch: number;
  readonly costFrost: bigint;
}

export interface PlanLimits {
  readonly blobsPerTransaction: number;
  readonly frostPerTransaction: bigint;
  /** What may be spent by this plan in all. */
  readonly frostInAll: bigint;
}

export interface ExtensionPlan {
  readonly transactions: readonly (readonly PlannedExtension[])[];
  /** Due, and beyond what may be spent now. */
  readonly postponed: readonly PlannedExtension[];
}

/** Prices and epochs, as the chain says. */
export type PlanFacts = EpochFacts & { readonly storagePriceFrostPerMib: bigint };

/** The folders that are due, each with the end that all of its blobs are brought to. */
export function dueTargets(
  blobs: readonly HeldBlob[],
  folders: readonly FolderHorizon[],
  facts: EpochFacts,
): Map<FolderId, number> {
  const targets = new Map<FolderId, number>();
  for (const { folderId, horizon, permanent } of folders) {
    const isAnyDue = blobs.some(
      (blob) => blob.folderIds.includes(folderId) && isDue(blob.endEpoch, facts, horizon),
    );
    if (isAnyDue) targets.set(folderId, renewalEnd(facts, horizon, permanent));
  }
  return targets;
}

/** Bring every blob of the folders named to its folder's end, as far as the limits allow. */
export function planExtensions(
  blobs: readonly HeldBlob[],
  targets: ReadonlyMap<FolderId, number>,
  facts: PlanFacts,
  limits: PlanLimits,
): ExtensionPlan {
  const transactions: PlannedExtension[][] = [];
  const postponed: PlannedExtension[] = [];
  let left = limits.frostInAll;
  let open: PlannedExtension[] = [];
  let openFrost = 0n;
  const close = (): void => {
    if (open.length > 0) transactions.push(open);
    open = [];
    openFrost = 0n;
  };
  for (const due of extensionsDue(blobs, targets, facts)) {
    const affordable = minOf(left, limits.frostPerTransaction);
    const [now, later] = splitByCost(due, affordable, facts);
    if (later) postponed.push(later);
    if (!now) continue;
    const isFull =
      open.length === limits.blobsPerTransaction ||
      openFrost + now.costFrost > limits.frostPerTransaction;
    if (isFull) close();
    open.push(now);
    openFrost += now.costFrost;
    left -= now.costFrost;
  }
  close();
  return { transactions, postponed };
}

export const costOf = (extensions: readonly PlannedExtension[]): bigint =>
  extensions.reduce((sum, { costFrost }) => sum + costFrost, 0n);

/** What is short of its target, soonest end first; the same blobs always in the same order. */
function extensionsDue(
  blobs: readonly HeldBlob[],
  targets: ReadonlyMap<FolderId, number>,
  facts: PlanFacts,
): PlannedExtension[] {
  return blobs
    .flatMap((blob) => {
      const target = Math.max(...blob.folderIds.map((folderId) => targets.get(folderId) ?? 0));
      const isLiving = blob.endEpoch > facts.epoch;
      return isLiving && target > blob.endEpoch ? [priced(blob, target, facts)] : [];
    })
    .sort((a, b) => a.endEpoch - b.endEpoch || (a.blobObjectId < b.blobObjectId ? -1 : 1));
}

/** Cut an extension where the money ends: what is bought now, and what is left for later. */
function splitByCost(
  due: PlannedExtension,
  affordableFrost: bigint,
  facts: PlanFacts,
): [now: PlannedExtension | undefined, later: PlannedExtension | undefined] {
  if (due.costFrost <= affordableFrost) return [due, undefined];
  const perEpoch = storageCostFrost(due.storageBytes, 1, facts.storagePriceFrostPerMib);
  const epochs = affordableFrost < perEpoch ? 0 : Number(affordableFrost / perEpoch);
  if (epochs === 0) return [undefined, due];
  const cut = due.endEpoch + epochs;
  return [priced(due, cut, facts), priced({ ...due, endEpoch: cut }, due.targetEndEpoch, facts)];
}

function priced(blob: HeldBlob, targetEndEpoch: number, facts: PlanFacts): PlannedExtension {
  const { blobObjectId, packId, folderIds, endEpoch, storageBytes } = blob;
  const epochs = targetEndEpoch - endEpoch;
  const costFrost = storageCostFrost(storageBytes, epochs, facts.storagePriceFrostPerMib);
  return { blobObjectId, packId, folderIds, endEpoch, storageBytes, targetEndEpoch, costFrost };
}

const minOf = (a: bigint, b: bigint): bigint => (a < b ? a : b);
