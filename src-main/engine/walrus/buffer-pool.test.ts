/** @file The pool gives what is large enough, gives it again, and keeps no more than it may. */
import { expect, test } from 'vitest';
import { BufferPool } from './buffer-pool.ts';

const KIB = 1024;

test.each([1, 4095, 4096, 4097, 65_535, 1_000_000, 4_400_001])(
  'a buffer for %i bytes is large enough and at most an eighth or 4 KiB larger',
  (sizeBytes) => {
    const { length } = new BufferPool(0).take(sizeBytes);
    expect(length).toBeGreaterThanOrEqual(sizeBytes);
    expect(length - sizeBytes).toBeLessThan(Math.max(4 * KIB, sizeBytes / 8 + 1));
  },
);

test('what was given back is given again', () => {
  const pool = new BufferPool(1024 * KIB);
  const first = pool.take(100 * KIB);
  const second = pool.take(100 * KIB);
  expect(second).not.toBe(first);
  pool.give(first);
  expect(pool.take(100 * KIB - 1)).toBe(first);
  expect(pool.take(100 * KIB)).not.toBe(first);
});

test('no more is kept than the bound; capacities that were not used for long go first', () => {
  const pool = new BufferPool(64 * KIB);
  const old = pool.take(32 * KIB);
  const recent = [pool.take(16 * KIB), pool.take(16 * KIB), pool.take(16 * KIB)];
  pool.give(old);
  for (const buffer of recent) pool.give(buffer);
  expect(pool.take(32 * KIB)).not.toBe(old);
  expect(new Set(recent)).toContain(pool.take(16 * KIB));
});

test('a buffer beyond the bound is not kept', () => {
  const pool = new BufferPool(8 * KIB);
  const large = pool.take(16 * KIB);
  pool.give(large);
  expect(pool.take(16 * KIB)).not.toBe(large);
});

test('a part that comes back brings all of its buffer back, and a stranger is let go', () => {
  const pool = new BufferPool(1024 * KIB);
  const first = pool.take(100 * KIB);
  pool.give(first.subarray(0, 10));
  expect(pool.take(100 * KIB).buffer).toBe(first.buffer);
  const stranger = new Uint8Array(100 * KIB + 1);
  pool.give(stranger);
  expect(pool.take(100 * KIB + 1).buffer).not.toBe(stranger.buffer);
});
