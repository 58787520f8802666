/** @file Directories as nodes: canonical bytes, stability under edits, hostile input. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EngineError, hasCode } from '#engine/model/engine-error.ts';
import { rawPath, type ChunkId, type RawPath } from '#engine/model/ids.ts';
import { referenceCodec } from '#test/support/reference-codec.ts';
import { readContent, storeContent, type ContentItem } from './content.ts';
import { ByteWriter } from './encoding.ts';
import {
  decodeNode,
  findEntry,
  openTreeSplitter,
  readDirectory,
  storeDirectory,
  walkTree,
} from './tree.ts';
import {
  compareRaw,
  decodeEntry,
  decodeSigned,
  encodeEntry,
  encodeSigned,
  type FileEntry,
  type TreeEntry,
} from './tree-entry.ts';

const codec = referenceCodec();
const splitter = openTreeSplitter(codec, new Uint8Array(32).fill(7), 1024 * 1024);
const chunkIdKey = new Uint8Array(32).fill(9);

/** Chunks by ID, and how often each was put. */
class MemoryStore {
  readonly chunks = new Map<ChunkId, Uint8Array>();
  readonly put = async (_kind: number, plaintext: Uint8Array): Promise<ChunkId> => {
    const id = Buffer.from(codec.keyedBlake3(chunkIdKey, plaintext)).toString('hex') as ChunkId;
    this.chunks.set(id, plaintext);
    return id;
  };
  readonly get = async (id: ChunkId): Promise<Uint8Array> => {
    const chunk = this.chunks.get(id);
    if (!chunk) throw new EngineError('pack-damaged', 'no such chunk');
    return chunk;
  };
}

const file = (name: string, more: Partial<FileEntry> = {}): FileEntry => ({
  kind: 'file',
  name: rawPath(name),
  mode: 0o644,
  mtimeNs: 1_700_000_000_123_456_789n,
  sizeBytes: 0,
  ...more,
});
const chunkIdOf = (number: number): ChunkId =>
  Buffer.from(codec.blake3(Buffer.from(`chunk ${String(number)}`))).toString('hex') as ChunkId;
const manyFiles = (count: number): FileEntry[] =>
  Array.from({ length: count }, (_, index) =>
    file(`file-${String(index).padStart(6, '0')}.txt`, {
      sizeBytes: 100 + index,
      content: { depth: 0, items: [{ id: chunkIdOf(index), sizeBytes: 100 + index }] },
      userId: 1000,
      groupId: 1000,
      userName: rawPath('someone'),
      groupName: rawPath('someone'),
    }),
  );
async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Any entry that a file system can hold. */
const raw = (bytesMin: number, bytesMax: number) =>
  fc
    .uint8Array({ minLength: bytesMin, maxLength: bytesMax })
    .map((bytes) => Buffer.from(bytes).toString('latin1') as RawPath);
const name = raw(1, 255).filter((text) => !/[/\0]/.test(text) && text !== '.' && text !== '..');
const id = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex') as ChunkId);
const common = {
  name,
  mode: fc.integer({ min: 0, max: 0o7777 }),
  mtimeNs: fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
};
const options = {
  userId: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  groupId: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  userName: raw(0, 32),
  groupName: raw(0, 32),
  attributes: fc
    .uniqueArray(fc.record({ name: raw(1, 40), value: fc.uint8Array({ maxLength: 60 }) }), {
      selector: (attribute) => attribute.name,
      maxLength: 5,
    })
    .map((value) => ({
      kind: 'inline' as const,
      value: value.toSorted((one, other) => compareRaw(one.name, other.name)),
    })),
  unknown: fc
    .uniqueArray(fc.record({ tag: fc.integer({ min: 30, max: 63 }), value: fc.uint8Array() }), {
      selector: (field) => field.tag,
      minLength: 1,
      maxLength: 3,
    })
    .map((fields) => fields.toSorted((one, other) => one.tag - other.tag)),
};
const requiredCommon = ['name', 'mode', 'mtimeNs', 'kind'] as const;
const fileEntry = fc
  .tuple(
    fc.record(
      {
        kind: fc.constant('file' as const),
        ...common,
        ...options,
        hardLinkGroup: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      },
      { requiredKeys: [...requiredCommon] },
    ),
    fc.array(fc.record({ id, sizeBytes: fc.integer({ min: 1, max: 4_000_000 }) }), {
      maxLength: 28,
    }),
    fc.boolean(),
  )
  .map(([base, items, isSparse]) => {
    const held = items.reduce((sum, item) => sum + item.sizeBytes, 0);
    const extents = held === 0 ? [] : [{ offsetBytes: 4096, sizeBytes: held }];
    return {
      ...base,
      sizeBytes: isSparse ? held + 10_000 : held,
      ...(items.length > 0 ? { content: { depth: 0, items } } : {}),
      ...(isSparse ? { extents: { kind: 'inline' as const, value: extents } } : {}),
    };
  });
