/**
 * @file Syncs one folder until it is protected: attempts, and what to do when one fails.
 *
 *     settle what is on its way → scan, seal → river → certified and published → asked of the chain
 */
import type { SyncReport } from '#contract/api.ts';
import { packLimits } from './archive/limits.ts';
import { recommit, type CommitOptions } from './backup/commit.ts';
import type { CommitRecord } from './backup/commit-record.ts';
import { syncFolder, type FolderProgress, type FolderSyncResult } from './backup/folder-sync.ts';
import { notePrices } from './commit-economics.ts';
import type { EngineParts } from './engine-parts.ts';
import { openFolderKeys } from './folders.ts';
import { acknowledge, giveUpCondemned, needsCondemned, sharing } from './giving-up.ts';
import { lostBlobs, readHoldings, reconcileHoldings } from './holdings.ts';
import { commitMoves, otherHeads } from './moves.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import type { PackRecord } from './local-index/journal.ts';
import { syncedEntry, syncFailedEntry } from './history-text.ts';
import { indexFailure } from './local-index/local-index.ts';
import { EngineError, isAbort, serializeError } from './model/engine-error.ts';
import { displayPath, type FolderId } from './model/ids.ts';
import type { WalrusSystem } from './model/walrus.ts';
import { isOfVault, packsOfCommit, readProtection, type Protection } from './protection.ts';
import { storedProblem } from './problems.ts';
import { readOwnHead, vaultRecord } from './publishing.ts';
import type { Chain } from './sui/chain.ts';

/** Sealed packs that wait in the spool before the reading of files is held up. */
const PACKS_WAITING_MAX = 2;
/** Commits that what other devices condemn can bring with it in one sync. */
const ROUNDS_MAX = 3;
/** Attempts of one sync, by what the failure asks for. */
const REFRESHES_MAX = 5;
const BACKOFFS_MS: readonly number[] = [1_000, 4_000, 12_000];
const REFRESH_DELAY_MS = 500;
/** Progress comes with each file; nobody sees more of it than this. */
const PROGRESS_TOLD_EVERY_MS = 100;

/** What the attempts of one sync have sealed together. */
interface SealedSoFar {
  committed: boolean;
  added: number;
  changed: number;
  removed: number;
  read: number;
  bytes: number;
}

export interface SyncCallbacks {
  /** Refuses a chain that is not the vault's. */
  readonly checkChain: (signal: AbortSignal) => Promise<void>;
  /** Something in the folder cannot be watched. */
  readonly pollFolder: (folderId: FolderId) => void;
  readonly onBegan: (folderId: FolderId) => void;
  /** Follows every `onBegan`; without an error the folder is as its newest snapshot says. */
  readonly onEnded: (folderId: FolderId, error: unknown) => void;
}

/** Syncs folders, one call at a time: the engine sees to that. */
export class FolderSyncing {
  readonly #parts: EngineParts;
  readonly #callbacks: SyncCallbacks;
  #isHeadChecked = false;
  /** Whether another device protects a folder of this one, too, as far as is known. */
  #isSharing = true;
  /** Of whoever asked for the sync that runs. */
  #onProgress: ((progress: FolderProgress) => void) | undefined;
  #progressToldMs = Number.NEGATIVE_INFINITY;

  constructor(parts: EngineParts, callbacks: SyncCallbacks) {
    this.#parts = parts;
    this.#callbacks = callbacks;
  }

  async sync(
    folder: FolderRecord,
    acceptDeletions: boolean,
    signal: AbortSignal,
    onProgress?: (progress: FolderProgress) => void,
  ): Promise<SyncReport['folders'][number]> {
    const { onBegan, onEnded } = this.#callbacks;
    this.#onProgress = onProgress;
    onBegan(folder.folderId);
    try {
      const report = await this.#untilProtected(folder, acceptDeletions, signal);
      onEnded(folder.folderId, undefined);
      return report;
    } catch (error) {
      onEnded(folder.folderId, error);
      throw error;
    }
  }

