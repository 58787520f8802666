/**
 * @file Lets requests in while there is room, in order of rank.
 *
 * One of these bounds each storage node (sockets and bytes), one bounds all of them (bytes). A
 * request that does not fit waits; the one with the lowest rank goes first, so that an earlier
 * upload, and within it the nodes that will make the quorum, are not slowed down by later ones.
 *
 * Nodes that hang must not stop the others. A request whose node is not ready is passed over while
 * it waits, and one whose node has fallen silent is set aside: it no longer counts. What is set
 * aside is bounded as well.
 */
import { onAbort } from './on-abort.ts';

/** The room one request takes. */
export interface Permit {
  /** Give the room back. Further calls do nothing. */
  leave(): void;
  /** Give the room to others although the request goes on, as long as not too much is set aside. */
  setAside(): void;
}

export interface Entrant {
  readonly bytes: number;
  /** Lower goes first. */
  readonly rank: number;
  readonly signal: AbortSignal;
  /** Whether it may go in at all just now. Without it: always. */
  readonly isReady?: () => boolean;
  /** Called at the moment it goes in. */
  readonly onEnter?: () => void;
}

export interface Admission {
  /** Rejects with the signal's reason while waiting. */
  enter(entrant: Entrant): Promise<Permit>;
  /** Somebody's `isReady` may have changed. */
  reconsider(): void;
  readonly bytesInside: number;
  readonly countInside: number;
}

interface Waiter extends Entrant {
  readonly admit: () => void;
}

export interface AdmissionLimits {
  readonly countMax: number;
  /** A single request may exceed it. */
  readonly bytesMax: number;
  /** Bytes of requests set aside. */
  readonly asideBytesMax: number;
}

export function openAdmission(limits: AdmissionLimits): Admission {
  return new QueueingAdmission(limits);
}

class QueueingAdmission implements Admission {
  bytesInside = 0;
  countInside = 0;
  #bytesAside = 0;
  readonly #waiters: Waiter[] = [];
  readonly #limits: AdmissionLimits;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  async enter(entrant: Entrant): Promise<Permit> {
    entrant.signal.throwIfAborted();
    const isFirst = !this.#waiters.some(isReadyNow);
    if (isFirst && isReadyNow(entrant) && this.#fits(entrant.bytes)) return this.#take(entrant);
    return this.#wait(entrant);
  }

  reconsider(): void {
    for (;;) {
      const position = this.#waiters.findIndex(isReadyNow);
      const next = this.#waiters[position];
      if (next === undefined || !this.#fits(next.bytes)) return;
      this.#waiters.splice(position, 1);
      next.admit();
    }
  }

  #fits(bytes: number): boolean {
    if (this.countInside === 0) return true;
    const { countMax, bytesMax } = this.#limits;
    return this.countInside < countMax && this.bytesInside + bytes <= bytesMax;
  }

  #wait(entrant: Entrant): Promise<Permit> {
    return new Promise((resolve, reject) => {
      const forget = onAbort(entrant.signal, () => {
        const position = this.#waiters.indexOf(waiter);
        if (position < 0) return;
        this.#waiters.splice(position, 1);
        // It may have been the one that was too large for what is free.
        this.reconsider();
        reject(entrant.signal.reason as Error);
      });
      const admit = (): void => {
        forget();
        resolve(this.#take(entrant));
      };
      const waiter: Waiter = { ...entrant, admit };
      let position = this.#waiters.length;
      while (position > 0 && (this.#waiters[position - 1]?.rank ?? 0) > entrant.rank) position -= 1;
      this.#waiters.splice(position, 0, waiter);
    });
  }

  #take({ bytes, onEnter }: Entrant): Permit {
    let place: 'inside' | 'aside' | 'gone' = 'inside';
    this.bytesInside += bytes;
    this.countInside += 1;
    onEnter?.();
    const stepOut = (next: 'aside' | 'gone'): void => {
      if (place === 'inside') {
        this.bytesInside -= bytes;
        this.countInside -= 1;
      } else {
        this.#bytesAside -= bytes;
      }
      place = next;
      this.reconsider();
    };
    return {
      leave: () => {
        if (place !== 'gone') stepOut('gone');
      },
      setAside: () => {
        if (place !== 'inside' || this.#bytesAside + bytes > this.#limits.asideBytesMax) return;
        this.#bytesAside += bytes;
        stepOut('aside');
      },
    };
  }
}

function isReadyNow({ isReady }: Entrant): boolean {
  return isReady === undefined || isReady();
}
