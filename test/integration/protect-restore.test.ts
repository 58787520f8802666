/**
 * The main job with everything real: a folder is protected, the machine is lost, and the words
 * bring the folder back on a blank one. Then what people do between: change, remove, extend, look
 * at older snapshots, protect a second folder.
 */
import { appendFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineConnection, FolderStatus } from '#contract/api.ts';
import { compareTrees } from '#platform/compare-trees.ts';
import { hardTree } from '../support/hard-tree.ts';
import { bytes, expectTree, makeTree, MIB, type Tree } from '../support/tree.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world.close();
});

const statusOf = async ({ api }: EngineConnection, name: string): Promise<FolderStatus> => {
  const { folders } = await api.status({});
  const folder = folders.find((one) => one.name === name);
  if (!folder) throw new Error(`no folder ${name}`);
  return folder;
};

const protect = async (
  { api }: EngineConnection,
  path: string,
  options: { name?: string; excludes?: string[]; permanent?: boolean } = {},
) => {
  await api.addFolder({ path, excludes: [], permanent: false, ...options });
  const report = await api.sync({});
  return report.folders.at(-1)!;
};

test('a hard tree comes back from 24 words on a blank machine', async () => {
  const source = world.path('hard');
  makeTree(source, hardTree);
  const vault = await world.setUp('hard-home');
  const words = vault.words!.join(' ');
  await world.ask('hard-home', async (engine) => {
    const report = await protect(engine, source, { name: 'hard' });
    expect(report.unread).toEqual([]);
    expect(report.protectedUntil).toBeDefined();
    const status = await statusOf(engine, 'hard');
    expect(status).toMatchObject({ state: 'protected', problem: undefined, unread: [] });
    expect(status.protectedUntil).toEqual(report.protectedUntil);
  });
  expect(readdirSync(world.path('hard-home', 'spool'))).toEqual([]);
  world.wipe('hard-home');

  const found = await world.setUp('hard-blank', words);
  expect(found.folders.map(({ name }) => name)).toEqual(['hard']);
  await world.ask('hard-blank', async ({ api }) => {
    const target = world.path('hard-back');
    const report = await api.restore({ folder: 'hard', target });
    expect(report.lost).toEqual([]);
    expect(await compareTrees(source, target, { withRoot: true })).toEqual([]);
  });
});

