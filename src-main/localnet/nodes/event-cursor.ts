/**
 * @file Hands the chain's events to one node, in order, each once, and late if so wished.
 */
import type { ChainEvent, ChainEvents } from '#localnet/chain/chain.ts';

/** Events read at a time while catching up. */
const PAGE_EVENTS = 1000;

export class EventCursor {
  readonly #events: ChainEvents;
  readonly #handle: (event: ChainEvent) => void;
  #lagMs = 0;
  #waiting: { readonly event: ChainEvent; readonly dueAtMs: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #unsubscribe: (() => void) | undefined;
  #lastSequence = 0;

  constructor(events: ChainEvents, handle: (event: ChainEvent) => void) {
    this.#events = events;
    this.#handle = handle;
  }

  /** Hand all of history to `replay`, then every later event to the handler. */
  open(replay: (event: ChainEvent) => void): void {
    this.#lastSequence = 0;
    for (;;) {
      const page = this.#events.eventsSince(this.#lastSequence, PAGE_EVENTS);
      for (const event of page) {
        replay(event);
        this.#lastSequence = event.sequence;
      }
      if (page.length < PAGE_EVENTS) break;
    }
    this.#unsubscribe = this.#events.subscribe((event) => this.#receive(event));
  }

  close(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
  }

  get lagMs(): number {
    return this.#lagMs;
  }

  /** Events from now on come this late; 0 also hands out those that are waiting. */
  setLag(ms: number): void {
    this.#lagMs = ms;
    if (ms === 0) this.#handOut(Infinity);
  }

  #receive(event: ChainEvent): void {
    if (event.sequence <= this.#lastSequence) return;
    this.#lastSequence = event.sequence;
    if (this.#lagMs === 0 && this.#waiting.length === 0) {
      this.#handle(event);
      return;
    }
    this.#waiting.push({ event, dueAtMs: performance.now() + this.#lagMs });
    this.#schedule();
  }

  #handOut(nowMs: number): void {
    let next = this.#waiting[0];
    while (next && next.dueAtMs <= nowMs) {
      this.#waiting.shift();
      this.#handle(next.event);
      next = this.#waiting[0];
    }
    this.#schedule();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const next = this.#waiting[0];
    if (!next) return;
    const inMs = Math.max(0, next.dueAtMs - performance.now());
    this.#timer = setTimeout(() => this.#handOut(performance.now()), inMs);
  }
}
