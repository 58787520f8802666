/** @file Questions that are asked in rounds: many events in a row are one round, and one runs at a time. */
import { CallFailure } from './engine-client.ts';

const ASK_AFTER_MS = 200;

export class Rounds {
  readonly #ask: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;
  #mustAskAgain = false;

  constructor(ask: () => Promise<void>) {
    this.#ask = ask;
  }

  soon(): void {
    this.#timer ??= setTimeout(() => void this.now(), ASK_AFTER_MS);
  }

  /** What changes while a round runs is asked in the next. */
  async now(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isAsking) {
      this.#mustAskAgain = true;
      return;
    }
    this.#isAsking = true;
    this.#mustAskAgain = false;
    try {
      await this.#ask();
    } catch (error) {
      // The link went down under a question, or the home was closed: an event or the link's return
      // begins another round.
      if (!(error instanceof CallFailure)) throw error;
    } finally {
      this.#isAsking = false;
      if (this.#mustAskAgain) this.soon();
    }
  }
}
