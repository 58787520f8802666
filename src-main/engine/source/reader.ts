/**
 * @file Reads files so that what is kept is a state the file really had: old or new, never torn.
 *
 * A file is read between two looks at its stat. Size, modification time, change time and inode
 * must be the same before and after, else it is read again, a few times; a file that never holds
 * still is reported as `changing` and not kept this time. Files that fit in a buffer are read many
 * at once; larger ones in pieces, and the caller throws an attempt away that did not hold.
 *
 * [Note: Ticks of the file system] Time stamps of files advance in ticks. A second write within
 * the tick of our read leaves no trace, so a file that is as young as a tick when it is read is
 * not settled: it must not be remembered as unchanged. See UNSETTLED_CTIME_NS in change.ts.
 */
import type { RawPath } from '#engine/model/ids.ts';
import {
  FileError,
  pathBelow,
  type AbsolutePath,
  type Extent,
  type FileStat,
  type OpenFile,
  type SourceFiles,
  type Xattr,
} from '#engine/ports/file-system.ts';
import type { Clock } from '#engine/ports/ports.ts';
import { isSameEntry, type KnownEntry, type UnreadableReason } from './change.ts';

/** How often a file is read before it is given up as `changing`. */
export const READ_ATTEMPTS_MAX = 4;
/** Files up to this size are read whole, together with others. */
export const SMALL_FILE_BYTES_MAX = 1024 * 1024;
/** A file is looked at for holes from this size on. */
const SPARSE_BYTES_MIN = 64 * 1024;
/** Coarser than the clock tick of any file system we expect on a disk of one's own. */
const TICK_NS = 20_000_000n;
/** FAT keeps times in steps of two seconds, network file systems in seconds. */
const COARSE_TICK_NS = 2_000_000_000n;
const NS_PER_MS = 1_000_000n;
const NS_PER_SECOND = 1_000_000_000n;

/** A file the scanner has found. */
export interface ReadRequest {
  readonly path: RawPath;
  /** As scanned; says which inode is meant. */
  readonly stat: FileStat;
}

/** How reading one file ended. */
export type FileReading =
  | {
      readonly kind: 'read';
      readonly path: RawPath;
      /** Of the content that was read. */
      readonly stat: FileStat;
      /** Where the data lies when the file has holes; undefined when it has none. */
      readonly extents: readonly Extent[] | undefined;
      readonly xattrs: readonly Xattr[];
      /** Whether it may be remembered as unchanged: see the note above. */
      readonly isSettled: boolean;
    }
  | { readonly kind: 'vanished'; readonly path: RawPath }
  | { readonly kind: 'unreadable'; readonly path: RawPath; readonly reason: UnreadableReason }
  /** It has outgrown `readSmallFiles` or has holes: read it with `readLargeFile`. */
  | { readonly kind: 'large'; readonly path: RawPath; readonly stat: FileStat };

type ReadFile = Extract<FileReading, { kind: 'read' }>;

