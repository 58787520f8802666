/**
 * @file One entry of a directory, and its bytes.
 *
 * Names, link targets, owner names and extended attributes are raw bytes, one character per byte
 * (RawPath). Fields that have their default are left out; fields of newer releases are kept and
 * written back. docs/format.md lists the tags.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import { rawPathBytes, rawPathFromBytes, type ChunkId, type RawPath } from '#engine/model/ids.ts';
import type { Extent, Xattr as ExtendedAttribute } from '#engine/ports/file-system.ts';
import { decodeContent, encodeContent, type Content } from './content.ts';
import {
  ByteReader,
  ByteWriter,
  damaged,
  encodeFields,
  Fields,
  hexBytes,
  numberField,
  toHex,
  type Field,
  writtenField,
} from './encoding.ts';

/** Extended attributes and extents are what the file system gives. */
export type { Extent, Xattr as ExtendedAttribute } from '#engine/ports/file-system.ts';

/** A value that stands in the entry, or, when too large for that, in chunks of its own. */
export type Stored<Value> =
  | { readonly kind: 'inline'; readonly value: Value }
  | { readonly kind: 'stored'; readonly content: Content };

interface EntryBase {
  readonly name: RawPath;
  /** The twelve permission bits. */
  readonly mode: number;
  /** Nanoseconds since 1970, before it negative. */
  readonly mtimeNs: bigint;
  readonly userId?: number | undefined;
  readonly groupId?: number | undefined;
  /** Names are what restore goes by; numbers differ between machines. */
  readonly userName?: RawPath | undefined;
  readonly groupName?: RawPath | undefined;
  readonly attributes?: Stored<readonly ExtendedAttribute[]> | undefined;
  /** Fields of newer releases, as they were. */
  readonly unknown?: readonly Field[] | undefined;
}

export interface FileEntry extends EntryBase {
  readonly kind: 'file';
  readonly sizeBytes: number;
  /** Absent when nothing of the file is data. */
  readonly content?: Content | undefined;
  /** Where the content belongs in a sparse file. Absent: it covers the file from 0 to its size. */
  readonly extents?: Stored<readonly Extent[]> | undefined;
  /** Files of one snapshot with the same number are one file with several names. */
  readonly hardLinkGroup?: bigint | undefined;
}

export interface DirectoryEntry extends EntryBase {
  readonly kind: 'directory';
  /** The root node of its tree. */
  readonly treeId: ChunkId;
  /** What lies below, for plans and progress; a hint. */
  readonly totals?: { readonly fileCount: number; readonly sizeBytes: number } | undefined;
}

export interface SymlinkEntry extends EntryBase {
  readonly kind: 'symlink';
  readonly target: RawPath;
}

export type TreeEntry = FileEntry | DirectoryEntry | SymlinkEntry;

/** Linux allows 255, others 765; more comes from nobody's file system. */
export const NAME_BYTES_MAX = 1024;
/** PATH_MAX of Linux. */
export const LINK_TARGET_BYTES_MAX = 4096;
export const OWNER_NAME_BYTES_MAX = 256;
/** Attributes and extents that take more are stored outside the entry. */
export const INLINE_VALUE_BYTES_MAX = 4096;
/** All attributes of one file. Linux allows 64 KiB each in most file systems. */
export const ATTRIBUTES_BYTES_MAX = 4 * 1024 * 1024;
/** The extents of one sparse file: about 500,000. */
export const EXTENTS_BYTES_MAX = 8 * 1024 * 1024;
/** No entry that Floe writes comes near. */
export const ENTRY_BYTES_MAX = 32 * 1024;
const MODE_MAX = 0o7777;
/** A signed time of at most twelve bytes. */
const TIME_BYTES_MAX = 12;

const TAG = {
  name: 1,
  kind: 2,
  mode: 3,
  mtime: 4,
  userId: 5,
  groupId: 6,
  userName: 7,
  groupName: 8,
  size: 9,
  content: 10,
  target: 11,
  tree: 12,
  hardLinkGroup: 13,
  extents: 14,
  storedExtents: 15,
  attributes: 16,
  storedAttributes: 17,
  totals: 18,
} as const;

