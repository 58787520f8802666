/**
 * @file A directory at one moment as content-addressed nodes, and back.
 *
 *     node = u8 version | u8 level | items, ascending by name
 *     level 0: sized entry ...          level 1 and up: sized first name | node ID | entries below
 *
 * Most directories are one node. One with more than 1,000 entries is split where a keyed hash of a
 * name says so, so that a changed entry changes one node on each level and not the ones beside it.
 * The same entries always give the same nodes.
 *
 * What is read may have been written by somebody who holds the keys and means harm: every length
 * is bounded, names that could leave a directory are refused, order is checked across nodes.
 */
import { EngineError, hasCode } from '#engine/model/engine-error.ts';
import {
  joinRawPath,
  rawPathBytes,
  rawPathFromBytes,
  type ChunkId,
  type RawPath,
} from '#engine/model/ids.ts';
import type { ArchiveCodec } from './archive-codec.ts';
import type { GetChunk, PutChunk } from './content.ts';
import { ByteReader, ByteWriter, damaged, hexBytes, RECORD_VERSION, toHex } from './encoding.ts';
import { ENTRY_KIND } from './pack-layout.ts';
import {
  checkName,
  compareRaw,
  decodeEntry,
  encodeEntry,
  NAME_BYTES_MAX,
  type TreeEntry,
} from './tree-entry.ts';

/** A directory of at most this many entries is one node, if they fit. */
export const NODE_ENTRIES_MAX = 1000;
/** A node never ends below this, and then on average after NODE_BYTES_MEAN more: 64 KiB. */
const NODE_BYTES_MIN = 16 * 1024;
const NODE_BYTES_MEAN = 48 * 1024;
/** A node always ends before this, or before a chunk's greatest size where that is less. */
const NODE_BYTES_MAX = 256 * 1024;
/** 128 items a node make this a directory of more entries than there are files. */
const NODE_LEVEL_MAX = 6;
/** Directories inside one another. PATH_MAX allows half of it. */
const TREE_DEPTH_MAX = 4096;

/** Says where a large directory is split. Made once for each folder. */
export interface TreeSplitter {
  readonly nodeBytesMax: number;
  /** Whether a node ends after the item called `name`, which takes `itemBytes`. */
  endsNode(name: RawPath, itemBytes: number): boolean;
}

/**
 * The splitter of a folder. Its table is keyed, as the chunker's is: otherwise node sizes would
 * tell which names a directory may hold. `chunkBytesMax` is the vault's.
 */
export function openTreeSplitter(
  codec: Pick<ArchiveCodec, 'keyedBlake3'>,
  gearKey: Uint8Array,
  chunkBytesMax: number,
): TreeSplitter {
  const table = new Uint32Array(256);
  for (let row = 0; row < 32; row += 1) {
    const label = Buffer.concat([Buffer.from('floe/v1 tree', 'ascii'), Buffer.of(row)]);
    const words = new ByteReader(codec.keyedBlake3(gearKey, label), 'a hash');
    for (let column = 0; column < 8; column += 1) table[row * 8 + column] = words.u32();
  }
  return {
    nodeBytesMax: Math.min(NODE_BYTES_MAX, chunkBytesMax),
    endsNode(name, itemBytes) {
      return hashName(table, name) < (itemBytes / NODE_BYTES_MEAN) * 2 ** 32;
    },
  };
}

