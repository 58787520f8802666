import { beforeEach, describe, expect, test } from 'vitest';
import { blobIdFromBytes, type BlobId } from '#engine/model/ids.ts';
import { PendingUploads } from './pending-uploads.ts';

const blobIdOf = (number: number): BlobId => {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, number);
  return blobIdFromBytes(bytes);
};
const blobId = blobIdOf(0);
const sliver = (pair: number, size = 10) =>
  ({ pair, axis: 'primary', bytes: new Uint8Array(size) }) as const;

describe('pending uploads', () => {
  let nowMs: number;
  let pending: PendingUploads;
  beforeEach(() => {
    nowMs = 0;
    pending = new PendingUploads({ ttlMs: 1000, nowMs: () => nowMs });
  });

  test('are kept until they are taken', () => {
    expect(pending.putMetadata(blobId, Uint8Array.of(1))).toBe('buffered');
    expect(pending.putMetadata(blobId, Uint8Array.of(2))).toBe('present');
    expect(pending.putSliver(blobId, sliver(3))).toBe('buffered');
    expect(pending.putSliver(blobId, sliver(3))).toBe('present');
    expect(pending.hasSliver(blobId, 3, 'primary')).toBe(true);
    expect(pending.hasSliver(blobId, 3, 'secondary')).toBe(false);
    expect(pending.take(blobId)).toMatchObject({ metadata: { 0: 1 }, slivers: [{ pair: 3 }] });
    expect(pending.take(blobId)).toBeUndefined();
  });

  test.each([
    { name: 'just before their time is up', ageMs: 999, isThere: true },
    { name: 'when their time is up', ageMs: 1000, isThere: false },
  ])('are there or gone $name', ({ ageMs, isThere }) => {
    pending.putMetadata(blobId, Uint8Array.of(1));
    nowMs = ageMs;
    expect(pending.metadata(blobId) !== undefined).toBe(isThere);
  });

  test('find no room beyond the limits', () => {
    expect(pending.putSliver(blobId, sliver(0))).toBe('saturated');
    pending.putMetadata(blobId, Uint8Array.of(1));
    expect(pending.putSliver(blobId, sliver(0, 4 * 1024 * 1024))).toBe('buffered');
    expect(pending.putSliver(blobId, sliver(1, 4 * 1024 * 1024 + 1))).toBe('saturated');
    for (let number = 1; number < 512; number += 1) {
      expect(pending.putMetadata(blobIdOf(number), Uint8Array.of(1))).toBe('buffered');
    }
    expect(pending.putMetadata(blobIdOf(512), Uint8Array.of(1))).toBe('saturated');
  });

  test('are not kept at all in a production build', () => {
    const none = new PendingUploads({ ttlMs: 0, nowMs: () => nowMs });
    expect(none.putMetadata(blobId, Uint8Array.of(1))).toBe('saturated');
  });
});
