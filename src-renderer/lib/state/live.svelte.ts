/**
 * @file The latest answer to one question, asked again when an event says that it has changed.
 *
 * At most one question is under way; a change that is noticed meanwhile asks once more afterwards.
 * The last good answer stays when a later question fails, with the problem beside it.
 */
import type { AppConnection } from '#contract/app-api.ts';
import type { SerializedError } from '#contract/errors.ts';
import type { EngineEvent } from '#contract/events.ts';
import { isAbort, problemOf } from '../connection/call-error.ts';

/** Many events in a row are one change. */
const GATHER_MS = 120;

export class Live<Answer> {
  #value = $state.raw<Answer>();
  #problem = $state.raw<SerializedError>();
  readonly #ask: (signal: AbortSignal) => Promise<Answer>;
  readonly #stop = new AbortController();
  readonly #endings: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isAsking = false;
  #isStale = false;

  constructor(
    connection: AppConnection,
    ask: (signal: AbortSignal) => Promise<Answer>,
    changesBy: (event: EngineEvent) => boolean,
  ) {
    this.#ask = ask;
    this.#endings.push(
      connection.onState((state) => state === 'up' && this.refresh()),
      connection.subscribe((event) => changesBy(event) && this.#refreshSoon()),
    );
    if (connection.state === 'up') this.refresh();
  }

  get value(): Answer | undefined {
    return this.#value;
  }

  get problem(): SerializedError | undefined {
    return this.#problem;
  }

  refresh(): void {
    if (this.#isAsking) {
      this.#isStale = true;
      return;
    }
    void this.#load();
  }

  /** Replace the answer by what another call has just given. */
  set(value: Answer): void {
    this.#value = value;
    this.#problem = undefined;
  }

  /** Ask no more. */
  end(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
    this.#endings.forEach((end) => end());
  }

  #refreshSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.refresh();
    }, GATHER_MS);
  }

  async #load(): Promise<void> {
    this.#isAsking = true;
    try {
      this.#value = await this.#ask(this.#stop.signal);
      this.#problem = undefined;
    } catch (error) {
      if (!isAbort(error)) this.#problem = problemOf(error);
    }
    this.#isAsking = false;
    if (this.#isStale && !this.#stop.signal.aborted) {
      this.#isStale = false;
      this.refresh();
    }
  }
}
