import { afterEach, describe, expect, test } from 'vitest';
import type { RawPath } from '#engine/model/ids.ts';
import { absolutePath, type WatchEvent, type WatchFiles } from '#engine/ports/file-system.ts';
import type { Clock } from '#engine/ports/ports.ts';
import type { Dirty } from './aggregator.ts';
import { FolderWatcher, type WatchState, type WatcherOptions } from './watcher.ts';

/** A clock that stands still until a test moves it. */
class HandClock implements Clock {
  #nowMs = 0;
  readonly #sleepers = new Set<{ dueMs: number; wake: () => void }>();
  nowMs = (): number => this.#nowMs;
  monotonicMs = (): number => this.#nowMs;

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((wake, reject) => {
      const sleeper = { dueMs: this.#nowMs + ms, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason as Error);
      });
    });
  }

  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await settle();
      const due = [...this.#sleepers].filter(({ dueMs }) => dueMs <= endMs);
      const [next] = due.toSorted((a, b) => a.dueMs - b.dueMs);
      if (!next) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      this.#sleepers.delete(next);
      next.wake();
    }
    this.#nowMs = endMs;
  }
}

/** Let every promise that can go on go on. */
async function settle(): Promise<void> {
  await new Promise((resume) => setImmediate(resume));
}

/** A watch that reports what the test says. */
class HandWatch implements WatchFiles {
  watches = 0;
  closed = 0;
  emit: (event: WatchEvent) => void = () => undefined;
  /** What a watch reports before it is ready. */
  atStart: WatchEvent[] = [];

  async watchFolder(
    _root: unknown,
    { onEvent }: Parameters<WatchFiles['watchFolder']>[1],
  ): Promise<{ close(): Promise<void> }> {
    this.watches += 1;
    this.emit = onEvent;
    for (const event of this.atStart) onEvent(event);
    return {
      close: async () => {
        this.closed += 1;
      },
    };
  }
}

let watcher: FolderWatcher;

function watching(options: Partial<WatcherOptions> = {}) {
  const clock = new HandClock();
  const watch = new HandWatch();
  const told: Dirty[] = [];
  const states: WatchState[] = [];
  watcher = new FolderWatcher({
    watchFiles: watch,
    root: absolutePath('/folder'),
    clock,
    onDirty: (dirty) => void told.push(dirty),
    onState: (state) => void states.push(state),
    quietMs: 100,
    restlessMs: 1000,
    pollIntervalMs: 10_000,
    ...options,
  });
  const touch = (path: string): void => watch.emit({ kind: 'dirty', path: path as RawPath });
  return { clock, watch, told, states, touch };
}

afterEach(() => watcher.close());

describe('FolderWatcher', () => {
  test('tells once it has been quiet', async () => {
    const { clock, told, touch } = watching();
    await watcher.start();
    touch('a');
    await clock.advance(60);
    touch('b');
    await clock.advance(60);
    expect(told).toEqual([]);
    await clock.advance(60);
    expect(told).toEqual([{ kind: 'paths', paths: ['a', 'b'] }]);
  });

  test('tells after a while also when it never gets quiet', async () => {
    const { clock, told, touch } = watching();
    await watcher.start();
    for (let index = 0; index < 25; index += 1) {
      touch(String(index % 3));
      await clock.advance(50);
    }
    expect(told).toEqual([{ kind: 'paths', paths: ['0', '1', '2'] }]);
  });

  test('gathers what comes while somebody is busy with the last', async () => {
    let finish: () => void = () => undefined;
    const told: Dirty[] = [];
    const { clock, touch } = watching({
      onDirty: (dirty) => {
        told.push(dirty);
        return new Promise((resolve) => (finish = resolve));
      },
    });
    await watcher.start();
    touch('a');
    await clock.advance(200);
    touch('b');
    await clock.advance(2000);
    expect(told).toHaveLength(1);
    finish();
    await clock.advance(200);
    expect(told).toEqual([
      { kind: 'paths', paths: ['a'] },
      { kind: 'paths', paths: ['b'] },
    ]);
    finish();
  });

  test('lost events mean everything', async () => {
    const { clock, watch, told, touch } = watching();
    await watcher.start();
    touch('a');
    watch.emit({ kind: 'overflow' });
    await clock.advance(200);
    expect(told).toEqual([{ kind: 'everything' }]);
  });

  test('100,000 new files are told as one thing', async () => {
    const { clock, told, touch } = watching();
    await watcher.start();
    for (let index = 0; index < 100_000; index += 1) {
      touch(`d${String(index % 1000)}/${String(index)}`);
    }
    await clock.advance(2000);
    expect(told).toEqual([{ kind: 'everything' }]);
  });

  test('a folder that cannot be watched is polled, and the state says why', async () => {
    const { clock, watch, told, states } = watching();
    watch.atStart = [{ kind: 'unwatchable', systemCode: 'ENOSPC' }];
    await watcher.start();
    expect(watcher.state).toEqual({ kind: 'polling', systemCode: 'ENOSPC' });
    await clock.advance(30_200);
    expect(told).toHaveLength(4);
    expect(told.every(({ kind }) => kind === 'everything')).toBe(true);
    expect(watch.watches).toBe(1);
    expect(states).toHaveLength(1);
  });

  test('a folder that comes back is watched again', async () => {
    const { clock, watch, told, touch } = watching();
    watch.atStart = [{ kind: 'unwatchable', systemCode: 'ENOENT' }];
    await watcher.start();
    await clock.advance(10_100);
    expect(watcher.state.kind).toBe('polling');
    watch.atStart = [];
    await clock.advance(10_100);
    expect(watcher.state).toEqual({ kind: 'watching' });
    expect(watch.watches).toBe(3);
    const before = told.length;
    await clock.advance(50_000);
    expect(told.length).toBe(before);
    touch('a');
    await clock.advance(200);
    expect(told.at(-1)).toEqual({ kind: 'paths', paths: ['a'] });
  });

  test('polls beside the watch when a scan found what no watcher sees', async () => {
    const { clock, told, touch } = watching();
    await watcher.start();
    watcher.poll('EILSEQ');
    touch('a');
    await clock.advance(10_200);
    expect(told).toEqual([{ kind: 'paths', paths: ['a'] }, { kind: 'everything' }]);
  });

  test('says nothing any more once it is closed', async () => {
    const { clock, watch, told, touch } = watching();
    await watcher.start();
    touch('a');
    await watcher.close();
    touch('b');
    await clock.advance(5000);
    expect(told).toEqual([]);
    expect(watch.closed).toBe(1);
  });
});

test('a rule file that changes has the folder watched anew, without what is left out now', async () => {
  const clock = new HandClock();
  const watchFiles = new HandWatch();
  const told: Dirty[] = [];
  let forgotten = 0;
  const watcher = new FolderWatcher({
    watchFiles,
    clock,
    root: absolutePath('/folder'),
    onDirty: (dirty) => void told.push(dirty),
    ignored: { has: () => false, forget: () => (forgotten += 1) },
  });
  await watcher.start();
  watchFiles.emit({ kind: 'dirty', path: 'a/.floeignore' as RawPath });
  await clock.advance(10_000);
  expect({ watches: watchFiles.watches, closed: watchFiles.closed, forgotten }).toEqual({
    watches: 2,
    closed: 1,
    forgotten: 1,
  });
  // What happened between the two watches nobody saw.
  expect(told.map(({ kind }) => kind)).toContain('everything');
  await watcher.close();
});
