/**
 * @file Which packs are rewritten, which are let go, and which stay: whatever is cheapest.
 *
 * A value, made without asking anybody. Compared is what the same data costs over some epochs:
 * extending a pack for as long as it has not been paid for, or buying room for what is alive in it
 * in new packs now. What a pack was paid for is spent either way; what deleting it gives back counts
 * as far as later commits will use it. Nothing is planned that does not save more than it costs.
 */
import { countText } from '../model/count-text.ts';
import { encodedBytes, storageCostFrost, writeCostFrost } from '../model/walrus.ts';
import type { BlobId } from '../model/ids.ts';

/** A pack that the newest pack index names, and that this device can extend or give up. */
export interface HeldPack {
  readonly blobId: BlobId;
  /** Encoded, as it is paid for. */
  readonly storageBytes: bigint;
  readonly endEpoch: number;
  /** Sealed bytes in it that anything needs. */
  readonly liveBytes: number;
  /** Deleting it gives its storage back; a permanent one can only be left to lapse. */
  readonly deletable: boolean;
}

export interface CompactionFacts {
  readonly epoch: number;
  readonly shardCount: number;
  readonly storagePriceFrostPerMib: bigint;
  readonly writePriceFrostPerMib: bigint;
  /** What is compared: the cost from now to this many epochs on. */
  readonly epochsCompared: number;
  /** For how long the new packs are bought at first. */
  readonly epochsBought: number;
  /** Packs with more than this left are not looked at yet: waiting only makes it cheaper. */
  readonly nearEpochs: number;
  /** Sealed bytes of one full pack. */
  readonly packBytes: number;
  /** What the commit that names the new places adds: pack index, snapshot, footers. */
  readonly commitBytes: number;
  /** Gas of the transactions, in FROST by caution. */
  readonly gasFrost: bigint;
  /** The same of the tip that a relay gets for a pack of that size; 0 where it goes directly. */
  readonly tipFrost: (packBytes: number) => bigint;
  /** Packs that can still be given up: a head names a limited number. */
  readonly packsMax: number;
  /** Encoded bytes that commits will register in an epoch, and can use given storage for. */
  readonly registeredBytesPerEpoch: bigint;
  /** Encoded bytes that the account has to spare already: they are used first. */
  readonly spareBytes: bigint;
}

export interface CompactionPlan {
  /** Packs from which what is alive is taken into new ones. */
  readonly rewritten: readonly HeldPack[];
  /** Packs in which nothing is alive. */
  readonly dropped: readonly HeldPack[];
  readonly liveBytes: number;
  /** What storing it anew costs, over the epochs compared. */
  readonly costFrost: bigint;
  /** What of it is paid at once, gas apart. */
  readonly boughtFrost: bigint;
  /** The sizes of the new packs, each registered and certified. */
  readonly boughtPacks: readonly number[];
  /** What that saves beyond its cost, with what is used again. */
  readonly savedFrost: bigint;
  /** Storage of deleted packs that later commits need not buy. */
  readonly reusedFrost: bigint;
  readonly epochsCompared: number;
}

/** The plan that saves most; undefined when none saves anything. */
export function planCompaction(
  packs: readonly HeldPack[],
  facts: CompactionFacts,
): CompactionPlan | undefined {
  const candidates = packs
    .filter(({ endEpoch }) => endEpoch - facts.epoch <= facts.nearEpochs)
    .map((pack) => ({ pack, avoided: extensionFrost(pack, facts) }))
    .filter(({ avoided }) => avoided > 0n)
    .sort(byPriceOfLife)
    .slice(0, facts.packsMax);
  let best:
    | {
        readonly count: number;
        readonly cost: bigint;
        readonly reused: bigint;
        readonly saved: bigint;
      }
    | undefined;
  let avoided = 0n;
  let liveBytes = 0;
  for (const [index, candidate] of candidates.entries()) {
    avoided += candidate.avoided;
    liveBytes += candidate.pack.liveBytes;
    const cost = rewriteFrost(liveBytes, facts);
    const packsSoFar = candidates.slice(0, index + 1).map(({ pack }) => pack);
    const reused = reuseFrost(packsSoFar, facts);
    const saved = avoided + reused - cost;
    if (saved > (best?.saved ?? 0n)) best = { count: index + 1, cost, reused, saved };
  }
  if (!best) return undefined;
  const chosen = candidates.slice(0, best.count).map(({ pack }) => pack);
  const rewritten = chosen.reduce((sum, pack) => sum + pack.liveBytes, 0);
  const atFirst = {
    ...facts,
    epochsCompared: facts.epochsBought,
    gasFrost: 0n,
    tipFrost: () => 0n,
  };
  return {
    rewritten: chosen.filter((pack) => pack.liveBytes > 0),
    dropped: chosen.filter((pack) => pack.liveBytes === 0),
    liveBytes: rewritten,
    costFrost: best.cost,
    boughtFrost: rewriteFrost(rewritten, atFirst),
    boughtPacks: newPacks(rewritten, facts),
    savedFrost: best.saved,
    reusedFrost: best.reused,
    epochsCompared: facts.epochsCompared,
  };
}

