/** Moves between scripted engines: the folder is protected somewhere whatever happens, and paid once. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EngineApi, EngineConnection, FolderStatus } from '#contract/api.ts';
import type { EngineEvent } from '#contract/events.ts';
import type { Task } from '#contract/task-api.ts';
import { EngineError } from '#engine/model/engine-error.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { scriptedClock, type ScriptedClock } from '../../test/support/scripted-clock.ts';
import { homePaths } from './home.ts';
import { readMoves } from './moves-file.ts';
import { Moves, type MovesOptions } from './moves.ts';

const FOLDER = {
  folderId: 'here',
  name: 'docs',
  path: '/docs',
  excludes: ['*.log'],
  permanent: false,
  isHere: true,
  removed: false,
  protectedUntil: { epoch: 5, atMs: 5 },
} as unknown as FolderStatus;
const THERE = { ...FOLDER, folderId: 'there-1' };

/** Folders, tasks and turns as the engine has them, and nothing else. */
class ScriptedEngine implements EngineConnection {
  readonly #name: string;
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  readonly #closed = Promise.withResolvers<undefined>();
  readonly closed = this.#closed.promise;
  folders: FolderStatus[];
  tasks: Task[] = [];
  /** How the next syncs end; `undefined`: not by themselves. */
  outcome: Task['state'] | undefined = 'done';
  /** Called when a folder is to be let go of, and when it has been, before that is answered. */
  beforeRemoval: () => Promise<void> = () => Promise.resolve();
  afterRemoval: () => Promise<void> = () => Promise.resolve();
  /** Called when a folder has been added, before that is answered. */
  afterAdding: () => Promise<void> = () => Promise.resolve();

  constructor(name: string, folders: FolderStatus[]) {
    this.#name = name;
    this.folders = folders;
  }

  readonly api = {
    status: async () => ({ folders: this.folders }),
    tasks: async () => this.tasks,
    addFolder: async (request: object) => {
      const folderId = `${this.#name}-${String(this.folders.length + 1)}`;
      const folder = { ...FOLDER, ...request, folderId, protectedUntil: undefined };
      this.folders = [...this.folders, folder];
      await this.afterAdding();
      return folder;
    },
    startSync: async ({ folder }: { folder: string }) => {
      const taskId = String(this.tasks.length + 1);
      const state = this.outcome ?? 'running';
      const task = { taskId, kind: 'sync', folderId: folder, state } as Task;
      this.tasks = [...this.tasks, task];
      if (state === 'done') this.#change(folder, { protectedUntil: { epoch: 9, atMs: 9 } });
      this.tell({ kind: 'task', task });
      return [task];
    },
    cancelTask: async ({ taskId }: { taskId: string }) => {
      this.tasks = this.tasks.map((task) =>
        task.taskId === taskId ? { ...task, state: 'cancelled' } : task,
      );
    },
    removeFolder: async ({ folder }: { folder: string }, options: { signal: AbortSignal }) => {
      await this.beforeRemoval();
      options.signal.throwIfAborted();
      this.#change(folder, { removed: true });
      await this.afterRemoval();
    },
  } as unknown as EngineApi;

  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  async close(): Promise<void> {
    this.#closed.resolve(undefined);
  }

  #change(folderId: string, change: Partial<FolderStatus>): void {
    this.folders = this.folders.map((one) =>
      one.folderId === folderId ? { ...one, ...change } : one,
    );
  }
}

let root: string;
let clock: ScriptedClock;
let here: ScriptedEngine;
let mainnet: ScriptedEngine;
let testnet: ScriptedEngine;
/** The homes there that answer. */
let served: Map<string, ScriptedEngine>;
let moves: Moves;
/** Called whenever something about the moves has changed. */
let look: () => void;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'floe-moves-'));
  // Every wait between two tries lasts until the test says so.
  clock = scriptedClock(1);
  here = new ScriptedEngine('here', [FOLDER]);
  mainnet = new ScriptedEngine('mainnet', []);
  testnet = new ScriptedEngine('testnet', []);
  served = new Map(Object.entries({ mainnet, testnet }));
  look = () => undefined;
  moves = begin();
});
afterEach(() => {
  moves.close();
  rmSync(root, { recursive: true });
});

function begin(): Moves {
  const options = {
    home: { path: root, engine: async () => here, tell: () => look() },
    homes: {
      all: [],
      connected: async (networkName: string) => {
        const engine = served.get(networkName);
        if (engine) return engine;
        throw new EngineError('home-in-use', 'another Floe uses it');
      },
    },
    files: openFileSystem(),
    paths: homePaths(root),
    clock,
    localnetFolder: undefined,
  };
  return new Moves(options as unknown as MovesOptions);
}

/** Wait until it is so; looked at whenever the moves tell that they have changed. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const reached = Promise.withResolvers<undefined>();
  look = () => void isSo().then((is) => is && reached.resolve(undefined), reached.reject);
  look();
  await reached.promise;
}

const theMove = async () => (await moves.otherHomes({})).moves[0];
const untilDone = () => until(async () => (await theMove())?.state === 'done');
const untilProblem = (code: string) => until(async () => (await theMove())?.problem?.code === code);
/** The record is written last. */
const untilForgotten = () =>
  until(async () => {
    const place = { files: openFileSystem(), paths: homePaths(root), clock };
    return (await readMoves(place)).moves.length === 0;
  });

