/**
 * @file Many listeners on one abort signal, at the cost of one.
 *
 * `addEventListener` looks through all listeners for a duplicate: with two thousand requests under
 * one signal that is quadratic, and was seen in profiles.
 */

const callbacksBySignal = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Call `callback` once when `signal` is aborted; gives the function that forgets it. The signal
 * must not be aborted yet, and a callback must not be given twice.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let callbacks = callbacksBySignal.get(signal);
  if (callbacks === undefined) {
    const opened = new Set<() => void>();
    callbacksBySignal.set(signal, opened);
    signal.addEventListener('abort', () => {
      for (const each of [...opened]) each();
      opened.clear();
    });
    callbacks = opened;
  }
  callbacks.add(callback);
  const kept = callbacks;
  return () => kept.delete(callback);
}
