/**
 * @file Reads blobs and ranges of blobs; believes nothing that the blob ID does not prove.
 *
 *     blob ID -> metadata (hash equal) -> slivers (Merkle root equal) -> bytes
 *
 * The p systematic primary slivers hold the blob's bytes row by row, so a healthy blob is read by
 * copying, and a range by reading only its rows. What is missing is rebuilt from any p primary
 * slivers, or from any s secondary ones where fewer than p primaries are good.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import { sliverPairIndex, type BlobId, type SliverPairIndex } from '#engine/model/ids.ts';
import {
  faultyShardsMax,
  primarySourceCount,
  secondarySourceCount,
  type Committee,
  type SliverAxis,
} from '#engine/model/walrus.ts';
import { fetchMetadata, type ReadSource, type ReadSourceOptions } from './blob-metadata.ts';
import { failureContext, nodesByShard, type NetworkContext } from './network-context.ts';
import { backoffMs } from './retry.ts';
import { collectSlivers, type Collection } from './sliver-collection.ts';
import type { OpenMetadata } from './sliver-codec.ts';
import { readRangeBySymbols } from './symbol-range.ts';

export interface ReadProgress {
  /** Bytes of verified slivers. */
  readonly receivedBytes: number;
  /** What is needed at least. */
  readonly neededBytes: number;
}

export interface ReadOptions extends ReadSourceOptions {
  readonly signal?: AbortSignal;
  /**
   * Gives memory that the blob is put into, of at least the size that is asked for. Used while
   * nothing has to be decoded.
   */
  readonly memory?: (sizeBytes: number) => Uint8Array;
  /** Called after each verified sliver. Must not throw. */
  readonly onProgress?: (progress: ReadProgress) => void;
}

interface ReadRun {
  readonly context: NetworkContext;
  readonly metadata: OpenMetadata;
  readonly options: ReadOptions;
  readonly signal: AbortSignal;
  /** The nodes that may hold a pair: the current committee's, then the previous one's. */
  readonly sourcesOf: (pair: SliverPairIndex) => readonly ReadSource[];
}

/**
 * The bytes of a blob.
 *
 * Throws `slivers-insufficient` when too few nodes give true slivers, `blob-blocked` when too many
 * refuse, `blob-inconsistent` when the writer encoded it wrongly. Holds about twice the blob in
 * memory while decoding.
 */
export async function readBlob(
  context: NetworkContext,
  blobId: BlobId,
  options: ReadOptions,
): Promise<Uint8Array> {
  return withRun(context, blobId, options, async (run) => {
    const rows = systematicPairs(0, primarySourceCount(run.metadata.shardCount));
    const slivers = await collect(run, 'primary', rows);
    try {
      if (slivers.axis === 'primary' && rows.every((row) => slivers.byPair.has(row))) {
        return joinRows(run.metadata, rows, slivers.byPair, options.memory);
      }
      return await decode(run, slivers);
    } finally {
      giveBack(context, slivers);
    }
  });
}

/**
 * `length` bytes of a blob from `offset` on; both must lie inside the blob.
 * Reads only what holds them while those nodes are well. Throws as `readBlob`, and `usage` for a
 * range outside the blob.
 */
export async function readRange(
  context: NetworkContext,
  blobId: BlobId,
  offset: number,
  length: number,
  options: ReadOptions,
): Promise<Uint8Array> {
  return withRun(context, blobId, options, async (run) => {
    const { metadata } = run;
    checkRange(metadata, offset, length);
    if (length === 0) return new Uint8Array(0);
    const bySymbols = await readRangeBySymbols({ ...run, offset, length });
    if (bySymbols !== undefined) return bySymbols;
    const rowBytes = secondarySourceCount(metadata.shardCount) * metadata.symbolBytes;
    const firstRow = Math.floor(offset / rowBytes);
    const rows = systematicPairs(firstRow, Math.floor((offset + length - 1) / rowBytes) + 1);
    const slivers = await collect(run, 'primary', rows);
    try {
      if (slivers.axis === 'primary' && rows.every((row) => slivers.byPair.has(row))) {
        const start = offset - firstRow * rowBytes;
        return joinRows(metadata, rows, slivers.byPair).slice(start, start + length);
      }
      return (await decode(run, slivers)).slice(offset, offset + length);
    } finally {
      giveBack(context, slivers);
    }
  });
}

/** Nobody reads the slivers any more. */
function giveBack({ bodies }: NetworkContext, { byPair }: EnoughSlivers): void {
  for (const sliver of byPair.values()) bodies.give(sliver);
}

async function withRun<Value>(
  context: NetworkContext,
  blobId: BlobId,
  options: ReadOptions,
  work: (run: ReadRun) => Promise<Value>,
): Promise<Value> {
  const scope = context.openScope(options.signal);
  try {
    scope.signal.throwIfAborted();
    const metadata = await fetchMetadata(context, blobId, options, scope.signal);
    const sourcesOf = sourceLookup(context, metadata, options);
    return await work({ context, metadata, options, signal: scope.signal, sourcesOf });
  } finally {
    scope.end();
  }
}

/** For each pair the nodes whose shard holds it, without naming one twice. */
function sourceLookup(
  { codec }: NetworkContext,
  { blobId, shardCount }: OpenMetadata,
  { committee, previousCommittee }: ReadSourceOptions,
): (pair: SliverPairIndex) => readonly ReadSource[] {
  const committees: Committee[] = [committee];
  if (previousCommittee?.shardCount === shardCount) committees.push(previousCommittee);
  const tables = committees.map((each) => ({ committee: each, byShard: nodesByShard(each) }));
  return (pair) => {
    const shard = codec.shardOfPair(pair, blobId, shardCount);
    const sources: ReadSource[] = [];
    for (const { committee: of, byShard } of tables) {
      const storageNode = byShard.get(shard);
      if (storageNode === undefined) continue;
      if (sources.some((source) => source.storageNode.nodeId === storageNode.nodeId)) continue;
      sources.push({ storageNode, committee: of });
    }
    return sources;
  };
}

