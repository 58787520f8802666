/**
 * @file The rows of something long, loaded a page at a time as they are looked at: a directory or a
 * ledger may hold a hundred thousand.
 */
import type { SerializedError } from '#contract/errors.ts';
import { isAbort, problemOf } from '../connection/call-error.ts';

export const PAGE_ROWS = 200;

type LoadPage<Row> = (
  offset: number,
  limit: number,
  signal: AbortSignal,
) => Promise<{ readonly rows: readonly Row[]; readonly total: number }>;

export class RowPages<Row> {
  readonly #load: LoadPage<Row>;
  readonly #stop = new AbortController();
  readonly #asked = new Set<number>();
  #pages = $state.raw<ReadonlyMap<number, readonly Row[]>>(new Map());
  total = $state(0);
  isLoaded = $state(false);
  problem = $state.raw<SerializedError>();

  constructor(load: LoadPage<Row>) {
    this.#load = load;
    void this.#ask(0);
  }

  rowAt(index: number): Row | undefined {
    return this.#pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
  }

  /** Rows from `first` to `end` are looked at. */
  want(first: number, end: number): void {
    const last = Math.floor(Math.max(end - 1, first) / PAGE_ROWS);
    for (let page = Math.floor(first / PAGE_ROWS); page <= last; page += 1) void this.#ask(page);
  }

  end(): void {
    this.#stop.abort();
  }

  async #ask(page: number): Promise<void> {
    if (this.#asked.has(page)) return;
    this.#asked.add(page);
    try {
      const { signal } = this.#stop;
      const { rows, total } = await this.#load(page * PAGE_ROWS, PAGE_ROWS, signal);
      this.#pages = new Map([...this.#pages, [page, rows]]);
      this.total = total;
      this.problem = undefined;
    } catch (error) {
      this.#asked.delete(page);
      if (!isAbort(error)) this.problem = problemOf(error);
    }
    this.isLoaded = true;
  }
}