  /** The one retry loop: what to do next is in the code of the failure. */
  async #untilProtected(
    folder: FolderRecord,
    acceptDeletions: boolean,
    signal: AbortSignal,
  ): Promise<SyncReport['folders'][number]> {
    const { emit, options, activity } = this.#parts;
    const { folderId, name: folderName } = folder;
    emit({ kind: 'sync-began', folderId, folderName });
    let refreshes = 0;
    let backoffs = 0;
    let hasReconciled = false;
    // What an attempt has sealed stays sealed, also when a later one brings it to its end.
    const sealed: SealedSoFar = {
      committed: false,
      added: 0,
      changed: 0,
      removed: 0,
      read: 0,
      bytes: 0,
    };
    for (;;) {
      try {
        const report = await this.#attempt(folder, acceptDeletions, sealed, signal);
        const entry = syncedEntry(report);
        if (entry) activity.note(entry);
        emit({ kind: 'sync-ended', folderId, folderName, problem: undefined });
        return report;
      } catch (thrown) {
        // What still flows belongs to this attempt; the next one begins with nothing under way.
        await this.#parts.flow.settle();
        const error = indexFailure(thrown);
        if (!hasReconciled && isAboutLostBlob(error)) {
          hasReconciled = true;
          if (await this.#hasFoundLost(signal)) continue;
        }
        const delayMs = this.#retryDelayMs(error, refreshes, backoffs);
        if (delayMs !== undefined && !signal.aborted) {
          if ((error as EngineError).retry === 'after-refresh') refreshes += 1;
          else backoffs += 1;
          options.logger.warn('a sync is tried again', { code: (error as EngineError).code });
          await options.clock.sleep(delayMs, signal);
          continue;
        }
        signal.throwIfAborted();
        if (!isAbort(error)) {
          const problem = serializeError(error);
          emit({ kind: 'sync-ended', folderId, folderName, problem });
          this.#keepFailure(folder, error, problem);
        }
        throw error;
      }
    }
  }

  /** What is gone counts as ended from now on: the next attempt stores it anew. */
  async #hasFoundLost(signal: AbortSignal): Promise<boolean> {
    try {
      const system = await this.#parts.river.refresh(signal);
      const changes = await reconcileHoldings(this.#parts, system, signal);
      // Whoever has looked meanwhile has been told already, and has not stored anything anew.
      const holdings = readHoldings(this.#parts, system);
      return changes.length > 0 || holdings.some((one) => lostBlobs(one, system).length > 0);
    } catch (thrown) {
      signal.throwIfAborted();
      // Why the attempt has failed is told, and not why nothing could be found out about it.
      const { code } = serializeError(indexFailure(thrown));
      this.#parts.options.logger.warn('what is lost is not known', { code });
      return false;
    }
  }

  /** For who asks later. A failure that cannot be kept, on a disk that is full, is told all the same. */
  #keepFailure(
    { folderId, name }: FolderRecord,
    error: unknown,
    problem: ReturnType<typeof serializeError>,
  ): void {
    const { index, activity, options } = this.#parts;
    try {
      activity.failed(problem);
      index.folders.recordSync(folderId, { problem: storedProblem(error) });
      activity.note(syncFailedEntry(name, problem));
    } catch (thrown) {
      const { code } = serializeError(indexFailure(thrown));
      options.logger.warn('how a sync has failed is not kept', { code });
    }
  }

  #retryDelayMs(error: unknown, refreshes: number, backoffs: number): number | undefined {
    if (!(error instanceof EngineError)) return undefined;
    if (error.code === 'spool-damaged' && refreshes + backoffs < REFRESHES_MAX) {
      return this.#dropDamaged(error) ? 0 : undefined;
    }
    if (error.retry === 'after-refresh') {
      return refreshes < REFRESHES_MAX ? REFRESH_DELAY_MS : undefined;
    }
    return error.retry === 'after-backoff' ? BACKOFFS_MS[backoffs] : undefined;
  }

  /** A pack whose sealed bytes are gone is given up; its files are read and sealed again. */
  #dropDamaged(error: EngineError): boolean {
    const { index, options } = this.#parts;
    const packId = error.context['packId'];
    const pack = index.journal.all().find((one) => one.packId === packId);
    if (!pack || pack.state === 'certified' || pack.state === 'published') return false;
    options.logger.warn('a sealed pack is damaged and is sealed again', { packId: pack.packId });
    index.atomically(() => {
      const folders = new Set(index.journal.foldersOf(pack.packId));
      index.journal.dropPack(pack.packId);
      for (const folderId of folders) index.entries.clear(folderId);
    });
    return true;
  }

  async #attempt(
    folder: FolderRecord,
    acceptDeletions: boolean,
    sealed: SealedSoFar,
    signal: AbortSignal,
  ): Promise<SyncReport['folders'][number]> {
    const { index, options, river, chain, flow } = this.#parts;
    // A sync that the watcher asks for has passed no other check.
    await this.#callbacks.checkChain(signal);
    await flow.untilDone(signal);
    await this.#checkHead(signal);
    const system = await river.refresh(signal);
    notePrices(index, system);
    await this.#forgetLapsed(folder, system, signal);
    const result = await this.#seal(folder, acceptDeletions, system, signal);
    sealed.committed ||= result.committed;
    sealed.added += result.filesAdded;
    sealed.changed += result.filesChanged;
    sealed.removed += result.filesRemoved;
    sealed.read += result.bytesRead;
    sealed.bytes += result.bytesSealed;
    if (result.unwatchable > 0) this.#callbacks.pollFolder(folder.folderId);
    await flow.untilDone(signal);
    await river.finishTails();
    await this.lookAround(folder, signal);
    index.folders.recordSync(folder.folderId, {
      rootDevice: result.rootDevice.toString(),
      syncedAtMs: options.clock.nowMs(),
      problem: undefined,
    });
    const newest = index.snapshots.newest(folder.folderId);
    const protection = newest && (await this.#protection(newest.record, system, chain, signal));
    if (protection?.problem) throw protection.problem;
    return {
      folderId: folder.folderId,
      name: folder.name,
      snapshotId: newest?.snapshotId,
      published: sealed.committed,
      filesAdded: sealed.added,
      filesChanged: sealed.changed,
      filesRemoved: sealed.removed,
      bytesRead: sealed.read,
      bytesSealed: sealed.bytes,
      unread: result.unread.map(({ path, reason }) => ({ path: displayPath(path), reason })),
      protectedUntil: protection?.until,
    };
  }

  /** Before anything is paid for: the head on chain and the local index tell the same story. */
  async #checkHead(signal: AbortSignal): Promise<void> {
    if (this.#isHeadChecked) return;
    await readOwnHead(this.#parts, signal);
    this.#isHeadChecked = true;
  }

  async #protection(
    record: string,
    system: WalrusSystem,
    chain: Chain,
    signal: AbortSignal,
  ): Promise<Protection> {
    const { index, owners } = this.#parts;
    const packs = packsOfCommit(index, JSON.parse(record) as CommitRecord);
    return readProtection(packs, { chain, system, owners, signal });
  }

  /**
   * Packs that have ended hold nothing any more: the files of the folder are read again, and what
   * lies in no other pack is stored anew. Once for each end.
   */
  async #forgetLapsed(
    { folderId }: FolderRecord,
    system: WalrusSystem,
    signal: AbortSignal,
  ): Promise<void> {
    const { index, chain, owners } = this.#parts;
    const fact = `lapsed-${folderId}`;
    const ended = (): PackRecord[] =>
      index.journal
        .packsOf(folderId)
        .filter(({ endEpoch }) => endEpoch !== undefined && endEpoch <= system.epoch);
    // Ends never come back, so their number and the last of them tell one state from the next.
    const stateOf = (packs: readonly PackRecord[]): string =>
      packs.length === 0
        ? ''
        : `${String(Math.max(...packs.map(({ endEpoch }) => endEpoch ?? 0)))}:${String(packs.length)}`;
    const known = index.readFact(fact) ?? '';
    if (stateOf(ended()) === known) return;
    // They may have been extended without our having noted it: the chain decides.
    const ids = ended().flatMap(({ blobObjectId }) => blobObjectId ?? []);
    for (const blob of (await chain.readBlobObjects(ids, { signal })).values()) {
      if (blob && isOfVault(blob, owners)) {
        index.journal.recordEndEpoch(blob.blobObjectId, blob.endEpoch);
      }
    }
    const state = stateOf(ended());
    if (state === known) return;
    index.atomically(() => {
      index.entries.clear(folderId);
      index.writeFact(fact, state);
    });
  }

  async #seal(
    folder: FolderRecord,
    acceptDeletions: boolean,
    system: WalrusSystem,
    signal: AbortSignal,
  ): Promise<FolderSyncResult> {
    const { options } = this.#parts;
    const startedMs = options.clock.monotonicMs();
    return syncFolder({
      ...(await this.#commitOptions(folder, system, signal)),
      files: options.files,
      ownDirectories: options.paths.own,
      acceptDeletions,
      onProgress: (progress) => this.#emitProgress(folder, progress, startedMs),
    });
  }

  async #commitOptions(
    folder: FolderRecord,
    system: WalrusSystem,
    signal: AbortSignal,
  ): Promise<CommitOptions> {
    const { options, index, spool, codec, account, flow } = this.#parts;
    const others = await otherHeads(this.#parts, signal);
    this.#isSharing = sharing(this.#parts, others).length > 0;
    return {
      folder,
      folderKeys: await openFolderKeys(this.#parts, folder),
      vaultKeys: options.vaultKeys,
      vault: await vaultRecord(this.#parts, system, signal),
      deviceId: options.deviceId,
      deviceName: options.deviceName,
      signer: account.publicKey,
      sign: (message) => account.signBytes(message),
      codec,
      clock: options.clock,
      random: options.random,
      index,
      spool,
      limits: packLimits(system.shardCount),
      system,
      moves: await commitMoves(this.#parts, folder, others, system, signal),
      otherParents: others.flatMap(({ device, folders }) =>
        folders
          .filter(({ part }) => part.folderId === folder.folderId)
          .map(({ part }) => ({
            deviceId: device.deviceId,
            sequence: part.sequence,
            snapshotId: part.snapshot.snapshotId,
          })),
      ),
      onSealed: async (packId) => {
        const pack = index.journal.find(packId);
        if (pack) this.#parts.activity.stepped(pack);
        await flow.untilRoom(PACKS_WAITING_MAX, signal);
      },
      untilCertified: () => flow.untilDone(signal),
      signal,
    };
  }

  /**
   * Commit the newest tree once more, without what is leaving. Nothing of the folder is read; a
   * drive that is not there keeps nobody from it.
   */
  async recommit(folder: FolderRecord, signal: AbortSignal): Promise<boolean> {
    const { flow, river } = this.#parts;
    await this.#callbacks.checkChain(signal);
    await flow.untilDone(signal);
    await this.#checkHead(signal);
    const system = await river.refresh(signal);
    const options = await this.#commitOptions(folder, system, signal);
    try {
      const isCommitted = await recommit(options);
      await flow.untilDone(signal);
      await river.finishTails();
      return isCommitted;
    } catch (error) {
      // What still flows belongs to this turn: the next one may drop what is being paid for.
      await flow.settle();
      throw error;
    }
  }

  /**
   * The second look at the other devices' heads, after publishing: whatever they have condemned
   * meanwhile leaves here, too. And what of ours nobody needs any more is let go.
   */
  async lookAround(folder: FolderRecord, signal: AbortSignal): Promise<void> {
    const system = await this.#parts.river.refresh(signal);
    for (let round = 0; this.#isSharing && round < ROUNDS_MAX; round += 1) {
      const heads = sharing(this.#parts, await otherHeads(this.#parts, signal));
      if (!needsCondemned(this.#parts, heads)) {
        await acknowledge(this.#parts, heads, system, signal);
        break;
      }
      await this.recommit(folder, signal);
    }
    await giveUpCondemned(this.#parts, system, signal);
  }

  #emitProgress(folder: FolderRecord, progress: FolderProgress, startedMs: number): void {
    const { emit, options } = this.#parts;
    const { phase, ...rest } = progress;
    this.#onProgress?.(progress);
    const nowMs = options.clock.monotonicMs();
    if (nowMs - this.#progressToldMs < PROGRESS_TOLD_EVERY_MS) return;
    this.#progressToldMs = nowMs;
    emit({
      kind: 'progress',
      task: phase,
      folderId: folder.folderId,
      folderName: folder.name,
      ...rest,
      elapsedMs: nowMs - startedMs,
    });
  }
}

const isAboutLostBlob = (error: unknown): boolean =>
  error instanceof EngineError && error.code === 'blob-expired';
