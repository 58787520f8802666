/**
 * @file Stores an encoded blob at a committee and brings back a certificate.
 *
 * All nodes are served at the same time, in the order of their rank where room is short: those
 * that will make the quorum first. The certificate is taken as soon as the shard weight suffices;
 * what is left goes on in the background as the *tail*. Memory is bounded by the bytes under way:
 * a sliver is taken from the blob only when it is sent.
 */
import assert from 'node:assert/strict';
import type { ObjectId, ShardIndex } from '#engine/model/ids.ts';
import type { Certificate, Committee, Persistence, StorageNode } from '#engine/model/walrus.ts';
import { confirmationMessage } from './confirmation.ts';
import { connectionsPerNode } from './limits.ts';
import type { NetworkContext, OperationScope } from './network-context.ts';
import {
  askConfirmation,
  type ConfirmationOutcome,
  type ConfirmationRequest,
} from './node-confirmation.ts';
import { sliverBytes, storeAtNode, type UploadBlob } from './node-upload.ts';
import { QuorumCollector } from './quorum.ts';

export interface UploadProgress {
  /** Bytes that storage nodes accepted. May exceed the total by what had to be sent again. */
  readonly sentBytes: number;
  readonly totalBytes: number;
  /** Shards whose nodes signed that they hold their slivers. */
  readonly confirmedShards: number;
  readonly shardCount: number;
}

export interface UploadOptions {
  readonly committee: Committee;
  readonly persistence: Persistence;
  /** Nodes at which an earlier attempt may have stored everything: they are asked first. */
  readonly knownStored?: ReadonlySet<ObjectId>;
  /** Called after each accepted body, also during the tail. Must not throw. */
  readonly onProgress?: (progress: UploadProgress) => void;
  /** Called with the shards of each node that signed, also during the tail. Must not throw. */
  readonly onConfirmed?: (shards: readonly ShardIndex[]) => void;
  /** Ends the upload before its quorum. Afterwards `tail.stop` does. */
  readonly signal?: AbortSignal;
}

export interface UploadTail {
  /**
   * Settles when every node has everything or is given up; never rejects. Until then `sliver` of
   * the blob may be called.
   */
  readonly done: Promise<{
    /** Shards whose nodes signed, with signatures that hold. */
    readonly storedShards: number;
  }>;
  /** Give up what is left; `done` settles soon. Nodes fill the rest by recovery. */
  stop(): void;
}

export interface UploadResult {
  readonly certificate: Certificate;
  readonly tail: UploadTail;
}

/** Later uploads wait behind earlier ones where room is short. */
const RANKS_PER_UPLOAD = 100_000;

interface Attempt {
  readonly context: NetworkContext;
  readonly collector: QuorumCollector;
  readonly scope: OperationScope;
  readonly committee: Committee;
  readonly confirmation: ConfirmationRequest;
  readonly storageNodes: readonly StorageNode[];
  readonly rankOf: (storageNode: StorageNode) => number;
}

/**
 * Upload a registered blob.
 *
 * Throws `quorum-missing` once nodes with too many shards have failed for good (the context names
 * them), `epoch-changed` when the nodes are in a later epoch than the committee: load the committee
 * again, then `requestConfirmations`, and upload again only if that misses its quorum. When this
 * rejects, nothing is sent any more and `sliver` is not called again.
 */
export async function upload(
  context: NetworkContext,
  sequence: number,
  blob: UploadBlob,
  options: UploadOptions,
): Promise<UploadResult> {
  assert(blob.shardCount === options.committee.shardCount, 'blob and committee have equal shards');
  const attempt = openAttempt(context, sequence, blob, options);
  const { collector, scope } = attempt;
  const reportProgress = progressReporter(blob, attempt, options);
  const concurrency = connectionsPerNode(options.committee.members.length, context.limits);
  const work = settleAll(attempt, async (storageNode) => {
    const outcome = await storeAtNode(context, {
      blob,
      storageNode,
      connection: context.connect(storageNode, options.committee),
      confirmation: attempt.confirmation,
      mayHoldAll: options.knownStored?.has(storageNode.nodeId) === true,
      concurrency,
      options: { signal: scope.signal, rank: attempt.rankOf(storageNode) },
      onBytesDone: (bytes) => reportProgress(bytes, 0),
    });
    if (outcome.kind === 'signed') {
      reportProgress(0, storageNode.shards.length);
      options.onConfirmed?.(storageNode.shards);
    }
    return outcome;
  });
  const certificate = await untilCertificate(attempt, work, options.signal);
  return {
    certificate,
    tail: {
      done: work.then(async () => {
        scope.end();
        return { storedShards: await collector.finish() };
      }),
      stop: () => scope.end(),
    },
  };
}

