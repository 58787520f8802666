/** Two weeks of a machine's life, on a clock that sleeps when it does. */
import { describe, expect, test } from 'vitest';
import { sleepyClock } from '../../../test/support/sleepy-clock.ts';
import { FolderRounds } from './folder-rounds.ts';
import type { Timing } from './schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = new Date(2026, 10, 2, 8, 0).getTime();

function openBench(more: Partial<Timing> = {}) {
  const clock = sleepyClock(START);
  const end = new AbortController();
  const syncs: number[] = [];
  let fails = 0;
  let allowed: Promise<unknown> = Promise.resolve();
  const timing: Timing = {
    quietMs: MINUTE,
    commitEveryMs: 6 * HOUR,
    scanEveryMs: DAY,
    hours: [],
    ...more,
  };
  const rounds: FolderRounds = new FolderRounds({
    clock,
    timing: () => timing,
    untilAllowed: async () => void (await allowed),
    sync: async () => {
      rounds.began();
      syncs.push(clock.nowMs());
      fails -= 1;
      const isDone = fails < 0;
      rounds.ended({ isDone, retryAtMs: isDone ? undefined : clock.nowMs() + 10 * MINUTE });
    },
    onChange: () => undefined,
    signal: end.signal,
  });
  rounds.run().catch(() => undefined);
  return {
    clock,
    rounds,
    syncs,
    failNext: (count: number) => (fails = count),
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      allowed = promise;
      return () => resolve(undefined);
    },
    end: () => end.abort(new DOMException('over', 'AbortError')),
  };
}

describe('in 14 days', () => {
  test.each([
    { name: 'always awake', awakeMs: DAY, asleepMs: 0 },
    { name: 'awake by day, asleep by night', awakeMs: 10 * HOUR, asleepMs: 14 * HOUR },
    {
      name: 'awake for a quarter of an hour, asleep for two',
      awakeMs: 15 * MINUTE,
      asleepMs: 2 * HOUR,
    },
    { name: 'asleep for three days at a time', awakeMs: 2 * HOUR, asleepMs: 3 * DAY },
  ])(
    'a machine that is $name scans once for each day it has missed or seen',
    async ({ awakeMs, asleepMs }) => {
      const { clock, rounds, syncs, end } = openBench();
      while (clock.nowMs() < START + 14 * DAY) {
        await clock.pass(awakeMs);
        const before = syncs.length;
        if (asleepMs > 0) {
          clock.suspend(asleepMs);
          const wokenAtMs = clock.nowMs();
          rounds.look();
          await clock.pass(1);
          const wasDue = wokenAtMs - (syncs[before - 1] ?? START) >= DAY;
          // What was missed runs exactly once, at the moment of waking.
          expect(syncs.slice(before)).toEqual(wasDue ? [wokenAtMs] : []);
        }
      }
      for (const [index, atMs] of syncs.entries()) {
        const gapMs = atMs - (syncs[index - 1] ?? atMs - DAY);
        expect(gapMs).toBeGreaterThanOrEqual(DAY);
        expect(gapMs).toBeLessThanOrEqual(DAY + Math.max(asleepMs, MINUTE));
      }
      expect(syncs.length).toBeGreaterThanOrEqual(Math.floor((14 * DAY) / (DAY + asleepMs)));
      end();
    },
  );

  test('without a word from the shell, what was missed runs within a minute of waking', async () => {
    const { clock, syncs, end } = openBench();
    await clock.pass(HOUR);
    clock.suspend(2 * DAY);
    const wokenAtMs = clock.nowMs();
    await clock.pass(MINUTE);
    expect(syncs).toHaveLength(2);
    expect(syncs[1]! - wokenAtMs).toBeLessThanOrEqual(MINUTE);
    end();
  });
});