const otherEntry = fc.oneof(
  fc.record(
    {
      kind: fc.constant('directory' as const),
      ...common,
      ...options,
      treeId: id,
      totals: fc.record({ fileCount: fc.nat(), sizeBytes: fc.maxSafeNat() }),
    },
    { requiredKeys: [...requiredCommon, 'treeId'] },
  ),
  fc.record(
    { kind: fc.constant('symlink' as const), ...common, ...options, target: raw(0, 300) },
    { requiredKeys: [...requiredCommon, 'target'] },
  ),
) as fc.Arbitrary<TreeEntry>;
const anyEntry = fc.oneof(fileEntry, otherEntry);

describe('a tree entry', () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
      }),
    );
  });

  test('has one encoding: whatever decodes encodes to the same bytes', () => {
    fc.assert(
      fc.property(anyEntry, fc.nat(), fc.nat(255), (entry, at, value) => {
        const bytes = encodeEntry(entry);
        bytes[at % bytes.length] = value;
        try {
          expect(encodeEntry(decodeEntry(bytes))).toEqual(bytes);
        } catch (error) {
          if (!(error instanceof EngineError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('of random bytes is refused with a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          decodeEntry(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(EngineError);
        }
      }),
      { numRuns: 5000 },
    );
  });

  test.each(['', '.', '..', 'a/b', '/', 'a\0b', '../x'])('is never called %j', (hostile) => {
    expect(() => encodeEntry(file(hostile))).toThrow(EngineError);
    const bytes = encodeEntry(file('y'.repeat(hostile.length || 1)));
    const name = Buffer.from(hostile, 'latin1');
    const forged = Buffer.concat([
      Buffer.of(1, name.length),
      name,
      bytes.subarray(2 + (hostile.length || 1)),
    ]);
    expect(() => decodeEntry(forged)).toThrow(expect.objectContaining({ code: 'name-hostile' }));
  });

  test('with a field that must be understood is refused as newer', () => {
    const bytes = encodeEntry(file('a', { unknown: [{ tag: 64, value: new Uint8Array(1) }] }));
    expect(() => decodeEntry(bytes)).toThrow(expect.objectContaining({ code: 'format-unknown' }));
  });

  test('keeps times before 1970 and beyond 64 bits', () => {
    for (const value of [0n, 1n, -1n, 127n, 128n, -128n, -129n, 2n ** 63n, -(2n ** 64n)]) {
      expect(decodeSigned(encodeSigned(value))).toBe(value);
    }
    expect(encodeSigned(1_700_000_000_123_456_789n).length).toBe(8);
  });
});

describe('a directory', () => {
  test.each([0, 1, 2, 999, 1000, 1001, 5000])(
    'of %i entries comes back as it was',
    async (count) => {
      const store = new MemoryStore();
      const entries = manyFiles(count);
      const root = await storeDirectory(entries, { splitter, put: store.put });
      expect(await collect(readDirectory(root, { get: store.get }))).toEqual(entries);
      expect(store.chunks.size === 1).toBe(count <= 1000);
      if (count > 0) {
        const wanted = entries[Math.floor(count / 2)]!;
        expect(await findEntry(root, wanted.name, { get: store.get })).toEqual(wanted);
      }
      expect(await findEntry(root, rawPath('absent'), { get: store.get })).toBeUndefined();
      expect(await findEntry(root, rawPath('zzz'), { get: store.get })).toBeUndefined();
    },
  );

  test('is split into nodes of about 64 KiB that no chunk limit refuses', async () => {
    for (const chunkBytesMax of [88_256, 4_194_304]) {
      const store = new MemoryStore();
      const small = openTreeSplitter(codec, new Uint8Array(32).fill(7), chunkBytesMax);
      await storeDirectory(manyFiles(30_000), { splitter: small, put: store.put });
      const sizes = [...store.chunks.values()].map((chunk) => chunk.length);
      const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
      expect(Math.max(...sizes)).toBeLessThanOrEqual(Math.min(chunkBytesMax, 262_144));
      expect(mean).toBeGreaterThan(35_000);
      expect(mean).toBeLessThan(90_000);
    }
  });

  test('changes a few nodes when one entry changes, is added or goes away', async () => {
    const store = new MemoryStore();
    const entries = manyFiles(20_000);
    await storeDirectory(entries, { splitter, put: store.put });
    const edits: [string, (at: number) => TreeEntry[]][] = [
      ['changed', (at) => entries.with(at, { ...entries[at]!, mode: 0o600 })],
      ['added', (at) => entries.toSpliced(at + 1, 0, file(`${entries[at]!.name}-more`))],
      ['removed', (at) => entries.toSpliced(at, 1)],
    ];
    for (const [what, edit] of edits) {
      let written = 0;
      for (const at of [0, 1234, 7777, 12_345, 19_999]) {
        const before = store.chunks.size;
        await storeDirectory(edit(at), { splitter, put: store.put });
        written += store.chunks.size - before;
      }
      // One leaf and the root each time; once in a while a border moves and a second leaf with it.
      expect(written, what).toBeLessThanOrEqual(5 * 4);
    }
  });

  test('gives the same nodes for the same entries', async () => {
    const one = new MemoryStore();
    const other = new MemoryStore();
    const entries = manyFiles(3000);
    const root = await storeDirectory(entries, { splitter, put: one.put });
    async function* slowly() {
      yield* entries;
    }
    expect(await storeDirectory(slowly(), { splitter, put: other.put })).toBe(root);
    expect([...other.chunks.keys()].sort()).toEqual([...one.chunks.keys()].sort());
  });

  test('leaves out hostile names when somebody listens, and refuses them when nobody does', async () => {
    const store = new MemoryStore();
    const hostile = Buffer.from(encodeEntry(file('aa')));
    hostile.write('..', 2, 'latin1');
    const good = encodeEntry(file('b'));
    const node = new ByteWriter().u8(1).u8(0).sized(hostile).sized(good).finish();
    const root = await store.put(2, node);
    const heard: string[] = [];
    const onHostileName = (error: EngineError): number => heard.push(error.code);
    const entries = await collect(readDirectory(root, { get: store.get, onHostileName }));
    expect(entries).toEqual([file('b')]);
    expect(heard).toEqual(['name-hostile']);
    await expect(collect(readDirectory(root, { get: store.get }))).rejects.toMatchObject({
      code: 'name-hostile',
    });
  });

  test('with entries out of order or twice is refused, within a node and across nodes', async () => {
    const store = new MemoryStore();
    const leaf = (...names: string[]): Promise<ChunkId> =>
      store.put(
        2,
        names
          .reduce(
            (writer, text) => writer.sized(encodeEntry(file(text))),
            new ByteWriter().u8(1).u8(0),
          )
          .finish(),
      );
    const inner = async (...children: [string, ChunkId][]): Promise<ChunkId> =>
      store.put(
        2,
        children
          .reduce(
            (writer, [first, child]) =>
              writer.sized(Buffer.from(first)).bytes(Buffer.from(child, 'hex')).varint(1),
            new ByteWriter().u8(1).u8(1),
          )
          .finish(),
      );
    const damagedRoots = [
      await leaf('b', 'a'),
      await leaf('a', 'a'),
      await inner(['a', await leaf('a', 'd')], ['c', await leaf('c')]),
      await inner(['a', await leaf('a')], ['a', await leaf('a')]),
      await inner(['b', await leaf('a')]),
      await inner(['a', await inner(['a', await leaf('a')])]),
    ];
    for (const root of damagedRoots) {
      const outcome = await collect(readDirectory(root, { get: store.get })).catch(
        (error: unknown) => error,
      );
      expect(hasCode(outcome, 'pack-damaged')).toBe(true);
    }
  });

  test('of random or changed bytes is refused with a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(2), (bytes, level) => {
        try {
          decodeNode(Uint8Array.of(1, level, ...bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(EngineError);
        }
      }),
      { numRuns: 5000 },
    );
  });

  test('is walked with what lies below, and only where it may be entered', async () => {
    const store = new MemoryStore();
    const store1 = (entries: TreeEntry[]): Promise<ChunkId> =>
      storeDirectory(entries, { splitter, put: store.put });
    const directory = (text: string, treeId: ChunkId): TreeEntry => ({
      kind: 'directory',
      name: rawPath(text),
      mode: 0o755,
      mtimeNs: 0n,
      treeId,
    });
    const inner = await store1([file('x')]);
    const root = await store1([directory('d', inner), directory('e', inner), file('f')]);
    const paths = async (enter?: (path: RawPath) => boolean): Promise<string[]> =>
      (await collect(walkTree(root, { get: store.get, ...(enter ? { enter } : {}) }))).map(
        ({ path }) => path,
      );
    expect(await paths()).toEqual(['d', 'e', 'f', 'd/x', 'e/x']);
    expect(await paths((path) => path === 'e')).toEqual(['d', 'e', 'f', 'e/x']);
  });
});

