/**
 * @file Tasks: they outlive whoever began them, are stopped safely and go on, and a restore that
 * was killed with its engine is there again.
 */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineConnection } from '#contract/api.ts';
import type { EngineEvent } from '#contract/events.ts';
import type { Task } from '#contract/task-api.ts';
import { connectRemote } from '#host/connect.ts';
import { openWorld, type TestHome, type TestWorld } from '#test/support/floe-cli.ts';
import { bytes, expectTree, KIB, makeTree, MIB } from '#test/support/tree.ts';

const TREE = {
  'readme.txt': 'read me',
  photos: {
    'one.jpg': bytes(300 * KIB, 1),
    'two.jpg': bytes(200 * KIB, 2),
    deep: { 'x.txt': 'x' },
  },
  letters: { 'a.txt': 'a', 'b.txt': 'b' },
};

let world: TestWorld;
let home: TestHome;
let folder: string;
let daemon: Awaited<ReturnType<TestHome['daemon']>>;
let engine: EngineConnection;

async function connect(): Promise<EngineConnection> {
  const remote = await connectRemote(home.path);
  if (!remote) throw new Error('nobody serves the home');
  return remote;
}

/** Resolves with the task once it is as asked. */
async function until(
  connection: EngineConnection,
  taskId: string,
  isSo: (task: Task) => boolean,
): Promise<Task> {
  const found = Promise.withResolvers<Task>();
  const unsubscribe = connection.subscribe((event: EngineEvent) => {
    if (event.kind === 'task' && event.task.taskId === taskId && isSo(event.task)) {
      found.resolve(event.task);
    }
  });
  const now = (await connection.api.tasks({})).find((task) => task.taskId === taskId);
  if (now && isSo(now)) found.resolve(now);
  try {
    return await found.promise;
  } finally {
    unsubscribe();
  }
}

const hasEnded = ({ state }: Task): boolean => state !== 'waiting' && state !== 'running';

beforeAll(async () => {
  world = await openWorld({ shards: 13, nodes: 4 });
  home = world.home('home');
  await home.init();
  folder = world.path('Documents');
  makeTree(folder, TREE);
  await home.must(['add', folder]);
  daemon = await home.daemon();
  engine = await connect();
});

afterAll(async () => {
  await engine.close();
  await daemon.stop();
  await world.close();
});

describe('a sync', () => {
  test('answers at once, tells how it goes, and ends in a snapshot', async () => {
    const [task] = await engine.api.startSync({});
    expect(task).toMatchObject({ kind: 'sync', folderName: 'Documents' });
    const ended = await until(engine, task!.taskId, hasEnded);
    expect(ended.problem).toBeUndefined();
    expect(ended).toMatchObject({ state: 'done' });
    expect(ended.progress?.filesDone).toBe(6);
    expect(await engine.api.snapshots({ folder: 'Documents' })).toHaveLength(1);
    const { packs, history } = await engine.api.activity({});
    expect(packs[0]).toMatchObject({ step: 'published', folderName: 'Documents', shardCount: 13 });
    expect(packs[0]!.shards).toMatch(/^[01]{13}$/);
    expect(packs[0]!.shards.replaceAll('0', '').length).toBeGreaterThanOrEqual(9);
    expect(history[0]?.sentence).toMatch(/Documents: stored 6 new files/);
  });

  test('outlives the connection that began it', async () => {
    makeTree(`${folder}/later`, { 'more.bin': bytes(MIB, 7) });
    const other = await connect();
    const [task] = await other.api.startSync({ folder: 'Documents' });
    await other.close();
    expect(await until(engine, task!.taskId, hasEnded)).toMatchObject({ state: 'done' });
  });

  test('that waits for its turn is not begun twice, and can be given up', async () => {
    const begun = [
      ...(await engine.api.startSync({})),
      ...(await engine.api.startSync({})),
      ...(await engine.api.startSync({})),
    ];
    const last = begun.at(-1)!;
    expect(new Set(begun.map(({ taskId }) => taskId)).size).toBeLessThan(3);
    await engine.api.cancelTask({ taskId: last.taskId });
    const ended = await until(engine, last.taskId, hasEnded);
    expect(['cancelled', 'done']).toContain(ended.state);
    await engine.api.dismissTask({ taskId: last.taskId });
    expect((await engine.api.tasks({})).some(({ taskId }) => taskId === last.taskId)).toBe(false);
  });
});

