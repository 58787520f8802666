/** Pauses over a real local index and real tasks, with a clock that a test moves. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { emptyDisk, fillDisk } from '#test/support/full-disk.ts';
import { sleepyClock } from '#test/support/sleepy-clock.ts';
import type { EngineParts } from './engine-parts.ts';
import { openLocalIndex, type LocalIndex } from './local-index/local-index.ts';
import { problemOf } from './problems.ts';
import type { EngineTasks } from './task-work.ts';
import { TaskList } from './tasks/task-list.ts';
import { Upkeep } from './upkeep.ts';

vi.mock(import('better-sqlite3'), async (importOriginal) =>
  (await import('#test/support/full-disk.ts')).limitedSqlite(await importOriginal()),
);

const clock = sleepyClock(1_800_000_000_000);
const SYNC = { kind: 'sync' as const, folderId: 'f', folderName: 'docs', restore: undefined };

let index: LocalIndex;
let list: TaskList;
let upkeep: Upkeep;
let closing: AbortController;
/** One for each run of the task. */
let signals: AbortSignal[];

beforeEach(() => {
  index = openLocalIndex(':memory:');
  closing = new AbortController();
  signals = [];
  list = new TaskList({
    table: index.tasks,
    clock,
    logger: { info: () => undefined, warn: () => undefined },
    random: { bytes: (count) => Buffer.alloc(count, 1) },
    emit: () => undefined,
    restoreWork: async () => undefined,
    problemOf,
  });
  const parts = {
    index,
    options: { clock },
    emit: () => undefined,
    chainWatch: { listen: () => undefined },
  } as unknown as EngineParts;
  upkeep = new Upkeep(parts, {
    tasks: { list } as EngineTasks,
    checkChain: async () => undefined,
    onWake: () => undefined,
    signal: closing.signal,
  });
  list.start(
    SYNC,
    (_task, voice, signal) =>
      new Promise((_resolve, reject) => {
        voice.began();
        signals.push(signal);
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  );
});

afterEach(async () => {
  closing.abort();
  await upkeep.close();
  await list.close();
  index.close();
});

describe('a pause', () => {
  test('until a moment holds what runs, and lets it go on then', async () => {
    await upkeep.methods.pause({ untilMs: clock.nowMs() + 60_000 });
    expect(list.all()).toMatchObject([{ state: 'waiting' }]);
    await clock.pass(61_000);
    expect(list.all()).toMatchObject([{ state: 'running' }]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  test('ends on a full disk, too', async () => {
    await upkeep.methods.pause({ untilMs: clock.nowMs() + 60_000 });
    fillDisk();
    await clock.pass(61_000);
    emptyDisk();
    expect(list.all()).toMatchObject([{ state: 'running' }]);
    await upkeep.untilAllowed(closing.signal);
  });

  test('until a moment that has passed holds nothing', async () => {
    await upkeep.methods.pause({ untilMs: clock.nowMs() - 1 });
    expect(list.all()).toMatchObject([{ state: 'running' }]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });

  test('until a moment that has passed ends the one before', async () => {
    await upkeep.methods.pause({});
    await upkeep.methods.pause({ untilMs: clock.nowMs() });
    expect(list.all()).toMatchObject([{ state: 'running' }]);
    await upkeep.untilAllowed(closing.signal);
  });
});