/** What keeping the pack costs, beyond what it has been paid for. */
export function extensionFrost(pack: HeldPack, facts: CompactionFacts): bigint {
  const missing = facts.epoch + facts.epochsCompared - pack.endEpoch;
  return missing <= 0
    ? 0n
    : storageCostFrost(pack.storageBytes, missing, facts.storagePriceFrostPerMib);
}

/**
 * What the storage of deleted packs is worth: as much of it as later commits use, for the epochs
 * that are left of it then. It is given back an epoch after a pack was condemned.
 */
export function reuseFrost(packs: readonly HeldPack[], facts: CompactionFacts): bigint {
  const given = packs
    .filter(({ deletable }) => deletable)
    .map(({ storageBytes, endEpoch }) => ({ storageBytes, endEpoch }))
    .sort((a, b) => b.endEpoch - a.endEpoch);
  const [longest] = given;
  if (!longest || facts.registeredBytesPerEpoch === 0n) return 0n;
  let frost = 0n;
  let spare = facts.spareBytes;
  for (let epoch = facts.epoch + 1; epoch < longest.endEpoch; epoch += 1) {
    const wantedInAll = facts.registeredBytesPerEpoch;
    const fromSpare = spare < wantedInAll ? spare : wantedInAll;
    spare -= fromSpare;
    let wanted = wantedInAll - fromSpare;
    for (const piece of given) {
      const used = piece.storageBytes < wanted ? piece.storageBytes : wanted;
      if (piece.endEpoch <= epoch || used === 0n) continue;
      const left = piece.endEpoch - epoch;
      frost += storageCostFrost(used, left, facts.storagePriceFrostPerMib);
      piece.storageBytes -= used;
      wanted -= used;
    }
  }
  return frost;
}

/** What storing `liveBytes` in new packs costs, the commit that names them included. */
export function rewriteFrost(liveBytes: number, facts: CompactionFacts): bigint {
  const bytes = liveBytes + facts.commitBytes;
  const full = Math.floor(bytes / facts.packBytes);
  const rest = bytes - full * facts.packBytes;
  return BigInt(full) * packFrost(facts.packBytes, facts) + packFrost(rest, facts) + facts.gasFrost;
}

function newPacks(liveBytes: number, { commitBytes, packBytes }: CompactionFacts): number[] {
  const bytes = liveBytes + commitBytes;
  const count = Math.ceil(bytes / packBytes);
  return Array.from({ length: count }, (_, at) => Math.min(packBytes, bytes - at * packBytes));
}

function packFrost(sizeBytes: number, facts: CompactionFacts): bigint {
  if (sizeBytes === 0) return 0n;
  const encoded = encodedBytes(sizeBytes, facts.shardCount);
  return (
    storageCostFrost(encoded, facts.epochsCompared, facts.storagePriceFrostPerMib) +
    writeCostFrost(encoded, facts.writePriceFrostPerMib) +
    facts.tipFrost(sizeBytes)
  );
}

interface Candidate {
  readonly pack: HeldPack;
  readonly avoided: bigint;
}

/** First those with the least life for what they cost. */
function byPriceOfLife(one: Candidate, other: Candidate): number {
  const left = BigInt(one.pack.liveBytes) * other.avoided;
  const right = BigInt(other.pack.liveBytes) * one.avoided;
  if (left !== right) return left < right ? -1 : 1;
  return one.pack.blobId < other.pack.blobId ? -1 : 1;
}

const COIN = 1_000_000_000;

/** The plan as a person reads it. */
export function planSentence(plan: CompactionPlan): string {
  const count = plan.rewritten.length + plan.dropped.length;
  const packs = countText(count, 'pack');
  const what = plan.rewritten.length === 0 ? `Letting ${packs} go` : `Repacking ${packs}`;
  const saved = (Number(plan.savedFrost) / COIN).toPrecision(2);
  return `${what} saves ${String(Number(saved))} WAL over ${String(plan.epochsCompared)} epochs.`;
}
