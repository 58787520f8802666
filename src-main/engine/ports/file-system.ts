/**
 * @file What the engine needs of this machine's file system.
 *
 * Three capabilities, so that a caller takes only what it uses: `SourceFiles` reads a person's
 * tree and never follows a link, `TargetFiles` writes below one directory and nowhere else,
 * `HomeFiles` keeps Floe's own files. `src-main/platform` makes them real.
 *
 * Many calls are synchronous on purpose: on files that lie in the page cache a thread-pool hop
 * costs ten times the system call. Whoever makes many of them in a row yields in between.
 */
import type { ErrorCode } from '#contract/errors.ts';
import { EngineError } from '../model/engine-error.ts';
import type { RawPath } from '../model/ids.ts';

/** An absolute path of this machine: raw bytes, one character per byte (latin1), like RawPath. */
export type AbsolutePath = string & { readonly absolutePathBrand: unique symbol };

/** The absolute path of text, as UTF-8 bytes. The caller has made it absolute. */
export function absolutePath(text: string): AbsolutePath {
  return Buffer.from(text, 'utf8').toString('latin1') as AbsolutePath;
}

/** The text of an absolute path, for a person and for APIs that know only text. */
export function absolutePathText(path: AbsolutePath): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}

/** `path` below `root`; the empty path is the root itself. */
export function pathBelow(root: AbsolutePath, path: RawPath | string): AbsolutePath {
  if (path === '') return root;
  return (root.endsWith('/') ? `${root}${path}` : `${root}/${path}`) as AbsolutePath;
}

export type FileKind = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'device';

/** What lstat says. Times and numbers that exceed 2^53 are bigint. */
export interface FileStat {
  readonly kind: FileKind;
  readonly sizeBytes: number;
  /** Modification of the content, ns since 1970. May be negative. */
  readonly mtimeNs: bigint;
  /** Change of content or metadata, ns since 1970. Cannot be set by a program. */
  readonly ctimeNs: bigint;
  readonly inode: bigint;
  readonly device: bigint;
  readonly linkCount: number;
  /** Permission bits, 0o7777 at most. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes on disk; less than the size for a sparse file. */
  readonly allocatedBytes: number;
}

/** Why the file system refused. */
export type FileErrorReason =
  | 'missing'
  | 'denied'
  | 'exists'
  | 'not-directory'
  | 'is-directory'
  /** A link stands where a file or directory was asked for. */
  | 'is-link'
  | 'not-empty'
  | 'name-refused'
  | 'too-many-open'
  | 'no-space'
  | 'read-only'
  | 'other-file-system'
  | 'not-supported'
  | 'busy'
  | 'damaged'
  | 'other';

/** Failures that are nobody's but the machine's: no other file would be spared them. */
const MACHINE_CODES: Partial<Record<FileErrorReason, ErrorCode>> = {
  'no-space': 'disk-full',
  'too-many-open': 'too-many-open-files',
};

/**
 * A system call that failed. A full disk has the code `disk-full`, too many open files
 * `too-many-open-files`; everything else is `internal` unless the caller knows better. The message holds no path, since messages reach logs.
 */
export class FileError extends EngineError {
  readonly reason: FileErrorReason;
  /** Such as `EACCES`. */
  readonly systemCode: string;

  constructor(reason: FileErrorReason, systemCode: string, operation: string) {
    super(MACHINE_CODES[reason] ?? 'internal', `${operation} failed: ${systemCode}`, {
      context: { systemCode, operation },
    });
    this.reason = reason;
    this.systemCode = systemCode;
  }

  /** Whether the machine has run out of something, whatever was asked of it. */
  get isExhaustion(): boolean {
    return this.reason in MACHINE_CODES;
  }
}

