/** Packs and a network that answers when the test says so. */
import { describe, expect, test } from 'vitest';
import type { IndexedPack } from '../archive/pack-index.ts';
import type { BlobId } from '../model/ids.ts';
import { PackReader } from './pack-reader.ts';

const pack = (name: string): IndexedPack => ({
  blobId: name as BlobId,
  blobObjectId: undefined,
  sizeBytes: 4,
  packClass: 'deletable',
});
const PACK = pack('one');
const BYTES = new Uint8Array([1, 2, 3, 4]);

function openBench() {
  const fetches: { answer: () => void; fail: (error: Error) => void; signal: AbortSignal }[] = [];
  const ranges: number[] = [];
  const reader = new PackReader({
    readBlob: (_blobId, signal) =>
      new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
        fetches.push({ answer: () => resolve(BYTES), fail: reject, signal: signal! });
      }),
    readRange: async (_blobId, offset, length) => {
      ranges.push(offset);
      return BYTES.subarray(offset, offset + length);
    },
  });
  return { reader, fetches, ranges };
}

describe('a pack that two want at once', () => {
  test('is fetched once, and one who gives up takes nothing from the other', async () => {
    const { reader, fetches } = openBench();
    const given = new AbortController();
    const first = reader.readWhole(PACK, given.signal);
    const second = reader.readWhole(PACK, new AbortController().signal);
    given.abort();
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });
    expect(fetches[0]?.signal.aborted).toBe(false);
    fetches[0]?.answer();
    expect(await second).toBe(BYTES);
    expect(fetches).toHaveLength(1);
  });

  test('is fetched no further when nobody waits any more, and anew for the next', async () => {
    const { reader, fetches } = openBench();
    const given = new AbortController();
    const both = [reader.readWhole(PACK, given.signal), reader.readWhole(PACK, given.signal)];
    given.abort();
    await Promise.allSettled(both);
    expect(fetches[0]?.signal.aborted).toBe(true);
    const again = reader.readWhole(PACK);
    fetches[1]?.answer();
    expect(await again).toBe(BYTES);
  });

  test('is fetched anew after a failure', async () => {
    const { reader, fetches } = openBench();
    const first = reader.readWhole(PACK);
    fetches[0]?.fail(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    const again = reader.readWhole(PACK);
    fetches[1]?.answer();
    expect(await again).toBe(BYTES);
  });
});

describe('ranges', () => {
  test('of one pack are read one by one twice, then all at once', async () => {
    const { reader, fetches, ranges } = openBench();
    await reader.readRange(PACK, 0, 1);
    await reader.readRange(PACK, 1, 1);
    const third = reader.readRange(PACK, 2, 1);
    fetches[0]?.answer();
    expect(await third).toEqual(BYTES.subarray(2, 3));
    expect(ranges).toEqual([0, 1]);
  });

  test('are counted anew once the pack was let go of', async () => {
    const { reader, fetches, ranges } = openBench();
    for (let round = 0; round < 3; round += 1) {
      await reader.readRange(PACK, 0, 1);
      await reader.readRange(PACK, 1, 1);
      reader.forget(PACK);
    }
    expect(ranges).toHaveLength(6);
    expect(fetches).toHaveLength(0);
  });
});
