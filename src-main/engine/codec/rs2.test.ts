import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { EngineError } from '../model/engine-error.ts';
import { parseBlobId, shardIndex, sliverPairIndex } from '../model/ids.ts';
import { primarySourceCount, secondarySourceCount, type SliverAxis } from '../model/walrus.ts';
import {
  computeBlobMetadata,
  decodeBlob,
  decodingSymbols,
  encodeBlob,
  openVerifiedMetadata,
  pairOfShard,
  pairOfSliver,
  readMetadata,
  recoverSliver,
  recoverySymbols,
  shardOfPair,
  sliverIndexOf,
  splitRecoverySymbols,
  verifyInconsistencyProof,
  verifyRecoverySymbol,
  verifySliver,
  type EncodedBlob,
} from './rs2.ts';

interface PairVector {
  readonly pair: number;
  readonly primary_root: string;
  readonly secondary_root: string;
  readonly primary_bcs_sha256: string;
  readonly secondary_bcs_sha256: string;
  readonly primary_index: number;
  readonly secondary_index: number;
  readonly shard: number;
}

interface Vector {
  readonly n_shards: number;
  readonly input: { readonly length: number };
  readonly symbol_size: number;
  readonly blob_id_base64url: string;
  readonly root_hash_hex: string;
  readonly pair_of_shard_0: number;
  readonly all_pair_hashes_sha256: string;
  readonly pairs?: readonly PairVector[];
  readonly all_primary_bcs_sha256?: string;
  readonly all_secondary_bcs_sha256?: string;
  readonly expected_error?: string;
}

const vectorFile = new URL('../../../test/vectors/rs2.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(vectorFile, 'utf8')) as {
  readonly vectors: readonly Vector[];
};

/** The rule that the vectors name. */
const inputOf = (length: number): Uint8Array =>
  new Uint8Array(length).map((_, index) => (index * 7 + 3) % 251);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const sha256 = (...parts: readonly Uint8Array[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};
const pairs = (shardCount: number) =>
  Array.from({ length: shardCount }, (_, i) => sliverPairIndex(i));
const sliversOf = (encoded: EncodedBlob, axis: SliverAxis): Uint8Array[] =>
  pairs(encoded.shardCount).map((pair) => encoded.sliver(pair, axis));

async function reasonOf(work: Promise<unknown> | (() => unknown)): Promise<unknown> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (error instanceof EngineError) return [error.code, error.context['reason']];
    throw error;
  }
  return 'nothing was thrown';
}

describe('recorded encodings', () => {
  const rows = vectors.map((vector) => ({
    name: `${String(vector.input.length)} bytes over ${String(vector.n_shards)} shards`,
    vector,
  }));

  test.each(rows.filter(({ vector }) => vector.expected_error === undefined))(
    '$name are reproduced',
    async ({ vector }) => {
      const shardCount = vector.n_shards;
      const encoded = await encodeBlob(inputOf(vector.input.length), shardCount);
      expect(encoded.blobId).toBe(vector.blob_id_base64url);
      expect(hex(encoded.rootHash)).toBe(vector.root_hash_hex);
      expect(encoded.symbolBytes).toBe(vector.symbol_size);
      const hashes = encoded.parsed.hashPairs();
      const hashBytes = hashes.flatMap(({ primary, secondary }) => [primary, secondary]);
      expect(sha256(...hashBytes)).toBe(vector.all_pair_hashes_sha256);
      expect(pairOfShard(shardIndex(0), encoded.blobId, shardCount)).toBe(vector.pair_of_shard_0);
      for (const expected of vector.pairs ?? []) {
        const pair = sliverPairIndex(expected.pair);
        expect(sha256(encoded.sliver(pair, 'primary'))).toBe(expected.primary_bcs_sha256);
        expect(sha256(encoded.sliver(pair, 'secondary'))).toBe(expected.secondary_bcs_sha256);
        expect(sliverIndexOf(pair, 'primary', shardCount)).toBe(expected.primary_index);
        expect(sliverIndexOf(pair, 'secondary', shardCount)).toBe(expected.secondary_index);
        expect(pairOfSliver(expected.secondary_index, 'secondary', shardCount)).toBe(pair);
        expect(shardOfPair(pair, encoded.blobId, shardCount)).toBe(expected.shard);
      }
      if (vector.all_primary_bcs_sha256 !== undefined) {
        expect(sha256(...sliversOf(encoded, 'primary'))).toBe(vector.all_primary_bcs_sha256);
        expect(sha256(...sliversOf(encoded, 'secondary'))).toBe(vector.all_secondary_bcs_sha256);
      }
      encoded.release();
    },
  );

  test.each(rows.filter(({ vector }) => vector.expected_error !== undefined))(
    '$name are refused',
    async ({ vector }) => {
      const isTooFew = vector.n_shards < 4;
      expect(await reasonOf(encodeBlob(inputOf(vector.input.length), vector.n_shards))).toEqual(
        isTooFew ? ['encoding-invalid-input', 'shard-count'] : ['blob-too-large', 'blob-too-large'],
      );
    },
  );
});

