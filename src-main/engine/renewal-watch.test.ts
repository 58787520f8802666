/** The watch over renewals with looks that fail, over a real local index and a clock that a test moves. */
import { expect, test, vi } from 'vitest';
import { emptyDisk, fillDisk } from '#test/support/full-disk.ts';
import { sleepyClock } from '#test/support/sleepy-clock.ts';
import type { Compacting } from './compacting.ts';
import type { EngineParts } from './engine-parts.ts';
import { openLocalIndex } from './local-index/local-index.ts';
import { EngineError } from './model/engine-error.ts';
import { RenewalWatch } from './renewal-watch.ts';

vi.mock(import('better-sqlite3'), async (importOriginal) =>
  (await import('#test/support/full-disk.ts')).limitedSqlite(await importOriginal()),
);

const AN_HOUR_MS = 3_600_000;
const index = openLocalIndex(':memory:');

test.each([
  {
    name: 'a full disk',
    fail: () => {
      fillDisk();
      try {
        index.notices.put('storage: ends soon', 1);
      } finally {
        emptyDisk();
      }
    },
    logged: { code: 'disk-full' },
  },
  {
    name: 'a network that is away',
    fail: () => {
      throw new EngineError('rpc-unreachable', 'nobody answers');
    },
    logged: { code: 'rpc-unreachable' },
  },
  {
    name: 'a failure of ours',
    fail: () => {
      throw new TypeError('a defect');
    },
    logged: { error: 'TypeError' },
  },
])('$name is logged, and what is due is looked at again', async ({ fail, logged }) => {
  const clock = sleepyClock(1_800_000_000_000);
  const closing = new AbortController();
  const logs: unknown[] = [];
  let looks = 0;
  const parts = {
    index,
    options: { clock, logger: { warn: (_message: string, facts: unknown) => logs.push(facts) } },
    chain: {
      readSystem: async () => ({
        epoch: 1,
        epochStartedAtMs: clock.nowMs(),
        epochDurationMs: 1000 * AN_HOUR_MS,
      }),
    },
  } as unknown as EngineParts;
  const watch = new RenewalWatch(parts, {
    compacting: {} as Compacting,
    inTurn: async () => {
      looks += 1;
      if (looks === 1) fail();
      return undefined as never;
    },
    checkChain: async () => undefined,
    untilAllowed: async () => undefined,
    syncFolder: () => undefined,
    signal: closing.signal,
  });
  watch.start();
  await clock.pass(AN_HOUR_MS);
  expect(looks).toBe(2);
  expect(logs).toEqual([logged]);
  closing.abort();
  await watch.close();
});
