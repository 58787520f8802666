/**
 * @file Lets requests in while there is room, in order of rank.
 *
 * One of these bounds each storage node (sockets and bytes), one bounds all of them (bytes). A
 * request that does not fit waits; the one with the lowest rank goes first, so that an earlier
 * upload, and within it the nodes that will make the quorum, are not slowed down by later ones.
 * A request whose node has fallen silent is set aside: it no longer counts, so that hung nodes do
 * not stop the others. What is set aside is bounded as well.
 */

/** The room one request takes. */
export interface Permit {
  /** Give the room back. Further calls do nothing. */
  leave(): void;
  /** Give the room to others although the request goes on, as long as not too much is set aside. */
  setAside(): void;
}

interface Waiter {
  readonly bytes: number;
  readonly rank: number;
  readonly enter: () => void;
}

export interface Admission {
  /** Rejects with the signal's reason while waiting. */
  enter(bytes: number, rank: number, signal: AbortSignal): Promise<Permit>;
  readonly bytesInside: number;
  readonly countInside: number;
}

/** Room for `countMax` requests with `bytesMax` in all. A single request may exceed the bytes. */
export function openAdmission(countMax: number, bytesMax: number): Admission {
  const waiters: Waiter[] = [];
  let bytesInside = 0;
  let countInside = 0;
  let bytesAside = 0;

  const fits = (bytes: number): boolean =>
    countInside === 0 || (countInside < countMax && bytesInside + bytes <= bytesMax);

  const admitWaiters = (): void => {
    for (let next = waiters[0]; next !== undefined && fits(next.bytes); next = waiters[0]) {
      waiters.shift();
      next.enter();
    }
  };

  const take = (bytes: number): Permit => {
    let place: 'inside' | 'aside' | 'gone' = 'inside';
    bytesInside += bytes;
    countInside += 1;
    const stepOut = (next: 'aside' | 'gone'): void => {
      if (place === 'inside') {
        bytesInside -= bytes;
        countInside -= 1;
      } else if (place === 'aside') {
        bytesAside -= bytes;
      }
      place = next;
      admitWaiters();
    };
    return {
      leave: () => {
        if (place !== 'gone') stepOut('gone');
      },
      setAside: () => {
        if (place !== 'inside' || bytesAside + bytes > bytesMax) return;
        bytesAside += bytes;
        stepOut('aside');
      },
    };
  };

  const enter = (bytes: number, rank: number, signal: AbortSignal): Promise<Permit> => {
    signal.throwIfAborted();
    if (waiters.length === 0 && fits(bytes)) return Promise.resolve(take(bytes));
    return new Promise((resolve, reject) => {
      const leaveQueue = (): void => {
        const position = waiters.indexOf(waiter);
        if (position >= 0) waiters.splice(position, 1);
        // The one that waited in front may have been too large for what is free.
        admitWaiters();
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        bytes,
        rank,
        enter: () => {
          signal.removeEventListener('abort', leaveQueue);
          resolve(take(bytes));
        },
      };
      signal.addEventListener('abort', leaveQueue, { once: true });
      let position = waiters.length;
      while (position > 0 && (waiters[position - 1]?.rank ?? 0) > rank) position -= 1;
      waiters.splice(position, 0, waiter);
    });
  };

  return {
    enter: async (bytes, rank, signal) => enter(bytes, rank, signal),
    get bytesInside() {
      return bytesInside;
    },
    get countInside() {
      return countInside;
    },
  };
}