describe('an encoded blob', () => {
  test('comes back from its last slivers of either axis', async () => {
    const blob = inputOf(100_000);
    const encoded = await encodeBlob(blob, 13);
    const primary = sliversOf(encoded, 'primary').slice(-primarySourceCount(13));
    // Secondary slivers run backwards, so the first pairs hold the last columns.
    const secondary = sliversOf(encoded, 'secondary').slice(0, secondarySourceCount(13));
    const metadata = encoded.parsed;
    for (const consistency of ['default', 'strict'] as const) {
      for (const [axis, slivers] of [
        ['primary', primary],
        ['secondary', secondary],
      ] as const) {
        expect(hex(await decodeBlob({ metadata, axis, slivers }, { consistency }))).toBe(hex(blob));
      }
    }
    expect(
      await reasonOf(decodeBlob({ metadata, axis: 'primary', slivers: primary.slice(1) })),
    ).toEqual(['slivers-insufficient', 'insufficient']);
  });

  test('has metadata that parses to the same', async () => {
    const encoded = await encodeBlob(inputOf(5000), 10);
    const computed = await computeBlobMetadata(inputOf(5000), 10);
    const read = readMetadata(encoded.metadata, 10);
    for (const metadata of [computed, read]) {
      expect(metadata.blobId).toBe(encoded.blobId);
      expect(hex(metadata.bcs)).toBe(hex(encoded.metadata));
      expect(metadata.unencodedLength).toBe(5000);
    }
    expect(openVerifiedMetadata(encoded.metadata, 10, encoded.blobId).symbolBytes).toBe(180);
    const other = parseBlobId('3GPQL3HZNnFhN_F7l5Aa-X1VOtAKwIsg9zuWk8R81v4');
    expect(await reasonOf(() => openVerifiedMetadata(encoded.metadata, 10, other))).toEqual([
      'encoding-invalid-input',
      'blob-id',
    ]);
    expect(await reasonOf(() => readMetadata(encoded.metadata, 13))).toEqual([
      'encoding-invalid-input',
      'hash-count',
    ]);
  });

  test('writes slivers into memory that is large enough', async () => {
    const encoded = await encodeBlob(inputOf(3000), 7);
    const out = new Uint8Array(5000);
    for (const axis of ['primary', 'secondary'] as const) {
      for (const pair of pairs(7)) {
        const sizeBytes = encoded.sliverInto(pair, axis, out.fill(255));
        expect(hex(out.subarray(0, sizeBytes))).toBe(hex(encoded.sliver(pair, axis)));
        expect(out[sizeBytes]).toBe(255);
      }
    }
    expect(
      await reasonOf(() => encoded.sliverInto(sliverPairIndex(0), 'primary', new Uint8Array(9))),
    ).toEqual(['encoding-invalid-input', 'argument']);
  });

  test('gives no slivers once it is released', async () => {
    const encoded = await encodeBlob(inputOf(10), 4);
    encoded.release();
    expect(await reasonOf(() => encoded.sliver(sliverPairIndex(0), 'primary'))).toEqual([
      'encoding-invalid-input',
      'argument',
    ]);
  });

  test('is not finished when the caller has changed its mind', async () => {
    const before = AbortSignal.abort(new Error('not now'));
    await expect(encodeBlob(inputOf(10), 4, { signal: before })).rejects.toThrow('not now');
    const during = new AbortController();
    const encoding = encodeBlob(new Uint8Array(16 * 1024 * 1024), 1000, { signal: during.signal });
    during.abort();
    await expect(encoding).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('verifySliver', () => {
  const edit = (bytes: Uint8Array, position: number, value: number): Uint8Array => {
    const edited = Uint8Array.from(bytes);
    edited[position] = value;
    return edited;
  };

  test.each([
    { name: 'that is cut short', change: (b: Uint8Array) => b.subarray(1), reason: 'bcs' },
    {
      name: 'of another pair',
      change: (b: Uint8Array) => edit(b, b.length - 2, 4),
      reason: 'index',
    },
    {
      name: 'with another symbol size',
      change: (b: Uint8Array) => edit(b, b.length - 4, 2),
      reason: 'symbol-size',
    },
    { name: 'with a changed byte', change: (b: Uint8Array) => edit(b, 5, 255), reason: 'merkle' },
  ])('refuses a sliver $name', async ({ change, reason }) => {
    const encoded = await encodeBlob(inputOf(1000), 10);
    const pair = sliverPairIndex(3);
    const sliver = encoded.sliver(pair, 'primary');
    const claim = { metadata: encoded.metadata, shardCount: 10, axis: 'primary', pair } as const;
    await verifySliver({ ...claim, sliver });
    expect(await reasonOf(verifySliver({ ...claim, sliver: change(sliver) }))).toEqual([
      'encoding-invalid-input',
      reason,
    ]);
  });

  test('refuses a sliver of the other axis', async () => {
    const encoded = await encodeBlob(inputOf(1000), 10);
    const sliver = encoded.sliver(sliverPairIndex(4), 'secondary');
    expect(
      await reasonOf(encoded.parsed.verifySliver('primary', sliverPairIndex(5), sliver)),
    ).toEqual(['encoding-invalid-input', 'length']);
  });
});

describe('recovery', () => {
  test.each(['primary', 'secondary'] as const)('rebuilds a %s sliver', async (axis) => {
    const encoded = await encodeBlob(inputOf(3000), 10);
    const metadata = encoded.parsed;
    const sourceAxis = axis === 'primary' ? 'secondary' : 'primary';
    const pair = sliverPairIndex(8);
    const targets = [sliverIndexOf(pair, axis, 10)];
    const sources = sliversOf(encoded, sourceAxis).slice(
      -(axis === 'primary' ? secondarySourceCount(10) : primarySourceCount(10)),
    );
    const give = { metadata, axis: sourceAxis, targets } as const;
    const proven = await Promise.all(
      sources.map(async (sliver) => (await recoverySymbols({ ...give, sliver }))[0] as Uint8Array),
    );
    const bare = await Promise.all(
      sources.map(async (sliver) => (await decodingSymbols({ ...give, sliver }))[0] as Uint8Array),
    );
    const expected = { kind: 'recovered', sliver: encoded.sliver(pair, axis) };
    expect(await recoverSliver({ metadata, axis, pair, symbols: proven })).toEqual(expected);
    expect(await recoverSliver({ metadata, axis, pair, symbols: bare, kind: 'decoding' })).toEqual(
      expected,
    );
    expect(verifyRecoverySymbol(metadata, proven[0] as Uint8Array)).toMatchObject({
      targetAxis: axis,
      targetIndex: targets[0],
    });
    const vector = Buffer.concat([Uint8Array.of(proven.length), ...proven]);
    expect(splitRecoverySymbols(vector, 10)).toEqual(proven);
    expect(
      await reasonOf(recoverSliver({ metadata, axis, pair, symbols: proven.slice(1) })),
    ).toEqual(['slivers-insufficient', 'insufficient']);
    const noProof = Uint8Array.of(1, 0);
    expect(await reasonOf(verifyInconsistencyProof(metadata, axis, noProof))).toEqual([
      'encoding-invalid-input',
      'bcs',
    ]);
  });
});
