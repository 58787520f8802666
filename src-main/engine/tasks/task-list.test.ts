/** Tasks over a real local index, whose work ends when the test says so. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EngineEvent } from '#contract/events.ts';
import type { Task } from '#contract/task-api.ts';
import { emptyDisk, fillDisk } from '#test/support/full-disk.ts';
import { scriptedClock } from '#test/support/scripted-clock.ts';
import { openLocalIndex, type LocalIndex } from '../local-index/local-index.ts';
import { EngineError } from '../model/engine-error.ts';
import { problemOf } from '../problems.ts';
import { TaskList, type TaskVoice, type TaskWork } from './task-list.ts';

vi.mock(import('better-sqlite3'), async (importOriginal) =>
  (await import('#test/support/full-disk.ts')).limitedSqlite(await importOriginal()),
);

const RESTORE = {
  kind: 'restore' as const,
  folderId: 'f',
  folderName: 'docs',
  restore: { snapshotId: undefined, paths: ['a'], target: '/back', report: undefined },
};
const SYNC = { kind: 'sync' as const, folderId: 'f', folderName: 'docs', restore: undefined };

interface Run {
  readonly task: Task;
  readonly voice: TaskVoice;
  readonly signal: AbortSignal;
  readonly done: () => void;
  readonly fail: (error: Error) => void;
}

let index: LocalIndex;
let runs: Run[];
let events: Task[];
let list: TaskList;
const clock = scriptedClock();

/** Work that stops when it is told to, and else ends as the test says. */
const work: TaskWork = (task, voice, signal) =>
  new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
    runs.push({ task, voice, signal, done: resolve, fail: reject });
  });

let lastId = 0;
const open = (): TaskList =>
  new TaskList({
    table: index.tasks,
    clock,
    logger: { info: () => undefined, warn: () => undefined },
    random: { bytes: (count) => Buffer.alloc(count, (lastId += 1)) },
    emit: (event: EngineEvent) => {
      if (event.kind === 'task') events.push(event.task);
    },
    restoreWork: work,
    problemOf,
  });

beforeEach(() => {
  index = openLocalIndex(':memory:');
  runs = [];
  events = [];
  list = open();
});
afterEach(() => index.close());

const stateOf = (taskId: string): string | undefined =>
  list.all().find((task) => task.taskId === taskId)?.state;