const KINDS: readonly TreeEntry['kind'][] = ['file', 'directory', 'symlink'];

/**
 * Refuse a name that could lead out of a directory: empty, `.`, `..`, or with `/` or NUL in it.
 * Throws `name-hostile`. What else a file system refuses is for restore to know.
 */
export function checkName(name: RawPath): void {
  const isHostile = name === '' || name === '.' || name === '..' || /[/\0]/.test(name);
  if (isHostile) throw new EngineError('name-hostile', 'an entry has a name that is no name');
}

/** The bytes of an entry. Equal entries have equal bytes. */
export function encodeEntry(entry: TreeEntry): Uint8Array {
  checkName(entry.name);
  const bytes = encodeFields([...commonFields(entry), ...kindFields(entry)], entry.unknown);
  if (bytes.length > ENTRY_BYTES_MAX || entry.name.length > NAME_BYTES_MAX) {
    throw new RangeError('a tree entry exceeds its bounds');
  }
  return bytes;
}

function commonFields(entry: TreeEntry): (Field | undefined)[] {
  return [
    rawField(TAG.name, entry.name),
    entry.kind === 'file' ? undefined : numberField(TAG.kind, KINDS.indexOf(entry.kind)),
    numberField(TAG.mode, entry.mode),
    { tag: TAG.mtime, value: encodeSigned(entry.mtimeNs) },
    entry.userId === undefined ? undefined : numberField(TAG.userId, entry.userId),
    entry.groupId === undefined ? undefined : numberField(TAG.groupId, entry.groupId),
    rawField(TAG.userName, entry.userName),
    rawField(TAG.groupName, entry.groupName),
    ...storedFields(entry.attributes, TAG.attributes, TAG.storedAttributes, encodeAttributes),
  ];
}

function kindFields(entry: TreeEntry): (Field | undefined)[] {
  switch (entry.kind) {
    case 'file':
      return [
        entry.sizeBytes === 0 ? undefined : numberField(TAG.size, entry.sizeBytes),
        entry.content && { tag: TAG.content, value: encodeContent(entry.content) },
        entry.hardLinkGroup === undefined
          ? undefined
          : writtenField(TAG.hardLinkGroup, (writer) => writer.u64(entry.hardLinkGroup ?? 0n)),
        ...storedFields(entry.extents, TAG.extents, TAG.storedExtents, encodeExtents),
      ];
    case 'directory':
      return [
        { tag: TAG.tree, value: hexBytes(entry.treeId) },
        entry.totals &&
          writtenField(TAG.totals, (writer) =>
            writer.varint(entry.totals?.fileCount ?? 0).varint(entry.totals?.sizeBytes ?? 0),
          ),
      ];
    case 'symlink':
      return [rawField(TAG.target, entry.target)];
  }
}

/**
 * Read an entry.
 *
 * Throws `name-hostile` for a name that is no name, `pack-damaged` for bytes that encodeEntry
 * doesn't write, `format-unknown` for a field that must be understood and isn't.
 */
export function decodeEntry(bytes: Uint8Array): TreeEntry {
  if (bytes.length > ENTRY_BYTES_MAX) throw damaged('an entry is too large');
  const fields = new Fields(bytes, 'an entry');
  const name = readRaw(fields.required(TAG.name), NAME_BYTES_MAX);
  checkName(name);
  const kind = KINDS[fields.numberOr(TAG.kind, 0)];
  if (kind === undefined) throw new EngineError('format-unknown', 'an entry of an unknown kind');
  const base = readCommon(name, fields);
  const rest = readKind(kind, fields);
  const unknown = fields.unknown();
  return { ...base, ...rest, ...(unknown.length > 0 ? { unknown } : {}) } as TreeEntry;
}

