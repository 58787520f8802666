/**
 * @file Gathers verified slivers of one axis: the wanted ones, or else enough of any.
 *
 * The wanted slivers are the systematic ones, whose bytes are the blob's own. They are asked for
 * first. As soon as one of them is lost, false or late, others are asked for too, until `enough`
 * verified slivers are here: exactly that many are needed and exactly that many suffice. A request
 * that is late is not given up; whichever answer is true and first counts (hedging). A false
 * sliver is counted against its node and replaced.
 */
import { hasCode } from '#engine/model/engine-error.ts';
import { sliverPairIndex, type ObjectId, type SliverPairIndex } from '#engine/model/ids.ts';
import type { SliverAxis } from '#engine/model/walrus.ts';
import { READ_RANK, type ReadSource } from './blob-metadata.ts';
import type { NetworkContext, NodeFailure } from './network-context.ts';
import { sliverBytes } from './node-upload.ts';
import type { OpenMetadata } from './sliver-codec.ts';
import { getSliver } from './storage-node-client.ts';

export interface CollectionRequest {
  readonly metadata: OpenMetadata;
  readonly axis: SliverAxis;
  /** Done when all of these are here ... */
  readonly wanted: readonly SliverPairIndex[];
  /** ... or this many of any. */
  readonly enough: number;
  /** The nodes that may hold a pair, best first. */
  sourcesOf(pair: SliverPairIndex): readonly ReadSource[];
  readonly signal: AbortSignal;
  readonly onSliver?: (sizeBytes: number) => void;
}

export interface Collection {
  readonly slivers: ReadonlyMap<SliverPairIndex, Uint8Array>;
  /** Whether the request is fulfilled. */
  readonly isDone: boolean;
  readonly failures: readonly NodeFailure[];
  readonly blockedNodes: ReadonlySet<ObjectId>;
  /** Whether asking again later may bring more. */
  readonly isWorthRepeating: boolean;
}

/** One question for one pair to one node. */
interface Question {
  readonly pair: SliverPairIndex;
  readonly source: ReadSource;
  askedAtMs: number;
  isLate: boolean;
}

/** An answer later than this many usual times of the same read is late. */
const LATE_FACTOR = 3;
const LATE_MS_MIN = 250;
/** A look this much after its time is a sign that nothing was read meanwhile. */
const BUSY_MS = 50;

/** Collect slivers into `slivers`, which may hold verified ones already. */
export async function collectSlivers(
  context: NetworkContext,
  request: CollectionRequest,
  slivers: Map<SliverPairIndex, Uint8Array>,
): Promise<Collection> {
  const scope = context.openScope(request.signal);
  try {
    const run = new CollectionRun(context, request, slivers, scope.signal);
    return await run.result;
  } finally {
    // Whatever is still under way has come too late.
    scope.end();
  }
}

class CollectionRun {
  readonly result: Promise<Collection>;
  readonly #settlement = Promise.withResolvers<Collection>();
  readonly #context: NetworkContext;
  readonly #request: CollectionRequest;
  readonly #slivers: Map<SliverPairIndex, Uint8Array>;
  readonly #signal: AbortSignal;
  readonly #live = new Set<Question>();
  /** Questions under way that are not late. */
  readonly #expectedByPair = new Map<SliverPairIndex, number>();
  /** Sources not asked yet, by pair. */
  readonly #untried = new Map<SliverPairIndex, ReadSource[]>();
  /** All pairs in the order in which they are asked for. */
  readonly #order: SliverPairIndex[];
  readonly #answerMs: number[] = [];
  readonly #failures: NodeFailure[] = [];
  readonly #blockedNodes = new Set<ObjectId>();
  #isWorthRepeating = false;
  #isSettled = false;

