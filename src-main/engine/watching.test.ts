/** Watching with syncs that fail as a test says, and a clock that a test moves. */
import { expect, test } from 'vitest';
import { sleepyClock, type SleepyClock } from '../../test/support/sleepy-clock.ts';
import type { EngineParts } from './engine-parts.ts';
import { EngineError } from './model/engine-error.ts';
import type { FolderId } from './model/ids.ts';
import type { WatchEvent } from './ports/file-system.ts';
import { watchFolders, type Watching } from './watching.ts';

const FOLDER = {
  folderId: 'f'.repeat(32) as FolderId,
  name: 'docs',
  root: '/docs',
  removed: false,
  excludes: [] as string[],
  schedule: {},
};
const OTHER_RULES = { ...FOLDER, excludes: ['*.tmp'] };

interface Bench {
  readonly clock: SleepyClock;
  readonly watching: Watching;
  readonly events: unknown[];
  readonly folders: (typeof FOLDER)[];
  readonly closing: AbortController;
  /** Watchers that were opened, and are open. */
  readonly opened: Set<object>;
  /** What each end of a watcher waits for. */
  untilClosed: () => Promise<void>;
  report(event: WatchEvent): void;
  /** Resolves when that many syncs have begun. */
  begun(count: number): Promise<void>;
}

function openBench(sync: (number: number) => Promise<void>): Bench {
  const clock = sleepyClock(1_800_000_000_000);
  const events: unknown[] = [];
  const folders = [FOLDER];
  const closing = new AbortController();
  const opened = new Set<object>();
  let onEvent: (event: WatchEvent) => void = () => undefined;
  let count = 0;
  let step = Promise.withResolvers<undefined>();
  const parts = {
    options: {
      clock,
      files: {},
      isTryOut: true,
      logger: { info: () => undefined, warn: () => undefined },
      watchFiles: {
        watchFolder: async (_root: unknown, options: { onEvent: typeof onEvent }) => {
          ({ onEvent } = options);
          const watcher = {
            close: async () => {
              await bench.untilClosed();
              opened.delete(watcher);
            },
          };
          opened.add(watcher);
          return watcher;
        },
      },
    },
    emit: (event: unknown) => events.push(event),
    index: {
      folders: { all: () => folders, find: () => folders[0] },
      readFact: () => undefined,
    },
  } as unknown as EngineParts;
  const watching: Watching = watchFolders(parts, {
    signal: closing.signal,
    untilAllowed: async () => undefined,
    onChange: () => undefined,
    sync: async () => {
      count += 1;
      watching.began(FOLDER.folderId);
      step.resolve(undefined);
      step = Promise.withResolvers();
      await sync(count).then(
        () => watching.ended(FOLDER.folderId, undefined),
        (error: unknown) => watching.ended(FOLDER.folderId, error),
      );
    },
  });
  const bench: Bench = {
    clock,
    watching,
    events,
    folders,
    closing,
    opened,
    untilClosed: async () => undefined,
    report: (event) => onEvent(event),
    begun: async (wanted) => {
      while (count < wanted) await step.promise;
    },
  };
  return bench;
}

const MINUTE_MS = 60_000;

test.each([
  { name: 'a failure of ours', error: new TypeError('a defect') },
  { name: 'a call that was given up', error: new DOMException('stopped', 'AbortError') },
  { name: 'something that passes', error: new EngineError('rpc-unreachable', 'nobody answers') },
])('$name does not end the watching', async ({ error }) => {
  const bench = openBench(async (number) => {
    if (number === 1) throw error;
  });
  await bench.watching.refresh();
  await bench.begun(1);
  bench.report({ kind: 'overflow' });
  await bench.clock.pass(2 * MINUTE_MS);
  await bench.begun(2);
  await bench.watching.close();
});

test('what passes by itself is tried again without a change', async () => {
  const bench = openBench(async (number) => {
    if (number === 1) throw new EngineError('rpc-unreachable', 'nobody answers');
  });
  await bench.watching.refresh();
  await bench.begun(1);
  await bench.clock.pass(11 * MINUTE_MS);
  await bench.begun(2);
  await bench.watching.close();
});

test('watching ends although its sync waits for the turn of whoever ends it', async () => {
  const bench = openBench(() => new Promise(() => undefined));
  await bench.watching.refresh();
  await bench.begun(1);
  bench.folders.pop();
  await bench.watching.refresh();
  await bench.watching.close();
});

test('a folder with places that no watcher sees into is polled, and says so', async () => {
  const bench = openBench(async () => undefined);
  await bench.watching.refresh();
  await bench.begun(1);
  bench.watching.poll(FOLDER.folderId);
  expect(bench.events).toContainEqual(
    expect.objectContaining({ kind: 'watch-degraded', reason: 'EILSEQ' }),
  );
  await bench.watching.close();
});

test.each([
  { name: 'other rules', change: (bench: Bench) => bench.folders.splice(0, 1, OTHER_RULES) },
  {
    name: 'another folder in its place',
    change: (bench: Bench) =>
      bench.folders.splice(0, 1, { ...FOLDER, folderId: 'e'.repeat(32) as FolderId }),
  },
])('$name: nothing is watched anew when the engine is closed meanwhile', async ({ change }) => {
  const bench = openBench(async () => undefined);
  await bench.watching.refresh();
  await bench.begun(1);
  expect(bench.opened.size).toBe(1);
  const closing = Promise.withResolvers<undefined>();
  bench.untilClosed = () => closing.promise;
  change(bench);
  const refreshed = bench.watching.refresh();
  bench.closing.abort();
  await bench.watching.close();
  closing.resolve(undefined);
  await refreshed;
  expect(bench.opened.size).toBe(0);
});
