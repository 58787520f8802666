/** @file A long list that is loaded by pages, as its rows are looked at. */
import type { SerializedError } from '#contract/errors.ts';
import { isAbort, problemOf } from '../connection/call-error.ts';

const PAGE_ROWS = 100;

export interface LoadedPage<Row> {
  readonly rows: readonly Row[];
  readonly total: number;
}

export class Paged<Row> {
  #total = $state<number>();
  #pages = $state.raw<ReadonlyMap<number, readonly Row[]>>(new Map());
  #problem = $state.raw<SerializedError>();
  readonly #ask: (offset: number, limit: number, signal: AbortSignal) => Promise<LoadedPage<Row>>;
  readonly #stop = new AbortController();
  readonly #asked = new Set<number>();

  /** Nothing is asked before the first `look`. */
  constructor(
    ask: (offset: number, limit: number, signal: AbortSignal) => Promise<LoadedPage<Row>>,
  ) {
    this.#ask = ask;
  }

  /** Undefined until the first page is there. */
  get total(): number | undefined {
    return this.#total;
  }

  get problem(): SerializedError | undefined {
    return this.#problem;
  }

  at(index: number): Row | undefined {
    return this.#pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
  }

  /** Load what these rows need. */
  look(first: number, end: number): void {
    for (let page = Math.floor(first / PAGE_ROWS); page * PAGE_ROWS < end; page += 1) {
      if (this.#asked.has(page)) continue;
      this.#asked.add(page);
      this.#load(page).catch((error: unknown) => {
        if (!isAbort(error)) this.#problem = problemOf(error);
      });
    }
  }

  end(): void {
    this.#stop.abort();
  }

  async #load(page: number): Promise<void> {
    const { rows, total } = await this.#ask(page * PAGE_ROWS, PAGE_ROWS, this.#stop.signal);
    this.#pages = new Map(this.#pages).set(page, rows);
    this.#total = total;
  }
}