/**
 * Ask the nodes of a committee for confirmations of data that may already be there.
 *
 * For resuming after a crash and after an epoch change. Throws as `upload` does; nodes that miss
 * slivers count as failed with the reason `misses slivers`.
 */
export async function requestConfirmations(
  context: NetworkContext,
  sequence: number,
  blob: Pick<UploadBlob, 'blobId'>,
  options: UploadOptions,
): Promise<Certificate> {
  const attempt = openAttempt(context, sequence, blob, options);
  const work = settleAll(attempt, (storageNode) =>
    askConfirmation(
      context,
      context.connect(storageNode, options.committee),
      attempt.confirmation,
      { signal: attempt.scope.signal, rank: attempt.rankOf(storageNode) },
    ),
  );
  const certificate = await untilCertificate(attempt, work, options.signal);
  attempt.scope.end();
  await work;
  return certificate;
}

function openAttempt(
  context: NetworkContext,
  sequence: number,
  { blobId }: Pick<UploadBlob, 'blobId'>,
  { committee, persistence }: UploadOptions,
): Attempt {
  const message = confirmationMessage(blobId, committee.epoch, persistence);
  const storageNodes = committee.members.filter(({ shards }) => shards.length > 0);
  // Healthy nodes first, in another order each time, so that no node is always the last.
  const start = randomIndex(context, storageNodes.length);
  const rotated = [...storageNodes.slice(start), ...storageNodes.slice(0, start)];
  const isAvoided = (storageNode: StorageNode): boolean =>
    context.connect(storageNode, committee).isAvoided();
  const ordered = rotated.toSorted((a, b) => Number(isAvoided(a)) - Number(isAvoided(b)));
  const rank = new Map(ordered.map(({ nodeId }, position) => [nodeId, position]));
  return {
    context,
    committee,
    storageNodes: ordered,
    scope: context.openScope(undefined),
    confirmation: { blobId, persistence, committeeEpoch: committee.epoch, message },
    rankOf: ({ nodeId }) => sequence * RANKS_PER_UPLOAD + (rank.get(nodeId) ?? 0),
    collector: new QuorumCollector({
      committee,
      message,
      codec: context.codec,
      onForgery: (storageNode) => {
        context.connect(storageNode, committee).reportFalseAnswer('forged its confirmation');
      },
    }),
  };
}

function randomIndex(context: NetworkContext, count: number): number {
  const bytes = context.random.bytes(2);
  return (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) % Math.max(count, 1);
}

/** Run `ask` for all nodes and pass on what comes of it. Resolves when all have settled. */
async function settleAll(
  attempt: Attempt,
  ask: (storageNode: StorageNode) => Promise<ConfirmationOutcome>,
): Promise<void> {
  const { collector } = attempt;
  const askOne = async (storageNode: StorageNode): Promise<void> => {
    try {
      const outcome = await ask(storageNode);
      if (outcome.kind === 'signed') collector.confirmed(storageNode, outcome.signature);
      else if (outcome.kind === 'ahead') collector.ahead(storageNode, outcome.epoch);
      else collector.failed(storageNode, failureText(outcome));
    } catch (error) {
      // Only the scope's end comes here, or a defect of ours that must not be lost.
      if (!attempt.scope.signal.aborted) attempt.scope.end(error as Error);
      collector.failed(storageNode, 'was not waited for');
    }
  };
  await Promise.all(attempt.storageNodes.map(askOne));
  await collector.exhausted();
}

function failureText(outcome: Exclude<ConfirmationOutcome, { kind: 'signed' | 'ahead' }>): string {
  return outcome.kind === 'failed' ? outcome.reason : 'misses slivers';
}

/** The certificate; or the failure, after everything that was under way has ended. */
async function untilCertificate(
  attempt: Attempt,
  work: Promise<void>,
  signal: AbortSignal | undefined,
): Promise<Certificate> {
  const { collector, scope } = attempt;
  const onAbort = (): void => scope.end(signal?.reason as Error);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await collector.certificate;
  } catch (error) {
    const cause: unknown = scope.signal.aborted ? scope.signal.reason : error;
    scope.end();
    await work;
    throw cause;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

function progressReporter(
  blob: UploadBlob,
  { committee, storageNodes }: Attempt,
  options: UploadOptions,
): (sentBytes: number, confirmedShards: number) => void {
  const perShard = sliverBytes(blob, 'primary') + sliverBytes(blob, 'secondary');
  const totalBytes = committee.shardCount * perShard + storageNodes.length * blob.metadata.length;
  let sentBytes = 0;
  let confirmedShards = 0;
  return (bytes, shards) => {
    sentBytes += bytes;
    confirmedShards += shards;
    const { shardCount } = committee;
    options.onProgress?.({ sentBytes, totalBytes, confirmedShards, shardCount });
  };
}
