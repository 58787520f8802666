/**
 * Goal: what somebody took away is stored anew by an engine that keeps watch, whoever noticed first
 * that it is gone.
 * Method: a whole network and a whole engine that looks at the chain when the test says so.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '#engine/engine.ts';
import { parseObjectId } from '#engine/model/ids.ts';
import type { Clock } from '#engine/ports/ports.ts';
import { systemClock } from '#platform/system-clock.ts';
import { EventfulFiles } from '../support/eventful-files.ts';
import { makeTree } from '../support/tree.ts';
import { bareVault, startWorld, type BareVault, type World } from '../support/world.ts';

const EPOCH_MS = 14 * 86_400_000;
/** How long the engine rests between two looks, while no epoch ends before. */
const REST_MS = 10 * 60_000;
/** An object that one read does not show is read again after this. */
const READ_AGAIN_MS = 3_000;

/** The machine's clock, but that the engine rests for as long as the test wants. */
class RestingClock implements Clock {
  #resting = Promise.withResolvers<undefined>();
  #wake: (() => void) | undefined;
  readonly nowMs = (): number => systemClock.nowMs();
  readonly monotonicMs = (): number => systemClock.monotonicMs();

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms !== REST_MS) return systemClock.sleep(ms === READ_AGAIN_MS ? 0 : ms, signal);
    const rest = Promise.withResolvers<undefined>();
    this.#wake = () => rest.resolve(undefined);
    signal?.addEventListener('abort', this.#wake, { once: true });
    this.#resting.resolve(undefined);
    return rest.promise;
  }

  /** Resolves when the engine has looked. */
  async looked(): Promise<void> {
    await this.#resting.promise;
  }

  /** Let the engine look once. */
  async look(): Promise<void> {
    this.#resting = Promise.withResolvers();
    this.#wake?.();
    await this.looked();
  }
}

const clock = new RestingClock();
const files = new EventfulFiles();
let world: World;
let vault: BareVault;
let engine: Engine;

beforeAll(async () => {
  world = await startWorld({ shards: 4, nodes: 4, epochDurationMs: EPOCH_MS });
  makeTree(world.path('papers'), { 'a.txt': 'a' });
  vault = await bareVault(world, 'home');
  engine = vault.open({ clock, files });
  engine.subscribe((event) => {
    if (event.kind !== 'task' || event.task.kind !== 'sync') return;
    syncs.set(event.task.taskId, event.task.endedAtMs !== undefined);
    changed.resolve(undefined);
  });
});
afterAll(async () => {
  await engine.close();
  await world.close();
});

/** The syncs that the engine has begun, and whether each is over. */
const syncs = new Map<string, boolean>();
let changed = Promise.withResolvers<undefined>();

/** How many there are, once there are so many and none is under way. */
const syncsOver = async (atLeast: number): Promise<number> => {
  while (syncs.size < atLeast || ![...syncs.values()].every((isOver) => isOver)) {
    changed = Promise.withResolvers();
    await changed.promise;
  }
  return syncs.size;
};

/** Somebody deletes the folder's blob, and the storage is looked at. */
const loseBlob = async (): Promise<void> => {
  const { api } = engine;
  const { wallet } = vault.openWallet();
  const [blob] = (await api.blobs({ offset: 0, limit: 1 })).blobs;
  await wallet.submit(await wallet.prepareDelete([parseObjectId(blob?.blobObjectId ?? '')]));
  await world.localnet.advanceEpoch();
  expect((await api.blobs({ offset: 0, limit: 1 })).blobs).toMatchObject([{ state: 'gone' }]);
};

test('a blob that is gone is stored anew, also when the storage was looked at before', async () => {
  const { api } = engine;
  await api.addFolder({ path: world.path('papers'), excludes: [], permanent: false });
  await engine.watch();
  const begun = await syncsOver(1);
  await clock.looked();
  await loseBlob();
  await clock.look();
  expect(await syncsOver(0)).toBe(begun + 1);
  expect((await api.blobs({ offset: 0, limit: 1 })).blobs).toMatchObject([{ state: 'certified' }]);
  expect(await api.status({})).toMatchObject({ folders: [{ state: 'protected' }] });
  // What is there again is not stored once more.
  await world.localnet.advanceEpoch();
  await clock.look();
  expect(await syncsOver(0)).toBe(begun + 1);
});

test('a blob that goes during a sync is stored anew by that sync', async () => {
  files.next = loseBlob;
  const report = await engine.api.sync({});
  expect(report.folders).toMatchObject([{ published: true }]);
  expect((await engine.api.blobs({ offset: 0, limit: 1 })).blobs).toMatchObject([
    { state: 'certified' },
  ]);
});
