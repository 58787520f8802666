/**
 * @file What the wallet holds and what it lacks, looked at again and again while somebody waits for
 * coins to arrive: the chain tells nobody by itself.
 */
import type { SerializedError } from '#contract/errors.ts';
import type { Cost, Funding } from '#contract/storage-api.ts';
import { isAbort, problemOf } from '../../lib/connection/call-error.ts';
import type { App } from '../../lib/state/app.svelte.ts';

const LOOK_EVERY_MS = 4_000;

export class Funds {
  readonly #app: App;
  readonly #needed: () => Cost | undefined;
  readonly #stop = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  funding = $state.raw<Funding>();
  problem = $state.raw<SerializedError>();
  isAsking = $state(false);

  readonly isEnough = $derived(
    this.funding !== undefined &&
      this.funding.missing.walFrost === 0n &&
      this.funding.missing.gasMist === 0n,
  );

  constructor(app: App, needed: () => Cost | undefined) {
    this.#app = app;
    this.#needed = needed;
    void this.#look();
  }

  /** Ask the faucet, and exchange where the network has an exchange. */
  async requestTestFunds(): Promise<void> {
    if (this.isAsking) return;
    this.isAsking = true;
    try {
      await this.#app.api.requestTestFunds({}, { signal: this.#stop.signal });
      await this.#ask();
    } catch (error) {
      if (!isAbort(error)) this.problem = problemOf(error);
    }
    this.isAsking = false;
  }

  end(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    await this.#ask();
    if (!this.#stop.signal.aborted) {
      this.#timer = setTimeout(() => void this.#look(), LOOK_EVERY_MS);
    }
  }

  async #ask(): Promise<void> {
    const needed = this.#needed();
    try {
      const request = needed ? { needed } : {};
      this.funding = await this.#app.api.funding(request, { signal: this.#stop.signal });
      this.problem = undefined;
    } catch (error) {
      if (!isAbort(error)) this.problem = problemOf(error);
    }
  }
}