function readCommon(name: RawPath, fields: Fields): EntryBase {
  const mode = fields.number(TAG.mode);
  if (mode > MODE_MAX) throw damaged('an entry has more mode bits than there are');
  const mtimeNs = decodeSigned(fields.required(TAG.mtime));
  const userName = fields.optional(TAG.userName);
  const groupName = fields.optional(TAG.groupName);
  return {
    name,
    mode,
    mtimeNs,
    ...(fields.has(TAG.userId) ? { userId: fields.number(TAG.userId) } : {}),
    ...(fields.has(TAG.groupId) ? { groupId: fields.number(TAG.groupId) } : {}),
    ...(userName ? { userName: readRaw(userName, OWNER_NAME_BYTES_MAX) } : {}),
    ...(groupName ? { groupName: readRaw(groupName, OWNER_NAME_BYTES_MAX) } : {}),
    ...readStored('attributes', fields, TAG.attributes, TAG.storedAttributes, decodeAttributes),
  };
}

function readKind(kind: TreeEntry['kind'], fields: Fields): object {
  switch (kind) {
    case 'file':
      return readFile(fields);
    case 'directory': {
      const treeId = toHex(fields.fixed(TAG.tree, 32)) as ChunkId;
      if (!fields.has(TAG.totals)) return { kind, treeId };
      const reader = fields.reader(TAG.totals);
      const totals = { fileCount: reader.varint(), sizeBytes: reader.varint() };
      reader.end();
      return { kind, treeId, totals };
    }
    case 'symlink':
      return { kind, target: readRaw(fields.required(TAG.target), LINK_TARGET_BYTES_MAX) };
  }
}

function readFile(fields: Fields): Partial<FileEntry> {
  const sizeBytes = fields.numberOr(TAG.size, 0);
  const stored = readStored('extents', fields, TAG.extents, TAG.storedExtents, decodeExtents);
  const contentBytes = fields.optional(TAG.content);
  const covered = dataBytes(stored, sizeBytes, contentBytes);
  return {
    kind: 'file',
    sizeBytes,
    ...(contentBytes ? { content: decodeContent(contentBytes, covered) } : {}),
    ...stored,
    ...(fields.has(TAG.hardLinkGroup)
      ? { hardLinkGroup: readGroup(fields.fixed(TAG.hardLinkGroup, 8)) }
      : {}),
  };
}

/** How many bytes of a file its content covers, as far as the entry alone says. */
function dataBytes(
  file: Partial<FileEntry>,
  sizeBytes: number,
  contentBytes: Uint8Array | undefined,
): number {
  const { extents } = file;
  if (extents === undefined) {
    if ((contentBytes === undefined) !== (sizeBytes === 0)) {
      throw damaged('a file has a size without content, or content without a size');
    }
    return sizeBytes;
  }
  if (extents.kind === 'inline') {
    const held = checkExtents(extents.value, sizeBytes);
    if (held > 0 && contentBytes === undefined) throw damaged('extents without content');
    return held;
  }
  // Stored extents are checked against the content when they are loaded.
  return contentBytes === undefined ? 0 : contentSize(contentBytes);
}

function contentSize(contentBytes: Uint8Array): number {
  const reader = new ByteReader(contentBytes, 'the content of an entry');
  reader.u8();
  let size = 0;
  while (reader.remaining > 0) {
    reader.bytes(32);
    size += reader.varint();
  }
  return size;
}

/** Refuse extents that overlap or leave the file; returns how many bytes they hold. */
export function checkExtents(extents: readonly Extent[], sizeBytes: number): number {
  let end = 0;
  let held = 0;
  for (const extent of extents) {
    if (extent.offsetBytes < end || extent.sizeBytes === 0) throw damaged('extents overlap');
    end = extent.offsetBytes + extent.sizeBytes;
    held += extent.sizeBytes;
  }
  if (end > sizeBytes) throw damaged('extents leave their file');
  return held;
}

/** Distances and sizes in turn, as varints. */
export function encodeExtents(extents: readonly Extent[]): Uint8Array {
  const writer = new ByteWriter(extents.length * 8 + 1);
  let end = 0;
  for (const extent of extents) {
    writer.varint(extent.offsetBytes - end).varint(extent.sizeBytes);
    end = extent.offsetBytes + extent.sizeBytes;
  }
  return writer.finish();
}