function systematicPairs(from: number, to: number): SliverPairIndex[] {
  return Array.from({ length: to - from }, (_, index) => sliverPairIndex(from + index));
}

function checkRange({ blobId, unencodedLength }: OpenMetadata, offset: number, length: number) {
  const isInside =
    Number.isSafeInteger(offset) &&
    Number.isSafeInteger(length) &&
    offset >= 0 &&
    length >= 0 &&
    offset + length <= unencodedLength;
  if (isInside) return;
  throw new EngineError('usage', 'the range lies outside the blob', {
    context: { blobId, offset, length, unencodedLength },
  });
}

interface EnoughSlivers {
  readonly axis: SliverAxis;
  readonly byPair: ReadonlyMap<SliverPairIndex, Uint8Array>;
}

/** Collect until there is enough; walks through all sources more than once before giving up. */
async function collect(
  run: ReadRun,
  axis: SliverAxis,
  wanted: readonly SliverPairIndex[],
): Promise<EnoughSlivers> {
  const { context, metadata, signal } = run;
  const slivers = new Map<SliverPairIndex, Uint8Array>();
  const enough = sourceCount(axis, metadata.shardCount);
  let receivedBytes = 0;
  const onSliver = (sizeBytes: number): void => {
    receivedBytes += sizeBytes;
    const neededBytes = wanted.length * sizeBytes;
    run.options.onProgress?.({ receivedBytes, neededBytes });
  };
  for (let pass = 1; ; pass += 1) {
    const { sourcesOf } = run;
    const request = { metadata, axis, wanted, enough, sourcesOf, signal, onSliver };
    const collection = await collectSlivers(context, request, slivers);
    if (collection.isDone) return { axis, byPair: slivers };
    const isLast = pass >= context.limits.readPassesMax || !collection.isWorthRepeating;
    if (isLast) return giveUpAxis(run, axis, collection);
    context.logger.warn('too few slivers, asking again', {
      blobId: metadata.blobId,
      have: slivers.size,
      enough,
    });
    await context.clock.sleep(backoffMs(pass, context.limits.backoffMs, context.random), signal);
  }
}

/** Fewer than p primaries are good: the secondary ones may still be. */
async function giveUpAxis(
  run: ReadRun,
  axis: SliverAxis,
  collection: Collection,
): Promise<EnoughSlivers> {
  const { blobId, shardCount } = run.metadata;
  const enough = sourceCount(axis, shardCount);
  const blockedWeight = run.options.committee.members
    .filter(({ nodeId }) => collection.blockedNodes.has(nodeId))
    .reduce((sum, { shards }) => sum + shards.length, 0);
  if (blockedWeight > faultyShardsMax(shardCount)) {
    throw new EngineError('blob-blocked', 'the storage nodes refuse to serve the blob', {
      context: { blobId, blockedShards: blockedWeight },
    });
  }
  if (axis === 'primary') {
    const any = systematicPairs(0, sourceCount('secondary', shardCount));
    // A pair's secondary sliver is systematic where its index, n - 1 - pair, is below s.
    return collect(
      run,
      'secondary',
      any.map((column) => sliverPairIndex(shardCount - 1 - column)),
    );
  }
  throw new EngineError(
    'slivers-insufficient',
    `${String(collection.slivers.size)} of the ${String(enough)} slivers needed`,
    { context: { blobId, ...failureContext(collection.failures) } },
  );
}

function sourceCount(axis: SliverAxis, shardCount: number): number {
  return axis === 'primary' ? primarySourceCount(shardCount) : secondarySourceCount(shardCount);
}

function decode(run: ReadRun, { axis, byPair }: EnoughSlivers): Promise<Uint8Array> {
  const { context, metadata, signal } = run;
  const slivers = [...byPair.values()].slice(0, sourceCount(axis, metadata.shardCount));
  return context.codec.decodeBlob({ metadata, axis, slivers }, { areVerified: true, signal });
}

/**
 * The bytes of consecutive systematic rows, cut at the end of the blob. Each was verified against
 * the metadata, so nothing is left for a decoder to check.
 */
function joinRows(
  metadata: OpenMetadata,
  rows: readonly SliverPairIndex[],
  slivers: ReadonlyMap<SliverPairIndex, Uint8Array>,
  memory: ReadOptions['memory'] = (sizeBytes) => Buffer.allocUnsafeSlow(sizeBytes),
): Uint8Array {
  const rowBytes = secondarySourceCount(metadata.shardCount) * metadata.symbolBytes;
  const start = (rows[0] ?? 0) * rowBytes;
  const end = Math.min(start + rows.length * rowBytes, metadata.unencodedLength);
  const sizeBytes = Math.max(0, end - start);
  const joined = memory(sizeBytes).subarray(0, sizeBytes);
  for (const [position, row] of rows.entries()) {
    const sliver = slivers.get(row);
    const place = position * rowBytes;
    if (sliver === undefined || place >= joined.length) break;
    // BCS SliverData: a length prefix before the bytes, symbol size and index (4 bytes) after.
    const dataStart = sliver.length - 4 - rowBytes;
    joined.set(
      sliver.subarray(dataStart, dataStart + Math.min(rowBytes, joined.length - place)),
      place,
    );
  }
  return joined;
}