describe('a task', () => {
  test('waits, runs and is done, and each is told', async () => {
    const { taskId } = list.start(SYNC, work);
    expect(stateOf(taskId)).toBe('waiting');
    runs[0]!.voice.began();
    expect(stateOf(taskId)).toBe('running');
    runs[0]!.done();
    expect(await list.over(taskId)).toMatchObject({ state: 'done' });
    expect(events.map(({ state }) => state)).toEqual(['waiting', 'running', 'done']);
  });

  test('that fails says why, in plain words', async () => {
    const { taskId } = list.start(SYNC, work);
    runs[0]!.voice.began();
    runs[0]!.fail(new EngineError('disk-full', 'ENOSPC'));
    const { state, problem } = await list.over(taskId);
    expect(state).toBe('failed');
    expect(problem?.message).toMatch(/^The disk of this computer is full/);
  });

  test.each(['waiting', 'running'])('that is %s can be cancelled', async (state) => {
    const { taskId } = list.start(SYNC, work);
    if (state === 'running') runs[0]!.voice.began();
    expect(await list.cancel(taskId)).toMatchObject({ state: 'cancelled' });
    expect(runs[0]!.signal.aborted).toBe(true);
    list.dismiss(taskId);
    expect(list.all()).toEqual([]);
  });

  test('under way is not dismissed, and one that is not there is not known', () => {
    const { taskId } = list.start(SYNC, work);
    expect(() => list.dismiss(taskId)).toThrow('under way');
    expect(() => list.dismiss('nothing')).toThrow('no such task');
  });

  test('that nobody asked for is forgotten when it ends', async () => {
    const { taskId } = list.start({ ...SYNC, isAutomatic: true }, work);
    const over = list.over(taskId);
    runs[0]!.done();
    expect(await over).toMatchObject({ state: 'done' });
    expect(list.all()).toEqual([]);
  });

  test('tells its progress a few times a second, with rate and time left', async () => {
    const { taskId } = list.start(SYNC, work);
    runs[0]!.voice.began();
    events = [];
    for (let step = 1; step <= 100; step += 1) {
      await clock.sleep(50);
      runs[0]!.voice.progress({
        filesDone: step,
        filesTotal: 200,
        bytesDone: step * 1_000,
        bytesTotal: 200_000,
        current: undefined,
      });
    }
    expect(events.length).toBeLessThanOrEqual((100 * 50) / 300 + 1);
    const [task] = list.all();
    expect(task?.progress?.bytesPerSecond).toBeGreaterThan(19_000);
    expect(task?.progress?.bytesPerSecond).toBeLessThan(21_000);
    expect(task?.progress?.remainingMs).toBeGreaterThan(4_500);
    expect(task?.progress?.remainingMs).toBeLessThan(5_500);
    runs[0]!.done();
    const ended = await list.over(taskId);
    expect(ended.progress).toMatchObject({ filesDone: 100, remainingMs: undefined });
  });

  test('that ended long ago is forgotten', async () => {
    for (let number = 0; number < 60; number += 1) {
      const { taskId } = list.start(SYNC, work);
      runs.at(-1)!.done();
      await list.over(taskId);
    }
    expect(list.all()).toHaveLength(50);
  });
});

describe('a pause', () => {
  test('stops what is under way, and it goes on afterwards', async () => {
    const { taskId } = list.start(SYNC, work);
    runs[0]!.voice.began();
    await list.hold();
    expect(stateOf(taskId)).toBe('waiting');
    expect(runs[0]!.signal.aborted).toBe(true);
    list.release();
    runs[1]!.voice.began();
    runs[1]!.done();
    expect(await list.over(taskId)).toMatchObject({ state: 'done' });
  });

  test('does not hold what is asked for meanwhile, and a held task can be cancelled', async () => {
    const { taskId } = list.start(SYNC, work);
    await list.hold();
    const other = list.start(RESTORE, work);
    runs[1]!.done();
    expect(await list.over(other.taskId)).toMatchObject({ state: 'done' });
    expect(await list.cancel(taskId)).toMatchObject({ state: 'cancelled' });
    list.release();
    expect(runs).toHaveLength(2);
  });

  describe('while the work takes its time to stop', () => {
    /** Work that has heard of the end, and ends when the test says. */
    const slow: TaskWork = (task, voice, signal) =>
      new Promise((resolve, reject) => {
        runs.push({ task, voice, signal, done: resolve, fail: reject });
      });
    const stopped = (number: number): void =>
      runs[number]!.fail(runs[number]!.signal.reason as Error);
    let taskId: string;
    let held: Promise<void>;

    beforeEach(() => {
      ({ taskId } = list.start(SYNC, slow));
      runs[0]!.voice.began();
      held = list.hold();
    });

    test('is followed by going on, when it was over before', async () => {
      list.release();
      stopped(0);
      await held;
      expect(runs).toHaveLength(2);
      const over = list.over(taskId);
      runs[1]!.voice.began();
      runs[1]!.done();
      expect(await over).toMatchObject({ state: 'done' });
    });

    test('holds it, when it was over and has begun again', async () => {
      list.release();
      const heldAgain = list.hold();
      stopped(0);
      await heldAgain;
      expect(stateOf(taskId)).toBe('waiting');
      expect(runs).toHaveLength(1);
      list.release();
      expect(runs).toHaveLength(2);
    });

    test('does not begin again what was cancelled meanwhile', async () => {
      list.release();
      const cancelled = list.cancel(taskId);
      stopped(0);
      expect(await cancelled).toMatchObject({ state: 'cancelled' });
      expect(runs).toHaveLength(1);
    });

    test('does not begin again what has come to its end all the same', async () => {
      const over = list.over(taskId);
      runs[0]!.done();
      await held;
      expect(await over).toMatchObject({ state: 'done' });
      list.release();
      expect(runs).toHaveLength(1);
    });

    test('begins nothing after the end of the engine', async () => {
      list.release();
      const over = list.over(taskId);
      const closed = list.close();
      stopped(0);
      await closed;
      await over;
      expect(runs).toHaveLength(1);
    });
  });
});

