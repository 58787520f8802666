/** @file When a rest begins, on a clock that the test moves. */
import { expect, test } from 'vitest';
import { Rest, REST_AFTER_MS } from './rest.ts';

class SetClock {
  now = 0;
  #sleeper: { readonly atMs: number; readonly wake: () => void } | undefined;

  monotonicMs(): number {
    return this.now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sleeper = { atMs: this.now + ms, wake: resolve };
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
    });
  }

  async pass(ms: number): Promise<void> {
    this.now += ms;
    if (this.#sleeper && this.#sleeper.atMs <= this.now) this.#sleeper.wake();
    await new Promise(setImmediate);
  }
}

function resting(): { clock: SetClock; rest: Rest; begun: () => number } {
  const clock = new SetClock();
  let count = 0;
  const rest = new Rest(clock, () => (count += 1));
  return { clock, rest, begun: () => count };
}

test('a rest begins once after the last of many stirs', async () => {
  const { clock, rest, begun } = resting();
  for (let stir = 0; stir < 5; stir += 1) {
    rest.stir();
    await clock.pass(REST_AFTER_MS - 1);
  }
  expect(begun()).toBe(0);
  await clock.pass(1);
  expect(begun()).toBe(1);
  await clock.pass(10 * REST_AFTER_MS);
  expect(begun()).toBe(1);
});

test('a stir after a rest leads to another one', async () => {
  const { clock, rest, begun } = resting();
  rest.stir();
  await clock.pass(REST_AFTER_MS);
  rest.stir();
  await clock.pass(REST_AFTER_MS);
  expect(begun()).toBe(2);
});

test('nothing begins after closing', async () => {
  const { clock, rest, begun } = resting();
  rest.stir();
  await rest.close();
  await clock.pass(REST_AFTER_MS);
  expect(begun()).toBe(0);
});
