/**
 * @file The encoder against the official one: every sliver, the metadata and the blob ID.
 *
 * For each shard count: the lengths where rounding changes, up to the largest that the official
 * encoder does in reasonable time, and lengths and contents from a seed. FLOE_TEST_SEED repeats a
 * run, FLOE_TEST_CASES sets the number of seeded cases for every shard count; the seed is printed.
 */
import { randomInt } from 'node:crypto';
import { BlobEncoder } from '@mysten/walrus-wasm';
import { describe, expect, test } from 'vitest';
import { computeBlobMetadata, encodeBlob } from '#engine/codec/rs2.ts';
import { blobIdFromBytes, sliverPairIndex } from '#engine/model/ids.ts';
import {
  blobBytesMax,
  primarySourceCount,
  secondarySourceCount,
  symbolBytes,
} from '#engine/model/walrus.ts';

const seed = Number(process.env['FLOE_TEST_SEED'] ?? randomInt(2 ** 31));
const casesAsked = process.env['FLOE_TEST_CASES'];
process.stdout.write(`wasm-encoder: FLOE_TEST_SEED=${String(seed)}\n`);

const MIB = 1024 * 1024;

/** The official encoder does 10 to 20 MiB/s, and at 1000 shards takes a second for nothing at all. */
const plans = [
  { shardCount: 4, seededCases: 200, seededBytesMax: 64 * 1024 },
  { shardCount: 7, seededCases: 200, seededBytesMax: 64 * 1024 },
  { shardCount: 10, seededCases: 200, seededBytesMax: 64 * 1024 },
  { shardCount: 13, seededCases: 200, seededBytesMax: 64 * 1024 },
  { shardCount: 31, seededCases: 200, seededBytesMax: 128 * 1024 },
  { shardCount: 100, seededCases: 200, seededBytesMax: 1 * MIB },
  { shardCount: 300, seededCases: 40, seededBytesMax: 2 * MIB },
  { shardCount: 1000, seededCases: 8, seededBytesMax: 4 * MIB },
];
const MAXIMUM_SHARDS = 100;
/** An hour, for as many cases as anybody asks for. */
const SWEEP_TIMEOUT_MS = 3_600_000;
/** Larger maxima are left to the seeded lengths: the official encoder would take a minute. */
const FULL_BLOB_BYTES_MAX = 16 * MIB;

/** A generator of numbers below 2^32 that a seed repeats (xorshift). */
function chance(state: number): () => number {
  let x = (state >>> 0) + 0x9e3779b9;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

function noise(length: number, state: number): Uint8Array {
  const next = chance(state);
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let index = 0; index < words.length; index += 1) words[index] = next();
  return new Uint8Array(words.buffer, 0, length);
}

/** Where the symbol size changes, and where it passes the code's 64-byte block. */
function boundaryLengths(shardCount: number): number[] {
  const symbols = primarySourceCount(shardCount) * secondarySourceCount(shardCount);
  const max = blobBytesMax(shardCount);
  const lengths = [2, 64, 66].flatMap((bytes) =>
    [-1, 0, 1].map((difference) => bytes * symbols + difference),
  );
  return [0, 1, ...lengths, ...(max <= FULL_BLOB_BYTES_MAX ? [max - 1, max] : [])].filter(
    (length) => length <= FULL_BLOB_BYTES_MAX,
  );
}

interface Official {
  readonly blobId: string;
  readonly rootHash: Uint8Array;
  readonly metadata: Uint8Array;
  readonly primary: readonly Uint8Array[];
  readonly secondary: readonly Uint8Array[];
}

const ulebBytes = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...ulebBytes(value >>> 7)];

interface OfficialHashes {
  readonly primary_hash: { readonly Digest: readonly number[] };
  readonly secondary_hash: { readonly Digest: readonly number[] };
}

