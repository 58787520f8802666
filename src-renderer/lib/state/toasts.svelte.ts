/** @file Short notes about what has just been done. Problems stay until they are dismissed. */
import type { SerializedError } from '#contract/errors.ts';
import { isAbort, problemOf } from '../connection/call-error.ts';
import type { Announcer } from './announcer.svelte.ts';

/** Long enough to read; a note that matters stands elsewhere too. */
const SHOWN_MS = 5_000;

export interface Toast {
  readonly id: number;
  readonly text: string | undefined;
  readonly problem: SerializedError | undefined;
}

export class Toasts {
  #toasts = $state.raw<readonly Toast[]>([]);
  readonly #announcer: Announcer;
  #lastId = 0;

  constructor(announcer: Announcer) {
    this.#announcer = announcer;
  }

  get all(): readonly Toast[] {
    return this.#toasts;
  }

  show(text: string): void {
    const id = this.#add({ text, problem: undefined });
    this.#announcer.polite(text);
    setTimeout(() => this.dismiss(id), SHOWN_MS);
  }

  /** Show what a call failed with. A call that was cancelled on purpose is no problem. */
  fail(error: unknown): void {
    if (isAbort(error)) return;
    const problem = problemOf(error);
    if (this.#toasts.some((toast) => toast.problem?.message === problem.message)) return;
    this.#add({ text: undefined, problem });
  }

  dismiss(id: number): void {
    this.#toasts = this.#toasts.filter((toast) => toast.id !== id);
  }

  #add(toast: Omit<Toast, 'id'>): number {
    const id = ++this.#lastId;
    this.#toasts = [...this.#toasts, { id, ...toast }];
    return id;
  }
}