/** One file of a batch, with its place in the buffer: empty unless it was read. */
export interface BatchedReading {
  readonly reading: FileReading;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

export interface ReaderOptions {
  readonly files: SourceFiles;
  readonly root: AbsolutePath;
  readonly clock: Clock;
}

/** Whether a scanned file belongs into `readSmallFiles`. */
export function isSmallFile(stat: FileStat): boolean {
  return stat.sizeBytes <= SMALL_FILE_BYTES_MAX && !mayHaveHoles(stat);
}

function mayHaveHoles(stat: FileStat): boolean {
  return stat.sizeBytes >= SPARSE_BYTES_MIN && stat.allocatedBytes < stat.sizeBytes;
}

/**
 * Read files one after the other into `buffer`, without gaps, until one does not fit any more.
 *
 * Synchronous: call it with a buffer of a few MiB. Takes at least one request as long as the
 * buffer holds SMALL_FILE_BYTES_MAX. Returns what became of the requests it took, in their order;
 * the caller comes back with the rest.
 */
export function readSmallFiles(
  options: ReaderOptions,
  requests: readonly ReadRequest[],
  buffer: Uint8Array,
): readonly BatchedReading[] {
  const readings: BatchedReading[] = [];
  let offsetBytes = 0;
  for (const request of requests) {
    // One byte more than expected shows that the file has grown.
    if (offsetBytes + request.stat.sizeBytes + 1 > buffer.length && readings.length > 0) break;
    const free = buffer.subarray(offsetBytes);
    const { reading, sizeBytes } = readSmallFile(options, request, free);
    readings.push({ reading, offsetBytes, sizeBytes });
    offsetBytes += sizeBytes;
  }
  return readings;
}

function readSmallFile(
  options: ReaderOptions,
  request: ReadRequest,
  free: Uint8Array,
): { reading: FileReading; sizeBytes: number } {
  const { path } = request;
  return withFile(options, request, {
    failed: (reading) => ({ reading, sizeBytes: 0 }),
    opened: (file) => {
      for (let attempt = 1; attempt <= READ_ATTEMPTS_MAX; attempt += 1) {
        const startedNs = nowNs(options.clock);
        const stat = file.stat();
        // Nothing says that it fits: it may have grown since it was scanned.
        if (!isSmallFile(stat) || stat.sizeBytes >= free.length) {
          return { reading: { kind: 'large', path, stat }, sizeBytes: 0 };
        }
        const sizeBytes = file.readNow(free.subarray(0, stat.sizeBytes + 1), 0);
        const xattrs = file.xattrs();
        if (sizeBytes === stat.sizeBytes && isSameFile(stat, file.stat())) {
          const isSettled = isSettledAt(stat, startedNs);
          const reading: ReadFile = {
            kind: 'read',
            path,
            stat,
            extents: undefined,
            xattrs,
            isSettled,
          };
          return { reading, sizeBytes };
        }
      }
      return { reading: { kind: 'unreadable', path, reason: 'changing' }, sizeBytes: 0 };
    },
  });
}

/**
 * Open the file of a request and hand it to `opened`. A link, or anything but a file, is not read.
 */
function withFile<T>(
  options: ReaderOptions,
  request: ReadRequest,
  outcome: {
    readonly opened: (file: OpenFile) => T;
    readonly failed: (reading: FileReading) => T;
  },
): T {
  const { path } = request;
  let file: OpenFile | undefined;
  try {
    file = options.files.openFile(pathBelow(options.root, path));
    if (!isExpected(options, request, file.stat())) {
      return outcome.failed({ kind: 'unreadable', path, reason: 'changing' });
    }
    return outcome.opened(file);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return outcome.failed(failedReading(path, error));
  } finally {
    file?.close();
  }
}

/**
 * Whether an opened file is the scanned one, or one that took its place. Editors rename a new file
 * over the old one; a directory swapped for a link leads to another inode too, but then the path
 * does not lead there without links.
 */
function isExpected(
  { files, root }: ReaderOptions,
  { path, stat: scanned }: ReadRequest,
  opened: FileStat,
): boolean {
  if (isSameInode(scanned, opened)) return true;
  const place = pathBelow(root, path);
  const now = files.stat(place);
  return now !== undefined && isSameInode(now, opened) && files.realPath(place) === place;
}

function isSameInode(a: FileStat, b: FileStat): boolean {
  return a.inode === b.inode && a.device === b.device;
}

function nowNs(clock: Clock): bigint {
  return BigInt(Math.trunc(clock.nowMs())) * NS_PER_MS;
}

function failedReading(path: RawPath, error: FileError): FileReading {
  if (error.isExhaustion) throw error;
  if (error.reason === 'missing' || error.reason === 'not-directory') {
    return { kind: 'vanished', path };
  }
  const isSwapped = ['is-link', 'is-directory', 'not-supported'].includes(error.reason);
  return { kind: 'unreadable', path, reason: isSwapped ? 'changing' : error.reason };
}

export interface LargeReadOptions {
  /** Two buffers of one size: while one is worked on, the other is filled. */
  readonly buffers: readonly [Uint8Array, Uint8Array];
  /** A new attempt begins: forget what came before. Attempts count from 1. */
  readonly onAttempt: (attempt: number, stat: FileStat) => void | Promise<void>;
  /**
   * The next piece, in order. `offsetBytes` counts logical bytes of the file; pieces never span a
   * hole, and holes are left out. The bytes are the callee's until its promise is fulfilled.
   */
  readonly onPiece: (bytes: Uint8Array, offsetBytes: number) => void | Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Read a file in pieces. What `onPiece` has been given counts only when the result is `read`.
 * A file that changes is noticed after the piece in which it changed.
 */
export async function readLargeFile(
  options: ReaderOptions,
  request: ReadRequest,
  pieces: LargeReadOptions,
): Promise<FileReading> {
  const { path } = request;
  let file: OpenFile | undefined;
  try {
    file = options.files.openFile(pathBelow(options.root, path));
    if (!isExpected(options, request, file.stat()))
      return { kind: 'unreadable', path, reason: 'changing' };
    for (let attempt = 1; attempt <= READ_ATTEMPTS_MAX; attempt += 1) {
      pieces.signal?.throwIfAborted();
      const startedNs = nowNs(options.clock);
      const stat = file.stat();
      const extents = holesOf(file, stat);
      await pieces.onAttempt(attempt, stat);
      const xattrs = file.xattrs();
      const isWhole = await readExtents(file, stat, extents, pieces);
      if (isWhole && isSameFile(stat, file.stat())) {
        return {
          kind: 'read',
          path,
          stat,
          extents,
          xattrs,
          isSettled: isSettledAt(stat, startedNs),
        };
      }
    }
    return { kind: 'unreadable', path, reason: 'changing' };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return failedReading(path, error);
  } finally {
    file?.close();
  }
}

/** Where data lies, or undefined for a file without holes. */
function holesOf(file: OpenFile, stat: FileStat): readonly Extent[] | undefined {
  if (!mayHaveHoles(stat)) return undefined;
  const extents = file.dataExtents()?.map(({ offsetBytes, sizeBytes }) => ({
    offsetBytes,
    // The file may have grown between the two calls; the attempt will fail then.
    sizeBytes: Math.min(sizeBytes, stat.sizeBytes - offsetBytes),
  }));
  const [first] = extents ?? [];
  const isWhole = first?.offsetBytes === 0 && first.sizeBytes === stat.sizeBytes;
  return isWhole ? undefined : extents;
}

/** Returns false when the file is shorter than it was or has changed on the way. */
async function readExtents(
  file: OpenFile,
  stat: FileStat,
  extents: readonly Extent[] | undefined,
  { buffers, onPiece, signal }: LargeReadOptions,
): Promise<boolean> {
  const pieceBytes = buffers[0].length;
  let turn = 0;
  let working: Promise<void> = Promise.resolve();
  try {
    for (const piece of piecesOf(
      extents ?? [{ offsetBytes: 0, sizeBytes: stat.sizeBytes }],
      pieceBytes,
    )) {
      signal?.throwIfAborted();
      const buffer = buffers[turn % 2 === 0 ? 0 : 1].subarray(0, piece.sizeBytes);
      const count = await file.read(buffer, piece.offsetBytes);
      // The other buffer is free again once its piece is done with.
      await working;
      if (count < piece.sizeBytes || !isSameFile(stat, file.stat())) return false;
      working = Promise.resolve(onPiece(buffer, piece.offsetBytes));
      // Its failure is met by the next await; until then it must not count as unhandled.
      working.catch(() => undefined);
      turn += 1;
    }
  } finally {
    await working;
  }
  return true;
}

function* piecesOf(extents: readonly Extent[], pieceBytes: number): Generator<Extent> {
  for (const extent of extents) {
    for (let done = 0; done < extent.sizeBytes; done += pieceBytes) {
      const sizeBytes = Math.min(pieceBytes, extent.sizeBytes - done);
      yield { offsetBytes: extent.offsetBytes + done, sizeBytes };
    }
  }
}

function isSameFile(before: FileStat, after: FileStat): boolean {
  return isSameEntry(before as KnownEntry, after) && before.device === after.device;
}

/** See the note on ticks above. */
function isSettledAt(stat: FileStat, readAtNs: bigint): boolean {
  const youngest = stat.mtimeNs > stat.ctimeNs ? stat.mtimeNs : stat.ctimeNs;
  const isCoarse = stat.ctimeNs % NS_PER_SECOND === 0n;
  return readAtNs - youngest > (isCoarse ? COARSE_TICK_NS : TICK_NS);
}
