/** @file Answers the worry first: is everything protected, and until when. */
import type { FolderStatus, SnapshotSummary, VaultStatus } from '#contract/api.ts';
import type { CommitRecord } from './backup/commit-record.ts';
import { isUnreadable, type CatalogSnapshot, type UnreadSnapshot } from './catalog.ts';
import { isChainFailureCode } from './chain-watch.ts';
import { describeSchedule } from './commit-economics.ts';
import type { EngineParts } from './engine-parts.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import { EngineError, serializeError } from './model/engine-error.ts';
import { displayPath } from './model/ids.ts';
import type { BlobObject, WalrusSystem } from './model/walrus.ts';
import { epochEndMs } from './policy.ts';
import { plainProblem, recalledProblem } from './problems.ts';
import { packsOfCommit, readProtection } from './protection.ts';
import { packOfLocation } from './restore/snapshot-reader.ts';
import { summaryOf } from './restoring.ts';

const ID_SHOWN_CHARACTERS = 8;

/** Folders of the vault that other devices protect, or this one did before it was set up anew. */
async function remoteFolders(
  parts: EngineParts,
  system: WalrusSystem,
  signal?: AbortSignal,
): Promise<FolderStatus[]> {
  const mine = new Set(parts.index.folders.all().map(({ folderId }) => folderId));
  const { found, unread } = await parts.catalog.newest(signal, mine);
  return [
    ...(await Promise.all(found.map((snapshot) => remoteFolder(parts, snapshot, system, signal)))),
    // What was removed and has ended is nobody's worry.
    ...unread
      .filter(({ part }) => !part.removed)
      .map((folder) => unreadFolder(folder, scheduleElsewhere(parts))),
  ];
}

/** A folder of which not even the name can be read. */
function unreadFolder(
  { part, error }: UnreadSnapshot,
  schedule: FolderStatus['schedule'],
): FolderStatus {
  return {
    folderId: part.folderId,
    name: part.folderId.slice(0, ID_SHOWN_CHARACTERS),
    path: '',
    permanent: part.snapshot.packClass === 'permanent',
    removed: false,
    isHere: false,
    state: 'attention',
    problem: problemText(error),
    protectedUntil: undefined,
    newestSnapshot: undefined,
    fileCount: 0,
    sizeBytes: 0,
    blobCount: 0,
    storedBytes: 0n,
    unread: [],
    excludes: [],
    snapshotCount: 0,
    lastSyncAtMs: undefined,
    waiting: undefined,
    schedule,
    spread: undefined,
  };
}

/** How another device syncs its folder is its own business: this is how it would be here. */
const scheduleElsewhere = ({ index, options }: EngineParts): FolderStatus['schedule'] =>
  describeSchedule(index, { schedule: {}, permanent: false, horizon: undefined }, options.isTryOut);

async function remoteFolder(
  parts: EngineParts,
  found: CatalogSnapshot,
  system: WalrusSystem,
  signal?: AbortSignal,
): Promise<FolderStatus> {
  const { chain, owners } = parts;
  const { snapshot } = found.signed;
  const opened = await parts.catalog.open(found, signal).catch((error: unknown) => {
    if (!isUnreadable(error)) throw error;
    return error;
  });
  const isOpen = !(opened instanceof EngineError);
  const packs = isOpen ? opened.neededPacks : [packOfLocation(found.location)];
  const protection = await readProtection(packs, { chain, system, owners, signal });
  const problem = problemText(protection.problem ?? (isOpen ? undefined : opened));
  return {
    folderId: snapshot.folderId,
    name: snapshot.folderName,
    path: '',
    permanent: snapshot.packClass === 'permanent',
    removed: found.isRemoved,
    isHere: false,
    state: problem ? 'attention' : 'protected',
    problem,
    protectedUntil: isOpen ? protection.until : undefined,
    newestSnapshot: summaryOf(found),
    fileCount: snapshot.totals.fileCount,
    sizeBytes: snapshot.totals.sizeBytes,
    blobCount: protection.blobs.length,
    storedBytes: protection.storedBytes,
    unread: [],
    excludes: [],
    snapshotCount: 1,
    lastSyncAtMs: undefined,
    waiting: undefined,
    schedule: scheduleElsewhere(parts),
    spread: undefined,
  };
}

/** What depends on more than the chain: see standing.ts. */
export type ChainStatus = Omit<VaultStatus, 'state' | 'sentence' | 'problem' | 'pause'>;