  constructor(
    context: NetworkContext,
    request: CollectionRequest,
    slivers: Map<SliverPairIndex, Uint8Array>,
    signal: AbortSignal,
  ) {
    this.#context = context;
    this.#request = request;
    this.#slivers = slivers;
    this.#signal = signal;
    this.result = this.#settlement.promise;
    this.#order = this.#orderPairs();
    signal.addEventListener('abort', () => this.#reject(signal.reason as Error), { once: true });
    if (signal.aborted) this.#reject(signal.reason as Error);
    this.#pump();
    void this.#watchLateness();
  }

  /** Ask as many questions as are needed now, or settle. */
  #pump(): void {
    if (this.#isSettled) return;
    if (this.#isDone()) {
      this.#resolve(true);
      return;
    }
    const wantedOnTrack = this.#request.wanted.every((pair) => this.#keepOnTrack(pair));
    if (!wantedOnTrack) this.#askForOthers();
    if (this.#live.size === 0) this.#resolve(false);
  }

  #isDone(): boolean {
    return (
      this.#slivers.size >= this.#request.enough ||
      this.#request.wanted.every((pair) => this.#slivers.has(pair))
    );
  }

  /** Whether a pair is here or may well come; asks its next source where that is what it takes. */
  #keepOnTrack(pair: SliverPairIndex): boolean {
    if (this.#slivers.has(pair) || this.#isExpected(pair)) return true;
    // A node in bad health is not given the chance to be late again: others are asked at once.
    if (this.#isAvoided(pair)) return false;
    return this.#askNextSource(pair);
  }

  #isAvoided(pair: SliverPairIndex): boolean {
    const best = this.#untriedOf(pair)[0];
    if (best === undefined) return true;
    return this.#context.connect(best.storageNode, best.committee).isAvoided();
  }

  #isExpected(pair: SliverPairIndex): boolean {
    return (this.#expectedByPair.get(pair) ?? 0) > 0;
  }

  /** Count a question that may well be answered, or no longer. */
  #expect(pair: SliverPairIndex, change: 1 | -1): void {
    this.#expectedByPair.set(pair, (this.#expectedByPair.get(pair) ?? 0) + change);
  }

  /** Ask for pairs beyond the wanted ones until enough are here or may well come. */
  #askForOthers(): void {
    const expected = new Set(this.#slivers.keys());
    for (const { pair, isLate } of this.#live) if (!isLate) expected.add(pair);
    for (const pair of this.#order) {
      if (expected.size >= this.#request.enough) return;
      if (expected.has(pair)) continue;
      if (this.#askNextSource(pair)) expected.add(pair);
    }
  }

  #askNextSource(pair: SliverPairIndex): boolean {
    const source = this.#untriedOf(pair).shift();
    if (source === undefined) return false;
    const askedAtMs = this.#context.clock.monotonicMs();
    const question: Question = { pair, source, askedAtMs, isLate: false };
    this.#live.add(question);
    this.#expect(pair, 1);
    this.#ask(question).then(
      () => {
        this.#live.delete(question);
        this.#late(question);
        this.#pump();
      },
      (error: unknown) => this.#reject(error as Error),
    );
    return true;
  }

  #untriedOf(pair: SliverPairIndex): ReadSource[] {
    const known = this.#untried.get(pair);
    if (known) return known;
    const sources = [...this.#request.sourcesOf(pair)];
    this.#untried.set(pair, sources);
    return sources;
  }

  async #ask(question: Question): Promise<void> {
    const { metadata, axis } = this.#request;
    const { pair, source } = question;
    const connection = this.#context.connect(source.storageNode, source.committee);
    const place = { blobId: metadata.blobId, pair, axis };
    const { bodies } = this.#context;
    const answer = await getSliver(connection, place, sliverBytes(metadata, axis), bodies, {
      signal: this.#signal,
      rank: READ_RANK,
      onStall: () => {
        this.#late(question);
        this.#pump();
      },
    });
    if (this.#isSettled || this.#slivers.has(pair)) return;
    if (answer.kind !== 'ok') {
      const isBlocked = answer.kind === 'refused' && answer.reason === 'FORBIDDEN_BLOB';
      if (isBlocked) this.#blockedNodes.add(source.storageNode.nodeId);
      else this.#isWorthRepeating = true;
      this.#fail(source, answer.message);
      return;
    }
    const falsehood = await this.#falsehoodOf(pair, answer.value);
    if (falsehood !== undefined) {
      connection.reportFalseAnswer(`gave a false ${axis} sliver: ${falsehood}`);
      this.#fail(source, `gave a false sliver: ${falsehood}`);
      return;
    }
    this.#answerMs.push(this.#context.clock.monotonicMs() - question.askedAtMs);
    this.#slivers.set(pair, answer.value);
    this.#request.onSliver?.(answer.value.length);
  }

  /** Why a sliver is not the one asked for; undefined when it is. */
  async #falsehoodOf(pair: SliverPairIndex, sliver: Uint8Array): Promise<string | undefined> {
    const { metadata, axis } = this.#request;
    try {
      await metadata.verifySliver(axis, pair, sliver);
      return undefined;
    } catch (error) {
      if (!hasCode(error, 'encoding-invalid-input')) throw error;
      return String(error.context['reason'] ?? error.message);
    }
  }

