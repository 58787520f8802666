/** @file What waits, as status tells it while an engine watches; and the settings of a folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FolderStatus } from '#contract/api.ts';
import type { Engine } from '#engine/engine.ts';
import { bareVault, startWorld, type World } from '#test/support/world.ts';
import { makeTree } from '#test/support/tree.ts';

let world: World;
let engine: Engine;
let folder: string;

beforeAll(async () => {
  world = await startWorld();
  folder = world.path('Documents');
  makeTree(folder, { 'a.txt': 'a', cache: { 'big.tmp': 'temporary' } });
  engine = (await bareVault(world, 'home')).open();
  await engine.api.addFolder({ path: folder, excludes: [], permanent: false });
  const first = until(({ lastSyncAtMs }) => lastSyncAtMs !== undefined);
  await engine.watch();
  await first;
});

afterAll(async () => {
  await engine.close();
  await world.close();
});

/** The folder's status, asked for after each word of the engine, once it is as asked. */
async function until(isSo: (folder: FolderStatus) => boolean): Promise<FolderStatus> {
  let told = Promise.withResolvers<undefined>();
  const unsubscribe = engine.subscribe(({ kind }) => {
    if (kind === 'status-changed') told.resolve(undefined);
  });
  try {
    for (;;) {
      told = Promise.withResolvers();
      const { folders } = await engine.api.status({});
      if (folders[0] && isSo(folders[0])) return folders[0];
      await told.promise;
    }
  } finally {
    unsubscribe();
  }
}

test('a change is told, with the moment it will be committed and what that costs', async () => {
  writeFileSync(join(folder, 'b.txt'), 'b');
  const { waiting } = await until((status) => status.waiting !== undefined);
  expect(waiting?.changes).toBe(1);
  expect(waiting?.nextCommitAtMs).toBeGreaterThan(0);
  expect(waiting?.costs?.walFrost).toBeGreaterThan(0n);
});

test('during a pause nobody knows the moment', async () => {
  await engine.api.pause({});
  expect(
    (await until(({ waiting }) => waiting?.nextCommitAtMs === undefined)).waiting?.changes,
  ).toBe(1);
  await engine.api.resume({});
});

test('hours and a delay put the moment off, and stay with the folder', async () => {
  const status = await engine.api.updateFolder({ folder: 'Documents', commitEveryMs: 3_600_000 });
  expect(status.schedule).toMatchObject({
    commitEveryMs: 3_600_000,
    delayMs: 3_600_000,
    hours: [],
  });
  const laterMs = status.waiting?.nextCommitAtMs ?? 0;
  // Another hour than the one that it would be committed in, as minutes of the day.
  const hour = (new Date(laterMs).getHours() + 5) % 24;
  const allowed = [[hour * 60, hour * 60 + 59]] as const;
  const { hours } = (await engine.api.updateFolder({ folder: 'Documents', hours: allowed }))
    .schedule;
  expect(hours).toEqual(allowed);
  const momentOf = ({ waiting }: FolderStatus): number => waiting?.nextCommitAtMs ?? laterMs;
  const put = await until((folderStatus) => momentOf(folderStatus) !== laterMs);
  expect(new Date(momentOf(put)).getHours()).toBe(hour);
  await engine.api.updateFolder({ folder: 'Documents', commitEveryMs: 'auto', hours: [] });
});

test('nothing waits after a sync that somebody asked for', async () => {
  await engine.api.startSync({});
  const done = await until(({ waiting, snapshotCount }) => !waiting && snapshotCount === 2);
  expect(done).toMatchObject({ state: 'protected', fileCount: 3 });
});

test('a rule leaves out files from the next snapshot on, and older ones keep them', async () => {
  const versions = () => engine.api.fileVersions({ folder: 'Documents', path: 'cache/big.tmp' });
  expect(await versions()).toHaveLength(1);
  const status = await engine.api.updateFolder({ folder: 'Documents', excludes: ['*.tmp'] });
  expect(status.excludes).toEqual(['*.tmp']);
  expect(status.fileCount).toBe(3);
  await engine.api.startSync({});
  await until(({ snapshotCount }) => snapshotCount === 3);
  expect((await versions()).map(({ change }) => change)).toEqual(['removed', 'added']);
  const oldest = (await versions()).at(-1)?.snapshotId ?? '';
  const target = world.path('back');
  mkdirSync(target);
  const report = await engine.api.restore({ folder: 'Documents', snapshot: oldest, target });
  expect(report.filesRestored).toBe(2);
});