/** 32 bits that depend on every byte of the name and on the table. */
function hashName(table: Uint32Array, name: RawPath): number {
  let hash = table[name.length & 0xff]!;
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ table[name.charCodeAt(index) & 0xff]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

interface Item {
  readonly name: RawPath;
  readonly bytes: Uint8Array;
  readonly entryCount: number;
}

/**
 * Store the nodes of a directory and return the ID of its root node.
 *
 * `entries` come in ascending order of their names' bytes (compareRaw), each name once; they may
 * be as many as there are, only one node's worth is held.
 */
export async function storeDirectory(
  entries: Iterable<TreeEntry> | AsyncIterable<TreeEntry>,
  options: {
    readonly splitter: TreeSplitter;
    readonly put: PutChunk;
    readonly signal?: AbortSignal;
  },
): Promise<ChunkId> {
  const { splitter, put, signal } = options;
  let items: AsyncIterable<Item> = encodeEntries(entries, signal);
  for (let level = 0; ; level += 1) {
    const above: Item[] = [];
    let only: ChunkId | undefined;
    for await (const node of splitItems(items, splitter)) {
      const id = await put(ENTRY_KIND.tree, encodeNode(level, node));
      only = above.length === 0 ? id : undefined;
      above.push(encodeChild(node, id));
    }
    if (only !== undefined) return only;
    if (level === NODE_LEVEL_MAX) throw new RangeError('a directory has too many entries');
    items = iterate(above);
  }
}

async function* encodeEntries(
  entries: Iterable<TreeEntry> | AsyncIterable<TreeEntry>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Item> {
  let last: RawPath | undefined;
  for await (const entry of entries) {
    signal?.throwIfAborted();
    if (last !== undefined && compareRaw(last, entry.name) >= 0) {
      throw new RangeError('the entries of a directory are out of order');
    }
    last = entry.name;
    const bytes = encodeEntry(entry);
    const sized = new ByteWriter(bytes.length + 3).sized(bytes).view();
    yield { name: entry.name, bytes: sized, entryCount: 1 };
  }
}

async function* iterate(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

function encodeChild(node: readonly Item[], id: ChunkId): Item {
  const name = node[0]?.name ?? ('' as RawPath);
  const entryCount = node.reduce((sum, item) => sum + item.entryCount, 0);
  const writer = new ByteWriter(name.length + 48).sized(rawPathBytes(name)).bytes(hexBytes(id));
  return { name, bytes: writer.varint(entryCount).finish(), entryCount };
}

function encodeNode(level: number, items: readonly Item[]): Uint8Array {
  const writer = new ByteWriter(itemsBytes(items) + 2).u8(RECORD_VERSION).u8(level);
  for (const item of items) writer.bytes(item.bytes);
  return writer.finish();
}

const itemsBytes = (items: readonly Item[]): number =>
  items.reduce((sum, item) => sum + item.bytes.length, 0);

/** Whole nodes of items. No items give one empty node: an empty directory. */
async function* splitItems(
  items: AsyncIterable<Item>,
  splitter: TreeSplitter,
): AsyncGenerator<readonly Item[]> {
  // Until it is known that they don't fit in one node, items wait here.
  let waiting: Item[] | undefined = [];
  let waitingBytes = 0;
  const open = { items: [] as Item[], bytes: 0 };
  const split = function* (item: Item): Generator<readonly Item[]> {
    if (open.items.length > 0 && open.bytes + item.bytes.length > splitter.nodeBytesMax - 2) {
      yield open.items;
      open.items = [];
      open.bytes = 0;
    }
    open.items.push(item);
    open.bytes += item.bytes.length;
    if (open.bytes >= NODE_BYTES_MIN && splitter.endsNode(item.name, item.bytes.length)) {
      yield open.items;
      open.items = [];
      open.bytes = 0;
    }
  };
  for await (const item of items) {
    if (waiting === undefined) {
      yield* split(item);
      continue;
    }
    waiting.push(item);
    waitingBytes += item.bytes.length;
    if (waiting.length > NODE_ENTRIES_MAX || waitingBytes > splitter.nodeBytesMax - 2) {
      for (const early of waiting) yield* split(early);
      waiting = undefined;
    }
  }
  if (waiting !== undefined) yield waiting;
  else if (open.items.length > 0) yield open.items;
}

interface Child {
  readonly firstName: RawPath;
  readonly id: ChunkId;
  readonly entryCount: number;
}

type Node =
  | { readonly level: 0; readonly entries: readonly TreeEntry[] }
  | { readonly level: number; readonly children: readonly Child[] };

/** How names that are no names are met: told here and left out, or thrown when nobody listens. */
type OnHostileName = (error: EngineError) => void;

/** Read one node. Throws like decodeEntry; with `onHostileName`, hostile names are left out. */
export function decodeNode(bytes: Uint8Array, onHostileName?: OnHostileName): Node {
  const reader = new ByteReader(bytes, 'a tree node');
  const version = reader.u8();
  if (version !== RECORD_VERSION) {
    throw new EngineError('format-unknown', `a tree node of version ${String(version)}`);
  }
  const level = reader.u8();
  if (level > NODE_LEVEL_MAX) throw damaged('a tree node is too far from its entries');
  return level === 0
    ? { level, entries: readEntries(reader, onHostileName) }
    : { level, children: readChildren(reader) };
}

function readEntries(reader: ByteReader, onHostileName: OnHostileName | undefined): TreeEntry[] {
  const entries: TreeEntry[] = [];
  while (reader.remaining > 0) {
    const bytes = reader.sized();
    try {
      entries.push(decodeEntry(bytes));
    } catch (error) {
      if (!onHostileName || !hasCode(error, 'name-hostile')) throw error;
      onHostileName(error);
    }
    checkOrder(entries.at(-2)?.name, entries.at(-1)?.name);
  }
  return entries;
}

function readChildren(reader: ByteReader): Child[] {
  const children: Child[] = [];
  while (reader.remaining > 0) {
    const name = reader.sized();
    if (name.length > NAME_BYTES_MAX) throw damaged('a name is too long');
    const firstName = rawPathFromBytes(name);
    checkName(firstName);
    checkOrder(children.at(-1)?.firstName, firstName);
    const id = toHex(reader.bytes(32)) as ChunkId;
    children.push({ firstName, id, entryCount: reader.varint() });
  }
  if (children.length === 0) throw damaged('a tree node has no children');
  return children;
}

function checkOrder(one: RawPath | undefined, other: RawPath | undefined): void {
  if (one !== undefined && other !== undefined && compareRaw(one, other) >= 0) {
    throw damaged('the entries of a directory are out of order');
  }
}

interface ReadOptions {
  readonly get: GetChunk;
  /** Hears of entries that were left out for their names. Without it they are thrown. */
  readonly onHostileName?: OnHostileName | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The entries of the directory whose root node is `treeId`, in order. */
export async function* readDirectory(
  treeId: ChunkId,
  options: ReadOptions,
): AsyncGenerator<TreeEntry> {
  let last: RawPath | undefined;
  for await (const entry of readNode(treeId, undefined, undefined, options)) {
    checkOrder(last, entry.name);
    last = entry.name;
    yield entry;
  }
}

async function* readNode(
  id: ChunkId,
  levelExpected: number | undefined,
  firstName: RawPath | undefined,
  options: ReadOptions,
): AsyncGenerator<TreeEntry> {
  options.signal?.throwIfAborted();
  const node = decodeNode(await options.get(id, options.signal), options.onHostileName);
  if (levelExpected !== undefined && node.level !== levelExpected) {
    throw damaged('a tree node is not where it belongs');
  }
  if ('entries' in node) {
    const first = node.entries[0]?.name;
    if (firstName !== undefined && first !== undefined && compareRaw(first, firstName) < 0) {
      throw damaged('a tree node begins before its place');
    }
    yield* node.entries;
    return;
  }
  for (const child of node.children) {
    yield* readNode(child.id, node.level - 1, child.firstName, options);
  }
}

/** The entry called `name` in a directory, reading one node of each level; undefined if none. */
export async function findEntry(
  treeId: ChunkId,
  name: RawPath,
  options: ReadOptions,
): Promise<TreeEntry | undefined> {
  let id = treeId;
  let level: number | undefined;
  for (;;) {
    const node = decodeNode(await options.get(id, options.signal), options.onHostileName);
    if (level !== undefined && node.level !== level) {
      throw damaged('a tree node is not where it belongs');
    }
    if ('entries' in node) return node.entries.find((entry) => entry.name === name);
    const child = node.children.findLast(({ firstName }) => compareRaw(firstName, name) <= 0);
    if (!child) return undefined;
    id = child.id;
    level = node.level - 1;
  }
}

/** One entry with its path below the root. */
export interface WalkedEntry {
  readonly path: RawPath;
  readonly entry: TreeEntry;
}

/**
 * Everything below a directory, each directory before what it holds. `enter` decides which
 * directories are entered (all, when absent). Throws `pack-damaged` for a tree deeper than any.
 */
export async function* walkTree(
  treeId: ChunkId,
  options: ReadOptions & { readonly enter?: (path: RawPath) => boolean },
): AsyncGenerator<WalkedEntry> {
  const pending: { readonly path: RawPath; readonly treeId: ChunkId; readonly depth: number }[] = [
    { path: '' as RawPath, treeId, depth: 0 },
  ];
  for (let directory = pending.pop(); directory; directory = pending.pop()) {
    if (directory.depth > TREE_DEPTH_MAX) throw damaged('a tree is deeper than any path');
    const below: typeof pending = [];
    for await (const entry of readDirectory(directory.treeId, options)) {
      const path = joinRawPath(directory.path, entry.name);
      yield { path, entry };
      if (entry.kind === 'directory' && (options.enter?.(path) ?? true)) {
        below.push({ path, treeId: entry.treeId, depth: directory.depth + 1 });
      }
    }
    pending.push(...below.reverse());
  }
}
