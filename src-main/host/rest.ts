/** @file Does something once nothing has happened for a while, and again after each later stir. */
import type { Clock } from '#engine/ports/ports.ts';

/** Long enough that one folder after the other is one piece of work. */
export const REST_AFTER_MS = 10_000;

export class Rest {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'sleep'>;
  readonly #begin: () => void;
  readonly #closing = new AbortController();
  #stirredMs = 0;
  #waiting: Promise<void> | undefined;

  /** `begin` is called at the beginning of each rest. */
  constructor(clock: Pick<Clock, 'monotonicMs' | 'sleep'>, begin: () => void) {
    this.#clock = clock;
    this.#begin = begin;
  }

  /** Something happens. */
  stir(): void {
    this.#stirredMs = this.#clock.monotonicMs();
    this.#waiting ??= this.#wait();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#waiting;
  }

  async #wait(): Promise<void> {
    const { signal } = this.#closing;
    const left = (): number => this.#stirredMs + REST_AFTER_MS - this.#clock.monotonicMs();
    try {
      while (left() > 0) await this.#clock.sleep(left(), signal);
      this.#begin();
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#waiting = undefined;
    }
  }
}
