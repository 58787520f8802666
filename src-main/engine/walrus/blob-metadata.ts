/**
 * @file Fetches a blob's metadata and believes it only if its blob ID is the one asked for.
 *
 * Any one node that tells the truth is enough. They are asked one after another, the next as soon
 * as one fails, falls silent or lies: any number of nodes from one works.
 */
import { EngineError, hasCode } from '#engine/model/engine-error.ts';
import { blobIdToBytes, type BlobId } from '#engine/model/ids.ts';
import { faultyShardsMax, type Committee, type StorageNode } from '#engine/model/walrus.ts';
import { metadataBcsBytes } from './limits.ts';
import { failureContext, type NetworkContext, type NodeFailure } from './network-context.ts';
import { backoffMs } from './retry.ts';
import type { OpenMetadata } from './sliver-codec.ts';
import { getMetadata } from './storage-node-client.ts';

const BLOB_ID_BYTES = 32;
/** Reads go before uploads where room is short: somebody waits for them. */
export const READ_RANK = 0;

/** A node to ask, with the committee that its weight counts in. */
export interface ReadSource {
  readonly storageNode: StorageNode;
  readonly committee: Committee;
}

export interface ReadSourceOptions {
  readonly committee: Committee;
  /** Given while shards move: the nodes they move from still serve them. */
  readonly previousCommittee?: Committee | undefined;
}

/**
 * The verified metadata of a blob.
 *
 * Throws `blob-blocked` when more than f shards' nodes refuse it, `slivers-insufficient` when no
 * node gives it.
 */
export async function fetchMetadata(
  context: NetworkContext,
  blobId: BlobId,
  options: ReadSourceOptions,
  signal: AbortSignal,
): Promise<OpenMetadata> {
  const known = context.knownMetadata.find(blobId);
  if (known?.shardCount === options.committee.shardCount) return known;
  for (let pass = 1; ; pass += 1) {
    const attempt = await askInTurn(context, blobId, options, signal);
    if (attempt.metadata !== undefined) {
      context.knownMetadata.keep(attempt.metadata);
      return attempt.metadata;
    }
    if (attempt.blockedWeight > faultyShardsMax(options.committee.shardCount)) {
      throw new EngineError('blob-blocked', 'the storage nodes refuse to serve the blob', {
        context: { blobId },
      });
    }
    if (pass >= context.limits.readPassesMax || !attempt.isWorthRepeating) {
      throw new EngineError('slivers-insufficient', 'no storage node gives the metadata', {
        context: { blobId, ...failureContext(attempt.failures) },
      });
    }
    await context.clock.sleep(backoffMs(pass, context.limits.backoffMs, context.random), signal);
  }
}

interface MetadataAttempt {
  metadata: OpenMetadata | undefined;
  blockedWeight: number;
  isWorthRepeating: boolean;
  readonly failures: NodeFailure[];
}

function askInTurn(
  context: NetworkContext,
  blobId: BlobId,
  options: ReadSourceOptions,
  signal: AbortSignal,
): Promise<MetadataAttempt> {
  const sources = metadataSources(context, options);
  const scope = context.openScope(signal);
  const attempt: MetadataAttempt = {
    metadata: undefined,
    blockedWeight: 0,
    isWorthRepeating: false,
    failures: [],
  };
  return new Promise<MetadataAttempt>((resolve, reject) => {
    let liveCount = 0;
    let next = 0;
    const startNext = (): void => {
      const source = sources[next];
      if (source === undefined) {
        if (liveCount === 0) resolve(attempt);
        return;
      }
      next += 1;
      liveCount += 1;
      let hasSuccessor = false;
      const startSuccessor = (): void => {
        if (hasSuccessor || attempt.metadata !== undefined) return;
        hasSuccessor = true;
        startNext();
      };
      askOne(context, blobId, source, attempt, scope.signal, startSuccessor).then(
        (metadata) => {
          liveCount -= 1;
          if (metadata === undefined) {
            startSuccessor();
            if (liveCount === 0 && next >= sources.length) resolve(attempt);
            return;
          }
          attempt.metadata = metadata;
          resolve(attempt);
        },
        (error: unknown) => reject(error as Error),
      );
    };
    startNext();
  }).finally(() => scope.end());
}

/** Ask one node. Undefined when it did not give the true metadata; `attempt` then says why. */
async function askOne(
  context: NetworkContext,
  blobId: BlobId,
  { storageNode, committee }: ReadSource,
  attempt: MetadataAttempt,
  signal: AbortSignal,
  onStall: () => void,
): Promise<OpenMetadata | undefined> {
  const connection = context.connect(storageNode, committee);
  const sizeBytes = BLOB_ID_BYTES + metadataBcsBytes(committee.shardCount);
  const answer = await getMetadata(connection, blobId, sizeBytes, {
    signal,
    rank: READ_RANK,
    onStall,
  });
  const fail = (reason: string): undefined => {
    const { nodeId, shards } = storageNode;
    attempt.failures.push({ nodeId, shardWeight: shards.length, reason });
    return undefined;
  };
  if (answer.kind === 'ok') {
    const metadata = openIfTrue(context, blobId, committee.shardCount, answer.value);
    if (metadata !== undefined) return metadata;
    connection.reportFalseAnswer('gave other metadata than the blob ID says');
    return fail('gave other metadata than the blob ID says');
  }
  if (answer.kind === 'refused' && answer.reason === 'FORBIDDEN_BLOB') {
    attempt.blockedWeight += storageNode.shards.length;
  } else {
    // A node that has not heard of the blob may hear of it in a second.
    attempt.isWorthRepeating = true;
  }
  return fail(answer.message);
}

function openIfTrue(
  context: NetworkContext,
  blobId: BlobId,
  shardCount: number,
  bytes: Uint8Array,
): OpenMetadata | undefined {
  const claimedId = bytes.subarray(0, BLOB_ID_BYTES);
  if (Buffer.compare(claimedId, blobIdToBytes(blobId)) !== 0) return undefined;
  try {
    const metadata = context.codec.readMetadata(bytes.subarray(BLOB_ID_BYTES), shardCount);
    return metadata.blobId === blobId ? metadata : undefined;
  } catch (error) {
    if (hasCode(error, 'encoding-invalid-input')) return undefined;
    throw error;
  }
}

/** Every node of the committees once, healthy ones first, otherwise in random order. */
function metadataSources(
  context: NetworkContext,
  { committee, previousCommittee }: ReadSourceOptions,
): ReadSource[] {
  const known = new Set(committee.members.map(({ nodeId }) => nodeId));
  const current = committee.members
    .filter(({ shards }) => shards.length > 0)
    .map((storageNode) => ({ storageNode, committee }));
  const previous = (previousCommittee?.members ?? [])
    .filter(({ nodeId, shards }) => shards.length > 0 && !known.has(nodeId))
    .map((storageNode) => ({ storageNode, committee: previousCommittee ?? committee }));
  return orderSources(context, [...current, ...previous]);
}

/** Random order, then those in bad health last. */
function orderSources(context: NetworkContext, sources: readonly ReadSource[]): ReadSource[] {
  const drawn = sources.map((source) => ({
    source,
    draw: Buffer.from(context.random.bytes(4)).readUInt32LE(),
    isAvoided: context.connect(source.storageNode, source.committee).isAvoided(),
  }));
  return drawn
    .toSorted((a, b) => Number(a.isAvoided) - Number(b.isAvoided) || a.draw - b.draw)
    .map(({ source }) => source);
}
