/**
 * @file Remembers what our own transactions did, so that a full node that lags behind is noticed.
 *
 * [Note: Lagging endpoint] A public endpoint is many full nodes behind one name. After we executed
 * a transaction on one, the next request may reach another that has not seen it yet and would hand
 * us coins of versions that are used up. A transaction built with those is refused at best. So
 * whatever is read for building is compared with what we know and read again while it is older.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import type { ObjectId } from '#engine/model/ids.ts';
import type { Clock } from '#engine/ports/ports.ts';
import type { TransactionOutcome } from '../rpc/chain-rpc.ts';

/** Waits between readings: about 15 s in all. Full nodes lag by a second or two. */
const READ_DELAYS_MS: readonly number[] = [100, 200, 400, 800, 1_500, 3_000, 4_000, 5_000];
/** Objects of the last few transactions suffice, since readers catch up in seconds. */
const OBJECTS_MAX = 4_096;

interface Versioned {
  readonly objectId: ObjectId;
  readonly version: bigint;
}

export class KnownVersions {
  readonly #versions = new Map<ObjectId, bigint | 'gone'>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(outcome: TransactionOutcome): void {
    for (const { objectId, ref } of outcome.changedObjects) {
      this.#versions.delete(objectId);
      this.#versions.set(objectId, ref?.version ?? 'gone');
    }
    for (const objectId of this.#versions.keys()) {
      if (this.#versions.size <= OBJECTS_MAX) break;
      this.#versions.delete(objectId);
    }
  }

  /** Whether this is older than what one of our transactions left. */
  isOutdated({ objectId, version }: Versioned): boolean {
    const known = this.#versions.get(objectId);
    return known !== undefined && (known === 'gone' || version < known);
  }

  /** Read until nothing in the answer is outdated; `rpc-unreachable` if the endpoint stays behind. */
  async readUpToDate<Answer>(
    read: () => Promise<Answer>,
    objectsOf: (answer: Answer) => readonly Versioned[],
    signal?: AbortSignal,
  ): Promise<Answer> {
    for (const delayMs of [...READ_DELAYS_MS, undefined]) {
      const answer = await read();
      if (!objectsOf(answer).some((object) => this.isOutdated(object))) return answer;
      if (delayMs !== undefined) await this.#clock.sleep(delayMs, signal);
    }
    throw new EngineError('rpc-unreachable', 'the endpoint lags behind our own transactions');
  }
}
