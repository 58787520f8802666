/**
 * @file What a commit adds to the account's head, and what is remembered once it is there.
 *
 * Only this device writes under its account. Before the head is written again it is read, and must
 * not be older than what was published.
 */
import type { FolderPart } from './archive/head.ts';
import { packLimits } from './archive/limits.ts';
import type { VaultRecord } from './archive/vault-record.ts';
import type { CommitRecord } from './backup/commit-record.ts';
import { condemnedPacks, leaveBehind, namedByCommits, versionVector } from './condemning.ts';
import { withSignal, type EngineParts } from './engine-parts.ts';
import { buildHeadFields, readHeadsOf, type Head } from './heads.ts';
import type { PackRecord } from './local-index/journal.ts';
import type { LocalIndex } from './local-index/local-index.ts';
import { EngineError } from './model/engine-error.ts';
import type { SnapshotId } from './model/ids.ts';
import type { WalrusSystem } from './model/walrus.ts';
import { freeAccount } from './vault.ts';

/** Waits for an endpoint that is behind: as long as two endpoints are given to agree. */
const HEAD_BEHIND_DELAYS_MS: readonly number[] = [300, 700, 1_000, 2_000, 4_000];

/** The vault record: as the first head of the vault says, else decided now. */
export async function vaultRecord(
  parts: EngineParts,
  system: WalrusSystem,
  signal?: AbortSignal,
): Promise<VaultRecord> {
  const kept = parts.index.readFact('vault-record');
  if (kept !== undefined) return JSON.parse(kept) as VaultRecord;
  const [head] = await parts.catalog.heads(signal);
  const record: VaultRecord = head?.device.vault ?? {
    createdAtMs: parts.options.vaultCreatedAtMs,
    shardCount: system.shardCount,
    chunk: packLimits(system.shardCount).chunk,
  };
  parts.index.writeFact('vault-record', JSON.stringify(record));
  return record;
}

export async function publicationOf(parts: EngineParts, pack: PackRecord, signal?: AbortSignal) {
  const { index } = parts;
  const commit = JSON.parse(pack.commitRecord ?? '{}') as CommitRecord;
  const system = await parts.chain.readSystem(withSignal(signal));
  const isRemoved = index.folders.find(commit.folderId)?.removed === true;
  const part: FolderPart = {
    folderId: commit.folderId,
    sequence: commit.sequence,
    ...(isRemoved ? { removed: tombstoneNow(parts, system) } : {}),
    snapshot: {
      snapshotId: commit.snapshotId,
      blobId: required(pack.blobId),
      blobObjectId: required(pack.blobObjectId),
      offsetBytes: commit.offsetBytes,
      sizeBytes: commit.sizeBytes,
      packBytes: pack.sizeBytes,
      packClass: commit.packClass,
    },
  };
  const own = await readOwnHead(parts, signal);
  return { head: await headWith(parts, own, { commit, part }, system, signal) };
}

/**
 * Write the head although no folder has changed: it says what this device has read of the others,
 * and what it condemns. Costs gas only.
 */
export async function publishHead(
  parts: EngineParts,
  system: WalrusSystem,
  signal?: AbortSignal,
): Promise<void> {
  const own = await readOwnHead(parts, signal);
  if (own) await writeHead(parts, own, system, signal);
}

async function writeHead(
  parts: EngineParts,
  own: Head | undefined,
  system: WalrusSystem,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { river, wallet } = parts;
  const head = await headWith(parts, own, undefined, system, signal);
  const prepare = async () => {
    const request = { certificates: [], head };
    return (await wallet.prepareCertifyAndPublish(request, withSignal(signal))).transaction;
  };
  await river.payments.pay([], prepare, signal);
}

/**
 * [Note: Claimed before paid] Two devices that are set up with the same words at the same time take
 * the same account. Before a device pays for its first pack it writes a head without folders there,
 * and reads again: of two that do so at once, at least the later one sees the other, and whoever
 * sees another goes on with the next account. So no two of them pay, or sign, with one account
 * but for this claim.
 *
 * @throws EngineError `account-taken`
 */
export async function claimAccount(parts: EngineParts, signal?: AbortSignal): Promise<void> {
  if (hasPaid(parts.index)) return;
  if (!(await readOwnHead(parts, signal))) {
    await writeHead(parts, undefined, await parts.chain.readSystem(withSignal(signal)), signal);
  }
  const { foreign } = await headsOfAccount(parts, signal);
  if (foreign.length > 0) await leaveAccount(parts, signal);
}

/** Whether this device has ever paid for a pack, as far as is known. */
const hasPaid = (index: LocalIndex): boolean =>
  Number(index.readFact('head-sequence') ?? 0) > 1 ||
  index.ledger.all().some(({ packIds }) => packIds.length > 0);

async function headWith(
  parts: EngineParts,
  own: Head | undefined,
  changed: { readonly commit: CommitRecord; readonly part: FolderPart } | undefined,
  system: WalrusSystem,
  signal: AbortSignal | undefined,
) {
  const { account, options, catalog } = parts;
  const others = (await catalog.heads(signal)).filter(
    (head) => head.accountIndex !== options.accountIndex,
  );
  const slot = changed?.commit.headSlot ?? 0;
  const named = namedByCommits(parts, changed?.commit);
  const fields = await buildHeadFields(
    parts,
    account.address,
    own,
    [...tombstones(parts, own, slot, system), ...(changed ? [{ slot, part: changed.part }] : [])],
    {
      vaultId: options.vaultKeys.vaultId,
      deviceId: options.deviceId,
      deviceName: options.deviceName,
      accountIndex: options.accountIndex,
      sequence: (own?.device.sequence ?? 0) + 1,
      versionVector: versionVector(parts, own, others, named),
      condemned: condemnedPacks(parts, own, named, system),
      vault: await vaultRecord(parts, system, signal),
      chainEpoch: system.epoch,
      writtenAtMs: options.clock.nowMs(),
    },
  );
  return { ...(own ? { bag: own.bagId } : {}), fields };
}