describe('one folder over time', () => {
  const source = (): string => world.path('story');
  const states: { readonly snapshotId: string; readonly tree: Tree }[] = [];
  let engine: EngineConnection;

  beforeAll(async () => {
    await world.setUp('story-home');
    engine = await world.open('story-home');
    makeTree(source(), {
      'kept.txt': 'kept',
      'changed.txt': 'before',
      'removed.txt': 'to be removed',
      'moved.bin': bytes(1 * MIB, 11),
      sub: { 'a.md': 'a', 'b.txt': 'b', inner: { 'c.md': 'c' } },
    });
  });
  afterAll(async () => {
    await engine.close();
  });

  const restored = async (
    target: string,
    request: { snapshot?: string; glob?: string } = {},
  ): Promise<string> => {
    const path = world.path(target);
    const report = await engine.api.restore({ folder: 'story', target: path, ...request });
    expect(report.lost).toEqual([]);
    return path;
  };

  test('the first sync protects it', async () => {
    const report = await protect(engine, source(), { name: 'story' });
    expect(report).toMatchObject({ published: true, filesAdded: 7, filesRemoved: 0 });
    states.push({
      snapshotId: report.snapshotId!,
      tree: {
        'kept.txt': 'kept',
        'changed.txt': 'before',
        'removed.txt': 'to be removed',
        'moved.bin': bytes(1 * MIB, 11),
        sub: { 'a.md': 'a', 'b.txt': 'b', inner: { 'c.md': 'c' } },
      },
    });
  });

  test('a sync without changes publishes nothing and costs nothing', async () => {
    const before = world.localnet.chain.view.latestEventSequence;
    const report = await engine.api.sync({});
    expect(report.folders[0]).toMatchObject({
      published: false,
      bytesRead: 0,
      bytesSealed: 0,
      snapshotId: states[0]!.snapshotId,
    });
    expect(report.spent).toEqual({ walFrost: 0n, gasMist: 0n });
    expect(world.localnet.chain.view.latestEventSequence).toBe(before);
  });

  test('a change, a removal and a move seal only what is new', async () => {
    appendFileSync(join(source(), 'changed.txt'), ' and after');
    rmSync(join(source(), 'removed.txt'));
    renameSync(join(source(), 'moved.bin'), join(source(), 'sub', 'moved here.bin'));
    writeFileSync(join(source(), 'new.txt'), 'new');
    const report = (await engine.api.sync({})).folders[0]!;
    expect(report).toMatchObject({ published: true });
    expect(report.snapshotId).not.toBe(states[0]!.snapshotId);
    expect(report.bytesSealed).toBeLessThan(1 * MIB);
    states.push({
      snapshotId: report.snapshotId!,
      tree: {
        'kept.txt': 'kept',
        'changed.txt': 'before and after',
        'new.txt': 'new',
        sub: {
          'a.md': 'a',
          'b.txt': 'b',
          'moved here.bin': bytes(1 * MIB, 11),
          inner: { 'c.md': 'c' },
        },
      },
    });
    expect(await compareTrees(source(), await restored('story-2'))).toEqual([]);
  });

  test('both snapshots are listed, and both can be restored', async () => {
    const listed = await engine.api.snapshots({ folder: 'story' });
    expect(listed.map(({ snapshotId, sequence }) => ({ snapshotId, sequence }))).toEqual([
      { snapshotId: states[1]!.snapshotId, sequence: 2 },
      { snapshotId: states[0]!.snapshotId, sequence: 1 },
    ]);
    for (const [index, { snapshotId, tree }] of states.entries()) {
      expectTree(await restored(`story-old-${String(index)}`, { snapshot: snapshotId }), tree);
    }
  });

  test('a path and a glob bring back only that', async () => {
    expectTree(await restored('story-path', { glob: 'sub/inner' }), {
      sub: { inner: { 'c.md': 'c' } },
    });
    expectTree(await restored('story-file', { glob: 'kept.txt' }), { 'kept.txt': 'kept' });
    expectTree(await restored('story-glob', { glob: '**/*.md' }), {
      sub: { 'a.md': 'a', inner: { 'c.md': 'c' } },
    });
  });

  test('a target that holds something is refused, and so is one in the folder', async () => {
    makeTree(world.path('story-full'), { 'mine.txt': 'not yours' });
    await expect(restored('story-full')).rejects.toMatchObject({
      code: 'restore-target-not-empty',
    });
    expectTree(world.path('story-full'), { 'mine.txt': 'not yours' });
    await expect(
      engine.api.restore({ folder: 'story', target: join(source(), 'back') }),
    ).rejects.toMatchObject({ code: 'restore-target-inside-folder' });
  });

  test('extend moves the end, once', async () => {
    const before = (await statusOf(engine, 'story')).protectedUntil!;
    // 53 epochs are sold ahead, and that is what a folder was bought for: let two pass.
    await world.localnet.advanceEpoch({ count: 2 });
    const report = await engine.api.extend({ folder: 'story', epochs: 2 });
    expect(report.protectedUntil!.epoch).toBe(before.epoch + 2);
    expect(report.spent.walFrost).toBeGreaterThan(0n);
    expect((await statusOf(engine, 'story')).protectedUntil!.epoch).toBe(before.epoch + 2);
    // By an end, not by a number of epochs, it can be asked again: what is there is not bought twice.
    const again = await engine.api.extend({ folder: 'story', endEpoch: before.epoch + 2 });
    expect(again).toMatchObject({ transactions: 0, spent: { walFrost: 0n, gasMist: 0n } });
  });

  test('a second folder, permanent and with excludes, beside the first', async () => {
    const archive = world.path('archive');
    makeTree(archive, {
      '.floeignore': '*.tmp\n!keep.tmp\n',
      'a.tmp': 'ignored by the file',
      'keep.tmp': 'kept by the file',
      'data.csv': '1,2,3\n',
      cache: { 'big.bin': 'excluded by the folder' },
    });
    const report = await protect(engine, archive, { excludes: ['cache/'], permanent: true });
    expect(report).toMatchObject({ name: 'archive', published: true });
    const { folders } = await engine.api.status({});
    expect(folders.map(({ name, state, permanent }) => ({ name, state, permanent }))).toEqual([
      { name: 'story', state: 'protected', permanent: false },
      { name: 'archive', state: 'protected', permanent: true },
    ]);
    const target = world.path('archive-back');
    await engine.api.restore({ folder: 'archive', target });
    expectTree(target, {
      '.floeignore': '*.tmp\n!keep.tmp\n',
      'keep.tmp': 'kept by the file',
      'data.csv': '1,2,3\n',
    });
  });

  test('remove spends nothing, and the head says so with the next commit', async () => {
    const before = world.localnet.chain.view.latestEventSequence;
    const removed = await engine.api.removeFolder({ folder: 'archive' });
    expect(removed).toMatchObject({ removed: true });
    writeFileSync(join(world.path('archive'), 'more.csv'), '4\n');
    await engine.api.sync({});
    expect(world.localnet.chain.view.latestEventSequence).toBe(before);

    writeFileSync(join(source(), 'one more.txt'), 'more');
    await engine.api.sync({});
    // The name is free again, in this vault and for other devices.
    const other = world.path('other archive');
    makeTree(other, { 'x.txt': 'x' });
    const report = await protect(engine, other, { name: 'archive' });
    expect(report).toMatchObject({ name: 'archive', published: true });
    const listed = await engine.api.list({ folder: 'archive', path: '' });
    expect(listed.map(({ path }) => path)).toEqual(['x.txt']);
  });
});

test('an engine that is closed during a sync leaves everything to the next one', async () => {
  const source = world.path('closing');
  makeTree(source, { 'a.bin': bytes(2 * MIB, 21), 'b.txt': 'b' });
  await world.setUp('closing-home');
  const before = world.localnet.chain.view.latestEventSequence;
  const engine = await world.open('closing-home');
  await engine.api.addFolder({ path: source, name: 'closing', excludes: [], permanent: false });
  const registered = Promise.withResolvers<undefined>();
  engine.subscribe((event) => {
    if (event.kind === 'pack' && event.step === 'registered') registered.resolve(undefined);
  });
  const sync = engine.api.sync({});
  const failure = expect(sync).rejects.toMatchObject({ name: 'AbortError' });
  await registered.promise;
  await engine.close();
  await failure;
  await world.ask('closing-home', async ({ api }) => {
    const report = await api.sync({});
    expect(report.folders[0]).toMatchObject({ name: 'closing' });
    expect(report.folders[0]!.protectedUntil).toBeDefined();
    const target = world.path('closing-back');
    await api.restore({ folder: 'closing', target });
    expect(await compareTrees(source, target)).toEqual([]);
  });
  expect([...world.registrations(before).values()]).toEqual([1]);
  expect(readdirSync(world.path('closing-home', 'spool'))).toEqual([]);
});
