/**
 * @file Turns the changed files of a scan into tree entries whose content is stored.
 *
 *     scan → [ read → chunk → seal → pack ] → tree
 *
 * Small files are read many at once into one buffer, while the addon works on the buffer before;
 * large ones in pieces. What cannot be read keeps the entry it had.
 */
import { decodeEntry, encodeEntry, type FileEntry } from '../archive/tree-entry.ts';
import {
  ATTRIBUTES_BYTES_MAX,
  encodeAttributes,
  encodeExtents,
  INLINE_VALUE_BYTES_MAX,
  type ExtendedAttribute,
  type Extent,
  type Stored,
} from '../archive/tree-entry.ts';
import { storeContent, storeValue, type ContentItem } from '../archive/content.ts';
import type { KnownEntry } from '../local-index/entry-table.ts';
import type { RawPath } from '../model/ids.ts';
import type { AbsolutePath, FileStat, SourceFiles } from '../ports/file-system.ts';
import type { Clock } from '../ports/ports.ts';
import { knownEntry } from '../source/change.ts';
import {
  isSmallFile,
  readLargeFile,
  readSmallFiles,
  type BatchedReading,
  type FileReading,
  type ReadRequest,
} from '../source/reader.ts';
import type { ChunkWriter } from './chunk-writer.ts';
import type { PackStream } from './pack-stream.ts';

/** One buffer of small files; two are in use. */
const BATCH_BYTES = 8 * 1024 * 1024;
/** Files of one batch: their entries wait in memory until the batch is sealed. */
const BATCH_FILES_MAX = 4_096;
/** Values that don't fit in an entry are stored in pieces of this size. */
const VALUE_PIECE_BYTES = 64 * 1024;

type ReadFile = Extract<FileReading, { kind: 'read' }>;

/** A file that the scan found new or changed. */
export interface FileToRead extends ReadRequest {
  readonly name: RawPath;
  readonly hardLinkGroup: bigint | undefined;
}

export interface FolderReaderOptions {
  readonly files: SourceFiles;
  readonly root: AbsolutePath;
  readonly clock: Clock;
  readonly chunks: ChunkWriter;
  readonly stream: PackStream;
  readonly onRead: (file: FileToRead, bytes: number) => void;
  readonly signal: AbortSignal;
}

export interface UnreadFile {
  readonly path: RawPath;
  readonly reason: string;
}

export interface FolderReadings {
  /** The new entry of every file that was read. */
  readonly entries: ReadonlyMap<RawPath, FileEntry>;
  readonly vanished: ReadonlySet<RawPath>;
  readonly unread: readonly UnreadFile[];
  readonly bytesRead: number;
}

/** Read and store `files` in their order. */
export async function readFolderFiles(
  files: readonly FileToRead[],
  options: FolderReaderOptions,
): Promise<FolderReadings> {
  const reader = new FolderReader(options);
  await reader.read(files);
  return reader.readings;
}

class FolderReader {
  readonly readings = {
    entries: new Map<RawPath, FileEntry>(),
    vanished: new Set<RawPath>(),
    unread: [] as UnreadFile[],
    bytesRead: 0,
  };
  readonly #options: FolderReaderOptions;
  #memory: readonly [Uint8Array, Uint8Array] | undefined;
  /** Files that were small when scanned and no longer were when read. */
  readonly #outgrown: FileToRead[] = [];

  constructor(options: FolderReaderOptions) {
    this.#options = options;
  }

