/**
 * @file A move as it is asked for: which folder, which network, what it costs, and the words of the
 * new vault. Once it has begun the engine carries it, and this is needed no more.
 */
import type { SerializedError } from '#contract/errors.ts';
import type { MoveQuote } from '#contract/move-api.ts';
import { isAbort, problemOf } from '../../lib/connection/call-error.ts';
import type { Homes } from '../../lib/state/homes.svelte.ts';
import { FirstRun } from '../first-run/first-run.svelte.ts';

export type MoveNetwork = 'mainnet' | 'testnet' | 'file';

export class MoveRun {
  readonly #homes: Homes;
  folderId = $state<string>();
  chosen = $state<MoveNetwork>();
  /** The text of a network file, when that is chosen. */
  fileText = $state<string>();
  quote = $state.raw<MoveQuote>();
  problem = $state.raw<SerializedError>();
  isAsking = $state(false);
  isBeginning = $state(false);
  /** The words of a vault that is being made for it. */
  words = $state.raw<FirstRun>();
  #asking = new AbortController();

  readonly network = $derived(this.chosen === 'file' ? this.fileText : this.chosen);

  constructor(homes: Homes, folderId: string | undefined) {
    this.#homes = homes;
    this.folderId = folderId;
  }

  /** Ask for the price, whenever folder or network is another one. */
  async ask(): Promise<void> {
    this.#asking.abort();
    this.quote = undefined;
    this.problem = undefined;
    const { folderId: folder, network } = this;
    if (folder === undefined || network === undefined) return;
    const asking = new AbortController();
    this.#asking = asking;
    this.isAsking = true;
    try {
      const { api } = this.#homes.main;
      this.quote = await api.quoteMove({ folder, network }, { signal: asking.signal });
    } catch (error) {
      if (!isAbort(error)) this.problem = problemOf(error);
    }
    if (this.#asking === asking) this.isAsking = false;
  }

  /** Go on with what the quote is for: with new words, or at once where there is a vault. */
  async begin(): Promise<void> {
    const { network, quote } = this;
    if (!quote || network === undefined || this.isBeginning) return;
    this.isBeginning = true;
    this.problem = undefined;
    try {
      await this.#homes.main.api.openOtherHome({ network });
      if (quote.hasVault) await this.start();
      else {
        this.words ??= new FirstRun(this.#homes.at(quote.networkName), network);
        await this.words.beginWords();
        this.problem = this.words.problem;
      }
    } catch (error) {
      this.problem = problemOf(error);
    }
    this.isBeginning = false;
  }

  /** The vault is there: the engine moves the folder from here on. */
  async start(): Promise<void> {
    const { folderId: folder, quote } = this;
    if (folder === undefined || !quote) return;
    try {
      await this.#homes.main.api.startMove({ folder, networkName: quote.networkName });
      this.#homes.refresh();
    } catch (error) {
      // The choice is shown again, with what went wrong; the vault is kept for another try.
      this.problem = problemOf(error);
      this.words = undefined;
      this.quote = { ...quote, hasVault: true };
    }
  }

  end(): void {
    this.#asking.abort();
  }
}