/** A stretch of a file that holds data; what lies between is a hole and reads as zeros. */
export interface Extent {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** An extended attribute. */
export interface Xattr {
  readonly name: RawPath;
  readonly value: Uint8Array;
}

/** One name in a directory: what it is, or why nobody can tell. */
export type ListedEntry =
  | { readonly name: RawPath; readonly stat: FileStat; readonly error?: undefined }
  | { readonly name: RawPath; readonly stat?: undefined; readonly error: FileError };

export interface DirectoryListing {
  /** The directory itself, from the handle it was read through. */
  readonly stat: FileStat;
  /** In the order of their bytes. */
  readonly entries: readonly ListedEntry[];
}

/** A regular file open for reading. Every call throws FileError. */
export interface OpenFile {
  stat(): FileStat;
  /** Fill `into` from `offsetBytes` at once; returns how much, less only at the end of the file. */
  readNow(into: Uint8Array, offsetBytes: number): number;
  /** The same off the event loop, for large pieces. */
  read(into: Uint8Array, offsetBytes: number): Promise<number>;
  /** Where data lies; undefined where the file system cannot tell. */
  dataExtents(): readonly Extent[] | undefined;
  /** All extended attributes that this process may read; empty where there are none. */
  xattrs(): readonly Xattr[];
  close(): void;
}

/** Reading a person's tree. Never follows a link in the last component. */
export interface SourceFiles {
  /**
   * Read a directory with the stat of each entry. Yields to the event loop in between.
   * An entry that vanishes meanwhile is left out. Throws FileError, `is-link` for a link.
   */
  listDirectory(path: AbsolutePath, signal?: AbortSignal): Promise<DirectoryListing>;
  /** undefined when there is nothing of that name. */
  stat(path: AbsolutePath): FileStat | undefined;
  /** Open a regular file. Anything else gives a FileError without blocking, a FIFO too. */
  openFile(path: AbsolutePath): OpenFile;
  /** The target of a symbolic link, raw bytes, never resolved. */
  readLink(path: AbsolutePath): RawPath;
  /** Extended attributes of a directory. */
  directoryXattrs(path: AbsolutePath): readonly Xattr[];
  /** The path without links, for comparing folders; undefined when it does not exist. */
  realPath(path: AbsolutePath): AbsolutePath | undefined;
  /** Raw bytes, like names of files; undefined when this machine knows no name. */
  userName(uid: number): RawPath | undefined;
  groupName(gid: number): RawPath | undefined;
}

/** A file that appears under its name only when it is complete and on the disk. */
export interface DurableWriter {
  /** Append. The bytes may be reused once the promise is fulfilled. */
  write(bytes: Uint8Array): Promise<void>;
  /** fsync, give it its name, fsync the directory. */
  commit(): Promise<void>;
  /** Remove what was written. Safe to call after `commit`. */
  abandon(): void;
}

export interface FileLock {
  release(): void;
}

/** Floe's own files: home, spool, state. Everything is created for its owner alone. */
export interface HomeFiles {
  /** Create the directory and its parents, mode 0700. */
  ensureDirectory(path: AbsolutePath): void;
  /** Replace the file in one step that survives power loss. Mode 0600. Throws `disk-full`. */
  writeFileDurable(path: AbsolutePath, bytes: Uint8Array): Promise<void>;
  /** Begin a file that `commit` makes appear. */
  createDurable(path: AbsolutePath): DurableWriter;
  /** The whole file, or undefined when it does not exist. Refuses more than `bytesMax`. */
  readFile(path: AbsolutePath, bytesMax: number): Promise<Uint8Array | undefined>;
  openHomeFile(path: AbsolutePath): OpenFile;
  /** Remove a file; nothing happens when it does not exist. */
  removeFile(path: AbsolutePath): void;
  /** Remove a directory of our own with everything in it. Links in it are removed, not followed. */
  removeTree(path: AbsolutePath): void;
  /** Names in a directory, sorted; none when it does not exist. Half-written files are left out. */
  listNames(path: AbsolutePath): readonly string[];
  /** Remove what writers that died have left in a directory. Returns how many files. */
  removeUnfinished(path: AbsolutePath): number;
  /** Bytes that this user may still write on the disk of `path`. */
  freeBytes(path: AbsolutePath): number;
  /** Hold a lock until released or the process ends; undefined when another process has it. */
  lockFile(path: AbsolutePath): FileLock | undefined;
}

/** What a restored entry gets besides its content. Absent fields are left as they are. */
export interface TargetMetadata {
  /** Permission bits; ignored for symbolic links. */
  readonly mode?: number | undefined;
  readonly mtimeNs?: bigint | undefined;
  readonly userName?: RawPath | undefined;
  readonly groupName?: RawPath | undefined;
  readonly xattrs?: readonly Xattr[] | undefined;
}

/** Parts of the metadata that this machine did not take. */
export type MetadataPart = 'owner' | 'group' | 'mode' | 'mtime' | 'xattr';

/** A file open for restoring. */
export interface TargetFile {
  stat(): FileStat;
  /** Read back at once what an earlier run has written. */
  readNow(into: Uint8Array, offsetBytes: number): number;
  /** Write all of `bytes`. Throws `disk-full`. */
  write(bytes: Uint8Array, offsetBytes: number): Promise<void>;
  /** Set the size; what was not written is a hole. */
  resize(sizeBytes: number): void;
  setMetadata(metadata: TargetMetadata): readonly MetadataPart[];
  close(): void;
}

/**
 * A directory held open: names are resolved in it, wherever it is moved to and whatever stands at
 * its old place. No call follows a link. Names are single components; the caller has checked them.
 */
export interface TargetDirectory {
  listNames(): readonly RawPath[];
  /** undefined when there is nothing of that name. */
  stat(name: RawPath): FileStat | undefined;
  /** Throws FileError: `not-directory` or `is-link` for anything but a directory. */
  openDirectory(name: RawPath): TargetDirectory;
  /** Mode 0700. Throws FileError `exists`. */
  makeDirectory(name: RawPath): void;
  /** Exclusive, mode 0600. Throws FileError `exists`. */
  createFile(name: RawPath): TargetFile;
  /** An existing regular file with a single name, for going on with it. */
  openFile(name: RawPath): TargetFile;
  /** Give the owner back the right to enter and change a directory. */
  unlockDirectory(name: RawPath): void;
  makeSymlink(name: RawPath, target: RawPath): void;
  /** The target of a symbolic link, raw bytes. */
  readLink(name: RawPath): RawPath;
  /** Give the file `name` a second name. Throws FileError `exists`, `not-supported`. */
  linkTo(name: RawPath, directory: TargetDirectory, newName: RawPath): void;
  /**
   * Move, unless something is in the way: FileError `exists`. `not-supported` where looking and
   * moving cannot be one step.
   */
  moveToFree(name: RawPath, directory: TargetDirectory, newName: RawPath): void;
  /** Move, replacing a file that is in the way. */
  moveTo(name: RawPath, directory: TargetDirectory, newName: RawPath): void;
  removeFile(name: RawPath): void;
  removeDirectory(name: RawPath): void;
  /** For directories and symbolic links; files are set through their handle. */
  setMetadata(name: RawPath, metadata: TargetMetadata): readonly MetadataPart[];
  /** The same for this directory itself. */
  setOwnMetadata(metadata: TargetMetadata): readonly MetadataPart[];
  close(): void;
}

/** What the file system of a target makes of names. */
export interface NameRules {
  /** Whether `a` and `A` are two files. */
  readonly isCaseSensitive: boolean;
  /** Whether two Unicode forms of one name are two files. */
  readonly isFormSensitive: boolean;
  /** Whether names may hold bytes that are not UTF-8. */
  readonly allowsAnyBytes: boolean;
  /** Whether names follow the rules of Windows: no `:`, no `CON`, no trailing dot. */
  readonly isWindows: boolean;
}

/** Writing a restored tree. */
export interface TargetFiles {
  /** Open the target, creating it and its parents when missing. */
  openTarget(path: AbsolutePath): TargetDirectory;
  /** Find out by trying, in an empty directory of ours. */
  probeNameRules(directory: TargetDirectory): NameRules;
}

/** The whole file system of this machine. */
export interface FileSystem extends SourceFiles, HomeFiles, TargetFiles {}

/** What a watch reports. Paths are below the root; the watcher is a hint, never the truth. */
export type WatchEvent =
  | { readonly kind: 'dirty'; readonly path: RawPath }
  /** Events were lost: everything below the root must be looked at. */
  | { readonly kind: 'overflow' }
  /** The system cannot watch this folder or part of it; it must be polled. */
  | { readonly kind: 'unwatchable'; readonly systemCode: string };

export interface FolderWatch {
  close(): Promise<void>;
}

/** Watching a tree for changes. */
export interface WatchFiles {
  /**
   * Watch `root` until closed. Fulfilled when all directories are watched. `onEvent` may be
   * called at any time after that, and before. `isIgnored` spares directories from being watched.
   */
  watchFolder(
    root: AbsolutePath,
    options: {
      readonly onEvent: (event: WatchEvent) => void;
      readonly isIgnored?: (directory: RawPath) => boolean;
    },
  ): Promise<FolderWatch>;
}