  #fail(source: ReadSource, reason: string): void {
    const { nodeId, shards } = source.storageNode;
    // One line per node: it may hold many slivers.
    if (this.#failures.some((failure) => failure.nodeId === nodeId)) return;
    this.#failures.push({ nodeId, shardWeight: shards.length, reason });
  }

  /** No longer count on a question; it may still be answered. */
  #late(question: Question): void {
    if (question.isLate) return;
    question.isLate = true;
    this.#expect(question.pair, -1);
  }

  /** Find answers that are late compared with the others of this read, though bytes may trickle. */
  async #watchLateness(): Promise<void> {
    const { clock } = this.#context;
    let lookedAtMs = clock.monotonicMs();
    while (!this.#isSettled) {
      await clock.sleep(LATE_MS_MIN, this.#signal).catch(() => undefined);
      const nowMs = clock.monotonicMs();
      const overdueMs = nowMs - lookedAtMs - LATE_MS_MIN;
      lookedAtMs = nowMs;
      // This process was busy or the machine slept: answers may lie unread.
      if (overdueMs > BUSY_MS) {
        for (const question of this.#live) question.askedAtMs += overdueMs;
      }
      const usualMs = this.#usualAnswerMs();
      if (this.#isSettled || usualMs === undefined) continue;
      const lateMs = Math.max(LATE_MS_MIN, usualMs * LATE_FACTOR);
      for (const question of this.#live) {
        if (nowMs - question.askedAtMs > lateMs) this.#late(question);
      }
      this.#pump();
    }
  }

  /** The slowest tenth of the true answers so far, once half of what is needed has come. */
  #usualAnswerMs(): number | undefined {
    const needed = Math.min(this.#request.enough, this.#request.wanted.length);
    if (this.#answerMs.length === 0 || this.#answerMs.length * 2 < needed) return undefined;
    const sorted = this.#answerMs.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.9)];
  }

  /** Wanted pairs before others, and those whose best source is in bad health last. */
  #orderPairs(): SliverPairIndex[] {
    const { metadata, wanted } = this.#request;
    const isWanted = new Set(wanted);
    return Array.from({ length: metadata.shardCount }, (_, pair) => sliverPairIndex(pair))
      .map((pair) => ({
        pair,
        cost: (this.#isAvoided(pair) ? 2 : 0) + (isWanted.has(pair) ? 0 : 1),
      }))
      .toSorted((a, b) => a.cost - b.cost)
      .map(({ pair }) => pair);
  }

  #resolve(isDone: boolean): void {
    this.#isSettled = true;
    this.#settlement.resolve({
      slivers: this.#slivers,
      isDone,
      failures: this.#failures,
      blockedNodes: this.#blockedNodes,
      isWorthRepeating: this.#isWorthRepeating,
    });
  }

  #reject(error: Error): void {
    this.#isSettled = true;
    this.#settlement.reject(error);
  }
}
