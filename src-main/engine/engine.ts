/**
 * @file The engine: joins abilities and journeys, and decides what runs next.
 *
 * Plain Node. It has never heard of windows, terminals or Electron: it is given a machine (ports),
 * a vault and a network, and implements EngineApi. One sync at a time; restores and questions may
 * run beside it.
 */
import type { CallOptions, EngineApi, EngineConnection, SyncReport } from '#contract/api.ts';
import type { BrowseApi } from '#contract/browse-api.ts';
import type { EngineEvent } from '#contract/events.ts';
import type { RetentionApi, SpendingApi } from '#contract/storage-api.ts';
import type { CommitRecord } from './backup/commit-record.ts';
import { openBrowsing } from './browsing.ts';
import { Compacting } from './compacting.ts';
import { compactionMethods } from './compaction-methods.ts';
import { doctor } from './doctor.ts';
import { spentSoFar, type EngineOptions, type EngineParts } from './engine-parts.ts';
import { FolderSyncing } from './folder-syncing.ts';
import { addFolder, asProtectedNow, findFolder } from './folders.ts';
import { joinFolder } from './joining.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import type { PackRecord } from './local-index/journal.ts';
import { indexFailure, type LocalIndex } from './local-index/local-index.ts';
import { repack, repackAndRenew } from './money-work.ts';
import { EngineError } from './model/engine-error.ts';
import type { FolderId, PackId } from './model/ids.ts';
import { openParts } from './open-parts.ts';
import { RenewalWatch } from './renewal-watch.ts';
import { extendFolder } from './renewing.ts';
import { listSnapshotDirectory, restoreFolder, summaryOf } from './restoring.ts';
import { standingOf } from './standing.ts';
import { storageMethods } from './storage-methods.ts';
import { EngineTasks, type TaskMethods } from './task-work.ts';
import { Upkeep, type UpkeepMethods } from './upkeep.ts';
import { walletStatus } from './wallet-status.ts';

export type { EngineOptions } from './engine-parts.ts';

export interface Engine extends EngineConnection {
  /** Watch all folders and sync what changes, until `close`. */
  watch(): Promise<void>;
}

/** Open the engine: everything that a crash left open is settled by the first sync. */
export function openEngine(options: EngineOptions): Engine {
  const listeners = new Set<(event: EngineEvent) => void>();
  const emit = (event: EngineEvent): void => {
    for (const listener of listeners) listener(event);
  };
  const parts = openParts(options, emit);
  const floe = new FloeEngine(parts);
  listeners.add((event) => floe.hear(event));
  return {
    api: guarded(floe),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    watch: () => floe.watch(),
    close: () => floe.close(),
  };
}

/** These answer without the chain, or say themselves what is wrong with it. */
const METHODS_OFF_CHAIN: readonly string[] = [
  'doctor',
  'exportKey',
  'previewFolder',
  'machineFolders',
  'tasks',
  'startSync',
  'startRestore',
  'startRenewal',
  'startCompaction',
  'cancelTask',
  'resumeTask',
  'dismissTask',
  'activity',
  'pause',
  'resume',
  'setConditions',
  'status',
  'updateFolder',
];

/**
 * The same methods; what SQLite throws inside of them becomes a failure with a code, and none asks
 * a chain that is not the vault's.
 */
function guarded(floe: FloeEngine): EngineApi {
  const methods = [floe, floe.spending, floe.retaining, floe.browsing, floe.taking, floe.keeping]
    .flatMap((part) => Object.entries(part))
    .filter(([, method]) => typeof method === 'function')
    .map(([name, method]) => [
      name,
      async (request: unknown, options?: CallOptions) => {
        try {
          return await floe.during(async () => {
            if (!METHODS_OFF_CHAIN.includes(name)) await floe.checkChain(options?.signal);
            return (method as (...given: unknown[]) => Promise<unknown>)(request, options);
          });
        } catch (error) {
          throw indexFailure(error);
        }
      },
    ]);
  return Object.fromEntries(methods) as EngineApi;
}

type OtherMethods = SpendingApi & RetentionApi & BrowseApi & TaskMethods & UpkeepMethods;

