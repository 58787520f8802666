/**
 * @file Lets condemned packs go, and says so to the other devices: the last steps of
 * [Note: Condemned packs] in moves.ts.
 *
 * Only devices that protect a folder together share chunks, so only their heads are waited for. A
 * pack that is condemned and that somebody may still need is kept alive meanwhile.
 */
import type { CommitRecord } from './backup/commit-record.ts';
import { dropPack, isAcknowledged } from './condemning.ts';
import type { EngineParts } from './engine-parts.ts';
import { withSignal } from './engine-parts.ts';
import { ensureFunds } from './funds.ts';
import type { Head } from './heads.ts';
import type { LeavingPack } from './local-index/leaving-table.ts';
import type { PackRecord } from './local-index/journal.ts';
import type { LocalIndex } from './local-index/local-index.ts';
import type { BlobId, PackId } from './model/ids.ts';
import { storageCostFrost, type BlobObject, type WalrusSystem } from './model/walrus.ts';
import { packsOfCommit } from './protection.ts';
import { publishHead, readOwnHead } from './publishing.ts';
import { BLOBS_DELETED_MAX } from './sui/wallet/limits.ts';

/** Left of a condemned pack that somebody may need before it is extended, and by how much. */
export const KEPT_ALIVE_EPOCHS = 2;
/** Set when an account may own storage that no blob uses. */
export const SPARE_STORAGE_FACT = 'spare-storage';

/**
 * Those of other devices' heads whose condemned packs may hold what this one needs: they protect a
 * folder that this one does, too, or have until they removed it.
 */
export function sharing({ index }: EngineParts, others: readonly Head[]): Head[] {
  const mine = new Set(
    index.folders
      .all()
      .filter(({ removed }) => !removed)
      .map(({ folderId }) => folderId),
  );
  return others.filter(({ folders }) => folders.some(({ part }) => mine.has(part.folderId)));
}

/**
 * Those that may need what this one has condemned: they protect a folder that this one does, too,
 * or has until it was removed here. What they stored then still counts on packs of this device.
 */
function sharers({ index }: EngineParts, others: readonly Head[]): Head[] {
  const mine = new Set(index.folders.all().map(({ folderId }) => folderId));
  return others.filter(({ folders }) =>
    folders.some(({ part }) => !part.removed && mine.has(part.folderId)),
  );
}

/** Whether a newest commit of this device needs a pack that another one has condemned. */
export function needsCondemned({ index }: EngineParts, heads: readonly Head[]): boolean {
  const condemned = new Set(
    heads.flatMap(({ device }) => device.condemned.map(({ blobId }) => blobId)),
  );
  if (condemned.size === 0) return false;
  return index.folders
    .all()
    .filter(({ removed }) => !removed)
    .some(({ folderId }) => {
      const newest = index.snapshots.newest(folderId);
      const packs = newest ? packsOfCommit(index, JSON.parse(newest.record) as CommitRecord) : [];
      return packs.some(({ blobId }) => condemned.has(blobId));
    });
}

/** Tell the others that this device needs nothing of what they condemned, where they don't know. */
export async function acknowledge(
  parts: EngineParts,
  heads: readonly Head[],
  system: WalrusSystem,
  signal?: AbortSignal,
): Promise<void> {
  const waiting = heads.filter(({ device }) => device.condemned.length > 0);
  if (waiting.length === 0 || needsCondemned(parts, waiting)) return;
  const own = await readOwnHead(parts, signal);
  if (own && !waiting.every((head) => isAcknowledged(parts, own, head))) {
    await publishHead(parts, system, signal);
  }
}

/** Let go what nobody needs, and keep alive what somebody may. Gives how many packs went. */
export async function giveUpCondemned(
  parts: EngineParts,
  system: WalrusSystem,
  signal?: AbortSignal,
): Promise<number> {
  const { index, chain } = parts;
  const leaving = index.leaving.all().filter(({ deviceId }) => deviceId === undefined);
  if (leaving.length === 0) return 0;
  const own = await readOwnHead(parts, signal);
  // Whoever might need something of ours is looked for wherever a device can be, once it may go.
  const mayGo = leaving.some(({ condemned }) => condemned && condemned.epoch < system.epoch);
  const others = (mayGo ? await parts.catalog.heads(signal, true) : []).filter(
    ({ accountIndex }) => accountIndex !== parts.options.accountIndex,
  );
  const live = await liveHeads(parts, sharers(parts, others), system, signal);
  const packs = leaving.flatMap((row) => {
    const pack = index.journal.findByBlob(row.blobId);
    // Of a pack that an earlier local index knew only this is left. By then it has ended.
    const endsBy = (row.condemned?.epoch ?? system.epoch) + system.epochsAheadMax;
    if (!pack && endsBy <= system.epoch) index.leaving.drop(row.blobId);
    return pack?.blobObjectId === undefined ? [] : [{ row, pack }];
  });
  const ids = packs.flatMap(({ pack }) => pack.blobObjectId ?? []);
  const onChain = await chain.readBlobObjects(ids, withSignal(signal));
  const deletable: PackRecord[] = [];
  const kept: BlobObject[] = [];
  let gone = 0;
  for (const { row, pack } of packs) {
    const blob = pack.blobObjectId && onChain.get(pack.blobObjectId);
    const isFree = isNeededByNobody(row, own, live, system);
    if (!blob || blob.endEpoch <= system.epoch) {
      index.atomically(() => dropPack(index, pack));
      gone += 1;
    } else if (isFree && blob.deletable) {
      deletable.push(pack);
    } else if (!isFree && blob.endEpoch - system.epoch < KEPT_ALIVE_EPOCHS) {
      kept.push(blob);
    }
  }
  await keepAlive(parts, kept.filter(isCertified), system, signal);
  await deletePacks(parts, deletable, signal);
  return gone + deletable.length;
}