describe('changes', () => {
  test('are committed together, once it is quiet', async () => {
    const { clock, rounds, syncs, end } = openBench();
    await clock.pass(HOUR);
    for (let number = 0; number < 5; number += 1) {
      rounds.noticed([`file-${String(number)}`]);
      await clock.pass(30_000);
    }
    expect(rounds.waiting()).toEqual({ changes: 5, nextCommitAtMs: clock.nowMs() + 30_000 });
    await clock.pass(30_000);
    expect(syncs).toHaveLength(2);
    expect(rounds.waiting()).toBeUndefined();
    end();
  });

  test('that never end are committed every few hours', async () => {
    const { clock, rounds, syncs, end } = openBench();
    await clock.pass(MINUTE);
    while (clock.nowMs() < START + DAY - HOUR) {
      rounds.noticed(['log.txt']);
      await clock.pass(30_000);
    }
    expect(syncs).toHaveLength(1 + 3);
    end();
  });

  test('of many bytes are committed at once, whatever their number of writes', async () => {
    const bulk = { bytes: 1_000, gapMs: 15 * MINUTE };
    const { clock, rounds, syncs, end } = openBench({ quietMs: 6 * HOUR, bulk });
    await clock.pass(HOUR);
    rounds.noticed(['log', 'photo']);
    for (let write = 0; write < 9; write += 1) rounds.measured('log', 900);
    rounds.measured('never noticed', 5_000);
    await clock.pass(HOUR);
    expect(syncs).toHaveLength(1);
    rounds.measured('photo', 100);
    await clock.pass(1);
    expect(syncs).toHaveLength(2);
    rounds.noticed(['photo']);
    rounds.measured('photo', 2_000);
    await clock.pass(15 * MINUTE - 2);
    expect(syncs).toHaveLength(2);
    await clock.pass(MINUTE);
    expect(syncs).toHaveLength(3);
    end();
  });

  test('that were seen before a sleep are committed after it, once', async () => {
    const { clock, rounds, syncs, end } = openBench({ quietMs: 6 * HOUR });
    await clock.pass(HOUR);
    rounds.noticed(['a']);
    clock.suspend(9 * HOUR);
    rounds.look();
    await clock.pass(HOUR);
    expect(syncs).toHaveLength(2);
    end();
  });

  test('wait for the hours', async () => {
    const { clock, rounds, syncs, end } = openBench({ hours: [[9 * 60, 10 * 60]] });
    await clock.pass(30 * MINUTE);
    expect(syncs).toEqual([]);
    await clock.pass(31 * MINUTE);
    expect(syncs).toHaveLength(1);
    await clock.pass(2 * HOUR);
    rounds.noticed(['a']);
    await clock.pass(10 * HOUR);
    expect(syncs).toHaveLength(1);
    expect(rounds.waiting()?.nextCommitAtMs).toBe(START + DAY + HOUR);
    await clock.pass(12 * HOUR);
    expect(syncs).toHaveLength(2);
    end();
  });

  test('of a sync that failed wait for the next attempt, and are told meanwhile', async () => {
    const { clock, rounds, syncs, failNext, end } = openBench();
    await clock.pass(HOUR);
    failNext(2);
    rounds.noticed(['a', 'b']);
    await clock.pass(MINUTE);
    expect(syncs).toHaveLength(2);
    expect(rounds.waiting()).toEqual({ changes: 2, nextCommitAtMs: clock.nowMs() + 10 * MINUTE });
    await clock.pass(10 * MINUTE);
    expect(syncs).toHaveLength(3);
    rounds.retryNow();
    await clock.pass(1);
    expect(syncs).toHaveLength(4);
    expect(rounds.waiting()).toBeUndefined();
    end();
  });

  test('wait as long as something is in the way, and are then committed once', async () => {
    const { clock, rounds, syncs, hold, end } = openBench();
    await clock.pass(HOUR);
    const release = hold();
    await clock.pass(2 * MINUTE);
    rounds.noticed(['a']);
    await clock.pass(3 * DAY);
    expect(syncs).toHaveLength(1);
    release();
    await clock.pass(HOUR);
    expect(syncs).toHaveLength(2);
    end();
  });
});
