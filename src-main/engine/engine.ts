/**
 * @file The engine: joins abilities and journeys, and decides what runs next.
 *
 * Plain Node. It has never heard of windows, terminals or Electron: it is given a machine (ports),
 * a vault and a network, and implements EngineApi. One sync at a time; restores and questions may
 * run beside it.
 */
import type {
  CallOptions,
  EngineApi,
  EngineConnection,
  FolderStatus,
  SyncReport,
} from '#contract/api.ts';
import type { EngineEvent } from '#contract/events.ts';
import { archiveCodec } from './archive-codec.ts';
import type { ArchiveCodec } from './archive/archive-codec.ts';
import type { FolderPart } from './archive/head.ts';
import { packLimits } from './archive/limits.ts';
import type { VaultRecord } from './archive/vault-record.ts';
import type { CommitRecord } from './backup/commit-record.ts';
import { syncFolder, type FolderProgress, type FolderSyncResult } from './backup/folder-sync.ts';
import { RiverFlow } from './backup/river-flow.ts';
import { River } from './backup/river.ts';
import { openSpool, type Spool } from './backup/spool.ts';
import { Catalog } from './catalog.ts';
import { blake3 } from './codec/hash.ts';
import { verifySignature, type VaultKeys } from './codec/keys.ts';
import { doctor } from './doctor.ts';
import { addFolder, findFolder, openFolderKeys } from './folders.ts';
import { ensureFunds } from './funds.ts';
import { ACCOUNT_GAP, buildHeadFields, readHeadOf, type Head, type HeadReader } from './heads.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import type { PackRecord } from './local-index/journal.ts';
import { indexFailure, openLocalIndex, type LocalIndex } from './local-index/local-index.ts';
import { EngineError, isAbort, serializeError } from './model/engine-error.ts';
import {
  displayPath,
  type DeviceId,
  type FolderId,
  type PackId,
  type SuiAddress,
} from './model/ids.ts';
import type { Network } from './model/network.ts';
import type { WalrusSystem } from './model/walrus.ts';
import { epochsFor, quoteRegistration, TRANSACTION_CAPS } from './policy.ts';
import type { AbsolutePath, FileSystem, WatchFiles } from './ports/file-system.ts';
import type { Clock, Logger, Random } from './ports/ports.ts';
import { packsOfCommit, readProtection, type Protection } from './protection.ts';
import { extendFolder } from './extend.ts';
import { listSnapshotDirectory, restoreFolder, summaryOf } from './restoring.ts';
import { PackReader } from './restore/pack-reader.ts';
import { folderStatus, vaultStatus } from './status.ts';
import { deriveAccount, type Account } from './sui/account.ts';
import { openChain, type Chain } from './sui/chain.ts';
import type { Wallet } from './sui/wallet/wallet.ts';
import { walletStatus } from './wallet-status.ts';
import { sliverCodec } from './sliver-codec.ts';
import { openStorageNetwork, type StorageNetwork } from './walrus/storage-network.ts';
import { watchFolders, type Watching } from './watching.ts';

/** Sealed packs that wait in the spool before the reading of files is held up. */
const PACKS_WAITING_MAX = 2;
/** Attempts of one sync, by what the failure asks for. */
const REFRESHES_MAX = 5;
const BACKOFFS_MS: readonly number[] = [1_000, 4_000, 12_000];
const REFRESH_DELAY_MS = 500;
/** Waits for an endpoint that is behind: as long as two endpoints are given to agree. */
const HEAD_BEHIND_DELAYS_MS: readonly number[] = [300, 700, 1_000, 2_000, 4_000];

