/** @file Requests that wait until the node has heard of a blob's registration. */
import type { BlobId } from '#engine/model/ids.ts';

export class RegistrationWaits {
  readonly #waiters = new Map<BlobId, Set<() => void>>();

  /** The node has heard of it. */
  wake(blobId: BlobId): void {
    for (const wake of this.#waiters.get(blobId) ?? []) wake();
  }

  /** Whether it was woken before the time is over. */
  until(blobId: BlobId, timeoutMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiters = this.#waiters.get(blobId) ?? new Set();
    this.#waiters.set(blobId, waiters);
    const finish = (isRegistered: boolean): void => {
      clearTimeout(timer);
      waiters.delete(wake);
      if (waiters.size === 0) this.#waiters.delete(blobId);
      resolve(isRegistered);
    };
    const wake = (): void => finish(true);
    const timer = setTimeout(() => finish(false), timeoutMs);
    waiters.add(wake);
    return promise;
  }
}