function encodeOfficially(encoder: BlobEncoder, blob: Uint8Array, shardCount: number): Official {
  const symbol = symbolBytes(blob.length, shardCount);
  const buffers = (symbols: number): Uint8Array[] => {
    const length = symbols * symbol;
    return Array.from(
      { length: shardCount },
      () => new Uint8Array(ulebBytes(length).length + length + 4),
    );
  };
  const primary = buffers(secondarySourceCount(shardCount));
  const secondary = buffers(primarySourceCount(shardCount));
  const [withId, rootHash] = encoder.encode(blob, primary, secondary) as [
    {
      readonly blob_id: readonly number[];
      readonly metadata: { readonly V1: { readonly hashes: readonly OfficialHashes[] } };
    },
    { readonly Digest: readonly number[] },
  ];
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(blob.length));
  const hashes = withId.metadata.V1.hashes.flatMap((pair) => [
    ...[1, ...pair.primary_hash.Digest],
    ...[1, ...pair.secondary_hash.Digest],
  ]);
  return {
    blobId: blobIdFromBytes(Uint8Array.from(withId.blob_id)),
    rootHash: Uint8Array.from(rootHash.Digest),
    metadata: Uint8Array.from([0, 1, ...length, ...ulebBytes(shardCount), ...hashes]),
    primary,
    secondary,
  };
}

async function expectSame(encoder: BlobEncoder, blob: Uint8Array, shardCount: number) {
  const official = encodeOfficially(encoder, blob, shardCount);
  const ours = await encodeBlob(blob, shardCount);
  try {
    const differences: string[] = [];
    const compare = (what: string, mine: Uint8Array, theirs: Uint8Array): void => {
      if (Buffer.compare(mine, theirs) !== 0) differences.push(what);
    };
    compare('metadata', ours.metadata, official.metadata);
    compare('root hash', ours.rootHash, official.rootHash);
    for (let index = 0; index < shardCount; index += 1) {
      const pair = sliverPairIndex(index);
      for (const axis of ['primary', 'secondary'] as const) {
        const theirs = official[axis][index] ?? new Uint8Array(0);
        compare(`${axis} sliver of pair ${String(index)}`, ours.sliver(pair, axis), theirs);
      }
    }
    expect(differences, `${String(blob.length)} bytes`).toEqual([]);
    expect(ours.blobId).toBe(official.blobId);
    expect((await computeBlobMetadata(blob, shardCount)).blobId).toBe(official.blobId);
  } finally {
    ours.release();
  }
}

describe.each(plans)('over $shardCount shards', ({ shardCount, seededCases, seededBytesMax }) => {
  const encoder = new BlobEncoder(shardCount);

  test('slivers are equal at every rounding boundary', async () => {
    for (const length of boundaryLengths(shardCount)) {
      await expectSame(encoder, noise(length, length), shardCount);
    }
  });

  test('slivers of seeded blobs are equal', { timeout: SWEEP_TIMEOUT_MS }, async () => {
    const next = chance(seed ^ shardCount);
    const max = Math.min(seededBytesMax, blobBytesMax(shardCount));
    const cases = casesAsked === undefined ? seededCases : Number(casesAsked);
    for (let index = 0; index < cases; index += 1) {
      await expectSame(encoder, noise(next() % (max + 1), next()), shardCount);
    }
  });
});

// Beyond these shard counts a payload of the maximum does not fit memory.
test.each(plans.filter(({ shardCount }) => shardCount <= MAXIMUM_SHARDS))(
  'one byte more than $shardCount shards hold is refused',
  async ({ shardCount }) => {
    const payload = new Uint8Array(blobBytesMax(shardCount) + 1);
    const results = [encodeBlob(payload, shardCount), computeBlobMetadata(payload, shardCount)];
    for (const result of results) {
      await expect(result).rejects.toMatchObject({ code: 'blob-too-large' });
    }
  },
);

test.each([100, 300, 1000])('64 MiB over %i shards are equal', async (shardCount) => {
  await expectSame(new BlobEncoder(shardCount), noise(64 * MIB, seed), shardCount);
});
