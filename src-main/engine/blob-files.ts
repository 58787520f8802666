/** @file The encoding by itself, as `floe blob` offers it: bytes to slivers and back. */
import {
  computeBlobMetadata,
  decodeBlob,
  encodeBlob,
  readMetadata,
  type ParsedMetadata,
} from './codec/rs2.ts';
import { EngineError, hasCode } from './model/engine-error.ts';
import { sliverPairIndex, type SliverPairIndex } from './model/ids.ts';
import {
  encodedBytes,
  primarySourceCount,
  secondarySourceCount,
  type SliverAxis,
} from './model/walrus.ts';

export interface BlobFacts {
  readonly blobId: string;
  readonly rootHash: string;
  readonly unencodedLength: number;
  readonly symbolBytes: number;
  readonly shardCount: number;
  readonly encodedBytes: bigint;
}

const factsOf = (metadata: {
  readonly blobId: string;
  readonly rootHash: Uint8Array;
  readonly unencodedLength: number;
  readonly symbolBytes: number;
  readonly shardCount: number;
}): BlobFacts => ({
  blobId: metadata.blobId,
  rootHash: Buffer.from(metadata.rootHash).toString('hex'),
  unencodedLength: metadata.unencodedLength,
  symbolBytes: metadata.symbolBytes,
  shardCount: metadata.shardCount,
  encodedBytes: encodedBytes(metadata.unencodedLength, metadata.shardCount),
});

/** @throws EngineError `blob-too-large` */
export async function describeBlob(
  bytes: Uint8Array,
  shardCount: number,
  signal: AbortSignal,
): Promise<BlobFacts> {
  return factsOf(await computeBlobMetadata(bytes, shardCount, { signal }));
}

/** @throws EngineError `blob-too-large` */
export async function encodeToSlivers(
  bytes: Uint8Array,
  shardCount: number,
  sink: {
    readonly signal: AbortSignal;
    readonly onMetadata: (bytes: Uint8Array) => Promise<void>;
    readonly onSliver: (pair: number, axis: SliverAxis, bytes: Uint8Array) => Promise<void>;
  },
): Promise<BlobFacts & { readonly slivers: number }> {
  const encoded = await encodeBlob(bytes, shardCount, { signal: sink.signal });
  try {
    await sink.onMetadata(encoded.metadata);
    for (let pair = 0; pair < shardCount; pair += 1) {
      sink.signal.throwIfAborted();
      for (const axis of ['primary', 'secondary'] as const) {
        await sink.onSliver(pair, axis, encoded.sliver(sliverPairIndex(pair), axis));
      }
    }
    return { ...factsOf(encoded), slivers: 2 * shardCount };
  } finally {
    encoded.release();
  }
}

export interface SliverFile {
  readonly pair: number;
  readonly axis: SliverAxis;
  readonly read: () => Promise<Uint8Array>;
}

/**
 * Rebuild a blob from whatever slivers verify: p primary or s secondary ones are enough.
 *
 * @throws EngineError `slivers-insufficient`, `blob-inconsistent`, `encoding-invalid-input`
 */
export async function decodeFromSlivers(
  metadataBytes: Uint8Array,
  files: readonly SliverFile[],
  shardCount: number,
  signal: AbortSignal,
): Promise<{ readonly blobId: string; readonly bytes: Uint8Array; readonly skipped: number }> {
  const metadata = readMetadata(metadataBytes, shardCount);
  let skipped = 0;
  for (const axis of ['primary', 'secondary'] as const) {
    const needed =
      axis === 'primary' ? primarySourceCount(shardCount) : secondarySourceCount(shardCount);
    const slivers: Uint8Array[] = [];
    for (const file of files.filter((one) => one.axis === axis)) {
      if (slivers.length === needed) break;
      const sliver = await file.read();
      if ((await whyFalse(metadata, file.pair, axis, sliver)) === undefined) slivers.push(sliver);
      else skipped += 1;
    }
    if (slivers.length < needed) continue;
    const bytes = await decodeBlob(
      { metadata, axis, slivers },
      { consistency: 'strict', areVerified: true, signal },
    );
    return { blobId: metadata.blobId, bytes, skipped };
  }
  throw new EngineError('slivers-insufficient', 'there are too few slivers that verify', {
    context: { skipped, files: files.length },
  });
}

/** Why a sliver does not belong to the metadata; undefined when it does. */
export async function verifySliverFile(
  metadataBytes: Uint8Array,
  pair: number,
  axis: SliverAxis,
  sliver: Uint8Array,
  shardCount: number,
): Promise<string | undefined> {
  return whyFalse(readMetadata(metadataBytes, shardCount), pair, axis, sliver);
}

async function whyFalse(
  metadata: ParsedMetadata,
  pair: number,
  axis: SliverAxis,
  sliver: Uint8Array,
): Promise<string | undefined> {
  if (pair >= metadata.shardCount) return 'there is no such pair';
  const index: SliverPairIndex = sliverPairIndex(pair);
  try {
    await metadata.verifySliver(axis, index, sliver);
    return undefined;
  } catch (error) {
    if (!hasCode(error, 'encoding-invalid-input')) throw error;
    return error.message;
  }
}