describe('a renewal and a repacking', () => {
  test.each([
    { kind: 'renew' as const, start: () => engine.api.startRenewal({}) },
    { kind: 'compact' as const, start: () => engine.api.startCompaction({ folder: 'Documents' }) },
  ])('$kind answers at once, and its report is in the task', async ({ kind, start }) => {
    const task = await start();
    expect(task.kind).toBe(kind);
    expect(['waiting', 'running']).toContain(task.state);
    const ended = await until(engine, task.taskId, hasEnded);
    expect(ended.problem).toBeUndefined();
    expect(ended).toMatchObject({ kind, state: 'done' });
    // Nothing is due and nothing is saved: what it did is told all the same.
    if (kind === 'renew') expect(ended.renewal).toMatchObject({ digests: [], folders: [] });
    else expect(ended.compaction).toMatchObject({ spent: { walFrost: 0n, gasMist: 0n } });
  });

  test('that is due pays, tells how far it is, and goes on without whoever began it', async () => {
    await world.localnet.advanceEpoch({ count: 40 });
    const caller = await connect();
    const told: (Task['progress'] | undefined)[] = [];
    const unsubscribe = engine.subscribe((event) => {
      if (event.kind === 'task' && event.task.kind === 'renew') told.push(event.task.progress);
    });
    const { taskId } = await caller.api.startRenewal({});
    await caller.close();
    const ended = await until(engine, taskId, hasEnded);
    unsubscribe();
    expect(ended.problem).toBeUndefined();
    // Extended, or repacked where that is cheaper.
    expect(ended.renewal?.executed.walFrost).toBeGreaterThan(0n);
    const blobs = ended.renewal?.folders.reduce((sum, { blobCount }) => sum + blobCount, 0);
    expect(ended.progress?.blobs).toEqual({ done: blobs, total: blobs });
    expect(told.map((progress) => progress?.blobs)).toContainEqual({ done: blobs, total: blobs });
    const { blobs: held, total } = await engine.api.blobs({ offset: 0, limit: 100 });
    const { now } = await engine.api.storage({});
    expect(held.filter(({ endsAt }) => endsAt.epoch > now.epoch + 40)).toHaveLength(total);
  });

  test('that waits for its turn is begun once, is cancelled at once, and pays nothing', async () => {
    // Nothing can be uploaded: the sync keeps its turn.
    const nodes = world.localnet.nodes.map(({ node }) => node);
    for (const node of nodes) await node.kill();
    makeTree(`${folder}/renewed`, { 'more.txt': 'more' });
    const [sync] = await engine.api.startSync({});
    await until(engine, sync!.taskId, ({ state }) => state === 'running');
    const { taskId } = await engine.api.startRenewal({});
    expect((await engine.api.startRenewal({})).taskId).toBe(taskId);
    expect(await engine.api.cancelTask({ taskId })).toMatchObject({ state: 'cancelled' });
    for (const node of nodes) await node.heal();
    expect(await until(engine, sync!.taskId, hasEnded)).toMatchObject({ state: 'done' });
    const renewed = (await engine.api.tasks({})).find((task) => task.taskId === taskId);
    expect(renewed).toMatchObject({ state: 'cancelled' });
    expect(renewed?.renewal).toBeUndefined();
  });
});

