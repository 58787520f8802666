import { describe, expect, test } from 'vitest';
import { Uplink } from './uplink.ts';

const MIB = 1024 * 1024;

/** What the local index keeps, without the index. */
function facts(kept: Record<string, string> = {}) {
  return {
    kept,
    readFact: (name: string) => kept[name],
    writeFact: (name: string, value: string) => void (kept[name] = value),
  };
}

describe('what the line carries', () => {
  test('is unknown at first, then what the first upload showed, and outlives the engine', () => {
    const index = facts();
    const uplink = new Uplink(index);
    expect(uplink.bytesPerSecond).toBeUndefined();
    uplink.observe(10 * MIB, 5_000);
    expect(uplink.bytesPerSecond).toBe(2 * MIB);
    expect(new Uplink(index).bytesPerSecond).toBe(2 * MIB);
  });

  test('follows later uploads, but none of them alone', () => {
    const uplink = new Uplink(facts());
    uplink.observe(10 * MIB, 10_000);
    uplink.observe(20 * MIB, 10_000);
    expect(uplink.bytesPerSecond).toBe(Math.round(1.3 * MIB));
    for (let upload = 0; upload < 20; upload += 1) uplink.observe(20 * MIB, 10_000);
    expect(uplink.bytesPerSecond).toBeGreaterThan(1.99 * MIB);
  });

  test('is not less because a relay is slow, and more when one is fast', () => {
    const uplink = new Uplink(facts());
    uplink.observeAtLeast(64 * MIB, 1_000);
    expect(uplink.bytesPerSecond).toBeUndefined();
    uplink.observe(10 * MIB, 10_000);
    uplink.observeAtLeast(64 * MIB, 640_000);
    expect(uplink.bytesPerSecond).toBe(MIB);
    uplink.observeAtLeast(20 * MIB, 10_000);
    expect(uplink.bytesPerSecond).toBe(Math.round(1.3 * MIB));
  });

  test('is measured again after nine packs by a relay in a row, also over restarts', () => {
    const index = facts();
    for (let pack = 0; pack < 9; pack += 1) {
      expect(new Uplink(index).isMeasuringDue).toBe(false);
      new Uplink(index).countPack('relay');
    }
    const uplink = new Uplink(index);
    expect(uplink.isMeasuringDue).toBe(true);
    uplink.countPack('direct');
    expect(uplink.isMeasuringDue).toBe(false);
  });

  test.each([
    { name: 'too little', bytes: 2 * MIB - 1, elapsedMs: 1_000 },
    { name: 'too short a time', bytes: 10 * MIB, elapsedMs: 49 },
    { name: 'no time at all', bytes: 10 * MIB, elapsedMs: 0 },
  ])('is not learnt from $name', ({ bytes, elapsedMs }) => {
    const uplink = new Uplink(facts());
    uplink.observe(bytes, elapsedMs);
    expect(uplink.bytesPerSecond).toBeUndefined();
  });

  test.each(['', 'fast', '-1', '0'])('is unknown where "%s" was kept', (text) => {
    expect(new Uplink(facts({ 'uplink-bytes-per-second': text })).bytesPerSecond).toBeUndefined();
  });
});
