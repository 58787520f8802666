/**
 * @file Lets the river flow while files are still being read: one run at a time, beside whoever
 * seals. A run's failure is told once, to whoever asks next, and never outlives the sync it
 * belongs to.
 */

export interface RiverFlowOptions {
  /** Take every unfinished pack to its end. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Packs whose way is not finished. */
  readonly countUnfinished: () => number;
}

export class RiverFlow {
  readonly #options: RiverFlowOptions;
  /** The run under way. Never rejects. */
  #current: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #step = Promise.withResolvers<undefined>();

  constructor(options: RiverFlowOptions) {
    this.#options = options;
  }

  /** A pack has made a step: whoever waits for room looks again. */
  stepped(): void {
    this.#step.resolve(undefined);
    this.#step = Promise.withResolvers();
  }

  /** Let the river flow; resolves when at most `packsMax` packs are unfinished. */
  async untilRoom(packsMax: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      this.#tellFailure();
      const step = this.#step.promise;
      const run = this.#start(signal);
      if (this.#options.countUnfinished() <= packsMax) return;
      await Promise.race([run, step]);
    }
  }

  /** Resolves when nothing is on its way any more. */
  async untilDone(signal: AbortSignal): Promise<void> {
    do {
      await this.#start(signal);
      this.#tellFailure();
    } while (this.#options.countUnfinished() > 0);
  }

  /** Wait for the run under way, however it ends, and forget how. */
  async settle(): Promise<void> {
    await this.#current;
    this.#failure = undefined;
  }

  #start(signal: AbortSignal): Promise<void> {
    this.#current ??= this.#options
      .run(signal)
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .finally(() => {
        this.#current = undefined;
      });
    return this.#current;
  }

  #tellFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure.error;
  }
}
