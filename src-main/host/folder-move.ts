/**
 * @file Moving one folder between two homes, for `floe move` and for the window: protected there, and
 * only when it is, let go of here. Run again after anything went wrong it goes on.
 *
 * The other network gets a home and words of its own: those of the try-out lie in the open.
 */
import { isDeepStrictEqual } from 'node:util';
import type { EngineApi, EngineConnection, FolderStatus } from '#contract/api.ts';
import type { Task } from '#contract/task-api.ts';
import { deserializeError, EngineError } from '#engine/model/engine-error.ts';
import { isTryOut, type NetworkChoice } from './network-choice.ts';
import { readHome } from './open-home.ts';

/** What may stand in the name of a folder everywhere. */
const PLAIN_NAME = /^[\w][\w.-]{0,63}$/;

/**
 * Where the home for another network lies, unless somebody says otherwise.
 *
 * @throws EngineError `network-file-invalid` when the network's name can be part of no path
 */
export function homeBeside(home: string, { network }: NetworkChoice): string {
  if (PLAIN_NAME.test(network.name)) return `${home}-${network.name}`;
  throw new EngineError(
    'network-file-invalid',
    'the name of the network may hold letters, digits, points and dashes only',
  );
}

/**
 * Whether the home to move to has a vault already.
 *
 * @throws EngineError `usage` for the home that the folder is in, and for the try-out network;
 *   `home-other-network`
 */
export async function isSetUpFor(
  other: string,
  home: string,
  { network }: NetworkChoice,
): Promise<boolean> {
  if (other === home) {
    throw new EngineError('usage', 'the home to move to is the home to move from');
  }
  if (isTryOut(network)) {
    throw new EngineError('usage', 'a folder moves from the try-out, not to it');
  }
  const there = await readHome(other);
  if (!there) return false;
  const isSame =
    there.network.walrus.systemObjectId === network.walrus.systemObjectId &&
    there.network.name === network.name;
  if (isSame) return true;
  throw new EngineError('home-other-network', `the vault in ${other} is on ${there.network.name}`);
}

/** What a quote is asked for. */
export const sizeOf = ({ fileCount, sizeBytes, permanent }: FolderStatus) => ({
  fileCount,
  sizeBytes,
  permanent,
});

/**
 * The folder as the other home has it, added there unless an earlier run has done so.
 *
 * @throws EngineError `usage` when it is protected there in another way than here
 */
export async function addThere(
  to: EngineApi,
  source: FolderStatus,
  signal: AbortSignal,
): Promise<FolderStatus> {
  const { name, path, excludes, permanent } = source;
  const there = await folderAt(to, path, signal);
  if (!there) return to.addFolder({ name, path, excludes, permanent }, { signal });
  if (isDeepStrictEqual(there.excludes, excludes) && there.permanent === permanent) return there;
  throw new EngineError(
    'usage',
    `${path} is protected there already, with other excludes or another kind of storage`,
  );
}

/** Let go of the folder there, and of its sync: what is not paid yet is not going to be. */
export async function removeThere(
  to: EngineApi,
  { path }: FolderStatus,
  signal: AbortSignal,
): Promise<void> {
  // By its path: a try that was cut off has not told its ID.
  const there = await folderAt(to, path, signal);
  if (!there) return;
  const { folderId } = there;
  const tasks = await to.tasks({}, { signal });
  const syncs = tasks.filter((task) => task.kind === 'sync' && task.folderId === folderId);
  for (const task of syncs) {
    if (!hasEnded(task)) await to.cancelTask({ taskId: task.taskId }, { signal });
  }
  await to.removeFolder({ folder: folderId }, { signal });
}

/**
 * Protect a folder there, and let go of it here.
 *
 * @throws EngineError why it is not protected there; it is still protected here then
 */
export async function moveFolder(
  { from, to, source }: { from: EngineApi; to: EngineConnection; source: FolderStatus },
  signal: AbortSignal,
): Promise<FolderStatus> {
  const { folderId } = await addThere(to.api, source, signal);
  await syncToItsEnd(to, folderId, signal);
  const there = await folderAt(to.api, source.path, signal);
  if (there?.protectedUntil === undefined) {
    throw new EngineError('blob-not-certified', `${source.name} is not protected there yet`);
  }
  await from.removeFolder({ folder: source.folderId }, { signal });
  return there;
}

async function folderAt(
  api: EngineApi,
  path: string,
  signal: AbortSignal,
): Promise<FolderStatus | undefined> {
  const { folders } = await api.status({}, { signal });
  return folders.find((one) => one.path === path && one.isHere && !one.removed);
}

const hasEnded = ({ state }: Task): boolean => state !== 'waiting' && state !== 'running';

/**
 * As a task, so that whoever looks at the other home sees how far it is.
 *
 * @throws EngineError why the task did not do it, or its engine can't any more
 */
async function syncToItsEnd(
  to: EngineConnection,
  folderId: string,
  signal: AbortSignal,
): Promise<void> {
  const ended = new Map<string, Task>();
  let look: () => void = () => undefined;
  let lookThere: () => void = () => undefined;
  const unsubscribe = to.subscribe((event) => {
    if (event.kind === 'home-changed') lookThere();
    if (event.kind !== 'task' || !hasEnded(event.task)) return;
    ended.set(event.task.taskId, event.task);
    look();
  });
  try {
    const [task] = await to.api.startSync({ folder: folderId }, { signal });
    if (!task) return;
    const outcome = await new Promise<Task>((resolve, reject) => {
      look = () => {
        const found = ended.get(task.taskId);
        if (found) resolve(found);
      };
      // An engine that is closed says nothing of its tasks, and its successor has none of them.
      lookThere = () => {
        void (async () => {
          const tasks = await to.api.tasks({}, { signal });
          if (!tasks.some(({ taskId }) => taskId === task.taskId)) throw lost();
        })().catch(reject);
      };
      void to.closed?.then(() => reject(lost()));
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      signal.throwIfAborted();
      look();
    });
    if (outcome.problem) throw deserializeError(outcome.problem);
    if (outcome.state !== 'done') {
      throw new EngineError('blob-not-certified', 'the sync there was stopped before its end');
    }
  } finally {
    unsubscribe();
  }
}

const lost = (): EngineError =>
  new EngineError('home-in-use', 'the engine there went away during the sync');
