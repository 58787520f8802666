/**
 * @file A folder that may be protected: what is in it, for how long, what that costs. Nothing is
 * added and nothing spent by asking.
 */
import type { FolderPreview } from '#contract/browse-api.ts';
import type { SerializedError } from '#contract/errors.ts';
import type { Cost, Quote } from '#contract/storage-api.ts';
import { isAbort, problemOf } from '../../lib/connection/call-error.ts';
import type { App } from '../../lib/state/app.svelte.ts';
import { linesOf } from '../rules.ts';
import { costUpTo } from './cost-up-to.ts';

export class FolderOffer {
  readonly #app: App;
  #asking: AbortController | undefined;
  #pricing: AbortController | undefined;
  path = $state<string>();
  name = $state('');
  preview = $state.raw<FolderPreview>();
  quote = $state.raw<Quote>();
  problem = $state.raw<SerializedError>();
  /** The price cannot be told now; the folder can be added all the same. */
  priceProblem = $state.raw<SerializedError>();
  /** Rules as they are typed, one a line. */
  rules = $state('');
  permanent = $state(false);
  kind = $state<'keep' | 'until'>('keep');
  /** As a date field has it: YYYY-MM-DD, in the person's time zone. */
  date = $state('');

  readonly excludes = $derived(linesOf(this.rules));
  readonly untilMs = $derived(this.kind === 'until' ? endOfDay(this.date) : undefined);
  readonly isDateBad = $derived(
    this.kind === 'until' && (this.untilMs === undefined || this.untilMs < Date.now()),
  );
  readonly costUntil = $derived.by((): Cost | undefined =>
    this.quote && this.untilMs !== undefined && !this.isDateBad
      ? costUpTo(this.quote, this.untilMs)
      : undefined,
  );
  readonly isReady = $derived(
    this.preview !== undefined && this.name.trim() !== '' && !this.isDateBad,
  );

  constructor(app: App) {
    this.#app = app;
    this.date = dateText(Date.now() + 365 * 86_400_000);
  }

  async choose(path: string): Promise<void> {
    this.path = path;
    this.name = '';
    this.preview = undefined;
    this.quote = undefined;
    await this.look();
  }

  /** Look at the folder again, after the rules have changed. */
  async look(): Promise<void> {
    const { path, excludes } = this;
    if (path === undefined) return;
    this.#asking?.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    this.problem = undefined;
    try {
      const preview = await this.#app.api.previewFolder({ path, excludes }, { signal });
      this.preview = preview;
      if (this.name === '') this.name = preview.suggestedName;
      await this.price();
    } catch (error) {
      if (!isAbort(error)) this.problem = problemOf(error);
    }
  }

  /** Ask for the price again, after what it depends on has changed. */
  async price(): Promise<void> {
    const { preview, untilMs, permanent } = this;
    if (!preview || this.isDateBad) return;
    this.#pricing?.abort();
    this.#pricing = new AbortController();
    try {
      this.quote = await this.#app.api.quote(
        {
          sizeBytes: preview.sizeBytes,
          fileCount: preview.fileCount,
          permanent,
          ...(untilMs === undefined ? {} : { untilMs }),
        },
        { signal: this.#pricing.signal },
      );
      this.priceProblem = undefined;
    } catch (error) {
      if (!isAbort(error)) this.priceProblem = problemOf(error);
    }
  }

  stop(): void {
    this.#asking?.abort();
    this.#pricing?.abort();
  }
}

function endOfDay(date: string): number | undefined {
  const atMs = new Date(`${date}T23:59:59`).getTime();
  return Number.isNaN(atMs) ? undefined : atMs;
}

export function dateText(atMs: number): string {
  const date = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${String(date.getFullYear())}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
