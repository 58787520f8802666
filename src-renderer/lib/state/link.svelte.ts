/** @file The connection as views see it: whether somebody answers, and since when nobody does. */
import type { AppConnection } from '#contract/app-api.ts';

export class Link {
  #state = $state<AppConnection['state']>('connecting');
  /** Whether it was ever up: then what is on screen is the last that was known. */
  #wasUp = $state(false);

  constructor(connection: AppConnection) {
    const become = (state: AppConnection['state']) => {
      this.#state = state;
      if (state === 'up') this.#wasUp = true;
    };
    become(connection.state);
    connection.onState(become);
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  get isLost(): boolean {
    return this.#state === 'down' || (this.#state === 'connecting' && this.#wasUp);
  }
}