  get #buffers(): readonly [Uint8Array, Uint8Array] {
    this.#memory ??= [new Uint8Array(BATCH_BYTES), new Uint8Array(BATCH_BYTES)];
    return this.#memory;
  }

  async read(files: readonly FileToRead[]): Promise<void> {
    const { signal } = this.#options;
    let turn = 0;
    let storing: Promise<void> = Promise.resolve();
    let next = 0;
    try {
      while (next < files.length) {
        signal.throwIfAborted();
        const batch = smallBatch(files, next);
        if (batch.length === 0) {
          await storing;
          await this.#readLarge(files[next]!);
          next += 1;
          continue;
        }
        // The other buffer is being sealed meanwhile.
        const buffer = this.#buffers[turn % 2 === 0 ? 0 : 1];
        turn += 1;
        const batched = readSmallFiles(this.#options, batch, buffer);
        next += batched.length;
        await storing;
        storing = this.#storeBatch(batch, batched, buffer);
        // Its failure is met by the next await; until then it must not count as unhandled.
        storing.catch(() => undefined);
      }
    } finally {
      await storing;
    }
    // Only now: large files are read through both buffers, and no batch may lie in one of them.
    for (const file of this.#outgrown) await this.#readLarge(file);
  }

  async #storeBatch(
    batch: readonly FileToRead[],
    batched: readonly BatchedReading[],
    buffer: Uint8Array,
  ): Promise<void> {
    const read: { file: FileToRead; reading: ReadFile; sizeBytes: number }[] = [];
    for (const [index, { reading, sizeBytes }] of batched.entries()) {
      const file = batch[index]!;
      if (reading.kind === 'read') read.push({ file, reading, sizeBytes });
      else if (reading.kind === 'large') this.#outgrown.push({ ...file, stat: reading.stat });
      else this.#note(reading);
    }
    const totalBytes = read.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const contents = await this.#options.chunks.storeFiles(
      buffer.subarray(0, totalBytes),
      read.map(({ sizeBytes }) => sizeBytes),
    );
    for (const [index, { file, reading, sizeBytes }] of read.entries()) {
      await this.#remember(file, reading, contents[index] ?? [], sizeBytes);
    }
  }

  async #readLarge(file: FileToRead): Promise<void> {
    const { chunks, signal } = this.#options;
    let current = chunks.openFile();
    let bytes = 0;
    const reading = await readLargeFile(this.#options, file, {
      buffers: this.#buffers,
      onAttempt: () => {
        current = chunks.openFile();
        bytes = 0;
      },
      onPiece: async (piece) => {
        await current.add(piece);
        bytes += piece.length;
        this.#options.onRead(file, piece.length);
      },
      signal,
    });
    if (reading.kind === 'read') {
      await this.#remember(file, reading, await current.finish(), bytes, true);
    } else {
      this.#note(reading);
    }
  }

  #note(reading: Exclude<FileReading, ReadFile>): void {
    if (reading.kind === 'vanished') this.readings.vanished.add(reading.path);
    else if (reading.kind === 'unreadable') {
      this.readings.unread.push({ path: reading.path, reason: reading.reason });
    } else {
      // A file that outgrew even the large reader's look: it keeps changing.
      this.readings.unread.push({ path: reading.path, reason: 'changing' });
    }
  }

  async #remember(
    file: FileToRead,
    reading: ReadFile,
    items: readonly ContentItem[],
    bytes: number,
    isCounted = false,
  ): Promise<void> {
    const { chunks, stream, files, onRead } = this.#options;
    const { stat } = reading;
    const put = chunks.put.bind(chunks);
    const entry: FileEntry = {
      kind: 'file',
      name: file.name,
      ...(await ownership(stat, reading.xattrs, files, chunks)),
      sizeBytes: stat.sizeBytes,
      ...(items.length > 0 ? { content: await storeContent(items, put) } : {}),
      ...(reading.extents ? { extents: await stored(reading.extents, encodeExtents, chunks) } : {}),
      ...(file.hardLinkGroup === undefined ? {} : { hardLinkGroup: file.hardLinkGroup }),
    };
    this.readings.entries.set(file.path, entry);
    this.readings.bytesRead += bytes;
    if (!isCounted) onRead(file, bytes);
    stream.remember(toKnown(file.path, stat, reading.isSettled, encodeEntry(entry)));
  }
}

/** The run of small files that starts at `from`; empty when the file there is a large one. */
function smallBatch(files: readonly FileToRead[], from: number): readonly FileToRead[] {
  let to = from;
  let bytes = 0;
  while (to < files.length && to - from < BATCH_FILES_MAX) {
    const { stat } = files[to]!;
    if (!isSmallFile(stat) || bytes + stat.sizeBytes >= BATCH_BYTES) break;
    bytes += stat.sizeBytes + 1;
    to += 1;
  }
  return files.slice(from, to);
}

/** What every entry carries beside its kind. */
export async function ownership(
  stat: FileStat,
  xattrs: readonly { readonly name: string; readonly value: Uint8Array }[],
  files: SourceFiles,
  chunks: ChunkWriter,
): Promise<
  Pick<
    FileEntry,
    'mode' | 'mtimeNs' | 'userId' | 'groupId' | 'userName' | 'groupName' | 'attributes'
  >
> {
  const userName = files.userName(stat.uid);
  const groupName = files.groupName(stat.gid);
  const kept = keepAttributes(xattrs);
  return {
    mode: stat.mode,
    mtimeNs: stat.mtimeNs,
    userId: stat.uid,
    groupId: stat.gid,
    ...(userName === undefined ? {} : { userName: userName }),
    ...(groupName === undefined ? {} : { groupName: groupName }),
    ...(kept.length === 0 ? {} : { attributes: await stored(kept, encodeAttributes, chunks) }),
  };
}

/** Attributes by name, as many as an entry may have. */
function keepAttributes(
  xattrs: readonly { readonly name: string; readonly value: Uint8Array }[],
): ExtendedAttribute[] {
  const sorted = xattrs
    .map(({ name, value }) => ({ name: name as RawPath, value }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  let bytes = 0;
  return sorted.filter(({ name, value }) => {
    bytes += name.length + value.length + 16;
    return bytes <= ATTRIBUTES_BYTES_MAX;
  });
}

async function stored<Value extends readonly (ExtendedAttribute | Extent)[]>(
  value: Value,
  encode: (value: Value) => Uint8Array,
  chunks: ChunkWriter,
): Promise<Stored<Value>> {
  const bytes = encode(value);
  if (bytes.length <= INLINE_VALUE_BYTES_MAX) return { kind: 'inline', value };
  const content = await storeValue(bytes, VALUE_PIECE_BYTES, chunks.put.bind(chunks));
  return { kind: 'stored', content };
}

/** What the local index remembers of an entry. */
export function toKnown(
  path: RawPath,
  stat: FileStat,
  isSettled: boolean,
  entry: Uint8Array,
): KnownEntry {
  return { path, ...knownEntry(stat, isSettled), entry };
}

/** The tree entry that was stored for a path, under the name it has now. */
export const storedEntry = (known: KnownEntry) => decodeEntry(known.entry);
