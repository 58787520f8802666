/**
 * @file Keeps requests from a storage node that does not answer.
 *
 * A node that hangs must not use up the room that others need: while one of its requests is
 * stalled it gets no more, and after a failure one at a time until it has answered again.
 */
import type { Clock } from '#engine/ports/ports.ts';
import type { HealthRecord } from './node-health.ts';

export class NodeGate {
  #sentCount = 0;
  #stalledCount = 0;
  readonly #health: HealthRecord;
  readonly #clock: Clock;
  readonly #onChange: () => void;

  /** `onChange` is called when the gate may have opened. */
  constructor(health: HealthRecord, clock: Clock, onChange: () => void) {
    this.#health = health;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  get isStalled(): boolean {
    return this.#stalledCount > 0;
  }

  get isOpen(): boolean {
    if (this.#stalledCount > 0) return false;
    return this.#sentCount === 0 || !this.#health.isAvoided(this.#clock.monotonicMs());
  }

  entered(): void {
    this.#sentCount += 1;
  }

  stalled(): void {
    this.#stalledCount += 1;
  }

  recovered(): void {
    this.#stalledCount -= 1;
    this.#onChange();
  }

  left(): void {
    this.#sentCount -= 1;
    this.#onChange();
  }
}