/** What a host gives the engine. */
export interface EngineOptions {
  readonly network: Network;
  readonly isTryOut: boolean;
  readonly chainIdentifier: string;
  readonly vaultKeys: VaultKeys;
  /** BIP-39 seed, 64 bytes: accounts are derived from it. */
  readonly seed: Uint8Array;
  readonly accountIndex: number;
  readonly deviceId: DeviceId;
  readonly deviceName: string;
  readonly isKitConfirmed: boolean;
  readonly vaultCreatedAtMs: number;
  readonly paths: {
    /** Text, since SQLite opens it. */
    readonly index: string;
    readonly spool: AbsolutePath;
    /** Floe's own folders, which are never protected. */
    readonly own: readonly AbsolutePath[];
  };
  /** Whether an absent index is a new one (default), or a lost one: `index-damaged`. */
  readonly mayCreateIndex?: boolean;
  readonly files: FileSystem;
  readonly watchFiles: WatchFiles;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What the engine's parts share. Not for anybody outside of src-main/engine. */
export interface EngineParts extends HeadReader {
  readonly options: EngineOptions;
  readonly index: LocalIndex;
  readonly spool: Spool;
  readonly codec: ArchiveCodec;
  readonly chain: Chain;
  readonly account: Account;
  readonly wallet: Wallet;
  readonly storage: StorageNetwork;
  readonly river: River;
  readonly flow: RiverFlow;
  readonly packs: PackReader;
  readonly catalog: Catalog;
  readonly emit: (event: EngineEvent) => void;
  /** Addresses whose blobs count as the vault's own. */
  readonly owners: ReadonlySet<SuiAddress>;
}

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
const METHODS_OFF_CHAIN: readonly string[] = ['doctor', 'exportKey'];

/**
 * The same methods; what SQLite throws inside of them becomes a failure with a code, and none asks
 * a chain that is not the vault's.
 */
function guarded(floe: FloeEngine): EngineApi {
  const methods = Object.entries(floe as unknown as Record<string, unknown>)
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

function openParts(options: EngineOptions, emit: (event: EngineEvent) => void): EngineParts {
  const { network, clock, random, logger, seed, files, vaultKeys } = options;
  const index = openLocalIndex(options.paths.index, {
    mayCreate: options.mayCreateIndex !== false,
  });
  const codec = archiveCodec(random);
  const spool = openSpool({ files, folder: options.paths.spool, hash: blake3 });
  const chain = openChain(network, { clock, logger, random });
  const account = deriveAccount(seed, options.accountIndex);
  const wallet = chain.openWallet(account, TRANSACTION_CAPS);
  const storage = openStorageNetwork({
    scheme: network.nodes.scheme,
    trust: network.nodes.trust,
    codec: sliverCodec,
    clock,
    random,
    logger,
  });
  const headReader: HeadReader = { chain, codec, keys: vaultKeys, seed };
  const packs = new PackReader({
    readBlob: async (blobId, signal) =>
      storage.readBlob(blobId, { ...(await committees(chain, signal)), ...withSignal(signal) }),
    readRange: async (blobId, offset, length, signal) =>
      storage.readRange(blobId, offset, length, {
        ...(await committees(chain, signal)),
        ...withSignal(signal),
      }),
  });
  const devices = deviceKeys(seed, options.accountIndex);
  const reader = {
    codec,
    keys: vaultKeys,
    packs,
    verify: (signer: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
      devices.keys.has(Buffer.from(signer).toString('hex')) &&
      verifySignature(signer, message, signature),
  };
  const river: River = new River({
    index,
    spool,
    chain,
    wallet,
    network: storage,
    clock,
    epochsFor,
    quoteRegistration,
    publicationOf: (pack, signal) => publicationOf(parts, pack, signal),
    onPublished: (pack) => recordPublished(index, pack),
    onStep: (pack) => {
      emitPack(parts, pack);
      parts.flow.stepped();
    },
    ensureFunds: (walFrost, signal) =>
      ensureFunds({ chain, wallet, network, payments: () => river.payments }, walFrost, signal),
  });
  const parts: EngineParts = {
    ...headReader,
    options,
    index,
    spool,
    account,
    wallet,
    storage,
    river,
    flow: new RiverFlow({
      run: (signal) => river.run(signal),
      countUnfinished: () => index.journal.unfinished().length,
    }),
    packs,
    catalog: new Catalog({ ...headReader, reader, packs }),
    emit,
    owners: devices.addresses,
  };
  return parts;
}

const withSignal = (signal: AbortSignal | undefined): { signal?: AbortSignal } =>
  signal ? { signal } : {};

async function committees(
  chain: Chain,
  signal: AbortSignal | undefined,
): Promise<Pick<WalrusSystem, 'committee'> & Partial<WalrusSystem>> {
  const { committee, previousCommittee, isChangingEpoch } = await chain.readSystem(
    withSignal(signal),
  );
  return isChangingEpoch ? { committee, previousCommittee } : { committee };
}

/** Keys and addresses of every account that a device of this vault may have. */
function deviceKeys(
  seed: Uint8Array,
  accountIndex: number,
): { readonly keys: ReadonlySet<string>; readonly addresses: ReadonlySet<SuiAddress> } {
  const accounts = Array.from({ length: accountIndex + ACCOUNT_GAP + 1 }, (_, index) =>
    deriveAccount(seed, index),
  );
  return {
    keys: new Set(accounts.map(({ publicKey }) => Buffer.from(publicKey).toString('hex'))),
    addresses: new Set(accounts.map(({ address }) => address)),
  };
}

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

async function publicationOf(parts: EngineParts, pack: PackRecord, signal?: AbortSignal) {
  const { account, options, catalog } = parts;
  const commit = JSON.parse(pack.commitRecord ?? '{}') as CommitRecord;
  const own = await readOwnHead(parts, signal);
  const others = (await catalog.heads(signal)).filter(
    (head) => head.accountIndex !== options.accountIndex,
  );
  const system = await parts.chain.readSystem(withSignal(signal));
  const fields = await buildHeadFields(
    parts,
    account.address,
    own,
    [
      ...tombstones(parts, own, commit.headSlot, system),
      {
        slot: commit.headSlot,
        part: {
          folderId: commit.folderId,
          sequence: commit.sequence,
          ...(parts.index.folders.find(commit.folderId)?.removed === true
            ? { removed: tombstoneNow(parts, system) }
            : {}),
          snapshot: {
            snapshotId: commit.snapshotId,
            blobId: required(pack.blobId),
            blobObjectId: required(pack.blobObjectId),
            offsetBytes: commit.offsetBytes,
            sizeBytes: commit.sizeBytes,
            packBytes: pack.sizeBytes,
            packClass: commit.packClass,
          },
        },
      },
    ],
    {
      vaultId: options.vaultKeys.vaultId,
      deviceId: options.deviceId,
      deviceName: options.deviceName,
      accountIndex: options.accountIndex,
      sequence: (own?.device.sequence ?? 0) + 1,
      versionVector: others.map(({ device }) => ({
        deviceId: device.deviceId,
        sequence: device.sequence,
      })),
      condemned: own?.device.condemned ?? [],
      vault: await vaultRecord(parts, system, signal),
      chainEpoch: system.epoch,
      writtenAtMs: options.clock.nowMs(),
    },
  );
  return { head: { ...(own ? { bag: own.bagId } : {}), fields } };
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
async function readOwnHead(parts: EngineParts, signal?: AbortSignal): Promise<Head | undefined> {
  const { options, index } = parts;
  const seen = Number(index.readFact('head-sequence') ?? 0);
  let head = await readHeadOf(parts, options.accountIndex, signal);
  for (const delayMs of HEAD_BEHIND_DELAYS_MS) {
    if ((head?.device.sequence ?? 0) >= seen) break;
    await options.clock.sleep(delayMs, signal);
    head = await readHeadOf(parts, options.accountIndex, signal);
  }
  refuseForeignHead(parts, head?.device);
  return head;
}

/**
 * Only this device writes this account's head. What it shows must be ours, and not older than
 * what we have published.
 */
function refuseForeignHead(
  { options, index }: EngineParts,
  head: { readonly deviceId: DeviceId; readonly sequence: number } | undefined,
): void {
  const seen = Number(index.readFact('head-sequence') ?? 0);
  if (head && head.deviceId !== options.deviceId) {
    throw new EngineError('head-rolled-back', 'another device writes the head of this account', {
      context: { account: options.accountIndex },
    });
  }
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

function recordPublished(index: LocalIndex, pack: PackRecord): void {
  const commit = JSON.parse(pack.commitRecord ?? '{}') as CommitRecord;
  index.snapshots.put({
    snapshotId: commit.snapshotId,
    folderId: commit.folderId,
    sequence: commit.sequence,
    atMs: commit.createdAtMs,
    record: pack.commitRecord ?? '{}',
  });
  const seen = Number(index.readFact('head-sequence') ?? 0);
  index.writeFact('head-sequence', String(seen + 1));
}

function emitPack(parts: EngineParts, pack: PackRecord): void {
  const commit = pack.commitRecord && (JSON.parse(pack.commitRecord) as CommitRecord);
  const folder = commit ? parts.index.folders.find(commit.folderId) : undefined;
  parts.emit({
    kind: 'pack',
    packId: pack.packId,
    folderName: folder?.name,
    step: pack.state,
    sizeBytes: pack.sizeBytes,
    blobId: pack.blobId,
    storedShards: pack.storedShards,
    shardCount: pack.shardCount,
  });
}

function required<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new EngineError('index-damaged', 'a journal row is incomplete');
  return value;
}

/** What the attempts of one sync have sealed together. */
interface SealedSoFar {
  committed: boolean;
  added: number;
  changed: number;
  removed: number;
  read: number;
  bytes: number;
}

class FloeEngine implements EngineApi {
  readonly #parts: EngineParts;
  readonly #closing = new AbortController();
  /** The sync that runs, or the last one: the next waits for it. */
  #lastSync: Promise<unknown> = Promise.resolve();
  /** Calls that have not been answered yet: the index stays open for them. */
  readonly #calls = new Set<Promise<unknown>>();
  #watching: Watching | undefined;
  #isHeadChecked = false;
  #isChainChecked = false;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  // Declared as arrow functions: the host forwards methods by name.
  readonly status: EngineApi['status'] = (request, options) =>
    vaultStatus(this.#parts, request.withSpread === true, this.#signal(options?.signal));

  readonly addFolder: EngineApi['addFolder'] = async (request, options) => {
    const folder = await addFolder(this.#parts, request);
    this.#parts.emit({ kind: 'folders-changed' });
    await this.#watching?.refresh();
    return this.#statusOf(folder, options?.signal);
  };

  readonly removeFolder: EngineApi['removeFolder'] = async ({ folder: name }, options) =>
    this.#inTurn(async () => {
      const folder = findFolder(this.#parts, name);
      const { index, spool } = this.#parts;
      const given = giveUpPacks(index, folder);
      for (const packId of given) spool.remove(packId);
      this.#parts.emit({ kind: 'folders-changed' });
      await this.#watching?.refresh();
      return this.#statusOf({ ...folder, removed: true }, options?.signal);
    });

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
      for (const folder of folders) {
        refuseRemoved(folder);
        try {
          reports.push(await this.#syncOne(folder, request.acceptDeletions === true, signal));
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
    });

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
    this.#inTurn(() =>
      extendFolder(
        this.#parts,
        findFolder(this.#parts, request.folder),
        request.epochs,
        this.#signal(options?.signal),
      ),
    );

  readonly wallet: EngineApi['wallet'] = (_request, options) =>
    walletStatus(this.#parts, this.#signal(options?.signal));

  readonly exportKey: EngineApi['exportKey'] = async () => ({
    key: this.#parts.account.exportPrivateKey(),
  });

  readonly doctor: EngineApi['doctor'] = (request, options) =>
    this.#inTurn(() => doctor(this.#parts, request, this.#signal(options?.signal)));

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

  async watch(): Promise<void> {
    this.#watching = watchFolders(this.#parts, {
      sync: async (folder, signal) => {
        await this.sync({ folder: folder.folderId }, { signal });
      },
      signal: this.#closing.signal,
    });
    await this.#watching.refresh();
  }

  async close(): Promise<void> {
    this.#closing.abort(new DOMException('the engine was closed', 'AbortError'));
    await this.#watching?.close();
    await Promise.allSettled([...this.#calls, this.#lastSync]);
    await this.#parts.flow.settle();
    await this.#parts.storage.close();
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

  async #statusOf(folder: FolderRecord, signal?: AbortSignal): Promise<FolderStatus> {
    const system = await this.#parts.chain.readSystem(withSignal(signal));
    return folderStatus(this.#parts, folder, system, false, signal);
  }

  /** One after the other: two syncs would seal the same files twice. */
  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const before = this.#lastSync;
    const mine = before
      .catch(() => undefined)
      .then(() => {
        this.#closing.signal.throwIfAborted();
        return work();
      });
    this.#lastSync = mine;
    return mine;
  }

  /** Without a folder to sync: what earlier ones have left on its way. */
  async #finishRest(signal: AbortSignal): Promise<void> {
    await this.#parts.flow.untilDone(signal);
    await this.#parts.river.finishTails();
  }

  /** The one retry loop: what to do next is in the code of the failure. */
  async #syncOne(
    folder: FolderRecord,
    acceptDeletions: boolean,
    signal: AbortSignal,
  ): Promise<SyncReport['folders'][number]> {
    const { emit, options, index } = this.#parts;
    const { folderId, name: folderName } = folder;
    emit({ kind: 'sync-began', folderId, folderName });
    let refreshes = 0;
    let backoffs = 0;
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
        emit({ kind: 'sync-ended', folderId, folderName, problem: undefined });
        return report;
      } catch (thrown) {
        // What still flows belongs to this attempt; the next one begins with nothing under way.
        await this.#parts.flow.settle();
        const error = indexFailure(thrown);
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
          index.folders.recordSync(folderId, { problem: serializeError(error).code });
          emit({ kind: 'sync-ended', folderId, folderName, problem: serializeError(error) });
        }
        throw error;
      }
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
    await this.checkChain(signal);
    await flow.untilDone(signal);
    await this.#checkHead(signal);
    const system = await river.refresh(signal);
    await this.#forgetLapsed(folder, system, signal);
    const result = await this.#seal(folder, acceptDeletions, system, signal);
    sealed.committed ||= result.committed;
    sealed.added += result.filesAdded;
    sealed.changed += result.filesChanged;
    sealed.removed += result.filesRemoved;
    sealed.read += result.bytesRead;
    sealed.bytes += result.bytesSealed;
    if (result.unwatchable > 0) this.#watching?.poll(folder.folderId);
    await flow.untilDone(signal);
    await river.finishTails();
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
    const { index, chain } = this.#parts;
    const fact = `lapsed-${folderId}`;
    const ended = (): PackRecord[] =>
      index.journal
        .packsOf(folderId)
        .filter(({ endEpoch }) => endEpoch !== undefined && endEpoch <= system.epoch);
    const lastEnd = (): number =>
      ended().reduce((last, { endEpoch }) => Math.max(last, endEpoch ?? -1), -1);
    const known = Number(index.readFact(fact) ?? -1);
    if (lastEnd() <= known) return;
    // They may have been extended without our having noted it: the chain decides.
    const ids = ended().flatMap(({ blobObjectId }) => blobObjectId ?? []);
    for (const blob of (await chain.readBlobObjects(ids, { signal })).values()) {
      if (blob) index.journal.recordEndEpoch(blob.blobObjectId, blob.endEpoch);
    }
    const last = lastEnd();
    if (last <= known) return;
    index.atomically(() => {
      index.entries.clear(folderId);
      index.writeFact(fact, String(last));
    });
  }

  async #seal(
    folder: FolderRecord,
    acceptDeletions: boolean,
    system: WalrusSystem,
    signal: AbortSignal,
  ): Promise<FolderSyncResult> {
    const { options, index, spool, codec, account, catalog, flow } = this.#parts;
    const startedMs = options.clock.monotonicMs();
    return syncFolder({
      folder,
      folderKeys: await openFolderKeys(this.#parts, folder),
      vaultKeys: options.vaultKeys,
      vault: await vaultRecord(this.#parts, system, signal),
      deviceId: options.deviceId,
      deviceName: options.deviceName,
      signer: account.publicKey,
      sign: (message) => account.signBytes(message),
      codec,
      files: options.files,
      clock: options.clock,
      random: options.random,
      index,
      spool,
      limits: packLimits(system.shardCount),
      system,
      otherParents: async () =>
        (await catalog.heads(signal))
          .filter((head) => head.accountIndex !== options.accountIndex)
          .flatMap(({ device, folders }) =>
            folders
              .filter(({ part }) => part.folderId === folder.folderId)
              .map(({ part }) => ({
                deviceId: device.deviceId,
                sequence: part.sequence,
                snapshotId: part.snapshot.snapshotId,
              })),
          ),
      ownDirectories: options.paths.own,
      acceptDeletions,
      onSealed: async (packId) => {
        const pack = index.journal.find(packId);
        if (pack) emitPack(this.#parts, pack);
        await flow.untilRoom(PACKS_WAITING_MAX, signal);
      },
      untilCertified: () => flow.untilDone(signal),
      onProgress: (progress) => this.#emitProgress(folder, progress, startedMs),
      signal,
    });
  }

  #emitProgress(folder: FolderRecord, progress: FolderProgress, startedMs: number): void {
    const { emit, options } = this.#parts;
    const { phase, ...rest } = progress;
    emit({
      kind: 'progress',
      task: phase,
      folderId: folder.folderId,
      folderName: folder.name,
      ...rest,
      elapsedMs: options.clock.monotonicMs() - startedMs,
    });
  }
}

const FOLDER_FAILURES: readonly string[] = ['folder-missing', 'folder-unreadable', 'mass-deletion'];

const isOfOneFolder = (error: unknown): error is EngineError =>
  error instanceof EngineError && FOLDER_FAILURES.includes(error.code);

/** Its name may belong to another folder by now, and what is removed is paid for no more. */
function refuseRemoved(folder: FolderRecord): void {
  if (!folder.removed) return;
  throw new EngineError('folder-unknown', `${folder.name} is no longer protected`);
}

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

export function spentSoFar(index: LocalIndex): { walFrost: bigint; gasMist: bigint } {
  return index.ledger.all().reduce(
    (sum, { actualFrost, actualGasMist, kind }) => ({
      // An exchange brings WAL in; it is no spending.
      walFrost: sum.walFrost + (kind === 'exchange' ? 0n : (actualFrost ?? 0n)),
      gasMist: sum.gasMist + (actualGasMist ?? 0n),
    }),
    { walFrost: 0n, gasMist: 0n },
  );
}
