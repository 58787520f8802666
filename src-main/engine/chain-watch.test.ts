/** A chain that answers when the test says so, on a clock that the test moves. */
import { beforeEach, describe, expect, test } from 'vitest';
import { sleepyClock, type SleepyClock } from '../../test/support/sleepy-clock.ts';
import { ChainWatch } from './chain-watch.ts';
import { EngineError } from './model/engine-error.ts';
import type { WalrusSystem } from './model/walrus.ts';

const MINUTE = 60_000;
const NOW = 1_800_000_000_000;
const { signal } = new AbortController();
const AWAY = new EngineError('rpc-unreachable', 'nobody answers');

let clock: SleepyClock;
let watch: ChainWatch;
let heard: string[];
let asked: number;
let isAway: boolean;

beforeEach(() => {
  clock = sleepyClock(NOW);
  heard = [];
  asked = 0;
  isAway = true;
  watch = new ChainWatch({
    clock,
    chain: {
      readSystem: async () => {
        asked += 1;
        if (isAway) throw AWAY;
        return {} as WalrusSystem;
      },
    },
  });
  watch.listen({
    onChange: () => heard.push(watch.failure?.code ?? watch.skew?.code ?? 'well'),
    onReturn: () => heard.push('returned'),
  });
});

const refuse = async (): Promise<never> => {
  throw AWAY;
};

describe('a chain that does not answer', () => {
  test('is remembered, so that the next one who asks does not wait', async () => {
    await expect(watch.ask(refuse, signal)).rejects.toBe(AWAY);
    let isAsked = false;
    const question = async (): Promise<void> => void (isAsked = true);
    await expect(watch.ask(question, signal)).rejects.toBe(AWAY);
    expect(isAsked).toBe(false);
    expect(heard).toEqual(['rpc-unreachable']);
    await watch.close();
  });

  test('is asked every few seconds, and its return is told once', async () => {
    await expect(watch.ask(refuse, signal)).rejects.toBe(AWAY);
    await clock.pass(MINUTE);
    expect(asked).toBe(6);
    isAway = false;
    await clock.pass(MINUTE);
    expect(asked).toBe(7);
    expect(heard).toEqual(['rpc-unreachable', 'well', 'returned']);
    expect(await watch.ask(async () => 'an answer', signal)).toBe('an answer');
    await watch.close();
  });

  test('is asked at once when something has changed', async () => {
    await expect(watch.ask(refuse, signal)).rejects.toBe(AWAY);
    isAway = false;
    watch.lookNow();
    await clock.pass(1);
    expect(watch.failure).toBeUndefined();
    await watch.close();
  });

  test('in time counts as away', async () => {
    const answer = watch.ask(() => new Promise(() => undefined), signal);
    const failure = expect(answer).rejects.toMatchObject({ code: 'rpc-unreachable' });
    await clock.pass(MINUTE);
    await failure;
    await watch.close();
  });
});

test('a failure of another kind is not the absence of the chain', async () => {
  const other = new EngineError('home-other-network', 'another chain');
  await expect(
    watch.ask(async () => {
      throw other;
    }, signal),
  ).rejects.toBe(other);
  expect(watch.failure).toBeUndefined();
  expect(heard).toEqual([]);
});

describe('the clock of this machine', () => {
  test.each([
    { name: 'minutes off is well', servers: { a: NOW + 4 * MINUTE }, skew: undefined },
    {
      name: 'behind',
      servers: { a: NOW + 90 * MINUTE },
      skew: { skewMs: 90 * MINUTE, direction: 'behind' },
    },
    {
      name: 'ahead',
      servers: { a: NOW - 90 * MINUTE, b: NOW - 91 * MINUTE },
      skew: { skewMs: 90 * MINUTE, direction: 'ahead' },
    },
    {
      name: 'right, where one of two servers is wrong',
      servers: { a: NOW - 90 * MINUTE, b: NOW },
      skew: undefined,
    },
  ])('that is $name', ({ servers, skew }) => {
    for (const [server, ms] of Object.entries(servers)) watch.heard(server, ms);
    expect(watch.skew?.context).toEqual(skew);
  });

  test('is told of when it goes wrong and when it is right again', () => {
    watch.heard('a', NOW - 60 * MINUTE);
    watch.heard('a', NOW - 60 * MINUTE);
    watch.heard('a', NOW);
    expect(heard).toEqual(['clock-skewed', 'well']);
  });
});