export function decodeExtents(bytes: Uint8Array): Extent[] {
  const reader = new ByteReader(bytes, 'a sparse map');
  const extents: Extent[] = [];
  let end = 0;
  while (reader.remaining > 0) {
    const offsetBytes = end + reader.varint();
    const sizeBytes = reader.varint();
    end = offsetBytes + sizeBytes;
    if (sizeBytes === 0 || end > Number.MAX_SAFE_INTEGER) throw damaged('a sparse map is astray');
    extents.push({ offsetBytes, sizeBytes });
  }
  return extents;
}

/** Names and values in turn, names strictly ascending. */
export function encodeAttributes(attributes: readonly ExtendedAttribute[]): Uint8Array {
  const writer = new ByteWriter();
  for (const { name, value } of attributes.toSorted((one, other) =>
    compareRaw(one.name, other.name),
  ))
    writer.sized(rawPathBytes(name)).sized(value);
  return writer.finish();
}

export function decodeAttributes(bytes: Uint8Array): ExtendedAttribute[] {
  const reader = new ByteReader(bytes, 'extended attributes');
  const attributes: ExtendedAttribute[] = [];
  let last: RawPath | undefined;
  while (reader.remaining > 0) {
    const name = rawPathFromBytes(reader.sized());
    if (last !== undefined && compareRaw(last, name) >= 0)
      throw damaged('extended attributes are out of order');
    last = name;
    attributes.push({ name, value: new Uint8Array(reader.sized()) });
  }
  return attributes;
}

/** Names in the order of their bytes: the characters are the bytes. */
export const compareRaw = (one: RawPath, other: RawPath): number =>
  one < other ? -1 : one > other ? 1 : 0;

/** Shortest two's complement, little-endian; zero is no bytes. */
export function encodeSigned(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest !== 0n && rest !== -1n) {
    bytes.push(Number(BigInt.asUintN(8, rest)));
    rest >>= 8n;
  }
  const isNegative = ((bytes.at(-1) ?? 0) & 0x80) !== 0;
  if (rest === -1n && !isNegative) bytes.push(0xff);
  if (rest === 0n && isNegative) bytes.push(0);
  return Uint8Array.from(bytes);
}

export function decodeSigned(bytes: Uint8Array): bigint {
  if (bytes.length > TIME_BYTES_MAX) throw damaged('a time is too long');
  let value = 0n;
  for (let index = bytes.length - 1; index >= 0; index -= 1) {
    value = (value << 8n) | BigInt(bytes[index]!);
  }
  const signed = BigInt.asIntN(bytes.length * 8, value);
  if (encodeSigned(signed).length !== bytes.length) throw damaged('a time is padded');
  return signed;
}

const readGroup = (bytes: Uint8Array): bigint => new ByteReader(bytes, 'a hard link').u64();

function rawField(tag: number, value: RawPath | undefined): Field | undefined {
  return value === undefined ? undefined : { tag, value: rawPathBytes(value) };
}

function readRaw(value: Uint8Array, bytesMax: number): RawPath {
  if (value.length > bytesMax) throw damaged('a name is too long');
  return rawPathFromBytes(value);
}

function storedFields<Value>(
  stored: Stored<Value> | undefined,
  inlineTag: number,
  storedTag: number,
  encode: (value: Value) => Uint8Array,
): Field[] {
  if (stored === undefined) return [];
  return stored.kind === 'inline'
    ? [{ tag: inlineTag, value: encode(stored.value) }]
    : [{ tag: storedTag, value: encodeContent(stored.content) }];
}

function readStored<Key extends string, Value>(
  key: Key,
  fields: Fields,
  inlineTag: number,
  storedTag: number,
  decode: (bytes: Uint8Array) => Value,
): { readonly [K in Key]?: Stored<Value> } {
  const inline = fields.optional(inlineTag);
  const stored = fields.optional(storedTag);
  if (inline && stored) throw damaged('a value stands both in its entry and outside');
  if (inline) return { [key]: { kind: 'inline', value: decode(inline) } } as never;
  if (!stored) return {};
  const content = decodeContent(stored, contentSize(stored));
  return { [key]: { kind: 'stored', content } } as never;
}
