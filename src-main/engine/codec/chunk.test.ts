import { createHash } from 'node:crypto';
import { blake3 } from '@noble/hashes/blake3.js';
import { describe, expect, test } from 'vitest';
import { openChunker, type CutChunk } from './chunk.ts';
import { keyedBlake3 } from './hash.ts';

const keys = { gearKey: new Uint8Array(32).fill(1), chunkIdKey: new Uint8Array(32).fill(2) };
const chunker = openChunker({ minBytes: 256, averageBytes: 1024, maxBytes: 4096, ...keys });

/** Noise that is the same in every run. */
function noise(length: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, index) =>
    createHash('sha256').update(String(index)).digest(),
  );
  return Uint8Array.from(Buffer.concat(blocks).subarray(0, length));
}

describe('cutFiles', () => {
  test('cuts each file by itself', async () => {
    const bytes = noise(60_000);
    const files = await chunker.cutFiles(bytes, [0, 50_000, 1, 9_999]);
    expect(files.map((chunks) => chunks.length > 0)).toEqual([false, true, true, true]);
    let end = 0;
    for (const chunk of files.flat()) {
      expect(chunk.offsetBytes).toBe(end);
      end += chunk.sizeBytes;
      const content = bytes.subarray(chunk.offsetBytes, end);
      expect(chunk.id).toBe(Buffer.from(keyedBlake3(keys.chunkIdKey, content)).toString('hex'));
      expect(chunk.sizeBytes).toBeLessThanOrEqual(4096);
    }
    expect(end).toBe(bytes.length);
  });

  test('refuses lengths that do not add up', async () => {
    await expect(chunker.cutFiles(noise(10), [9])).rejects.toMatchObject({
      code: 'encoding-invalid-input',
    });
  });
});

describe('cutStream', () => {
  test.each([1, 100, 4096, 5000, 70_000])(
    'cuts alike when %i bytes arrive at once',
    async (step) => {
      const bytes = noise(60_000);
      const [expected] = await chunker.cutFiles(bytes, [bytes.length]);
      const chunks: CutChunk[] = [];
      let start = 0;
      // Small steps are tried on the beginning only: every call starts from the last cut.
      const length = step < 100 ? 9000 : bytes.length;
      for (let end = step; ; end += step) {
        const isLast = end >= bytes.length;
        const cut = await chunker.cutStream(bytes.subarray(start, end), isLast);
        chunks.push(
          ...cut.chunks.map((chunk) => ({ ...chunk, offsetBytes: start + chunk.offsetBytes })),
        );
        start += cut.consumedBytes;
        if (end >= length) break;
      }
      expect(chunks.length).toBeGreaterThan(4);
      expect(chunks).toEqual(expected?.slice(0, chunks.length));
      if (length === bytes.length) expect(start).toBe(bytes.length);
    },
  );
});

/** FastCDC one byte at a time, from docs/format.md and the paper's masks for 4096 and 256 bytes. */
function cutSlowly(bytes: Uint8Array): number[] {
  const stream = blake3(Buffer.from('floe/v1 gear'), { key: keys.gearKey, dkLen: 2048 });
  const gear = Array.from({ length: 256 }, (_, i) => Buffer.from(stream).readBigUInt64LE(8 * i));
  const lengths: number[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = Math.min(start + 4096, bytes.length);
    let hash = 0n;
    let cut = start + 256;
    for (; cut < end; cut += 1) {
      hash = BigInt.asUintN(64, (hash << 1n) + (gear[bytes[cut] ?? 0] ?? 0n));
      const mask = cut - start < 1024 ? 0x0000d90103530000n : 0x0000001800035300n;
      if ((hash & mask) === 0n) break;
    }
    cut = Math.min(cut, end);
    lengths.push(cut - start);
    start = cut;
  }
  return lengths;
}

test('cuts are those of a second implementation', async () => {
  const bytes = Buffer.concat([noise(60_000), new Uint8Array(10_000), noise(5_000)]);
  const { chunks } = await chunker.cutStream(bytes, true);
  expect(chunks.map((chunk) => chunk.sizeBytes)).toEqual(cutSlowly(bytes));
});

test('another table cuts elsewhere', async () => {
  const bytes = noise(60_000);
  const other = openChunker({
    ...{ minBytes: 256, averageBytes: 1024, maxBytes: 4096, ...keys },
    gearKey: new Uint8Array(32).fill(9),
  });
  const cuts = async (by: typeof other) =>
    (await by.cutStream(bytes, true)).chunks.map((chunk) => chunk.offsetBytes);
  const shared = new Set(await cuts(chunker));
  expect((await cuts(other)).filter((offset) => shared.has(offset)).length).toBeLessThan(5);
});
