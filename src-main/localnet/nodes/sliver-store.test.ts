import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { blobIdFromBytes } from '#engine/model/ids.ts';
import { SliverStore, StoreClosed } from './sliver-store.ts';

const one = blobIdFromBytes(new Uint8Array(32).fill(1));
const two = blobIdFromBytes(new Uint8Array(32).fill(2));
const bytes = (...values: number[]) => Uint8Array.from(values);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'floe-store-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = (fsync = false) => new SliverStore(dir, { fsync });

describe('a sliver store', () => {
  test.each([false, true])('gives back what was put, also after a restart (fsync %s)', (fsync) => {
    const store = open(fsync);
    store.putMetadata(one, bytes(1, 2, 3));
    store.putSliver(one, 7, 'secondary', bytes(4, 5));
    for (const each of [store, open()]) {
      expect(Buffer.from(each.metadata(one) ?? [])).toEqual(Buffer.of(1, 2, 3));
      expect(each.hasSliver(one, 7, 'primary')).toBe(false);
      expect(Buffer.from(each.sliver(one, 7, 'secondary') ?? [])).toEqual(Buffer.of(4, 5));
      expect(each.sliver(two, 7, 'secondary')).toBeUndefined();
    }
  });

  test('forgets what was under way when its process died', () => {
    open();
    writeFileSync(join(dir, 'incoming', '1'), 'half');
    open();
    expect(readdirSync(join(dir, 'incoming'))).toEqual([]);
  });

  test('writes nothing after it was closed', () => {
    const store = open();
    store.close();
    expect(() => store.putMetadata(one, bytes(1))).toThrow(StoreClosed);
    expect(store.blobIds()).toEqual([]);
  });

  test('damages only the kind and the blob it is told to', () => {
    const store = open();
    for (const blobId of [one, two]) {
      store.putMetadata(blobId, bytes(0, 0, 0));
      store.putSliver(blobId, 0, 'primary', bytes(0, 0, 0));
      store.putSliver(blobId, 1, 'primary', bytes(0, 0, 0));
      store.putSliver(blobId, 1, 'secondary', bytes(0, 0, 0));
    }
    expect(store.corrupt('primary', one)).toBe(2);
    expect(Buffer.from(store.sliver(one, 0, 'primary') ?? [])).toEqual(Buffer.of(0, 255, 0));
    expect(Buffer.from(store.sliver(one, 1, 'secondary') ?? [])).toEqual(Buffer.of(0, 0, 0));
    expect(Buffer.from(store.sliver(two, 0, 'primary') ?? [])).toEqual(Buffer.of(0, 0, 0));
    expect(store.corrupt('metadata')).toBe(2);
  });

  test('loses slivers, shards, blobs, or everything', () => {
    const store = open();
    for (const shard of [0, 1]) store.putSliver(one, shard, 'primary', bytes(1));
    store.putSliver(two, 0, 'primary', bytes(1));
    store.dropShards([0]);
    expect([0, 1].map((shard) => store.hasSliver(one, shard, 'primary'))).toEqual([false, true]);
    store.dropBlob(two);
    expect(store.blobIds()).toEqual([one]);
    store.wipe();
    expect(store.blobIds()).toEqual([]);
    expect(store.hasSliver(one, 1, 'primary')).toBe(false);
  });
});
