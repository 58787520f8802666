/**
 * @file A node that misses slivers of a certified blob gets them from the other nodes.
 *
 * Two ways. Few slivers are rebuilt one by one from recovery symbols with proofs, which moves
 * little data but makes every other node encode a sliver per symbol. Many slivers (a node that
 * was down misses two per shard) come cheaper from the blob itself: any `primarySourceCount`
 * primary slivers rebuild it, and encoding it again gives all that is missing. Nothing is stored
 * that was not verified against the metadata, and the metadata against the blob ID.
 */
import { blobIdFromBytes, type BlobId } from '#engine/model/ids.ts';
import type { SliverAxis, StorageNode } from '#engine/model/walrus.ts';
import { sliverFault } from './endpoints/slivers.ts';
import {
  otherAxis,
  pairOfShard,
  sliverOfPair,
  symbolsToRecover,
  type Encoding,
  type VerifiedMetadata,
} from './encoding.ts';
import { storedMetadata } from './node-context.ts';
import type { PeerClient } from './peer-client.ts';
import type { SliverStore } from './sliver-store.ts';
import {
  BcsReader,
  decodeMetadataOutline,
  decodeSliverOutline,
  Undecodable,
  type SliverOutline,
} from './wire.ts';

/** Up to this many missing slivers are rebuilt from symbols. */
const SYMBOL_RECOVERY_SLIVERS_MAX = 2;
/** A larger blob is not rebuilt in memory; its slivers come from symbols, however many. */
const REENCODED_BLOB_BYTES_MAX = 256 * 1024 * 1024;

export interface RecoveryContext {
  readonly encoding: Encoding;
  readonly store: SliverStore;
  readonly peers: PeerClient;
  /** Who may have the data: the current committee, without this node. */
  readonly others: () => readonly StorageNode[];
  /** One blob at a time is rebuilt in a process. */
  readonly reencodeTurn: <T>(work: () => Promise<T>) => Promise<T>;
}

export interface MissingSliver {
  readonly shard: number;
  readonly pair: number;
  readonly axis: SliverAxis;
}

export type RecoveryOutcome =
  | { readonly kind: 'complete'; readonly recoveredCount: number }
  /** Too few other nodes have what is needed. */
  | { readonly kind: 'incomplete'; readonly missingCount: number }
  /** The blob was encoded wrongly: BCS of a proof on the axis. */
  | { readonly kind: 'inconsistent'; readonly axis: SliverAxis; readonly proof: Uint8Array };

/** What the shards lack of a blob. */
export function missingSlivers(
  { store, encoding }: Pick<RecoveryContext, 'store' | 'encoding'>,
  blobId: BlobId,
  shards: readonly number[],
): readonly MissingSliver[] {
  return shards.flatMap((shard) =>
    (['primary', 'secondary'] as const)
      .filter((axis) => !store.hasSliver(blobId, shard, axis))
      .map((axis) => ({ shard, axis, pair: pairOfShard(encoding.shape, blobId, shard) })),
  );
}

/** Fetch or rebuild metadata and slivers of a blob for the given shards. */
export async function recoverBlob(
  context: RecoveryContext,
  blobId: BlobId,
  shards: readonly number[],
  signal: AbortSignal,
): Promise<RecoveryOutcome> {
  const missing = missingSlivers(context, blobId, shards);
  if (missing.length === 0 && context.store.hasMetadata(blobId)) {
    return { kind: 'complete', recoveredCount: 0 };
  }
  const metadata =
    storedMetadata(context, blobId) ?? (await fetchMetadata(context, blobId, signal));
  if (!metadata) return { kind: 'incomplete', missingCount: missing.length };
  if (missing.length === 0) return { kind: 'complete', recoveredCount: 0 };
  const fromBlob =
    missing.length > SYMBOL_RECOVERY_SLIVERS_MAX &&
    metadata.unencodedLength <= REENCODED_BLOB_BYTES_MAX &&
    (await context.reencodeTurn(() => recoverFromBlob(context, metadata, missing, signal)));
  if (fromBlob) return { kind: 'complete', recoveredCount: missing.length };
  return recoverFromSymbols(context, metadata, missing, signal);
}

async function fetchMetadata(
  context: RecoveryContext,
  blobId: BlobId,
  signal: AbortSignal,
): Promise<VerifiedMetadata | undefined> {
  for (const peer of shuffled(context.others())) {
    const answer = await context.peers.fetch(
      peer,
      { method: 'GET', path: `/v1/blobs/${blobId}/metadata` },
      signal,
    );
    const bytes = answer?.subarray(32);
    if (!answer || !bytes || blobIdFromBytes(answer.subarray(0, 32)) !== blobId) continue;
    const metadata = decodes(() => decodeMetadataOutline(bytes))
      ? context.encoding.openMetadata(blobId, bytes)
      : undefined;
    if (!metadata) continue;
    context.store.putMetadata(blobId, bytes);
    return metadata;
  }
  return undefined;
}

/** Returns whether everything missing was stored. */
async function recoverFromBlob(
  context: RecoveryContext,
  metadata: VerifiedMetadata,
  missing: readonly MissingSliver[],
  signal: AbortSignal,
): Promise<boolean> {
  const { shape } = context.encoding;
  const sources = await collectPrimarySlivers(context, metadata, signal);
  if (sources.length < shape.primarySourceCount) return false;
  const blob = await context.encoding.reencode(metadata, sources);
  if (!blob) return false;
  try {
    for (const { shard, pair, axis } of missing) {
      signal.throwIfAborted();
      context.store.putSliver(metadata.blobId, shard, axis, blob.sliver(pair, axis));
    }
  } finally {
    blob.release();
  }
  return true;
}

