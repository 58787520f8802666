/** @file An engine whose local index finds no room: what fails says why, and goes on when there is. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { EngineEvent } from '#contract/events.ts';
import type { Engine } from '#engine/engine.ts';
import { emptyDisk, fillDisk } from '#test/support/full-disk.ts';
import { bytes, expectTree, KIB, makeTree, type Tree } from '#test/support/tree.ts';
import { bareVault, startWorld, type World } from '#test/support/world.ts';

vi.mock(import('better-sqlite3'), async (importOriginal) =>
  (await import('#test/support/full-disk.ts')).limitedSqlite(await importOriginal()),
);

const TREE: Tree = Object.fromEntries(
  Array.from({ length: 12 }, (_, at) => [`${String(at)}.bin`, bytes(100 * KIB, at)]),
);

let world: World;
let engine: Engine;
let folder: string;
let events: EngineEvent[];
let onEvent: (event: EngineEvent) => void;

beforeAll(async () => {
  // Few shards make small packs, so that a restore reads several.
  world = await startWorld({ shards: 4, nodes: 4 });
  folder = world.path('Documents');
  makeTree(folder, TREE);
  engine = (await bareVault(world, 'home')).open();
  engine.subscribe((event) => {
    events.push(event);
    onEvent(event);
  });
  events = [];
  onEvent = () => undefined;
  await engine.api.addFolder({ path: folder, excludes: [], permanent: false });
  await engine.api.sync({});
});
afterEach(() => {
  onEvent = () => undefined;
});
afterAll(async () => {
  await engine.close();
  await world.close();
});

test('a sync that finds no room says so to all who ask, and is done when there is', async () => {
  writeFileSync(join(folder, 'new.txt'), 'new');
  events = [];
  const ended = Promise.withResolvers<undefined>();
  onEvent = (event) => {
    if (event.kind === 'task' && event.task.endedAtMs !== undefined) ended.resolve(undefined);
  };
  fillDisk();
  const [task] = await engine.api.startSync({});
  await ended.promise;
  expect(await engine.api.tasks({})).toMatchObject([
    { taskId: task?.taskId, state: 'failed', problem: { code: 'disk-full' } },
  ]);
  expect(events).toContainEqual(
    expect.objectContaining({
      kind: 'sync-ended',
      problem: expect.objectContaining({ code: 'disk-full' }) as unknown,
    }),
  );
  const { folders } = await engine.api.status({});
  expect(folders).toMatchObject([{ state: 'attention', problem: { code: 'disk-full' } }]);
  emptyDisk();
  await engine.api.sync({});
  expect(await engine.api.status({})).toMatchObject({ folders: [{ problem: undefined }] });
});

test('a restore that is given up on a full disk is given up, and goes on later', async () => {
  const target = world.path('back');
  const giveUp = new AbortController();
  onEvent = (event) => {
    // The first file is in its place, which is not marked yet.
    if (event.kind !== 'progress' || event.filesDone !== 1 || giveUp.signal.aborted) return;
    fillDisk();
    giveUp.abort();
  };
  const first = engine.api.restore({ folder: 'Documents', target }, { signal: giveUp.signal });
  await expect(first).rejects.toMatchObject({ name: 'AbortError' });
  emptyDisk();
  expect(giveUp.signal.aborted).toBe(true);
  await engine.api.restore({ folder: 'Documents', target });
  expectTree(target, { ...TREE, 'new.txt': 'new' });
});
