/**
 * @file The translation between the engine's paths, stats and errors and those of node:fs.
 *
 * Paths are raw bytes, one character per byte. ASCII paths, nearly all of them, go to node:fs as
 * they are; others as a Buffer, so that names which are not UTF-8 survive.
 */
import { closeSync, openSync, type BigIntStats } from 'node:fs';
import { devNull } from 'node:os';
import {
  FileError,
  type FileErrorReason,
  type FileKind,
  type FileStat,
} from '#engine/ports/file-system.ts';

export const isWindows = process.platform === 'win32';
export const isLinux = process.platform === 'linux';

// eslint-disable-next-line no-control-regex -- the whole ASCII range is meant
const ASCII_PATTERN = /^[\x00-\x7f]*$/;

/** A raw path as node:fs takes it. */
export function systemPath(path: string): string | Buffer {
  if (ASCII_PATTERN.test(path)) return path;
  const bytes = Buffer.from(path, 'latin1');
  return isWindows ? bytes.toString('utf8') : bytes;
}

const REASONS: Readonly<Record<string, FileErrorReason>> = {
  ENOENT: 'missing',
  EACCES: 'denied',
  EPERM: 'denied',
  EEXIST: 'exists',
  ENOTDIR: 'not-directory',
  EISDIR: 'is-directory',
  ELOOP: 'is-link',
  ENOTEMPTY: 'not-empty',
  ENAMETOOLONG: 'name-refused',
  EILSEQ: 'name-refused',
  EINVAL: 'name-refused',
  EMFILE: 'too-many-open',
  ENFILE: 'too-many-open',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EROFS: 'read-only',
  EXDEV: 'other-file-system',
  ENOTSUP: 'not-supported',
  EOPNOTSUPP: 'not-supported',
  ENOSYS: 'not-supported',
  EMLINK: 'not-supported',
  EBUSY: 'busy',
  ETXTBSY: 'busy',
  EAGAIN: 'busy',
  EIO: 'damaged',
  EUCLEAN: 'damaged',
  EBADMSG: 'damaged',
};

/** The FileError for what node:fs or the addon has thrown. */
export function fileError(error: unknown, operation: string): FileError {
  if (error instanceof FileError) return error;
  const systemCode = systemCodeOf(error);
  // Something without a system code is a mistake of ours and must not pass for a full disk.
  if (systemCode === undefined) throw error;
  return new FileError(REASONS[systemCode] ?? 'other', systemCode, operation);
}

/** Such as `ENOENT`; undefined for an error that no system call made. */
export function systemCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined;
}

/** What an engine opens at once at least: its index, its modules, sockets, files of a folder. */
const DESCRIPTORS_MIN = 48;

/**
 * Find out whether enough files may be opened, before something in the middle meets it: SQLite and
 * Node's loader say nothing about the reason. Throws FileError `too-many-open`.
 */
export function needDescriptors(): void {
  const held: number[] = [];
  try {
    attempt('open', () => {
      while (held.length < DESCRIPTORS_MIN) held.push(openSync(devNull, 'r'));
    });
  } finally {
    for (const fd of held) closeSync(fd);
  }
}

/** Run `call`, and let it fail with FileError. */
export function attempt<T>(operation: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw fileError(error, operation);
  }
}

/** The same for calls off the event loop. */
export async function attemptLater<T>(operation: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw fileError(error, operation);
  }
}

const TYPE_MASK = 0o170000n;
const KINDS: ReadonlyMap<bigint, FileKind> = new Map([
  [0o100000n, 'file'],
  [0o040000n, 'directory'],
  [0o120000n, 'symlink'],
  [0o010000n, 'fifo'],
  [0o140000n, 'socket'],
]);

/** Bytes per unit of `st_blocks`, whatever the file system's own block size is. */
const STAT_BLOCK_BYTES = 512;

/** The engine's stat. Character and block devices are both `device`. */
export function fileStat(stats: BigIntStats): FileStat {
  const sizeBytes = Number(stats.size);
  return {
    kind: KINDS.get(stats.mode & TYPE_MASK) ?? 'device',
    sizeBytes,
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    inode: stats.ino,
    device: stats.dev,
    linkCount: Number(stats.nlink),
    mode: Number(stats.mode & 0o7777n),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    // Windows knows no blocks.
    allocatedBytes: isWindows ? sizeBytes : Number(stats.blocks) * STAT_BLOCK_BYTES,
  };
}