describe('content', () => {
  const items = (count: number): ContentItem[] =>
    Array.from({ length: count }, (_, index) => ({
      id: chunkIdOf(index),
      sizeBytes: 1 + (index % 5000),
    }));

  test.each([0, 1, 28, 29, 2048, 2049, 100_000])(
    'of %i chunks comes back in order',
    async (count) => {
      const store = new MemoryStore();
      const content = await storeContent(items(count), store.put);
      expect(content.items.length).toBeLessThanOrEqual(28);
      expect(await collect(readContent(content, store.get))).toEqual(items(count));
    },
  );

  test('writes a few lists when a piece in the middle changes', async () => {
    const store = new MemoryStore();
    const before = items(20_000);
    await storeContent(before, store.put);
    const count = store.chunks.size;
    await storeContent(before.toSpliced(9000, 2, { id: chunkIdOf(-1), sizeBytes: 3 }), store.put);
    expect(store.chunks.size - count).toBeLessThanOrEqual(4);
  });

  test('whose list covers other bytes than its parent says is refused', async () => {
    const store = new MemoryStore();
    const content = await storeContent(items(3000), store.put);
    const [first, ...rest] = content.items;
    const forged = { ...content, items: [{ ...first!, sizeBytes: first!.sizeBytes + 1 }, ...rest] };
    await expect(collect(readContent(forged, store.get))).rejects.toMatchObject({
      code: 'pack-damaged',
    });
  });
});
