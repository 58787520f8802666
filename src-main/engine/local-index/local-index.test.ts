/** The local index on a real database file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  epoch,
  parseBlobId,
  parseObjectId,
  rawPath,
  type ChunkId,
  type FolderId,
  type PackId,
  type RawPath,
} from '../model/ids.ts';
import type { KnownEntry } from './entry-table.ts';
import { openLocalIndex, type LocalIndex } from './local-index.ts';

const FOLDER = 'f'.repeat(32) as FolderId;
const PACK = 'a'.repeat(32) as PackId;
const CHUNK = 'c'.repeat(64) as ChunkId;
const BLOB = parseBlobId('3GPQL3HZNnFhN_F7l5Aa-X1VOtAKwIsg9zuWk8R81v4');
const OBJECT = parseObjectId('0x5');

let folder: string;
let path: string;
let index: LocalIndex;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'floe-index-'));
  path = join(folder, 'index.db');
  index = openLocalIndex(path);
});

afterEach(() => {
  index.close();
  rmSync(folder, { recursive: true });
});

const entry = (text: string, kind: KnownEntry['kind'] = 'file'): KnownEntry => ({
  path: rawPath(text),
  kind,
  sizeBytes: 5,
  mtimeNs: 1_700_000_000_123_456_789n,
  ctimeNs: -1n,
  inode: 2n ** 64n - 1n,
  entry: new Uint8Array([1, 2, 3]),
});

function addPack(packId: PackId, commitRecord?: string): void {
  index.journal.addSealed(
    { packId, permanent: false, sizeBytes: 10, sealedHash: new Uint8Array(32), commitRecord },
    [{ folderId: FOLDER, chunkId: CHUNK, kind: 1, offsetBytes: 0, sizeBytes: 9 }],
  );
}

describe('the local index', () => {
  test('keeps what was written when it is opened again', () => {
    index.writeFact('a', 'b');
    index.close();
    index = openLocalIndex(path);
    expect(index.readFact('a')).toBe('b');
    expect(index.integrityProblems()).toEqual([]);
  });

  test('writes all of a step, or nothing', () => {
    expect(() =>
      index.atomically(() => {
        index.writeFact('a', 'b');
        throw new Error('crash');
      }),
    ).toThrow('crash');
    expect(index.readFact('a')).toBeUndefined();
  });

  test.each([
    { name: 'garbage', bytes: Buffer.alloc(8192, 7) },
    { name: 'a file cut short', bytes: Buffer.from('SQLite format 3\0') },
  ])('is damaged when it is $name', ({ bytes }) => {
    const damaged = join(folder, 'damaged.db');
    writeFileSync(damaged, bytes);
    expect(() => openLocalIndex(damaged)).toThrow(
      expect.objectContaining({ code: 'index-damaged' }) as Error,
    );
  });

  test('of a newer release is left alone', () => {
    const newer = join(folder, 'newer.db');
    const database = new Database(newer);
    database.pragma('user_version = 99');
    database.close();
    expect(() => openLocalIndex(newer)).toThrow(
      expect.objectContaining({ code: 'format-unknown' }) as Error,
    );
  });
});

describe('entries', () => {
  test('keep nanoseconds, inodes of 64 bits and bytes that are no text', () => {
    const odd = { ...entry('x'), path: 'd/\xff\x01' as RawPath };
    index.entries.put(FOLDER, odd);
    const known = index.entries.load(FOLDER).directories.get(rawPath('d'));
    const loaded = known?.get('\xff\x01' as RawPath);
    expect(loaded).toEqual({ ...odd, entry: Buffer.from(odd.entry) });
  });

  test('of a removed directory go with everything below, and nothing beside', () => {
    for (const path of ['d', 'd/a', 'd/b/c', 'd0', 'd-']) index.entries.put(FOLDER, entry(path));
    index.entries.delete(FOLDER, rawPath('d'));
    const { directories } = index.entries.load(FOLDER);
    expect([...(directories.get('' as RawPath)?.keys() ?? [])].sort()).toEqual(['d-', 'd0']);
    expect(directories.size).toBe(1);
  });

  test('tell which directories must be built again, the root included', () => {
    for (const path of ['', 'd']) index.entries.put(FOLDER, entry(path, 'directory'));
    index.entries.markStale(FOLDER, [rawPath(''), rawPath('d')]);
    const { root, directories } = index.entries.load(FOLDER);
    const below = directories.get('' as RawPath)?.get(rawPath('d'));
    // No real directory has this time, and its last tree stays for when it cannot be read.
    expect([root?.ctimeNs, below?.ctimeNs]).toEqual([-1n, -1n]);
    expect(below?.entry).toEqual(Buffer.from(entry('d', 'directory').entry));
  });
});

describe('the journal', () => {
  test('takes a pack through its states in order', () => {
    addPack(PACK, '{}');
    expect(index.journal.unfinished().map(({ state }) => state)).toEqual(['sealed']);
    index.journal.recordEncoded(PACK, BLOB, new Uint8Array(32), 100);
    index.journal.recordRegistered(PACK, OBJECT, epoch(9));
    index.journal.recordUploaded(PACK, '{}', 67);
    index.journal.recordPublished(PACK);
    expect(index.journal.find(PACK)).toMatchObject({
      state: 'published',
      blobId: BLOB,
      endEpoch: 9,
      storedShards: 67,
      spooled: true,
    });
    expect(index.journal.unfinished()).toEqual([]);
  });

  test('a certified pack with a commit is not finished before it is published', () => {
    addPack(PACK, '{}');
    index.journal.recordCertified(PACK);
    expect(index.journal.unfinished()).toHaveLength(1);
  });

  test('chunks count as stored until their pack ends', () => {
    addPack(PACK);
    index.journal.recordRegistered(PACK, OBJECT, epoch(9));
    expect(index.journal.usableChunks(FOLDER, epoch(8)).has(CHUNK)).toBe(true);
    expect(index.journal.usableChunks(FOLDER, epoch(9)).has(CHUNK)).toBe(false);
  });

  test('a dropped pack takes its chunks along', () => {
    addPack(PACK);
    index.journal.dropPack(PACK);
    expect(index.journal.usableChunks(FOLDER, epoch(1)).size).toBe(0);
    expect(index.journal.all()).toEqual([]);
  });
});