/**
 * Folders that were removed since the last publication: their parts say so from now on. Written
 * along with the next commit, so that removing a folder costs nothing.
 */
function tombstones(
  parts: EngineParts,
  own: Head | undefined,
  exceptSlot: number,
  system: WalrusSystem,
): { readonly slot: number; readonly part: FolderPart }[] {
  const removed = new Set(
    parts.index.folders
      .all()
      .filter((folder) => folder.removed)
      .map(({ folderId }) => folderId),
  );
  const tombstone = tombstoneNow(parts, system);
  return (own?.folders ?? [])
    .filter(({ slot, part }) => slot !== exceptSlot && !part.removed && removed.has(part.folderId))
    .map(({ slot, part }) => ({ slot, part: { ...part, removed: tombstone } }));
}

const tombstoneNow = (
  { options }: EngineParts,
  system: WalrusSystem,
): NonNullable<FolderPart['removed']> => ({
  removedAtMs: options.clock.nowMs(),
  chainEpoch: system.epoch,
});

/**
 * The head of this device's account. An endpoint may be a little behind what we have published, so
 * an older one is read again a few times before it is called a rollback.
 */
export async function readOwnHead(
  parts: EngineParts,
  signal?: AbortSignal,
): Promise<Head | undefined> {
  const { options, index } = parts;
  const seen = Number(index.readFact('head-sequence') ?? 0);
  let { own, foreign } = await headsOfAccount(parts, signal);
  for (const delayMs of HEAD_BEHIND_DELAYS_MS) {
    if ((own?.device.sequence ?? 0) >= seen) break;
    await options.clock.sleep(delayMs, signal);
    ({ own, foreign } = await headsOfAccount(parts, signal));
  }
  // Another device that has claimed the account as well, and seen that it is ours, has left it.
  if (!own && foreign.length > 0) await refuseAccount(parts, signal);
  refuseOtherPast(parts, own?.device);
  return own;
}

/** What this device has written under its account, and what others have. */
async function headsOfAccount(
  parts: EngineParts,
  signal: AbortSignal | undefined,
): Promise<{ readonly own: Head | undefined; readonly foreign: readonly Head[] }> {
  const { accountIndex, deviceId } = parts.options;
  const heads = await readHeadsOf(parts, accountIndex, signal);
  return {
    own: heads.find(({ device }) => device.deviceId === deviceId),
    foreign: heads.filter(({ device }) => device.deviceId !== deviceId),
  };
}

/** The account is another device's. Whoever has paid nothing with it takes another. */
async function refuseAccount(parts: EngineParts, signal: AbortSignal | undefined): Promise<never> {
  const { options, index } = parts;
  if (!hasPaid(index) && options.onAccountTaken) return leaveAccount(parts, signal);
  throw new EngineError('head-rolled-back', 'another device writes the head of this account', {
    context: { account: options.accountIndex },
  });
}

async function leaveAccount(parts: EngineParts, signal: AbortSignal | undefined): Promise<never> {
  const { options, index, catalog } = parts;
  const next = await freeAccount(parts, await catalog.heads(signal), signal);
  await options.onAccountTaken?.(next);
  index.writeFact('head-sequence', '0');
  throw new EngineError('account-taken', 'another device publishes under the account of this one', {
    context: { account: options.accountIndex, next },
  });
}

/** What the account's head shows must not be older than what this device has published. */
function refuseOtherPast(
  { index }: EngineParts,
  head: { readonly sequence: number } | undefined,
): void {
  const seen = Number(index.readFact('head-sequence') ?? 0);
  if ((head?.sequence ?? 0) > seen) {
    throw new EngineError(
      'index-damaged',
      'the local index is older than what this device has published',
      { context: { shown: head?.sequence ?? 0, seen } },
    );
  }
  if ((head?.sequence ?? 0) < seen) {
    throw new EngineError(
      'head-rolled-back',
      'the head on chain is older than what was published',
      {
        context: { shown: head?.sequence ?? 0, seen },
      },
    );
  }
}

export function recordPublished(index: LocalIndex, pack: PackRecord): void {
  const commit = JSON.parse(pack.commitRecord ?? '{}') as CommitRecord;
  index.snapshots.put({
    snapshotId: commit.snapshotId,
    folderId: commit.folderId,
    sequence: commit.sequence,
    atMs: commit.createdAtMs,
    record: pack.commitRecord ?? '{}',
  });
  for (const id of commit.forgets ?? []) index.snapshots.drop(id);
  if (commit.replaces !== undefined) recordReplaced(index, commit, commit.replaces);
  recordHeadWritten(index);
  leaveBehind(index, commit);
}

/** What takes a snapshot's place is kept for as long as the person wanted to keep that one. */
function recordReplaced(
  index: LocalIndex,
  { folderId, snapshotId }: CommitRecord,
  replaced: SnapshotId,
): void {
  const rows = index.snapshots.all(folderId);
  const isPinned = rows.some((row) => row.snapshotId === replaced && row.isPinned);
  if (isPinned) index.snapshots.recordPinned(snapshotId, true);
  index.snapshots.drop(replaced);
}

/** The head's next word is one further. */
export function recordHeadWritten(index: LocalIndex): void {
  const seen = Number(index.readFact('head-sequence') ?? 0);
  index.writeFact('head-sequence', String(seen + 1));
}

function required<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new EngineError('index-damaged', 'a journal row is incomplete');
  return value;
}
