/**
 * @file Whether the chain can be asked, and whether this machine's clock agrees with its servers.
 *
 * A failure is remembered until the chain answers again. Meanwhile it is asked every few seconds,
 * so that whoever waits hears of its return; and whoever asks for the state of things is answered
 * at once with what is known.
 */
import type { ErrorCode } from '#contract/errors.ts';
import { EngineError, isAbort } from './model/engine-error.ts';
import type { WalrusSystem } from './model/walrus.ts';
import type { Clock } from './ports/ports.ts';
import type { Chain } from './sui/chain.ts';

/** A person who looks at the state of things does not wait longer for a network that is away. */
const PATIENCE_MS = 20_000;
const PROBE_EVERY_MS = 10_000;
/** Certificates and dates suffer from more. */
const SKEW_MS_MAX = 5 * 60_000;
const FAILURES: readonly ErrorCode[] = [
  'rpc-unreachable',
  'rpc-disagreement',
  'rpc-invalid-answer',
];

export interface ChainWatchOptions {
  readonly chain: Pick<Chain, 'readSystem'>;
  readonly clock: Clock;
}

export interface ChainListener {
  /** The problem began, ended, or is another one now. */
  readonly onChange: () => void;
  /** The chain answers again. */
  readonly onReturn: () => void;
}

export class ChainWatch {
  readonly #options: ChainWatchOptions;
  readonly #closing = new AbortController();
  #listener: ChainListener | undefined;
  #failure: EngineError | undefined;
  #probing: Promise<void> | undefined;
  /** How far this clock is ahead of each server's, ms. */
  readonly #aheadMs = new Map<string, number>();
  #wasSkewed = false;

  constructor(options: ChainWatchOptions) {
    this.#options = options;
  }

  listen(listener: ChainListener): void {
    this.#listener = listener;
  }

  async close(): Promise<void> {
    this.#closing.abort(new DOMException('the engine was closed', 'AbortError'));
    await this.#probing;
  }

  /** What keeps the chain from being asked. */
  get failure(): EngineError | undefined {
    return this.#failure;
  }

  /** What is wrong with this machine's clock: a single server may be wrong itself. */
  get skew(): EngineError | undefined {
    const least = [...this.#aheadMs.values()].reduce(
      (best, one) => (Math.abs(one) < Math.abs(best) ? one : best),
      Number.POSITIVE_INFINITY,
    );
    if (!Number.isFinite(least) || Math.abs(least) < SKEW_MS_MAX) return undefined;
    const direction = least > 0 ? 'ahead' : 'behind';
    return new EngineError('clock-skewed', `the clock of this computer is ${direction}`, {
      context: { skewMs: Math.abs(least), direction },
    });
  }

  /** A server has said what time it is. */
  heard(server: string, serverMs: number): void {
    this.#aheadMs.set(server, this.#options.clock.nowMs() - serverMs);
    const isSkewed = this.skew !== undefined;
    if (isSkewed === this.#wasSkewed) return;
    this.#wasSkewed = isSkewed;
    this.#listener?.onChange();
  }

  /**
   * Ask the chain, unless it is known not to answer.
   *
   * @throws EngineError one of `rpc-...`, which is remembered; others are not the chain's absence
   */
  async ask<Answer>(
    question: (signal: AbortSignal) => Promise<Answer>,
    signal: AbortSignal,
  ): Promise<Answer> {
    if (this.#failure) throw this.#failure;
    const { clock } = this.#options;
    const patience = new AbortController();
    const late = clock.sleep(PATIENCE_MS, patience.signal).then(() => {
      throw new EngineError('rpc-unreachable', 'the network has not answered in time');
    });
    // Whoever loses the race is of no interest.
    late.catch(() => undefined);
    const asking = question(signal);
    asking.catch(() => undefined);
    try {
      return await Promise.race([asking, late]);
    } catch (error) {
      if (isChainFailure(error)) this.failed(error);
      throw error;
    } finally {
      patience.abort();
    }
  }

  /** Something has changed that may have brought the network back: do not wait for the next look. */
  lookNow(): void {
    // Only the end of the engine comes here.
    if (this.#failure) this.#look().catch(() => undefined);
  }

  /** Somebody has found the chain away. */
  failed(error: EngineError): void {
    const isNew = this.#failure?.code !== error.code;
    this.#failure = error;
    this.#probing ??= this.#probe();
    if (isNew) this.#listener?.onChange();
  }

  /** Somebody has found it there. */
  answered(): void {
    if (!this.#failure) return;
    this.#failure = undefined;
    this.#listener?.onChange();
    this.#listener?.onReturn();
  }

  /** Until it answers. Never rejects. */
  async #probe(): Promise<void> {
    const { clock } = this.#options;
    try {
      while (this.#failure) {
        await clock.sleep(PROBE_EVERY_MS, this.#closing.signal);
        await this.#look();
      }
    } catch {
      // Only the end of the engine comes here.
    } finally {
      this.#probing = undefined;
    }
  }

  async #look(): Promise<void> {
    const { chain } = this.#options;
    const { signal } = this.#closing;
    let system: WalrusSystem | undefined;
    try {
      system = await chain.readSystem({ signal });
    } catch (error) {
      if (isAbort(error)) throw error;
      if (isChainFailure(error)) this.failed(error);
    }
    if (system) this.answered();
  }
}

export const isChainFailureCode = (code: ErrorCode): boolean => FAILURES.includes(code);

/** Whether this failure says that the chain cannot be asked, or not be believed. */
export const isChainFailure = (error: unknown): error is EngineError =>
  error instanceof EngineError && isChainFailureCode(error.code);