/** Everything as the chain says now. */
export async function chainStatus(
  parts: EngineParts,
  system: WalrusSystem,
  { withSpread, signal }: { readonly withSpread: boolean; readonly signal: AbortSignal },
): Promise<ChainStatus> {
  const { options, index, account } = parts;
  const own: FolderStatus[] = [];
  for (const folder of index.folders.all()) {
    own.push(await folderStatus(parts, folder, system, withSpread, signal));
  }
  return {
    vaultId: options.vaultKeys.vaultId,
    network: {
      name: options.network.name,
      isTryOut: options.isTryOut,
      chainIdentifier: options.chainIdentifier,
      epoch: system.epoch,
      shardCount: system.shardCount,
      nodeCount: system.committee.members.length,
      epochEndsAtMs: epochEndMs(system, system.epoch + 1),
      endpointCount: options.network.rpc.length,
    },
    folders: [...own, ...(await remoteFolders(parts, system, signal))],
    address: account.address,
    device: options.deviceName,
  };
}

/** One folder of this device, with what the chain says now. */
export async function folderStatus(
  parts: EngineParts,
  { folderId }: Pick<FolderRecord, 'folderId'>,
  system: WalrusSystem,
  withSpread: boolean,
  signal?: AbortSignal,
): Promise<FolderStatus> {
  const { index, chain, owners, options } = parts;
  // All of one moment: a sync may publish while the chain is asked, for this folder or another.
  const folder = index.folders.find(folderId);
  if (!folder) throw new EngineError('internal', 'a folder of this device is in its index');
  const newest = index.snapshots.newest(folderId);
  const commit = newest && (JSON.parse(newest.record) as CommitRecord);
  const packs = commit ? packsOfCommit(index, commit) : [];
  const snapshotCount = index.snapshots.all(folderId).length;
  const unread = index.entries.unread(folderId);
  const protection = commit && (await readProtection(packs, { chain, system, owners, signal }));
  const problem = currentProblem(folder, protection?.problem);
  const until = protection?.until;
  return {
    folderId,
    name: folder.name,
    path: folder.root,
    permanent: folder.permanent,
    removed: folder.removed,
    isHere: true,
    state: problem ? 'attention' : until ? 'protected' : 'working',
    problem,
    protectedUntil: until,
    newestSnapshot: commit && summaryOfCommit(parts, folder, commit),
    fileCount: commit?.totals.fileCount ?? 0,
    sizeBytes: commit?.totals.sizeBytes ?? 0,
    blobCount: protection?.blobs.length ?? 0,
    storedBytes: protection?.storedBytes ?? 0n,
    unread: unread.map(({ path, reason }) => ({ path: displayPath(path), reason })),
    excludes: folder.excludes,
    snapshotCount,
    lastSyncAtMs: folder.lastSyncAtMs,
    waiting: undefined,
    schedule: describeSchedule(index, folder, options.isTryOut),
    spread:
      withSpread && protection
        ? await leastSpread(parts, protection.blobs, system, signal)
        : undefined,
  };
}

/** What the chain says now comes first; else how the last sync ended. */
function currentProblem(
  folder: FolderRecord,
  chainProblem: EngineError | undefined,
): FolderStatus['problem'] {
  if (chainProblem) return plainProblem(serializeError(chainProblem));
  const problem = recalledProblem(folder.lastProblem);
  // The chain has just answered: what kept the last sync from asking it is over.
  if (!problem || isChainFailureCode(problem.code)) return undefined;
  return plainProblem(problem);
}

const problemText = (problem: EngineError | undefined): FolderStatus['problem'] =>
  problem && plainProblem(serializeError(problem));

function summaryOfCommit(
  { options, index }: EngineParts,
  folder: FolderRecord,
  commit: CommitRecord,
): SnapshotSummary {
  return {
    snapshotId: commit.snapshotId,
    folderId: folder.folderId,
    folderName: folder.name,
    device: options.deviceName,
    sequence: commit.sequence,
    atMs: commit.createdAtMs,
    fileCount: commit.totals.fileCount,
    sizeBytes: commit.totals.sizeBytes,
    blobId: index.journal.find(commit.packId)?.blobId ?? '',
  };
}

/** The blob that the fewest shards hold: asked of the storage nodes now. */
async function leastSpread(
  { storage }: EngineParts,
  blobs: readonly BlobObject[],
  system: WalrusSystem,
  signal?: AbortSignal,
): Promise<FolderStatus['spread']> {
  let least: FolderStatus['spread'];
  for (const blob of blobs) {
    const { storedShards, shardCount } = await storage.spread(blob.blobId, system.committee, {
      persistence: blob.deletable
        ? { kind: 'deletable', blobObjectId: blob.blobObjectId }
        : { kind: 'permanent' },
      ...(signal ? { signal } : {}),
    });
    if (!least || storedShards < least.storedShards) least = { storedShards, shardCount };
  }
  return least;
}