describe('a restore', () => {
  test('that its engine left is interrupted, and goes on with the snapshot it began with', async () => {
    const { taskId } = list.start(RESTORE, work);
    runs[0]!.voice.began();
    runs[0]!.voice.learned({ restore: { ...RESTORE.restore, snapshotId: 's1' } });
    await list.close();
    list = open();
    expect(list.all()).toMatchObject([{ taskId, state: 'interrupted' }]);
    list.resume(taskId);
    expect(runs[1]!.task.restore).toMatchObject({
      snapshotId: 's1',
      paths: ['a'],
      target: '/back',
    });
    runs[1]!.done();
    expect(await list.over(taskId)).toMatchObject({ state: 'done' });
    expect(open().all()).toMatchObject([{ taskId, state: 'done' }]);
  });

  test('that is done cannot go on, unless something was lost', async () => {
    const { taskId } = list.start(RESTORE, work);
    const report = {
      snapshotId: 's1',
      target: '/back',
      filesRestored: 1,
      bytesRestored: 1,
      filesAlreadyThere: 0,
      lost: [],
    };
    runs[0]!.voice.learned({ restore: { ...RESTORE.restore, report } });
    runs[0]!.done();
    await list.over(taskId);
    expect(() => list.resume(taskId)).toThrow('not reached its end');
    const lost = [{ path: 'a', code: 'slivers-insufficient' as const, reason: 'too few' }];
    const other = list.start(RESTORE, work);
    runs[1]!.voice.learned({ restore: { ...RESTORE.restore, report: { ...report, lost } } });
    runs[1]!.done();
    await list.over(other.taskId);
    expect(list.resume(other.taskId).state).toBe('waiting');
  });
});

describe('on a full disk', () => {
  test('a restore comes to its end, and is interrupted for the next engine', async () => {
    const { taskId } = list.start(RESTORE, work);
    fillDisk();
    runs[0]!.done();
    expect(await list.over(taskId)).toMatchObject({ state: 'done' });
    expect(events.at(-1)).toMatchObject({ taskId, state: 'done' });
    emptyDisk();
    expect(open().all()).toMatchObject([{ taskId, state: 'interrupted' }]);
  });

  test('a restore that could not keep what it learned has failed for the disk', async () => {
    const { taskId } = list.start(RESTORE, async (_task, voice) => {
      await clock.sleep(1);
      voice.learned({ restore: { ...RESTORE.restore, snapshotId: 's1' } });
    });
    fillDisk();
    const ended = await list.over(taskId);
    emptyDisk();
    expect(ended).toMatchObject({ state: 'failed', problem: { code: 'disk-full' } });
  });

  test('a restore that cannot be kept is not begun, and can be when there is room', async () => {
    fillDisk();
    expect(() => list.start(RESTORE, work)).toThrow('full');
    emptyDisk();
    expect(list.all()).toEqual([]);
    const { taskId } = list.start(RESTORE, work);
    await list.cancel(taskId);
    fillDisk();
    expect(() => list.resume(taskId)).toThrow('full');
    expect(() => list.dismiss(taskId)).toThrow('full');
    emptyDisk();
    expect(stateOf(taskId)).toBe('cancelled');
    expect(list.resume(taskId).state).toBe('waiting');
    expect(runs).toHaveLength(2);
  });
});