class FloeEngine implements Omit<EngineApi, keyof OtherMethods> {
  /** Time and money: the methods of its own file. */
  readonly spending: SpendingApi;
  /** What is kept, and how densely. */
  readonly retaining: RetentionApi;
  /** Looking into folders and snapshots. */
  readonly browsing: BrowseApi;
  readonly #parts: EngineParts;
  readonly #closing = new AbortController();
  /** The sync that runs, or the last one: the next waits for it. */
  #lastSync: Promise<unknown> = Promise.resolve();
  /** One folder is added after the other, or two could take one name or lie in one another. */
  #lastAdded: Promise<unknown> = Promise.resolve();
  /** Calls that have not been answered yet: the index stays open for them. */
  readonly #calls = new Set<Promise<unknown>>();
  #isChainChecked = false;
  readonly #closeBrowsing: () => void;
  readonly #syncing: FolderSyncing;
  readonly #tasks: EngineTasks;
  readonly #upkeep: Upkeep;
  readonly #renewals: RenewalWatch;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#syncing = new FolderSyncing(parts, {
      checkChain: (signal) => this.checkChain(signal),
      pollFolder: (folderId) => this.#upkeep.poll(folderId),
      onBegan: (folderId) => this.#upkeep.syncBegan(folderId),
      onEnded: (folderId, error) => this.#upkeep.syncEnded(folderId, error),
    });
    const compacting = new Compacting(parts, this.#syncing);
    const calls = {
      signalOf: (options: CallOptions | undefined) => this.#signal(options?.signal),
      inTurn: <Result>(work: () => Promise<Result>, caller?: AbortSignal) =>
        this.#inTurn(work, caller),
      compacting,
      syncing: this.#syncing,
    };
    this.spending = storageMethods(parts, calls);
    this.retaining = compactionMethods(parts, calls);
    this.#tasks = new EngineTasks(parts, {
      sync: (folderId, { acceptDeletions, began, onProgress, signal }) =>
        this.#inTurn(async () => {
          const folder = parts.index.folders.find(folderId);
          // Removed while it waited: nothing of it is read or paid for any more.
          if (!folder || folder.removed) return;
          began();
          await this.#syncing.sync(folder, acceptDeletions, this.#signal(signal), onProgress);
        }, signal),
      renew: (meant, { began, onBlobs, walFrostMax, signal }) =>
        this.#inTurn(() => {
          const folder = meant && asProtectedNow(parts.index, meant);
          began();
          return repackAndRenew(parts, compacting, folder, {
            signal: this.#signal(signal),
            onBlobs,
            walFrostMax,
          });
        }, signal),
      compact: (meant, { began, onBlobs, walFrostMax, signal }) =>
        this.#inTurn(() => {
          const folder = meant && asProtectedNow(parts.index, meant);
          began();
          return repack(parts, compacting, folder, {
            signal: this.#signal(signal),
            onBlobs,
            walFrostMax,
          });
        }, signal),
      checkChain: (signal) => this.checkChain(signal),
    });
    this.#upkeep = new Upkeep(parts, {
      tasks: this.#tasks,
      checkChain: (signal) => this.checkChain(signal),
      onWake: () => this.#renewals.wake(),
      signal: this.#closing.signal,
    });
    this.#renewals = new RenewalWatch(parts, {
      compacting,
      inTurn: (work) => this.#inTurn(work),
      checkChain: (signal) => this.checkChain(signal),
      untilAllowed: (signal) => this.#upkeep.untilAllowed(signal),
      syncFolder: (folderId) => {
        const folder = parts.index.folders.find(folderId);
        if (folder) this.#tasks.startSync(folder, { acceptDeletions: false, isAutomatic: true });
      },
      signal: this.#closing.signal,
    });
    const { methods, close } = openBrowsing(parts, (signal) => this.#signal(signal));
    this.browsing = methods;
    this.#closeBrowsing = close;
  }

  /** Beginning, stopping and forgetting tasks. */
  get taking(): TaskMethods {
    return this.#tasks.methods;
  }

  /** Pausing, and the settings of folders. */
  get keeping(): UpkeepMethods {
    return this.#upkeep.methods;
  }

  // Declared as arrow functions: the host forwards methods by name.
  readonly status: EngineApi['status'] = (request, options) =>
    this.#upkeep.status(request, this.#signal(options?.signal));

  readonly addFolder: EngineApi['addFolder'] = async (request, options) => {
    const { joins, ...rest } = request;
    const signal = this.#signal(options?.signal);
    const add = (): Promise<FolderRecord> =>
      joins === undefined
        ? addFolder(this.#parts, rest, signal)
        : joinFolder(this.#parts, { ...rest, joins }, signal);
    const mine = this.#lastAdded.catch(() => undefined).then(add);
    this.#lastAdded = mine;
    const folder = await mine;
    this.#parts.emit({ kind: 'folders-changed' });
    await this.#upkeep.refresh();
    return standingOf(this.#parts, folder, signal);
  };

  readonly removeFolder: EngineApi['removeFolder'] = async ({ folder: name }, options) =>
    this.#inTurn(async () => {
      const folder = findFolder(this.#parts, name);
      const { index, spool } = this.#parts;
      const given = giveUpPacks(index, folder);
      for (const packId of given) spool.remove(packId);
      this.#parts.emit({ kind: 'folders-changed' });
      await this.#upkeep.refresh();
      return standingOf(this.#parts, { ...folder, removed: true }, this.#signal(options?.signal));
    }, options?.signal);

  readonly sync: EngineApi['sync'] = (request, options) =>
    this.#inTurn(async () => {
      const signal = this.#signal(options?.signal);
      const { index } = this.#parts;
      const folders =
        request.folder === undefined
          ? index.folders.all().filter(({ removed }) => !removed)
          : [findFolder(this.#parts, request.folder)];
      const spentBefore = spentSoFar(index);
      const reports: SyncReport['folders'][number][] = [];
      if (folders.length === 0) await this.#finishRest(signal);
      let failure: EngineError | undefined;
      for (const meant of folders) {
        const folder = asProtectedNow(index, meant);
        try {
          reports.push(await this.#syncing.sync(folder, request.acceptDeletions === true, signal));
        } catch (error) {
          // A drive that is not there keeps no other folder from being protected.
          if (!isOfOneFolder(error)) throw error;
          failure ??= error;
        }
      }
      if (failure) throw failure;
      const spentAfter = spentSoFar(index);
      return {
        folders: reports,
        spent: {
          walFrost: spentAfter.walFrost - spentBefore.walFrost,
          gasMist: spentAfter.gasMist - spentBefore.gasMist,
        },
      };
    }, options?.signal);

  readonly snapshots: EngineApi['snapshots'] = async ({ folder }, options) => {
    const all = await this.#parts.catalog.all(this.#signal(options?.signal));
    const name = folder === undefined ? undefined : this.#nameOf(folder);
    const wanted = all.filter(
      ({ signed }) =>
        name === undefined ||
        signed.snapshot.folderName === name ||
        signed.snapshot.folderId.startsWith(name),
    );
    if (folder !== undefined && wanted.length === 0 && name === folder) {
      throw new EngineError('folder-unknown', `no folder of this vault is called ${folder}`);
    }
    return wanted.map(summaryOf);
  };

  readonly list: EngineApi['list'] = (request, options) =>
    listSnapshotDirectory(
      this.#parts,
      { ...request, folder: this.#nameOf(request.folder) },
      this.#signal(options?.signal),
    );

  readonly restore: EngineApi['restore'] = (request, options) =>
    restoreFolder(
      this.#parts,
      { ...request, folder: this.#nameOf(request.folder) },
      this.#signal(options?.signal),
    );

  readonly extend: EngineApi['extend'] = (request, options) =>
    this.#inTurn(
      () =>
        extendFolder(
          this.#parts,
          findFolder(this.#parts, request.folder),
          request,
          this.#signal(options?.signal),
        ),
      options?.signal,
    );

  readonly activity: EngineApi['activity'] = (_request, options) =>
    this.#parts.activity.all(this.#signal(options?.signal));

  readonly checkNetwork: EngineApi['checkNetwork'] = (_request, options) =>
    this.#parts.activity.checkNetwork(this.#signal(options?.signal));

  readonly wallet: EngineApi['wallet'] = (_request, options) =>
    walletStatus(this.#parts, this.#signal(options?.signal));

  readonly exportKey: EngineApi['exportKey'] = async () => ({
    key: this.#parts.account.exportPrivateKey(),
  });

  readonly doctor: EngineApi['doctor'] = (request, options) =>
    this.#inTurn(async () => {
      try {
        return await doctor(this.#parts, request, this.#signal(options?.signal));
      } finally {
        // What was read back before it failed is there, and is watched, too.
        if (request.rebuildIndex === true) {
          this.#parts.emit({ kind: 'folders-changed' });
          await this.#upkeep.refresh();
        }
      }
    }, options?.signal);

  /** Another chain behind the same address holds nothing of ours, and is paid nothing. */
  async checkChain(signal?: AbortSignal): Promise<void> {
    if (this.#isChainChecked) return;
    const { chain, options } = this.#parts;
    const identifier = await chain.chainIdentifier({ signal: this.#signal(signal) });
    if (identifier !== options.chainIdentifier) {
      const message = `the endpoint is on chain ${identifier}, the vault on ${options.chainIdentifier}`;
      throw new EngineError('home-other-network', message);
    }
    this.#isChainChecked = true;
  }

  /** Answer a call; closing waits for it. */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#closing.signal.throwIfAborted();
    const call = work();
    this.#calls.add(call);
    try {
      return await call;
    } finally {
      this.#calls.delete(call);
    }
  }

  /** What the engine tells concerns the engine, too. */
  hear(event: EngineEvent): void {
    this.#upkeep.heard(event);
  }

  async watch(): Promise<void> {
    await this.#upkeep.watch();
    this.#renewals.start();
  }

  async close(): Promise<void> {
    this.#closing.abort(new DOMException('the engine was closed', 'AbortError'));
    this.#closeBrowsing();
    await this.#upkeep.close();
    await this.#parts.chainWatch.close();
    await this.#renewals.close();
    await this.#tasks.list.close();
    await Promise.allSettled([...this.#calls, this.#lastSync]);
    await this.#parts.flow.settle();
    await this.#parts.storage.close();
    await this.#parts.relay?.close();
    await this.#parts.river.close();
    this.#parts.index.close();
  }

  /** A folder of this device by whatever it was called; else the text, for the network to know. */
  #nameOf(text: string): string {
    try {
      const { folderId, name, removed } = findFolder(this.#parts, text);
      const namesakes = this.#parts.index.folders.all().filter((folder) => folder.name === name);
      // Of a removed folder and the one that took its name, the one that was meant.
      return namesakes.length > 1 && !(removed && text === name) ? folderId : name;
    } catch {
      return text;
    }
  }

  #signal(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
  }

  /**
   * One after the other: two syncs would seal the same files twice. Whoever leaves before their turn
   * is let go at once, and nothing is begun for them: they may have changed their mind.
   */
  async #inTurn<Result>(work: () => Promise<Result>, caller?: AbortSignal): Promise<Result> {
    caller?.throwIfAborted();
    const left = Promise.withResolvers<never>();
    const leave = (): void => left.reject(caller?.reason);
    caller?.addEventListener('abort', leave, { once: true });
    const mine = this.#lastSync
      .catch(() => undefined)
      .then(() => {
        caller?.removeEventListener('abort', leave);
        this.#closing.signal.throwIfAborted();
        caller?.throwIfAborted();
        return work();
      });
    this.#lastSync = mine;
    return Promise.race([mine, left.promise]);
  }

  /** Without a folder to sync: what earlier ones have left on its way. */
  async #finishRest(signal: AbortSignal): Promise<void> {
    await this.#parts.flow.untilDone(signal);
    await this.#parts.river.finishTails();
  }
}

const FOLDER_FAILURES: readonly string[] = ['folder-missing', 'folder-unreadable', 'mass-deletion'];

const isOfOneFolder = (error: unknown): error is EngineError =>
  error instanceof EngineError && FOLDER_FAILURES.includes(error.code);

/**
 * Stop protecting a folder, and give up its packs that are on their way: nothing more is spent on
 * them. Those that a transaction of unknown fate names stay, since it may have paid for them.
 */
function giveUpPacks(index: LocalIndex, { folderId }: FolderRecord): PackId[] {
  return index.atomically(() => {
    index.folders.markRemoved(folderId);
    const paying = new Set(index.ledger.pending().flatMap(({ packIds }) => packIds));
    const given = index.journal
      .unfinished()
      .filter((pack) => !paying.has(pack.packId) && isOfFolder(index, pack, folderId))
      .map(({ packId }) => packId);
    for (const packId of given) index.journal.dropPack(packId);
    return given;
  });
}

function isOfFolder(index: LocalIndex, pack: PackRecord, folderId: FolderId): boolean {
  const commit = pack.commitRecord && (JSON.parse(pack.commitRecord) as CommitRecord);
  return commit
    ? commit.folderId === folderId
    : index.journal.foldersOf(pack.packId).includes(folderId);
}
