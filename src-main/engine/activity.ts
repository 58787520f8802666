/**
 * @file What goes on: packs on their way, storage nodes as they were seen, and what was done.
 *
 * The journal knows where each pack stands; the rest is of this run: since when, which shards
 * have been signed for, and the last packs that came to their end.
 */
import type { HistoryEntry, NodeActivity, PackActivity, TaskApi } from '#contract/task-api.ts';
import type { SerializedError } from '#contract/errors.ts';
import type { Told } from '#contract/told.ts';
import type { CommitRecord } from './backup/commit-record.ts';
import { routeOf } from './backup/uploads.ts';
import type { EngineParts } from './engine-parts.ts';
import { syncFailedEntry } from './history-text.ts';
import type { PackRecord } from './local-index/journal.ts';
import type { PackId, ShardIndex } from './model/ids.ts';
import {
  isQuorum,
  primarySourceCount,
  type Committee,
  type StorageNode,
  type WalrusSystem,
} from './model/walrus.ts';
import type { NodeHealth } from './walrus/node-health.ts';

/** Packs that came to their end and are still shown. */
const FINISHED_SHOWN_MAX = 20;
const HISTORY_SHOWN_MAX = 200;
/** At most five events a second for each pack. */
const SHARDS_TOLD_EVERY_MS = 200;
/** How old the committee may be that nodes are listed by. */
const SYSTEM_AGE_MS_MAX = 60_000;
/** An answer that takes longer, and much longer than others', is slow. */
const SLOW_MS_MIN = 1_000;
const SLOW_TIMES_MEDIAN = 4;

interface PackTrace {
  sinceMs: number;
  step: PackRecord['state'];
  readonly shards: Set<ShardIndex>;
  toldAtMs: number;
  problem: SerializedError | undefined;
}

type ActivityParts = Pick<
  EngineParts,
  'index' | 'options' | 'emit' | 'chain' | 'chainWatch' | 'storage'
>;

export class Activity {
  readonly #parts: ActivityParts;
  readonly #traces = new Map<PackId, PackTrace>();
  #finished: PackId[] = [];
  #system: { readonly value: WalrusSystem; readonly atMs: number } | undefined;

  constructor(parts: ActivityParts) {
    this.#parts = parts;
  }