const isCertified = (blob: BlobObject): boolean => blob.certifiedEpoch !== undefined;

function isNeededByNobody(
  { blobId, condemned }: LeavingPack,
  own: Head | undefined,
  live: readonly Head[],
  system: WalrusSystem,
): boolean {
  if (!own || !condemned) return false;
  const isPublished = own.device.condemned.some((one) => one.blobId === blobId);
  return (
    isPublished &&
    condemned.sequence <= own.device.sequence &&
    condemned.epoch < system.epoch &&
    live.every(({ device }) =>
      device.versionVector.some(
        ({ deviceId, sequence }) =>
          deviceId === own.device.deviceId && sequence >= condemned.sequence,
      ),
    )
  );
}

/** Heads whose snapshots still have storage: whoever let all of it lapse waits for nothing. */
async function liveHeads(
  { chain }: EngineParts,
  heads: readonly Head[],
  system: WalrusSystem,
  signal: AbortSignal | undefined,
): Promise<Head[]> {
  const ids = heads.flatMap(({ folders }) => folders.map(({ part }) => part.snapshot.blobObjectId));
  const blobs = await chain.readBlobObjects(ids, withSignal(signal));
  return heads.filter(({ folders }) =>
    folders.some(({ part }) => {
      const blob = blobs.get(part.snapshot.blobObjectId);
      return !part.removed && blob !== undefined && blob.endEpoch > system.epoch;
    }),
  );
}

async function keepAlive(
  { river, wallet, chain, options }: EngineParts,
  blobs: readonly BlobObject[],
  system: WalrusSystem,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (blobs.length === 0) return;
  const targetEndEpoch = Math.min(
    system.epoch + KEPT_ALIVE_EPOCHS,
    system.epoch + system.epochsAheadMax,
  );
  const due = blobs.filter(({ endEpoch }) => endEpoch < targetEndEpoch);
  const cost = due.reduce(
    (sum, { storageSizeBytes, endEpoch }) =>
      sum +
      storageCostFrost(storageSizeBytes, targetEndEpoch - endEpoch, system.storagePriceFrostPerMib),
    0n,
  );
  const { network } = options;
  await ensureFunds({ chain, wallet, network, payments: () => river.payments }, cost, signal);
  await river.payments.pay(
    [],
    async () => {
      const extensions = due.map(({ blobObjectId }) => ({ blobObjectId, targetEndEpoch }));
      return (await wallet.prepareExtend(extensions, withSignal(signal))).transaction;
    },
    signal,
  );
}

/** Deleting costs gas, and gives the storage back for what is stored next. */
async function deletePacks(
  { river, wallet }: EngineParts,
  packs: readonly PackRecord[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let start = 0; start < packs.length; start += BLOBS_DELETED_MAX) {
    const batch = packs.slice(start, start + BLOBS_DELETED_MAX);
    await river.payments.pay(
      batch.map(({ packId }) => packId),
      () =>
        wallet.prepareDelete(
          batch.flatMap(({ blobObjectId }) => blobObjectId ?? []),
          withSignal(signal),
        ),
      signal,
    );
  }
}

/** The blobs of these packs are deleted, and their storage is ours to use again. */
export function recordDeleted(index: LocalIndex, packIds: readonly PackId[]): void {
  for (const packId of packIds) {
    const pack = index.journal.find(packId);
    if (pack) dropPack(index, pack);
  }
  index.writeFact(SPARE_STORAGE_FACT, 'yes');
}

/** Nothing new relies on these packs from now on. */
export function markLeaving(index: LocalIndex, blobIds: readonly BlobId[]): void {
  index.atomically(() => {
    for (const blobId of blobIds) index.leaving.add(blobId);
  });
}
