/** @file Segments of the pack index: lookups, parts, merging, and what hostile bytes do. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EngineError } from '#engine/model/engine-error.ts';
import {
  blobIdFromBytes,
  type ChunkId,
  type FolderId,
  type ObjectId,
  type VaultId,
} from '#engine/model/ids.ts';
import { referenceCodec } from '#test/support/reference-codec.ts';
import {
  IndexSegment,
  mergeSegments,
  openPart,
  PackIndex,
  sealPart,
  segmentPartBytesMax,
  SELF,
  type IndexedPack,
  type IndexEntry,
} from './pack-index.ts';
import { planSegmentMerge, SEGMENTS_MAX } from './pack-index-plan.ts';

const codec = referenceCodec();
const idOf = (number: number): ChunkId =>
  Buffer.from(codec.blake3(Buffer.from(String(number)))).toString('hex') as ChunkId;
const packOf = (number: number): IndexedPack => ({
  blobId: blobIdFromBytes(codec.blake3(Buffer.from(`blob ${String(number)}`))),
  blobObjectId: number % 2 === 0 ? undefined : (`0x${idOf(number)}` as ObjectId),
  sizeBytes: 33_000_000,
  packClass: number % 3 === 0 ? 'permanent' : 'deletable',
});
const entryOf = (
  number: number,
  pack: IndexedPack | typeof SELF = packOf(number % 7),
): IndexEntry => ({
  id: idOf(number),
  pack,
  offsetBytes: number * 1000,
  sizeBytes: 1000,
  kind: 1 + (number % 5),
});
const numbers = (count: number, from = 0): number[] =>
  Array.from({ length: count }, (_, index) => from + index);
const self = packOf(99);

describe('an index segment', () => {
  test.each([
    { name: 'in one part', bytesMax: 1_000_000, parts: 1 },
    { name: 'in many parts', bytesMax: 4096, parts: 12 },
  ])('$name finds what was put in, and nothing else', ({ bytesMax, parts }) => {
    const entries = numbers(1000).map((number) => entryOf(number));
    const stored = [...IndexSegment.of(entries).parts(bytesMax)];
    expect(stored.length).toBe(parts);
    for (const part of stored) expect(part.plaintext.length).toBeLessThanOrEqual(bytesMax);
    const segment = IndexSegment.fromParts(stored.map(({ plaintext }) => ({ plaintext, self })));
    for (const { id, pack, offsetBytes, sizeBytes, kind } of entries) {
      expect(segment.find(id)).toEqual({ pack, offsetBytes, sizeBytes, kind });
    }
    expect(segment.find(idOf(1001))).toBeUndefined();
    expect(segment.entryCount).toBe(1000);
  });

  test('of nothing is one empty part', () => {
    const parts = [...IndexSegment.of([]).parts(1000)];
    expect(parts).toMatchObject([{ packCount: 0, entryCount: 0, firstId: undefined }]);
    expect(IndexSegment.fromParts([{ plaintext: parts[0]!.plaintext, self }]).entryCount).toBe(0);
  });

  test('puts in the pack that holds it where it could not name it', () => {
    const parts = [...IndexSegment.of([entryOf(1, SELF), entryOf(2)]).parts(10_000)];
    const segment = IndexSegment.fromParts([{ plaintext: parts[0]!.plaintext, self }]);
    expect(segment.find(idOf(1))?.pack).toEqual(self);
    expect(segment.find(idOf(2))?.pack).toEqual(packOf(2));
  });

  test('takes 44 bytes a chunk and 69 a pack', () => {
    const [part] = [
      ...IndexSegment.of(numbers(700).map((number) => entryOf(number))).parts(1_000_000),
    ];
    expect(part!.plaintext.length).toBeLessThanOrEqual(700 * 44 + 7 * 69 + 16);
  });

  test('has its parts named by their first entry', () => {
    const parts = [...IndexSegment.of(numbers(500).map((number) => entryOf(number))).parts(4096)];
    const sorted = numbers(500).map(idOf).sort();
    let at = 0;
    for (const part of parts) {
      expect(part.firstId).toBe(part.entryCount > 0 ? sorted[at] : undefined);
      at += part.entryCount;
    }
  });

  test('sealed as a part opens with its key and place only', async () => {
    const [part] = [...IndexSegment.of([entryOf(1)]).parts(1000)];
    const seal = {
      codec,
      vaultId: '11'.repeat(16) as VaultId,
      folderId: '22'.repeat(16) as FolderId,
      keyEpoch: 3,
      key: new Uint8Array(32).fill(5),
    };
    const { id, sealed } = await sealPart(part!, { ...seal, chunkIdKey: new Uint8Array(32) });
    expect(await openPart(sealed, { ...seal, id })).toEqual(part!.plaintext);
    await expect(openPart(sealed, { ...seal, id: idOf(5) })).rejects.toBeInstanceOf(EngineError);
    const elsewhere = { ...seal, id, folderId: '33'.repeat(16) as FolderId };
    await expect(openPart(sealed, elsewhere)).rejects.toBeInstanceOf(EngineError);
  });

  test('of changed or random bytes is refused with a code, or looks up without harm', () => {
    const [part] = [...IndexSegment.of(numbers(20).map((number) => entryOf(number))).parts(10_000)];
    fc.assert(
      fc.property(fc.nat(), fc.nat(255), fc.uint8Array({ maxLength: 200 }), (at, value, noise) => {
        const changed = Uint8Array.from(part!.plaintext);
        changed[at % changed.length] = value;
        for (const plaintext of [changed, noise, Uint8Array.of(1, ...noise)]) {
          try {
            const segment = IndexSegment.fromParts([{ plaintext, self }]);
            for (const number of numbers(20)) segment.find(idOf(number));
          } catch (error) {
            expect(error).toBeInstanceOf(EngineError);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('part never exceeds an eighth of a pack', () => {
    expect(segmentPartBytesMax(353_268)).toBe(44_158);
    expect(segmentPartBytesMax(142_082_048)).toBe(4_194_304);
  });
});

describe('several segments', () => {
  test('answer with the newest place of a chunk, before and after merging', () => {
    const older = IndexSegment.of([entryOf(1, packOf(1)), entryOf(2, packOf(1))]);
    const newer = IndexSegment.of([{ ...entryOf(1), pack: packOf(4), offsetBytes: 7 }]);
    for (const find of [
      (id: ChunkId) => new PackIndex([newer, older]).find(id),
      (id: ChunkId) => mergeSegments([newer, older]).find(id),
    ]) {
      expect(find(idOf(1))).toMatchObject({ pack: packOf(4), offsetBytes: 7 });
      expect(find(idOf(2))).toMatchObject({ pack: packOf(1) });
    }
    expect(new PackIndex([newer, older]).packs()).toEqual([packOf(4), packOf(1)]);
  });

  test('merge without what nothing names any more', () => {
    const merged = mergeSegments(
      [IndexSegment.of(numbers(10).map((number) => entryOf(number)))],
      (id) => id !== idOf(3),
    );
    expect(merged.entryCount).toBe(9);
    expect(merged.find(idOf(3))).toBeUndefined();
  });
});

describe('planSegmentMerge', () => {
  test.each([
    {
      name: 'merges nothing while there is room',
      counts: [...numbers(11, 1)],
      added: 10,
      merged: 0,
    },
    {
      name: 'merges the newest when there is none',
      counts: numbers(12, 1).map((size) => 10 ** (13 - size)),
      added: 1,
      merged: 1,
    },
    {
      name: 'goes on through segments that are no larger',
      counts: [900, 800, 90, 80, 70, 60, 50, 40, 30, 20, 10, 5],
      added: 5,
      merged: 10,
    },
    {
      name: 'never merges across a newer, larger one',
      counts: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 9999, 5],
      added: 5,
      merged: 1,
    },
  ])('$name', ({ counts, added, merged }) => {
    expect(planSegmentMerge(counts, added)).toEqual({
      keepCount: counts.length - merged,
      mergeCount: merged,
    });
  });

  test('keeps to twelve segments whatever comes, and writes no entry anew too often', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 200_000 })), {
          minLength: 50,
          maxLength: 600,
        }),
        (commits) => {
          let counts: number[] = [];
          let written = 0;
          for (const added of commits) {
            const { keepCount } = planSegmentMerge(counts, added);
            const size = counts.slice(keepCount).reduce((sum, count) => sum + count, added);
            counts = [...counts.slice(0, keepCount), size];
            written += size;
            expect(counts.length).toBeLessThanOrEqual(SEGMENTS_MAX);
          }
          const total = commits.reduce((sum, count) => sum + count, 0);
          expect(written / total).toBeLessThan(10);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('after years of small commits on a large index has rewritten each a few times', () => {
    let counts = [10_000_000];
    let written = 0;
    for (let commit = 0; commit < 20_000; commit += 1) {
      const { keepCount } = planSegmentMerge(counts, 100);
      const size = counts.slice(keepCount).reduce((sum, count) => sum + count, 100);
      counts = [...counts.slice(0, keepCount), size];
      written += size;
    }
    expect(written / (20_000 * 100)).toBeLessThan(8);
  });
});
