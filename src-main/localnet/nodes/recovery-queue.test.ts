import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { blobIdFromBytes } from '#engine/model/ids.ts';
import { RecoveryQueue } from './recovery-queue.ts';

const blobId = blobIdFromBytes(new Uint8Array(32));
const other = blobIdFromBytes(new Uint8Array(32).fill(1));

describe('a recovery queue', () => {
  let recovered: { readonly blobId: string; readonly atMs: number }[];
  let succeedsAtMs: number;
  let queue: RecoveryQueue;
  const failures: unknown[] = [];

  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
    recovered = [];
    succeedsAtMs = 0;
    queue = new RecoveryQueue({
      quietMs: 5_000,
      nowMs: () => Date.now(),
      recover: async (id) => {
        recovered.push({ blobId: id, atMs: Date.now() });
        return Date.now() >= succeedsAtMs;
      },
      onFailure: (error) => failures.push(error),
    });
  });
  afterEach(async () => {
    await queue.clear();
    vi.useRealTimers();
  });

  test('waits until the writer has been quiet', async () => {
    queue.noteUpload(blobId);
    queue.add(blobId, 'after-quiet');
    await vi.advanceTimersByTimeAsync(4_000);
    queue.noteUpload(blobId);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(recovered).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(recovered).toEqual([{ blobId, atMs: 9_000 }]);
    expect(queue.size).toBe(0);
  });

  test('does not wait when told so', async () => {
    queue.noteUpload(blobId);
    queue.add(blobId, 'now');
    await vi.advanceTimersByTimeAsync(0);
    expect(recovered).toHaveLength(1);
  });

  test('tries again, later each time, until it succeeds', async () => {
    succeedsAtMs = 20_000;
    queue.add(blobId, 'after-quiet');
    queue.add(other, 'after-quiet');
    await vi.advanceTimersByTimeAsync(60_000);
    const times = recovered.filter((one) => one.blobId === blobId).map(({ atMs }) => atMs);
    expect(times).toEqual([5_000, 10_000, 20_000]);
    expect(queue.size).toBe(0);
    expect(failures).toEqual([]);
  });

  test('does nothing after it was cleared', async () => {
    queue.add(blobId, 'after-quiet');
    await queue.clear();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(recovered).toEqual([]);
  });
});
