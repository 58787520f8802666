/**
 * @file Whether a folder is protected, and until when: computed from the chain, never remembered.
 *
 * Protected means that for every blob which the newest snapshot needs, index parts included, the
 * chain shows a live Blob object that is certified, owned by an address of the vault, and not at
 * its end. An answer of a storage node is not durability.
 */
import { IndexSegment, type IndexedPack } from './archive/pack-index.ts';
import type { CommitRecord } from './backup/commit-record.ts';
import { currentPack, indexedPack } from './backup/index-writer.ts';
import type { LocalIndex } from './local-index/local-index.ts';
import { EngineError } from './model/engine-error.ts';
import type { BlobId, ObjectId, SuiAddress } from './model/ids.ts';
import { encodedBytes, type BlobObject, type WalrusSystem } from './model/walrus.ts';
import { epochEndMs } from './policy.ts';
import type { Chain } from './sui/chain.ts';

export interface Protection {
  /** Undefined when some blob is not protected; `problem` says why then. */
  readonly until: { readonly atMs: number; readonly epoch: number } | undefined;
  readonly problem: EngineError | undefined;
  readonly blobs: readonly BlobObject[];
  readonly storedBytes: bigint;
}

/** The packs that a commit of this device needs: those of its pack index, and its own. */
export function packsOfCommit(index: LocalIndex, commit: CommitRecord): IndexedPack[] {
  const packs = new Map<BlobId, IndexedPack>();
  const add = (pack: IndexedPack): void => void packs.set(pack.blobId, pack);
  add(indexedPack(index, commit.packId));
  for (const segment of commit.segments) {
    const opened = segment.parts.map((part) => {
      const plaintext = index.parts.find(part.id);
      if (!plaintext) throw new EngineError('index-damaged', 'a part of the pack index is missing');
      const self = indexedPack(index, part.packId);
      add(self);
      return { plaintext, self };
    });
    for (const pack of IndexSegment.fromParts(opened).packs) {
      if (pack !== 'self') add(currentPack(index, pack));
    }
  }
  return [...packs.values()];
}

/** Ask the chain about all of these packs. */
export async function readProtection(
  packs: readonly IndexedPack[],
  parts: {
    readonly chain: Chain;
    readonly system: WalrusSystem;
    readonly owners: ReadonlySet<SuiAddress>;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Protection> {
  const { chain, system, owners, signal } = parts;
  const ids = packs.map(({ blobObjectId }) => blobObjectId).filter((id) => id !== undefined);
  const onChain = await chain.readBlobObjects(ids, signal ? { signal } : {});
  const blobs: BlobObject[] = [];
  let problem: EngineError | undefined;
  for (const pack of packs) {
    const blob = pack.blobObjectId && onChain.get(pack.blobObjectId);
    const failure = whyUnprotected(pack.blobObjectId, blob, system, owners);
    problem ??= failure;
    if (blob) blobs.push(blob);
  }
  const endEpoch = blobs.reduce((least, blob) => Math.min(least, blob.endEpoch), Infinity);
  return {
    until:
      problem !== undefined || blobs.length === 0
        ? undefined
        : { epoch: endEpoch, atMs: epochEndMs(system, endEpoch) },
    problem,
    blobs,
    storedBytes: packs.reduce(
      (sum, pack) => sum + encodedBytes(pack.sizeBytes, system.shardCount),
      0n,
    ),
  };
}

function whyUnprotected(
  blobObjectId: ObjectId | undefined,
  blob: BlobObject | undefined,
  system: WalrusSystem,
  owners: ReadonlySet<SuiAddress>,
): EngineError | undefined {
  const context = { blobObjectId: blobObjectId ?? 'unknown' };
  if (!blob) {
    return new EngineError('blob-expired', 'a blob of the newest snapshot is gone', { context });
  }
  if (blob.certifiedEpoch === undefined) {
    return new EngineError('blob-not-certified', 'a blob is not certified yet', { context });
  }
  if (blob.endEpoch <= system.epoch) {
    return new EngineError('blob-expired', 'the storage of a blob has ended', { context });
  }
  if (!isOfVault(blob, owners)) {
    return new EngineError('blob-expired', 'a blob belongs to somebody else now', { context });
  }
  return undefined;
}

/** Whether nobody else can take the blob away: an address of the vault owns it, or nobody does. */
export const isOfVault = (
  { owner, isShared }: Pick<BlobObject, 'owner' | 'isShared'>,
  owners: ReadonlySet<SuiAddress>,
): boolean => isShared || (owner !== undefined && owners.has(owner));
