/** @file Moments stand where their time is, and dragging finds the nearest one. */
import { describe, expect, test } from 'vitest';
import type { SnapshotSummary } from '#contract/api.ts';
import { byTime, marksOf, nearestTo, placeOf } from './strip.ts';

const snapshot = (sequence: number, atMs: number): SnapshotSummary => ({
  snapshotId: `s${String(sequence)}`,
  folderId: 'f',
  folderName: 'Documents',
  device: 'd',
  sequence,
  atMs,
  fileCount: 1,
  sizeBytes: 1,
  blobId: 'b',
});
const ordered = byTime([snapshot(3, 400), snapshot(1, 0), snapshot(2, 100)]);

describe('the line of time', () => {
  test('begins with the oldest moment and keeps distances', () => {
    expect(ordered.map(({ atMs }) => placeOf(atMs, ordered))).toEqual([0, 0.25, 1]);
  });

  test('puts a single moment at its end', () => {
    expect(placeOf(7, [snapshot(1, 7)])).toBe(1);
  });

  test.each([
    { place: 0, expected: 0 },
    { place: 0.2, expected: 1 },
    { place: 0.7, expected: 2 },
    { place: 2, expected: 2 },
  ])('has snapshot $expected nearest to $place', ({ place, expected }) => {
    expect(nearestTo(place, ordered)).toBe(expected);
  });

  test('has nothing nearest where there is nothing', () => {
    expect(nearestTo(0.5, [])).toBe(-1);
  });

  test('draws many moments as few marks and loses none', () => {
    const many = Array.from({ length: 100_000 }, (_, index) => snapshot(index, index));
    const marks = marksOf(many);
    expect(marks.length).toBeLessThanOrEqual(161);
    expect(marks.reduce((sum, { count }) => sum + count, 0)).toBe(100_000);
  });
});
