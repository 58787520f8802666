/**
 * @file The content of a file as a list of chunks, whatever its size.
 *
 * A short list stands in the tree entry itself. A longer one is split into content-list chunks,
 * and the entry (or a list above) names those, so that an entry stays small and an edit in a large
 * file writes a few lists anew. Lists end where an ID says so, not at fixed counts: chunk IDs are
 * keyed hashes, so the ends move only where the content changed.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import type { ChunkId } from '#engine/model/ids.ts';
import { ByteReader, ByteWriter, damaged, hexBytes, toHex } from './encoding.ts';
import { ENTRY_KIND, type EntryKind } from './pack-layout.ts';

/** One piece of content: a data chunk, or in a deeper list the list that covers `sizeBytes`. */
export interface ContentItem {
  readonly id: ChunkId;
  /** Plaintext bytes of the file that it stands for. */
  readonly sizeBytes: number;
}

export interface Content {
  /** 0: `items` are data chunks. More: they are lists, this many levels above the data. */
  readonly depth: number;
  readonly items: readonly ContentItem[];
}

/** Stores a plaintext as a sealed chunk, unless it is stored already, and returns its ID. */
export type PutChunk = (kind: EntryKind, plaintext: Uint8Array) => Promise<ChunkId>;
/** Fetches and opens a chunk by its ID, from wherever the pack index says. */
export type GetChunk = (id: ChunkId, signal?: AbortSignal) => Promise<Uint8Array>;

/** Items that stand in a tree entry: 1 KiB of it. */
export const CONTENT_INLINE_ITEMS_MAX = 28;
/** Lists are at least this long, and at most LIST_ITEMS_MAX: 80 KiB, a chunk in any network. */
const LIST_ITEMS_MIN = 128;
const LIST_ITEMS_MAX = 2048;
/** One item in 512 ends a list: its ID begins with 9 zero bits. */
const LIST_END_MASK = 0x01ff;
/** 28 lists of lists of 128 items or more: beyond any file. */
const CONTENT_DEPTH_MAX = 6;
const ITEM_BYTES_MIN = 33;

/** The content of a file made of `chunks`, its lists stored through `put`. */
export async function storeContent(
  chunks: readonly ContentItem[],
  put: PutChunk,
): Promise<Content> {
  let items = chunks;
  let depth = 0;
  while (items.length > CONTENT_INLINE_ITEMS_MAX) {
    const above: ContentItem[] = [];
    for (const list of splitItems(items)) {
      const id = await put(ENTRY_KIND.contentList, encodeItems(list));
      above.push({ id, sizeBytes: list.reduce((sum, item) => sum + item.sizeBytes, 0) });
    }
    items = above;
    depth += 1;
  }
  return { depth, items };
}

/**
 * The data chunks of `content` in order.
 *
 * Throws `pack-damaged` when a list doesn't cover the bytes that its parent says.
 */
export async function* readContent(
  content: Content,
  get: GetChunk,
  signal?: AbortSignal,
): AsyncGenerator<ContentItem> {
  if (content.depth === 0) {
    yield* content.items;
    return;
  }
  for (const list of content.items) {
    const items = decodeItems(await get(list.id, signal));
    const covered = items.reduce((sum, item) => sum + item.sizeBytes, 0);
    if (covered !== list.sizeBytes) throw damaged('a content list contradicts its parent');
    yield* readContent({ depth: content.depth - 1, items }, get, signal);
  }
}

/** The plaintext of a content list: items until the end. */
export function encodeItems(items: readonly ContentItem[]): Uint8Array {
  return writeItems(new ByteWriter(items.length * 36 + 1), items).finish();
}

function writeItems(writer: ByteWriter, items: readonly ContentItem[]): ByteWriter {
  for (const item of items) writer.bytes(hexBytes(item.id)).varint(item.sizeBytes);
  return writer;
}

export function decodeItems(bytes: Uint8Array): ContentItem[] {
  const reader = new ByteReader(bytes, 'a content list');
  const items = readItems(reader);
  if (items.length > LIST_ITEMS_MAX) throw damaged('a content list is too long');
  return items;
}

/** The value of a tree entry's content field. */
export function encodeContent(content: Content): Uint8Array {
  const writer = new ByteWriter(1 + content.items.length * 36).u8(content.depth);
  return writeItems(writer, content.items).view();
}

/** The content in a tree entry. `sizeBytes` is what all of it must cover. */
export function decodeContent(bytes: Uint8Array, sizeBytes: number): Content {
  const reader = new ByteReader(bytes, 'the content of an entry');
  const depth = reader.u8();
  const items = readItems(reader);
  const covered = items.reduce((sum, item) => sum + item.sizeBytes, 0);
  if (depth > CONTENT_DEPTH_MAX || items.length === 0 || items.length > CONTENT_INLINE_ITEMS_MAX) {
    throw damaged('the content of an entry is out of bounds');
  }
  if (covered !== sizeBytes) throw damaged('the content of an entry contradicts its size');
  return { depth, items };
}

function readItems(reader: ByteReader): ContentItem[] {
  const items: ContentItem[] = [];
  while (reader.remaining > 0) {
    if (reader.remaining < ITEM_BYTES_MIN) throw damaged('a content list is cut short');
    const id = toHex(reader.bytes(32)) as ChunkId;
    const sizeBytes = reader.varint();
    if (sizeBytes === 0) throw damaged('a content list names an empty chunk');
    items.push({ id, sizeBytes });
  }
  return items;
}

function* splitItems(items: readonly ContentItem[]): Generator<readonly ContentItem[]> {
  let start = 0;
  for (let end = 1; end <= items.length; end += 1) {
    const count = end - start;
    const endsHere = count >= LIST_ITEMS_MIN && isListEnd(items[end - 1]!.id);
    if (endsHere || count === LIST_ITEMS_MAX || end === items.length) {
      yield items.slice(start, end);
      start = end;
    }
  }
}

/** Little-endian, the first two bytes of the ID. */
const isListEnd = (id: ChunkId): boolean =>
  ((parseInt(id.slice(2, 4), 16) << 8) | parseInt(id.slice(0, 2), 16)) % (LIST_END_MASK + 1) === 0;

/** A value too large for a tree entry, cut into chunks of `pieceBytes` and stored like content. */
export async function storeValue(
  value: Uint8Array,
  pieceBytes: number,
  put: PutChunk,
): Promise<Content> {
  const chunks: ContentItem[] = [];
  for (let offset = 0; offset < value.length; offset += pieceBytes) {
    const piece = value.subarray(offset, offset + pieceBytes);
    chunks.push({ id: await put(ENTRY_KIND.contentList, piece), sizeBytes: piece.length });
  }
  return storeContent(chunks, put);
}

/** What storeValue stored. Throws `pack-damaged` beyond `bytesMax`. */
export async function loadValue(
  content: Content,
  bytesMax: number,
  get: GetChunk,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const sizeBytes = content.items.reduce((sum, item) => sum + item.sizeBytes, 0);
  if (sizeBytes > bytesMax) {
    throw new EngineError('pack-damaged', 'a stored value is larger than any that Floe writes', {
      context: { sizeBytes, bytesMax },
    });
  }
  const value = new Uint8Array(sizeBytes);
  let offset = 0;
  for await (const item of readContent(content, get, signal)) {
    const piece = await get(item.id, signal);
    if (piece.length !== item.sizeBytes) throw damaged('a chunk has not the size of its item');
    value.set(piece, offset);
    offset += piece.length;
  }
  return value;
}
