/**
 * @file What changes about a folder while its sync waits for its turn: the turn may come hours later,
 * and goes by how things are then.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '#engine/engine.ts';
import type { AbsolutePath, DirectoryListing } from '#engine/ports/file-system.ts';
import { NodeFileSystem } from '#platform/file-system.ts';
import { bareVault, startWorld, type World } from '#test/support/world.ts';
import { makeTree } from '#test/support/tree.ts';

/** The file system of this machine, on which one folder takes as long to read as a test wants. */
class SlowFiles extends NodeFileSystem {
  #slow:
    | { readonly path: string; readonly reached: () => void; readonly open: Promise<undefined> }
    | undefined;

  /** From now on the folder is not read before the test says so. */
  hold(path: string): { readonly reached: Promise<undefined>; readonly release: () => void } {
    const reached = Promise.withResolvers<undefined>();
    const open = Promise.withResolvers<undefined>();
    this.#slow = { path, reached: () => reached.resolve(undefined), open: open.promise };
    return {
      reached: reached.promise,
      release: () => {
        this.#slow = undefined;
        open.resolve(undefined);
      },
    };
  }

  override async listDirectory(
    path: AbsolutePath,
    signal?: AbortSignal,
  ): Promise<DirectoryListing> {
    if (this.#slow?.path === path) {
      this.#slow.reached();
      await this.#slow.open;
    }
    return super.listDirectory(path, signal);
  }
}

const files = new SlowFiles();
let world: World;
let engine: Engine;

beforeAll(async () => {
  world = await startWorld();
  engine = (await bareVault(world, 'home')).open({ files });
  await protect('Slow');
  await engine.api.sync({});
});

afterAll(async () => {
  await engine.close();
  await world.close();
});

/** A new folder with a file that matters and one that does not. */
async function protect(name: string): Promise<void> {
  makeTree(world.path(name), { 'a.txt': name, 'b.tmp': `temporary ${name}` });
  await engine.api.addFolder({ path: world.path(name), excludes: [], permanent: false });
}

/** Something that was asked for, once it waits for its turn: what is asked for now comes after it. */
async function waiting<Answer>(done: Promise<Answer>): Promise<{ readonly done: Promise<Answer> }> {
  // The engine has taken up what was asked before it has asked the chain for this.
  await engine.api.status({});
  return { done };
}

/** Resolves once the task has ended. */
async function over(taskId: string): Promise<void> {
  const ended = Promise.withResolvers<undefined>();
  const unsubscribe = engine.subscribe((event) => {
    if (event.kind === 'task' && event.task.taskId === taskId && event.task.endedAtMs !== undefined)
      ended.resolve(undefined);
  });
  const tasks = await engine.api.tasks({});
  if (tasks.some((task) => task.taskId === taskId && task.endedAtMs !== undefined)) unsubscribe();
  else await ended.promise.finally(unsubscribe);
}

test('a folder that is removed while its sync waits is neither read nor paid for', async () => {
  await protect('Given up');
  const began: string[] = [];
  const unsubscribe = engine.subscribe((event) => {
    if (event.kind === 'sync-began') began.push(event.folderName);
  });
  const before = world.localnet.chain.view.latestEventSequence;
  const { reached, release } = files.hold(world.path('Slow'));
  const slow = engine.api.sync({ folder: 'Slow' });
  await reached;
  const removal = await waiting(engine.api.removeFolder({ folder: 'Given up' }));
  const [task] = await engine.api.startSync({ folder: 'Given up' });
  release();
  await Promise.all([slow, removal.done]);
  await over(task!.taskId);
  unsubscribe();
  expect(began).toEqual(['Slow']);
  expect(world.registrations(before).size).toBe(0);
});

test('a renewal of a folder that is removed while it waits is refused', async () => {
  await protect('Let go');
  const { reached, release } = files.hold(world.path('Slow'));
  const slow = engine.api.sync({ folder: 'Slow' });
  await reached;
  const removal = await waiting(engine.api.removeFolder({ folder: 'Let go' }));
  const { taskId } = await engine.api.startRenewal({ folder: 'Let go' });
  release();
  await Promise.all([slow, removal.done]);
  await over(taskId);
  const ended = (await engine.api.tasks({})).find((task) => task.taskId === taskId);
  expect(ended).toMatchObject({ state: 'failed', problem: { code: 'folder-unknown' } });
});

test.each([
  {
    name: 'a sync that waited for its turn',
    folder: 'Waiting',
    sync: async (reached: Promise<undefined>) => {
      const slow = engine.api.sync({ folder: 'Slow' });
      await reached;
      const [task] = await engine.api.startSync({ folder: 'Waiting' });
      return () => Promise.all([slow, over(task!.taskId)]);
    },
  },
  {
    name: 'a sync of all folders',
    folder: 'One of all',
    sync: async (reached: Promise<undefined>) => {
      const all = engine.api.sync({});
      await reached;
      return () => all;
    },
  },
])('$name goes by the rules that hold when a folder is read', async ({ folder, sync }) => {
  await protect(folder);
  const { reached, release } = files.hold(world.path('Slow'));
  const done = await sync(reached);
  await engine.api.updateFolder({ folder, excludes: ['*.tmp'] });
  release();
  await done();
  const entries = await engine.api.list({ folder, path: '' });
  expect(entries.map(({ path }) => path)).toEqual(['a.txt']);
});
