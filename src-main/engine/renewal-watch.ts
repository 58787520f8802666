/**
 * @file Renews by itself while the engine runs: at the start, at each new epoch, after a wake, and
 * again after a while where something was in the way. Tells a person what the person must know.
 */
import type { RenewalReport } from '#contract/storage-api.ts';
import type { Compacting } from './compacting.ts';
import type { EngineParts } from './engine-parts.ts';
import { lostBlobs, readHoldings, reconcileHoldings } from './holdings.ts';
import { indexFailure } from './local-index/local-index.ts';
import { EngineError, isAbort } from './model/engine-error.ts';
import type { FolderId, ObjectId } from './model/ids.ts';
import type { WalrusSystem } from './model/walrus.ts';
import { coinText } from './money-text.ts';
import { epochEndMs } from './policy.ts';
import { renew } from './renewing.ts';
import { DAY_MS } from './spending.ts';
import { dayText, storageWarnings } from './storage-warnings.ts';

/** A machine's sleep stops timers: whatever they say, the chain is asked this often. */
const CHECK_INTERVAL_MS = 10 * 60_000;
const CHECK_INTERVAL_MS_MIN = 1_000;
/** What could not be renewed, and what is told daily, is looked at again after this. */
const LOOK_AGAIN_MS = 3_600_000;
/** Notices of this file, among others in the same table. */
const CAUSE_PREFIX = 'storage: ';

export interface RenewalWatchHooks {
  readonly compacting: Compacting;
  readonly inTurn: <Result>(work: () => Promise<Result>) => Promise<Result>;
  readonly checkChain: (signal: AbortSignal) => Promise<void>;
  /** Resolves when nothing is in the way of beginning something. */
  readonly untilAllowed: (signal: AbortSignal) => Promise<void>;
  /** Something of the folder is gone from the network: sync it. Returns at once. */
  readonly syncFolder: (folderId: FolderId) => void;
  readonly signal: AbortSignal;
}

export class RenewalWatch {
  readonly #parts: EngineParts;
  readonly #hooks: RenewalWatchHooks;
  #wake = Promise.withResolvers<undefined>();
  #isWoken = false;
  #last: { readonly epoch: number; readonly atMs: number } | undefined;
  #running: Promise<void> | undefined;
  /** Blobs whose loss has been answered with a sync. */
  readonly #lost = new Set<ObjectId>();

  constructor(parts: EngineParts, hooks: RenewalWatchHooks) {
    this.#parts = parts;
    this.#hooks = hooks;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** The machine has woken, or somebody paid money in: look now. */
  wake(): void {
    this.#isWoken = true;
    this.#wake.resolve(undefined);
  }

  async close(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#hooks;
    while (!signal.aborted) {
      let epochEndsAtMs: number | undefined;
      try {
        const system = await this.#look();
        epochEndsAtMs = epochEndMs(system, system.epoch + 1);
      } catch (error) {
        // Nobody awaits this loop: whatever has failed now is looked at again after a rest.
        if (!isAbort(error)) this.#noteFailure(indexFailure(error));
      }
      await this.#rest(epochEndsAtMs);
    }
  }

  /** A failure with a code was told already, or passes by itself. */
  #noteFailure(error: unknown): void {
    const { logger } = this.#parts.options;
    const name = error instanceof Error ? error.name : 'other';
    const what = error instanceof EngineError ? { code: error.code } : { error: name };
    logger.warn('a look at what is to be renewed failed', what);
  }

  async #rest(epochEndsAtMs: number | undefined): Promise<void> {
    const { clock } = this.#parts.options;
    const leftMs = (epochEndsAtMs ?? Infinity) - clock.nowMs();
    const restMs = Math.max(CHECK_INTERVAL_MS_MIN, Math.min(CHECK_INTERVAL_MS, leftMs));
    const waking = new AbortController();
    const signal = AbortSignal.any([this.#hooks.signal, waking.signal]);
    const sleep = clock.sleep(restMs, signal).catch(() => undefined);
    await Promise.race([sleep, this.#wake.promise]);
    waking.abort();
    this.#wake = Promise.withResolvers();
  }

  /** Look at the chain, and do what is due. */
  async #look(): Promise<WalrusSystem> {
    const { chain, options } = this.#parts;
    const { signal, checkChain, untilAllowed, inTurn } = this.#hooks;
    await untilAllowed(signal);
    await checkChain(signal);
    const system = await chain.readSystem({ signal });
    const nowMs = options.clock.monotonicMs();
    const isDue =
      this.#isWoken ||
      this.#last?.epoch !== system.epoch ||
      nowMs - this.#last.atMs >= LOOK_AGAIN_MS;
    if (!isDue) return system;
    this.#isWoken = false;
    await inTurn(() => this.#settle(system));
    this.#last = { epoch: system.epoch, atMs: nowMs };
    return system;
  }

  async #settle(system: WalrusSystem): Promise<void> {
    const { signal } = this.#hooks;
    await reconcileHoldings(this.#parts, system, signal);
    this.#repair(system);
    // What is repacked now need not be extended.
    await this.#hooks.compacting.runQuietly(undefined, signal);
    const report = await renew(this.#parts, undefined, signal);
    this.#note(report);
    this.#tell(system);
  }

  /**
   * Sync the folders that have lost something, whoever noticed it first. Once for each loss: a sync
   * that fails is tried again by its own rules.
   */
  #repair(system: WalrusSystem): void {
    for (const holding of readHoldings(this.#parts, system)) {
      const lost = lostBlobs(holding, system).map(({ blobObjectId }) => blobObjectId);
      if (lost.every((id) => this.#lost.has(id))) continue;
      for (const id of lost) this.#lost.add(id);
      this.#hooks.syncFolder(holding.folder.folderId);
    }
  }

  #note(report: RenewalReport): void {
    if (report.digests.length === 0) return;
    const names = report.folders.map(({ name }) => name).join(', ');
    const until = Math.min(...report.folders.map(({ to }) => to.atMs));
    this.#parts.activity.note({
      kind: 'renew',
      folderName: report.folders.length === 1 ? names : undefined,
      sentence: `Renewed ${names} until ${dayText(until)} for ${coinText(report.executed.walFrost)} WAL.`,
      told: {
        what: 'renewed',
        folders: names,
        untilMs: until,
        frost: String(report.executed.walFrost),
      },
      problem: undefined,
    });
  }

  /** A notification for each cause: once for as long as it lasts, or once a day. */
  #tell(system: WalrusSystem): void {
    const { index, options, emit } = this.#parts;
    const nowMs = options.clock.nowMs();
    const facts = { system, holdings: readHoldings(this.#parts, system), balance: undefined };
    const warnings = storageWarnings(this.#parts, facts);
    const told = index.notices.all();
    const lasting = new Set(warnings.map(({ cause }) => CAUSE_PREFIX + cause));
    for (const cause of told.keys()) {
      if (cause.startsWith(CAUSE_PREFIX) && !lasting.has(cause)) index.notices.delete(cause);
    }
    for (const { cause: name, sentence, next, told: value, isDaily } of warnings) {
      const cause = CAUSE_PREFIX + name;
      const toldAtMs = told.get(cause);
      if (toldAtMs !== undefined && !(isDaily && nowMs - toldAtMs >= DAY_MS)) continue;
      index.notices.put(cause, nowMs);
      emit({ kind: 'notice', cause, sentence, next, told: value });
    }
  }
}
