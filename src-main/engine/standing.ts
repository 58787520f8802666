/**
 * @file How everything stands: what the chain says, or while it does not answer what it said last,
 * and what this machine adds to it.
 */
import type { FolderStatus, ProtectionState, VaultStatus } from '#contract/api.ts';
import { decodeMessage, encodeMessage } from '#contract/wire.ts';
import { isChainFailure } from './chain-watch.ts';
import type { EngineParts } from './engine-parts.ts';
import { describeSchedule, notePrices, smallestCommitCost } from './commit-economics.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import { indexFailure } from './local-index/local-index.ts';
import { EngineError, hasCode, isAbort, serializeError } from './model/engine-error.ts';
import { plainProblem, recalledProblem, type Problem } from './problems.ts';
import { FULL_SCAN_INTERVAL_MS } from './policy.ts';
import { chainStatus, folderStatus, type ChainStatus } from './status.ts';

const REMEMBERED_FACT = 'last-status';

/** What the engine knows beside the chain. */
export interface StandingFacts {
  readonly pause: VaultStatus['pause'];
  readonly waiting: (folder: FolderRecord) => FolderStatus['waiting'];
}

export async function currentStatus(
  parts: EngineParts,
  facts: StandingFacts,
  options: {
    readonly withSpread: boolean;
    readonly checkChain: (signal: AbortSignal) => Promise<void>;
    readonly signal: AbortSignal;
  },
): Promise<VaultStatus> {
  const { chain, chainWatch } = parts;
  const { checkChain, signal } = options;
  try {
    const system = await chainWatch.ask(async (asked) => {
      await checkChain(asked);
      return chain.readSystem({ signal: asked });
    }, signal);
    ifThereIsRoom(() => notePrices(parts.index, system));
    const status = await chainStatus(parts, system, options);
    ifThereIsRoom(() => remember(parts, status));
    const waiting = (folder: FolderRecord): FolderStatus['waiting'] => {
      const known = facts.waiting(folder);
      return known && { ...known, costs: smallestCommitCost(parts, system, folder) };
    };
    return complete(parts, status, { ...facts, waiting }, undefined);
  } catch (error) {
    if (!isChainFailure(error)) throw error;
    chainWatch.failed(error);
    return complete(parts, recall(parts), facts, error);
  }
}

/**
 * How one folder stands after a change of it. The change is done, so the answer is: with what the
 * chain said last, where it says nothing now or nobody waits for it any more.
 */
export async function standingOf(
  parts: EngineParts,
  folder: FolderRecord,
  signal: AbortSignal,
): Promise<FolderStatus> {
  const { chain, chainWatch } = parts;
  try {
    const system = await chainWatch.ask((asked) => chain.readSystem({ signal: asked }), signal);
    return await folderStatus(parts, folder, system, false, signal);
  } catch (error) {
    if (isChainFailure(error)) chainWatch.failed(error);
    else if (!isAbort(error)) throw error;
    return recalledFolder(parts, folder, byId(remembered(parts)));
  }
}

/** What is remembered for later keeps nobody from the answer: a full disk is what it may tell of. */
function ifThereIsRoom(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!hasCode(indexFailure(error), 'disk-full')) throw error;
  }
}

/** Without what passes: the text is written only when it has changed. */
function remember({ index }: EngineParts, status: ChainStatus): void {
  const folders = status.folders.map((folder) => ({ ...folder, unread: [], spread: undefined }));
  const text = encodeMessage({ type: 'result', id: 0, value: { ...status, folders } });
  if (index.readFact(REMEMBERED_FACT) !== text) index.writeFact(REMEMBERED_FACT, text);
}

/** What the chain said last, with folders as this machine has them now. */
function recall(parts: EngineParts): ChainStatus {
  const { index } = parts;
  const value = remembered(parts);
  const known = byId(value);
  const own = index.folders.all().map((folder) => recalledFolder(parts, folder, known));
  return { ...value, folders: [...own, ...value.folders.filter(({ isHere }) => !isHere)] };
}

function remembered(parts: EngineParts): ChainStatus {
  const text = parts.index.readFact(REMEMBERED_FACT);
  return text === undefined ? neverAsked(parts) : readRemembered(text);
}

const byId = ({ folders }: ChainStatus): ReadonlyMap<string, FolderStatus> =>
  new Map(folders.map((folder) => [folder.folderId, folder]));

const readRemembered = (text: string): ChainStatus =>
  (decodeMessage(text) as { readonly value: ChainStatus }).value;

