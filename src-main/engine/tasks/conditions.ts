/**
 * @file Whether anything may begin by itself now, and if not, why.
 *
 * A person's pause is kept in the local index; what the shell says of the machine is not, since it
 * says it again. On a network that may cost money nothing is begun when nobody knows that it
 * doesn't: `unknown` counts as metered.
 */
import type { VaultStatus } from '#contract/api.ts';
import type { TaskApi } from '#contract/task-api.ts';
import type { LocalIndex } from '../local-index/local-index.ts';
import type { Clock } from '../ports/ports.ts';

type Said = Parameters<TaskApi['setConditions']>[0];
type Wishes = Pick<Said, 'pauseOnMetered' | 'pauseOnBattery'>;

/** How long a sleep may be: a machine's sleep stops timers, and its clock may be set. */
const TICK_MS = 60_000;
const PAUSE_FACT = 'pause';
const WISHES_FACT = 'pause-wishes';
const FIRST_WISHES: Wishes = { pauseOnMetered: true, pauseOnBattery: false };

export interface ConditionsOptions {
  readonly index: Pick<LocalIndex, 'readFact' | 'writeFact'>;
  readonly clock: Clock;
  /** The pause began, ended, or has another reason now. */
  readonly onChange: (pause: VaultStatus['pause']) => void;
}

export class Conditions {
  readonly #options: ConditionsOptions;
  readonly #closing = new AbortController();
  #machine: Pick<Said, 'isMetered' | 'isOnBattery' | 'isOffline'> = {};
  #wishes: Wishes;
  /** Undefined: nobody asked for a pause. */
  #asked: { readonly untilMs?: number } | undefined;
  #told: string;
  #isAwaitingExpiry = false;
  #change = Promise.withResolvers<undefined>();

  constructor(options: ConditionsOptions) {
    this.#options = options;
    const { index } = options;
    this.#wishes = { ...FIRST_WISHES, ...parsed<Wishes>(index.readFact(WISHES_FACT)) };
    this.#asked = parsed(index.readFact(PAUSE_FACT));
    this.#told = JSON.stringify(this.pause);
    this.#awaitExpiry();
  }

  get pause(): VaultStatus['pause'] {
    const asked = this.#asked;
    if (asked && (asked.untilMs === undefined || asked.untilMs > this.#options.clock.nowMs())) {
      return { reason: 'asked', untilMs: asked.untilMs };
    }
    const { isOffline, isMetered, isOnBattery } = this.#machine;
    if (isOffline) return { reason: 'offline', untilMs: undefined };
    const mayCost = isMetered === true || isMetered === 'unknown';
    if (mayCost && this.#wishes.pauseOnMetered) return { reason: 'metered', untilMs: undefined };
    if (isOnBattery && this.#wishes.pauseOnBattery) {
      return { reason: 'battery', untilMs: undefined };
    }
    return undefined;
  }

  /** Pause until a moment, or until `resume`. Until a moment that has passed is no pause. */
  ask(untilMs: number | undefined): void {
    const isOver = untilMs !== undefined && untilMs <= this.#options.clock.nowMs();
    if (isOver) this.#ask(undefined);
    else this.#ask(untilMs === undefined ? {} : { untilMs });
    this.#awaitExpiry();
  }

  resume(): void {
    this.#ask(undefined);
  }

  say({ pauseOnMetered, pauseOnBattery, hasWoken: _, upload: __, ...machine }: Said): void {
    this.#machine = { ...this.#machine, ...machine };
    this.#wishes = {
      ...this.#wishes,
      ...(pauseOnMetered === undefined ? {} : { pauseOnMetered }),
      ...(pauseOnBattery === undefined ? {} : { pauseOnBattery }),
    };
    // What holds now holds also when it cannot be kept.
    this.#tell();
    this.#options.index.writeFact(WISHES_FACT, JSON.stringify(this.#wishes));
  }

  /** Resolves at once when nothing is in the way, else when nothing is any more. */
  async untilAllowed(signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(signal.reason as Error);
    signal.throwIfAborted();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      while (this.pause) await Promise.race([this.#change.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  close(): void {
    this.#closing.abort();
  }

  #ask(asked: { readonly untilMs?: number } | undefined): void {
    this.#asked = asked;
    this.#tell();
    this.#options.index.writeFact(PAUSE_FACT, asked ? JSON.stringify(asked) : '');
  }

  #tell(): void {
    const text = JSON.stringify(this.pause);
    if (text === this.#told) return;
    this.#told = text;
    this.#change.resolve(undefined);
    this.#change = Promise.withResolvers();
    this.#options.onChange(this.pause);
  }

  /** A pause with an end ends by itself. */
  #awaitExpiry(): void {
    const { clock } = this.#options;
    const leftMs = (): number => (this.#asked?.untilMs ?? 0) - clock.nowMs();
    if (this.#isAwaitingExpiry || leftMs() <= 0) return;
    this.#isAwaitingExpiry = true;
    const wait = async (): Promise<void> => {
      while (leftMs() > 0) {
        await clock.sleep(Math.min(leftMs(), TICK_MS), this.#closing.signal);
      }
      this.#isAwaitingExpiry = false;
      if (this.#asked?.untilMs !== undefined) this.#ask(undefined);
    };
    // Only the end of the engine comes here.
    wait().catch(() => undefined);
  }
}

function parsed<Value>(text: string | undefined): Value | undefined {
  return text === undefined || text === '' ? undefined : (JSON.parse(text) as Value);
}