/** Verified primary slivers, own ones first, until there are enough or nobody is left. */
async function collectPrimarySlivers(
  context: RecoveryContext,
  metadata: VerifiedMetadata,
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const { shape } = context.encoding;
  const { blobId } = metadata;
  const slivers: Uint8Array[] = [];
  for (let shard = 0; shard < shape.shardCount; shard += 1) {
    const own = context.store.sliver(blobId, shard, 'primary');
    if (own && (await isGenuine(context, metadata, 'primary', own))) slivers.push(own);
    if (slivers.length === shape.primarySourceCount) return slivers;
  }
  for (const peer of shuffled(context.others())) {
    for (const shard of peer.shards) {
      if (context.store.hasSliver(blobId, shard, 'primary')) continue;
      const pair = pairOfShard(shape, blobId, shard);
      const sliver = await context.peers.fetch(
        peer,
        { method: 'GET', path: `/v1/blobs/${blobId}/slivers/${String(pair)}/primary` },
        signal,
      );
      // A node that does not have one will not have the others either.
      if (!sliver) break;
      if (await isGenuine(context, metadata, 'primary', sliver, pair)) slivers.push(sliver);
      if (slivers.length === shape.primarySourceCount) return slivers;
    }
  }
  return slivers;
}

async function recoverFromSymbols(
  context: RecoveryContext,
  metadata: VerifiedMetadata,
  missing: readonly MissingSliver[],
  signal: AbortSignal,
): Promise<RecoveryOutcome> {
  let recoveredCount = 0;
  for (const { shard, pair, axis } of missing) {
    const symbols = await collectSymbols(context, metadata, pair, axis, signal);
    const recovered = await context.encoding.recoverSliver(metadata, axis, pair, symbols);
    switch (recovered.kind) {
      case 'recovered':
        context.store.putSliver(metadata.blobId, shard, axis, recovered.sliver);
        recoveredCount += 1;
        break;
      case 'inconsistent':
        return { kind: 'inconsistent', axis, proof: recovered.proof };
      case 'too-few-symbols':
        break;
    }
  }
  const missingCount = missing.length - recoveredCount;
  return missingCount === 0
    ? { kind: 'complete', recoveredCount }
    : { kind: 'incomplete', missingCount };
}

async function collectSymbols(
  context: RecoveryContext,
  metadata: VerifiedMetadata,
  pair: number,
  axis: SliverAxis,
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const { shape } = context.encoding;
  const target = sliverOfPair(shape, axis, pair);
  const needed = symbolsToRecover(shape, axis);
  const symbols = await ownSymbols(context, metadata, axis, target);
  for (const peer of shuffled(context.others())) {
    if (symbols.length >= needed) break;
    const answer = await context.peers.fetch(
      peer,
      {
        method: 'GET',
        path:
          `/v1/blobs/${metadata.blobId}/recoverySymbols` +
          `?targetSliver=${String(target)}&targetType=${axis}`,
      },
      signal,
    );
    if (!answer) continue;
    for (const symbol of splitSymbols(answer)) {
      if (await context.encoding.isSymbolGenuine(metadata, axis, target, symbol)) {
        symbols.push(symbol);
      }
    }
  }
  return symbols;
}

/** What the node's own slivers of the other axis contribute. */
async function ownSymbols(
  context: RecoveryContext,
  metadata: VerifiedMetadata,
  axis: SliverAxis,
  target: number,
): Promise<Uint8Array[]> {
  const sourceAxis = otherAxis(axis);
  const symbols: Uint8Array[] = [];
  for (let shard = 0; shard < context.encoding.shape.shardCount; shard += 1) {
    const sliver = context.store.sliver(metadata.blobId, shard, sourceAxis);
    if (!sliver || !(await isGenuine(context, metadata, sourceAxis, sliver))) continue;
    symbols.push(
      ...(await context.encoding.recoverySymbols(metadata, sourceAxis, sliver, [target])),
    );
  }
  return symbols;
}

/** The symbols of an answer, each as BCS of its own. Empty when undecodable. */
function splitSymbols(answer: Uint8Array): Uint8Array[] {
  const symbols: Uint8Array[] = [];
  decodes(() => {
    const reader = new BcsReader(answer);
    const count = reader.length();
    for (let index = 0; index < count; index += 1) {
      const start = reader.offset;
      reader.bytes(3);
      reader.bytes(reader.length());
      reader.u16();
      const pathLength = reader.length();
      for (let level = 0; level < pathLength; level += 1) {
        if (reader.length() === 1) reader.bytes(32);
      }
      symbols.push(answer.subarray(start, reader.offset));
    }
  });
  return symbols;
}

/** Whether a sliver is the one that the metadata names, and of the pair if one is given. */
export async function isGenuine(
  context: Pick<RecoveryContext, 'encoding'>,
  metadata: VerifiedMetadata,
  axis: SliverAxis,
  sliver: Uint8Array,
  pair?: number,
): Promise<boolean> {
  let outline: SliverOutline;
  try {
    outline = decodeSliverOutline(sliver);
  } catch (error) {
    if (error instanceof Undecodable) return false;
    throw error;
  }
  if (
    pair !== undefined &&
    sliverOfPair(context.encoding.shape, axis, pair) !== outline.sliverIndex
  ) {
    return false;
  }
  return (await sliverFault(context, metadata, axis, sliver, outline)) === undefined;
}

function decodes(decode: () => unknown): boolean {
  try {
    decode();
    return true;
  } catch (error) {
    if (error instanceof Undecodable) return false;
    throw error;
  }
}

/** Spreads the load; which node is asked first matters to nobody. */
function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