  /** A pack has reached the step that its record shows. */
  stepped(pack: PackRecord): void {
    const { clock } = this.#parts.options;
    const trace = this.#traceOf(pack.packId);
    Object.assign(trace, { sinceMs: clock.nowMs(), step: pack.state, problem: undefined });
    if (trace.shards.size > 0) this.#tellShards(pack.packId, trace);
    this.#parts.emit({
      kind: 'pack',
      packId: pack.packId,
      folderName: this.#folderNameOf(pack),
      step: pack.state,
      sizeBytes: pack.sizeBytes,
      blobId: pack.blobId,
      storedShards: pack.storedShards,
      shardCount: pack.shardCount,
      way: routeOf(pack)?.way,
    });
    if (!isAtEnd(pack)) return;
    this.#finished = [...this.#finished.filter((id) => id !== pack.packId), pack.packId];
    for (const packId of this.#finished.splice(0, this.#finished.length - FINISHED_SHOWN_MAX)) {
      this.#traces.delete(packId);
    }
  }

  /** A storage node has signed for these shards of a pack. */
  confirmed(packId: PackId, shards: readonly ShardIndex[]): void {
    const trace = this.#traceOf(packId);
    for (const shard of shards) trace.shards.add(shard);
    const nowMs = this.#parts.options.clock.monotonicMs();
    if (nowMs - trace.toldAtMs >= SHARDS_TOLD_EVERY_MS) this.#tellShards(packId, trace);
  }

  /** What was under way has failed: it is told with the first pack that is not at its end. */
  failed(problem: SerializedError): void {
    const [pack] = this.#parts.index.journal.unfinished();
    if (pack) this.#traceOf(pack.packId).problem = problem;
  }

  /** An upload relay did not do, and the pack goes directly. */
  fellBack(pack: PackRecord, problem: SerializedError): void {
    const folderName = this.#folderNameOf(pack) ?? '';
    const context = { ...problem.context, isDirect: 'yes' };
    this.note(syncFailedEntry(folderName, { ...problem, context }));
  }

  /** Remember something for a person who looks back. A failure that is repeated is one. */
  note(entry: Omit<HistoryEntry, 'entryId' | 'atMs'>): void {
    const { index, options } = this.#parts;
    const { problem, told, ...rest } = entry;
    const last = index.history
      .newest(HISTORY_SHOWN_MAX)
      .find(({ folderName }) => folderName === entry.folderName);
    if (entry.kind === 'problem' && last?.sentence === entry.sentence) return;
    index.history.add({
      ...rest,
      atMs: options.clock.nowMs(),
      told: told && JSON.stringify(told),
      problem: problem && JSON.stringify(problem),
    });
  }

  /** Everything that the Activity view shows. */
  async all(signal: AbortSignal): ReturnType<TaskApi['activity']> {
    const { index } = this.#parts;
    const system = await this.#recentSystem(signal);
    return {
      packs: this.#packs(system?.committee),
      nodes: this.#nodes(system?.committee),
      history: index.history.newest(HISTORY_SHOWN_MAX).map(({ problem, told, kind, ...entry }) => ({
        ...entry,
        kind: kind as HistoryEntry['kind'],
        told: told === undefined ? undefined : (JSON.parse(told) as Told),
        problem: problem === undefined ? undefined : (JSON.parse(problem) as SerializedError),
      })),
    };
  }

  /** Ask every storage node now. */
  async checkNetwork(signal: AbortSignal): ReturnType<TaskApi['checkNetwork']> {
    const { chain, storage, options } = this.#parts;
    const value = await chain.readSystem({ signal });
    this.#system = { value, atMs: options.clock.monotonicMs() };
    const { committee, shardCount } = value;
    const present = await storage.rollCall(committee, { signal });
    return {
      nodes: this.#nodes(committee),
      reachableShards: committee.members
        .filter(({ nodeId }) => present.has(nodeId))
        .reduce((sum, { shards }) => sum + shards.length, 0),
      shardCount,
      neededToRead: primarySourceCount(shardCount),
      neededToWrite: quorumOf(shardCount),
    };
  }

  #packs(committee: Committee | undefined): PackActivity[] {
    const { journal } = this.#parts.index;
    const finished = this.#finished.flatMap((packId) => journal.find(packId) ?? []);
    return [...finished, ...journal.unfinished()].map((pack) =>
      this.#packActivity(pack, committee),
    );
  }

  #packActivity(pack: PackRecord, committee: Committee | undefined): PackActivity {
    const trace = this.#traceOf(pack.packId);
    const shardCount = pack.shardCount ?? committee?.shardCount ?? 0;
    return {
      packId: pack.packId,
      folderName: this.#folderNameOf(pack),
      step: pack.state,
      sinceMs: trace.sinceMs,
      sizeBytes: pack.sizeBytes,
      blobId: pack.blobId,
      blobObjectId: pack.blobObjectId,
      storedShards: Math.max(trace.shards.size, pack.storedShards ?? 0),
      neededShards: quorumOf(shardCount),
      shardCount,
      shards: trace.shards.size === 0 ? '' : bitmap(trace.shards, shardCount),
      problem: trace.problem,
      way: routeOf(pack)?.way,
    };
  }

  #nodes(committee: Committee | undefined): NodeActivity[] {
    const health = new Map(
      this.#parts.storage.nodeHealth().map((one) => [String(one.nodeId), one]),
    );
    const latencies = [...health.values()].flatMap(({ latencyMs }) => latencyMs ?? []);
    const slowMs = Math.max(SLOW_MS_MIN, SLOW_TIMES_MEDIAN * medianOf(latencies));
    return (committee?.members ?? []).map((node) =>
      nodeActivity(node, health.get(String(node.nodeId)), slowMs),
    );
  }

  /** Undefined while the chain does not answer and never has. */
  async #recentSystem(signal: AbortSignal): Promise<WalrusSystem | undefined> {
    const { chain, chainWatch, options } = this.#parts;
    if (chainWatch.failure) return this.#system?.value;
    const nowMs = options.clock.monotonicMs();
    if (this.#system && nowMs - this.#system.atMs < SYSTEM_AGE_MS_MAX) return this.#system.value;
    try {
      this.#system = { value: await chain.readSystem({ signal }), atMs: nowMs };
    } catch (error) {
      signal.throwIfAborted();
      options.logger.warn('nodes are listed as they were', { error: String(error) });
    }
    return this.#system?.value;
  }

  #tellShards(packId: PackId, trace: PackTrace): void {
    const { index, options, emit } = this.#parts;
    const shardCount = index.journal.find(packId)?.shardCount;
    if (shardCount === undefined) return;
    trace.toldAtMs = options.clock.monotonicMs();
    emit({ kind: 'shards', packId, shards: bitmap(trace.shards, shardCount) });
  }

  #traceOf(packId: PackId): PackTrace {
    let trace = this.#traces.get(packId);
    if (!trace) {
      trace = {
        sinceMs: this.#parts.options.clock.nowMs(),
        step: 'sealed',
        shards: new Set(),
        toldAtMs: Number.NEGATIVE_INFINITY,
        problem: undefined,
      };
      this.#traces.set(packId, trace);
    }
    return trace;
  }

  #folderNameOf(pack: PackRecord): string | undefined {
    const { folders, journal } = this.#parts.index;
    const commit = pack.commitRecord && (JSON.parse(pack.commitRecord) as CommitRecord);
    const folderId = commit ? commit.folderId : journal.foldersOf(pack.packId)[0];
    return folderId && folders.find(folderId)?.name;
  }
}

const isAtEnd = ({ state, commitRecord }: PackRecord): boolean =>
  state === 'published' || (state === 'certified' && commitRecord === undefined);

/** Shards whose nodes must have signed. */
function quorumOf(shardCount: number): number {
  let weight = Math.ceil((2 * shardCount) / 3);
  while (!isQuorum(weight, shardCount)) weight += 1;
  return weight;
}

const bitmap = (stored: ReadonlySet<ShardIndex>, shardCount: number): string =>
  Array.from({ length: shardCount }, (_, shard) =>
    stored.has(shard as ShardIndex) ? '1' : '0',
  ).join('');

function nodeActivity(
  node: StorageNode,
  health: NodeHealth | undefined,
  slowMs: number,
): NodeActivity {
  return {
    nodeId: node.nodeId,
    name: node.name,
    address: node.networkAddress,
    shards: node.shards,
    state: stateOf(health, slowMs),
    latencyMs: health?.latencyMs,
    lastSuccessAtMs: health?.lastSuccessAtMs,
    lastProblem: health?.lastError?.message,
  };
}

/** Down: its last word was a failure. Slow: it answers, but late, or has stopped to. */
function stateOf(health: NodeHealth | undefined, slowMs: number): NodeActivity['state'] {
  const { lastSuccessAtMs, lastError, latencyMs, isAvoided } = health ?? {};
  if (lastError && lastError.atMs >= (lastSuccessAtMs ?? 0)) return 'down';
  if (lastSuccessAtMs === undefined) return 'unknown';
  return isAvoided === true || (latencyMs ?? 0) > slowMs ? 'slow' : 'ok';
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[sorted.length >> 1] ?? 0;
}