/** Resolves when a sync has begun there, and whoever asked for it has the answer. */
const syncBegan = async (engine: ScriptedEngine): Promise<void> => {
  await new Promise<void>((resolve) => {
    engine.subscribe(({ kind }) => kind === 'task' && resolve());
  });
  await new Promise(setImmediate);
};
const start = async (networkName = 'mainnet') => moves.startMove({ folder: 'docs', networkName });

test('a folder is protected there, and then let go of here', async () => {
  await start();
  await untilDone();
  expect(mainnet.folders).toMatchObject([{ path: '/docs', excludes: ['*.log'], removed: false }]);
  expect(here.folders).toMatchObject([{ removed: true }]);
});

test('a cancelled sync there moves nothing, though an older snapshot is there', async () => {
  mainnet.folders = [THERE];
  mainnet.outcome = 'cancelled';
  await start();
  await untilProblem('blob-not-certified');
  expect(here.folders).toMatchObject([{ removed: false }]);
});

test.each([
  { name: 'other excludes', change: { excludes: ['*'] } },
  { name: 'the other kind of storage', change: { permanent: true } },
])('a folder that has $name there is not taken for this one', async ({ change }) => {
  mainnet.folders = [{ ...THERE, ...change }];
  await expect(start()).rejects.toMatchObject({ code: 'usage' });
  expect(mainnet.tasks).toEqual([]);
  expect(await theMove()).toBeUndefined();
});

test('of two moves at once to two networks one is refused, and one is paid', async () => {
  mainnet.outcome = undefined;
  const isSyncing = syncBegan(mainnet);
  const outcomes = await Promise.allSettled([start('mainnet'), start('testnet')]);
  expect(outcomes).toMatchObject([{ status: 'fulfilled' }, { reason: { code: 'usage' } }]);
  await isSyncing;
  expect(testnet.folders).toEqual([]);
  expect(testnet.tasks).toEqual([]);
});

describe('leaving the folder here', () => {
  test('keeps it here while another sync has the turn, and lets go of it there', async () => {
    const waiting = Promise.withResolvers<undefined>();
    const turn = Promise.withResolvers<undefined>();
    here.beforeRemoval = async () => {
      waiting.resolve(undefined);
      await turn.promise;
    };
    await start();
    await waiting.promise;
    await moves.endMove({ folder: 'docs' });
    expect(await theMove()).toBeUndefined();
    expect(mainnet.folders).toMatchObject([{ removed: false }]);
    turn.resolve(undefined);
    await untilForgotten();
    expect(here.folders).toMatchObject([{ removed: false }]);
    expect(mainnet.folders).toMatchObject([{ removed: true }]);
  });

  test('comes too late once it was let go of here: it stays there', async () => {
    const removed = Promise.withResolvers<undefined>();
    const answer = Promise.withResolvers<undefined>();
    here.afterRemoval = async () => {
      removed.resolve(undefined);
      await answer.promise;
      throw new DOMException('the move was ended', 'AbortError');
    };
    await start();
    await removed.promise;
    await moves.endMove({ folder: 'docs' });
    answer.resolve(undefined);
    await untilForgotten();
    expect(here.folders).toMatchObject([{ removed: true }]);
    expect(mainnet.folders).toMatchObject([{ removed: false }]);
  });

  test('lets go of a folder there whose adding was cut off', async () => {
    mainnet.outcome = undefined;
    await start();
    moves.close();
    mainnet.folders = [];
    const added = Promise.withResolvers<undefined>();
    const answer = Promise.withResolvers<undefined>();
    mainnet.afterAdding = async () => {
      added.resolve(undefined);
      await answer.promise;
      throw new DOMException('the move was ended', 'AbortError');
    };
    moves = begin();
    await moves.resume();
    await added.promise;
    await moves.endMove({ folder: 'docs' });
    answer.resolve(undefined);
    await untilForgotten();
    expect(here.folders).toMatchObject([{ removed: false }]);
    expect(mainnet.folders).toMatchObject([{ removed: true }]);
  });

  test('goes on after a restart, and where the home there answers only later', async () => {
    mainnet.outcome = undefined;
    await start();
    moves.close();
    served.delete('mainnet');
    moves = begin();
    await moves.resume();
    await moves.endMove({ folder: 'docs' });
    moves.close();
    served.set('mainnet', mainnet);
    moves = begin();
    await moves.resume();
    await untilForgotten();
    expect(here.folders).toMatchObject([{ removed: false }]);
    expect(mainnet.folders).toMatchObject([{ removed: true }]);
    expect(mainnet.tasks).toMatchObject([{ state: 'cancelled' }]);
  });
});

describe('a move whose home there goes away during the sync goes on when asked', () => {
  test.each([
    { name: 'with its connection', go: () => mainnet.close() },
    {
      name: 'with its engine alone',
      go: async () => {
        mainnet.tasks = [];
        mainnet.tell({ kind: 'home-changed' });
      },
    },
  ])('$name', async ({ go }) => {
    mainnet.outcome = undefined;
    const isSyncing = syncBegan(mainnet);
    await start();
    await isSyncing;
    await go();
    await untilProblem('home-in-use');
    served.set('mainnet', new ScriptedEngine('mainnet', mainnet.folders));
    await start();
    await untilDone();
    expect(here.folders).toMatchObject([{ removed: true }]);
  });
});