/** Nothing is known of the network but its name. */
const neverAsked = ({ options, account }: EngineParts): ChainStatus => ({
  vaultId: options.vaultKeys.vaultId,
  network: {
    name: options.network.name,
    isTryOut: options.isTryOut,
    chainIdentifier: options.chainIdentifier,
    epoch: 0,
    shardCount: 0,
    nodeCount: 0,
    epochEndsAtMs: 0,
    endpointCount: options.network.rpc.length,
  },
  folders: [],
  address: account.address,
  device: options.deviceName,
});

function recalledFolder(
  { index, options }: EngineParts,
  folder: FolderRecord,
  known: ReadonlyMap<string, FolderStatus>,
): FolderStatus {
  const { folderId, name, root: path, permanent, removed, excludes, lastSyncAtMs } = folder;
  const problem = recalledProblem(folder.lastProblem);
  const before = known.get(folderId);
  const local = {
    folderId,
    name,
    path,
    permanent,
    removed,
    excludes,
    lastSyncAtMs,
    isHere: true,
    schedule: describeSchedule(index, folder, options.isTryOut),
    problem: problem && plainProblem(problem),
    protectedUntil: before?.protectedUntil,
    state: problem
      ? ('attention' as const)
      : before?.protectedUntil
        ? ('protected' as const)
        : ('working' as const),
  };
  if (before) return { ...before, ...local };
  return {
    ...local,
    newestSnapshot: undefined,
    fileCount: 0,
    sizeBytes: 0,
    blobCount: 0,
    storedBytes: 0n,
    unread: [],
    snapshotCount: 0,
    waiting: undefined,
    spread: undefined,
  };
}

function complete(
  parts: EngineParts,
  status: ChainStatus,
  facts: StandingFacts,
  failure: EngineError | undefined,
): VaultStatus {
  const { index, options, chainWatch } = parts;
  const folders = status.folders.map((folder) => {
    const record = folder.isHere ? index.folders.all().find(isCalled(folder)) : undefined;
    return record && !record.removed ? withLocal(parts, folder, record, facts) : folder;
  });
  const error = failure ?? chainWatch.skew;
  const problem = error && plainProblem(serializeError(error));
  const active = folders.filter(({ isHere, removed }) => isHere && !removed);
  const worst = worstOf(active.map(({ state }) => state));
  return {
    ...status,
    folders,
    problem,
    pause: facts.pause,
    state: problem || !options.isKitConfirmed ? 'attention' : worst,
    sentence: sentenceOf(parts, active, problem),
  };
}

const isCalled =
  ({ folderId }: FolderStatus) =>
  (record: FolderRecord): boolean =>
    record.folderId === folderId;

function withLocal(
  { options }: EngineParts,
  folder: FolderStatus,
  record: FolderRecord,
  facts: StandingFacts,
): FolderStatus {
  const waiting = facts.waiting(record);
  const { commitEveryMs = 0 } = record.schedule;
  const everyMs = Math.max(FULL_SCAN_INTERVAL_MS, commitEveryMs);
  const lastMs = record.lastSyncAtMs;
  const isOverdue = lastMs !== undefined && options.clock.nowMs() - lastMs > 2 * everyMs;
  if (folder.problem || !isOverdue) return { ...folder, waiting };
  const overdue = new EngineError('sync-overdue', 'the last success is long ago');
  return {
    ...folder,
    waiting,
    state: 'attention',
    problem: plainProblem(serializeError(overdue)),
  };
}

function worstOf(states: readonly ProtectionState[]): ProtectionState {
  if (states.includes('attention')) return 'attention';
  return states.includes('working') ? 'working' : 'protected';
}

function sentenceOf(
  { options }: EngineParts,
  active: readonly FolderStatus[],
  problem: Problem | undefined,
): string {
  const tryOut = options.isTryOut ? 'Try-out: everything is on this computer. ' : '';
  const where = options.isTryOut ? ' on the local network' : '';
  if (problem) return `${tryOut}${problem.message}`;
  if (active.length === 0) return `${tryOut}No folder is protected yet.`;
  const attention = active.find((folder) => folder.problem !== undefined);
  if (attention?.problem) {
    return `${tryOut}${attention.name} needs attention: ${attention.problem.message}`;
  }
  const waiting = active.filter(({ protectedUntil }) => protectedUntil === undefined);
  if (waiting.length > 0) {
    return `${tryOut}${waiting.map(({ name }) => name).join(', ')} ${waiting.length === 1 ? 'is' : 'are'} not protected yet.`;
  }
  const earliest = Math.min(...active.map(({ protectedUntil }) => protectedUntil?.atMs ?? 0));
  const date = new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
  }).format(earliest);
  const confirm = options.isKitConfirmed ? '' : ' The words were never confirmed.';
  return options.isTryOut
    ? `${tryOut}Protected until ${date}${where}.`
    : `Everything is protected until ${date}.${confirm}`;
}
