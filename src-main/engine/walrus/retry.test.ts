/** @file What is asked again, how often, and after how long. */
import { describe, expect, test } from 'vitest';
import type { Clock } from '#engine/ports/ports.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { NodeAnswer } from './node-answer.ts';
import { backoffMs, withRetries, type RefusalRule } from './retry.ts';

const never = new AbortController().signal;
const highest = { bytes: (count: number) => new Uint8Array(count).fill(255) };
const lowest = { bytes: (count: number) => new Uint8Array(count) };

function steppingClock(): Clock & { readonly waitsMs: number[] } {
  const waitsMs: number[] = [];
  let nowMs = 0;
  return {
    waitsMs,
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: async (ms) => {
      waitsMs.push(ms);
      nowMs += ms;
    },
  };
}

const ok: NodeAnswer<string> = { kind: 'ok', value: 'there', status: 200 };
const failed = (
  failure: Extract<NodeAnswer<string>, { kind: 'failed' }>['failure'],
): NodeAnswer<string> => ({ kind: 'failed', failure, message: failure });
const refused: NodeAnswer<string> = {
  kind: 'refused',
  reason: 'NOT_REGISTERED',
  status: 400,
  message: 'no',
};

async function run(
  script: readonly NodeAnswer<string>[],
  rule?: RefusalRule,
): Promise<{
  readonly answer: NodeAnswer<string>;
  readonly asked: number;
  readonly waitsMs: number[];
}> {
  const clock = steppingClock();
  let asked = 0;
  const setting = { clock, random: highest, limits: DEFAULT_LIMITS };
  const ask = async (): Promise<NodeAnswer<string>> => {
    asked += 1;
    return script[Math.min(asked, script.length) - 1] ?? ok;
  };
  const answer = await withRetries(setting, never, ask, rule);
  return { answer, asked, waitsMs: clock.waitsMs };
}

describe('withRetries', () => {
  test.each(['unreachable', 'reset', 'timeout', 'overloaded', 'server-error'] as const)(
    'asks again after %s, with growing waits',
    async (failure) => {
      const { answer, asked, waitsMs } = await run([failed(failure), failed(failure), ok]);
      expect(answer).toBe(ok);
      expect(asked).toBe(3);
      expect(waitsMs).toEqual([250, 500]);
    },
  );

  test.each(['swapped-certificate', 'oversized', 'false-answer'] as const)(
    'does not ask again after %s',
    async (failure) => {
      const { answer, asked } = await run([failed(failure)]);
      expect(answer.kind).toBe('failed');
      expect(asked).toBe(1);
    },
  );

  test('gives the last answer after the last attempt', async () => {
    const { answer, asked } = await run([failed('reset')]);
    expect(answer).toMatchObject({ failure: 'reset' });
    expect(asked).toBe(DEFAULT_LIMITS.attemptsMax);
  });

  test('does not repeat a refusal', async () => {
    expect((await run([refused])).asked).toBe(1);
  });

  test('waits for a registration by time and not by attempts', async () => {
    const { answer, asked, waitsMs } = await run([refused], () => 'registration-lag');
    expect(answer).toBe(refused);
    expect(asked).toBeGreaterThan(DEFAULT_LIMITS.attemptsMax);
    const waitedMs = waitsMs.reduce((sum, ms) => sum + ms, 0);
    expect(waitedMs).toBeGreaterThan(30_000);
    expect(waitedMs).toBeLessThan(50_000);
  });

  test('leaves an overloaded node alone for as long as it asks, within reason', async () => {
    const patient: NodeAnswer<string> = {
      kind: 'failed',
      failure: 'overloaded',
      message: '',
      retryAfterMs: 3_000,
    };
    const endless: NodeAnswer<string> = { ...patient, retryAfterMs: 9_000_000 };
    expect((await run([patient, ok])).waitsMs).toEqual([3_000]);
    expect((await run([endless, ok])).waitsMs).toEqual([DEFAULT_LIMITS.backoffMs.max]);
  });
});

describe('backoffMs', () => {
  test.each([
    { name: 'the first', attempt: 1, low: 50, high: 100 },
    { name: 'the second', attempt: 2, low: 100, high: 200 },
    { name: 'one beyond the bound', attempt: 30, low: 500, high: 1_000 },
  ])('draws $name from the upper half', ({ attempt, low, high }) => {
    const bounds = { first: 100, max: 1_000 };
    expect(backoffMs(attempt, bounds, highest)).toBe(high);
    expect(backoffMs(attempt, bounds, lowest)).toBeGreaterThan(low);
    expect(backoffMs(attempt, bounds, lowest)).toBeLessThan(low * 1.02);
  });
});