describe('a restore', () => {
  test('brings chosen paths, with all that is in them', async () => {
    const target = world.path('chosen');
    const task = await engine.api.startRestore({
      folder: 'Documents',
      paths: ['photos', 'letters/b.txt'],
      target,
    });
    const ended = await until(engine, task.taskId, hasEnded);
    expect(ended.problem).toBeUndefined();
    expect(ended).toMatchObject({ state: 'done', restore: { report: { filesRestored: 4 } } });
    expectTree(target, { photos: TREE.photos, letters: { 'b.txt': 'b' } });
  });

  test('of nothing that exists fails with a sentence, and makes no target', async () => {
    const target = world.path('nothing');
    const task = await engine.api.startRestore({ folder: 'Documents', paths: ['nowhere'], target });
    const ended = await until(engine, task.taskId, hasEnded);
    expect(ended).toMatchObject({ state: 'failed', problem: { code: 'path-unknown' } });
    expect(existsSync(target)).toBe(false);
  });

  test('into the protected folder is refused before it begins', async () => {
    await expect(
      engine.api.startRestore({ folder: 'Documents', paths: [], target: `${folder}/back` }),
    ).rejects.toMatchObject({ code: 'restore-target-inside-folder' });
  });

  test('that was killed with its engine is listed, and goes on where it was', async () => {
    const big = world.path('Big');
    makeTree(
      big,
      Object.fromEntries(
        Array.from({ length: 40 }, (_, number) => [
          `${String(number)}.bin`,
          bytes(MIB, number + 20),
        ]),
      ),
    );
    await home.must(['add', big]);
    const [sync] = await engine.api.startSync({ folder: 'Big' });
    expect(await until(engine, sync!.taskId, hasEnded)).toMatchObject({ state: 'done' });
    for (const { node } of world.localnet.nodes) node.setDelay(50);
    const target = world.path('big-back');
    const task = await engine.api.startRestore({ folder: 'Big', paths: [], target });
    await until(engine, task.taskId, ({ progress }) => (progress?.filesDone ?? 0) > 0);
    daemon.child.kill('SIGKILL');
    await daemon.stop();
    for (const { node } of world.localnet.nodes) node.setDelay(0);
    daemon = await home.daemon();
    engine = await connect();
    const [listed] = await engine.api.tasks({});
    expect(listed).toMatchObject({ taskId: task.taskId, state: 'interrupted', kind: 'restore' });
    await engine.api.resumeTask({ taskId: task.taskId });
    const ended = await until(engine, task.taskId, hasEnded);
    expect(ended.problem).toBeUndefined();
    expect(ended).toMatchObject({ state: 'done', restore: { report: { lost: [] } } });
    const { filesRestored, filesAlreadyThere } = ended.restore!.report!;
    expect(filesRestored + filesAlreadyThere).toBe(40);
    expectTree(
      target,
      Object.fromEntries(
        Array.from({ length: 40 }, (_, number) => [
          `${String(number)}.bin`,
          bytes(MIB, number + 20),
        ]),
      ),
    );
  });
});

describe('a pause', () => {
  test('stops what runs safely, and what was stopped goes on after it', async () => {
    makeTree(`${folder}/paused`, { 'large.bin': bytes(8 * MIB, 9) });
    for (const { node } of world.localnet.nodes) node.setDelay(100);
    const [task] = await engine.api.startSync({ folder: 'Documents' });
    await until(engine, task!.taskId, ({ state }) => state === 'running');
    await engine.api.pause({});
    const held = (await engine.api.tasks({})).find(({ taskId }) => taskId === task!.taskId);
    expect(held?.state).toBe('waiting');
    expect((await engine.api.status({})).pause).toEqual({ reason: 'asked', untilMs: undefined });
    for (const { node } of world.localnet.nodes) node.setDelay(0);
    await engine.api.resume({});
    expect(await until(engine, task!.taskId, hasEnded)).toMatchObject({ state: 'done' });
    expect((await engine.api.status({})).pause).toBeUndefined();
    const { total } = await engine.api.search({ folder: 'Documents', text: 'LARGE', limit: 5 });
    expect(total).toBe(1);
  });

  test('of the machine has its own reason, and unknown counts as metered', async () => {
    const pauseOf = async () => (await engine.api.status({})).pause?.reason;
    await engine.api.setConditions({ isMetered: 'unknown' });
    expect(await pauseOf()).toBe('metered');
    await engine.api.setConditions({ pauseOnMetered: false, isOnBattery: true });
    expect(await pauseOf()).toBeUndefined();
    await engine.api.setConditions({ pauseOnBattery: true });
    expect(await pauseOf()).toBe('battery');
    await engine.api.setConditions({ isOffline: true });
    expect(await pauseOf()).toBe('offline');
    await engine.api.setConditions({ isOffline: false, isOnBattery: false, isMetered: false });
    expect(await pauseOf()).toBeUndefined();
  });
});

describe('the network', () => {
  test('is asked node by node, and a dead one is down', async () => {
    const before = await engine.api.checkNetwork({});
    expect(before).toMatchObject({ reachableShards: 13, shardCount: 13, neededToWrite: 9 });
    expect(before.nodes.map(({ state }) => state)).not.toContain('down');
    const dead = world.localnet.node(0).node;
    await dead.kill();
    const after = await engine.api.checkNetwork({});
    const down = after.nodes.filter(({ state }) => state === 'down');
    expect(down).toHaveLength(1);
    expect(after.reachableShards).toBe(13 - down[0]!.shards.length);
    await dead.heal();
  });
});
