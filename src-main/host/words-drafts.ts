/**
 * @file Words under way: made or typed, and not yet those of a vault.
 *
 * In memory only, one draft at a time, for some minutes. They lie in one buffer that is overwritten
 * when the draft ends; the strings that an answer is made of are left to the garbage collector,
 * which is the best that a JavaScript engine offers. Nothing of a draft is ever logged.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import type { Clock, Random } from '#engine/ports/ports.ts';

/** Long enough to write 24 words down and to read them through twice. */
export const DRAFT_MINUTES = 30;
const DRAFT_MS = DRAFT_MINUTES * 60_000;
const DRAFT_ID_BYTES = 16;

export interface Draft {
  readonly draftId: string;
  readonly words: readonly string[];
  /** Made by Floe just now; the person has them only once it is confirmed. */
  readonly areNew: boolean;
  /** Positions, from 0, that must be typed back. */
  readonly askBack: readonly number[];
  readonly isConfirmed: boolean;
}

interface KeptDraft extends Omit<Draft, 'words'> {
  readonly bytes: Buffer;
  readonly timer: AbortController;
  isConfirmed: boolean;
}

export class WordsDrafts {
  readonly #clock: Clock;
  readonly #random: Random;
  #kept: KeptDraft | undefined;

  constructor(ports: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = ports.clock;
    this.#random = ports.random;
  }

  /** Keep words for some minutes; earlier ones are forgotten. */
  begin(words: readonly string[], facts: { areNew: boolean; askBack: readonly number[] }): Draft {
    this.forget();
    const draftId = Buffer.from(this.#random.bytes(DRAFT_ID_BYTES)).toString('hex');
    const timer = new AbortController();
    // Words that the person has typed are the person's own.
    const isConfirmed = !facts.areNew;
    this.#kept = { ...facts, draftId, isConfirmed, bytes: Buffer.from(words.join(' ')), timer };
    this.#clock.sleep(DRAFT_MS, timer.signal).then(
      () => this.forget(),
      () => undefined,
    );
    return this.get(draftId);
  }

  /** @throws EngineError `draft-expired` */
  get(draftId: string): Draft {
    const { bytes, areNew, askBack, isConfirmed } = this.#find(draftId);
    return { draftId, words: bytes.toString().split(' '), areNew, askBack, isConfirmed };
  }

  /** The person has shown to have the words. */
  confirm(draftId: string): void {
    this.#find(draftId).isConfirmed = true;
  }

  /** Forget what is kept: it became a vault, or nobody waits for it. */
  forget(): void {
    this.#kept?.bytes.fill(0);
    this.#kept?.timer.abort();
    this.#kept = undefined;
  }

  #find(draftId: string): KeptDraft {
    if (this.#kept?.draftId === draftId) return this.#kept;
    throw new EngineError('draft-expired', 'these words are no longer kept');
  }
}
