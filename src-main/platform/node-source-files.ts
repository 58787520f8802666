/**
 * @file Reading a person's tree with node:fs. Follows no link.
 *
 * On Linux a directory is opened once and its entries are looked up through the handle
 * (`/proc/self/fd/N/name`), so that a directory which is swapped for a link while it is being read
 * can't lead elsewhere. Other systems have no such path; there the directory is compared before
 * and after.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  read as readCallback,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
} from 'node:fs';
import { promisify } from 'node:util';
import type { RawPath } from '#engine/model/ids.ts';
import {
  FileError,
  type AbsolutePath,
  type DirectoryListing,
  type Extent,
  type FileStat,
  type ListedEntry,
  type OpenFile,
  type SourceFiles,
  type Xattr,
} from '#engine/ports/file-system.ts';
import { readAccountNames, type AccountNames } from './account-names.ts';
import * as nativeOs from './native-os.ts';
import {
  attempt,
  attemptLater,
  fileError,
  fileStat,
  isLinux,
  isWindows,
  systemPath,
} from './system-call.ts';

const readOffLoop = promisify(readCallback);

/** Entries looked at between two turns of the event loop: about one millisecond. */
const ENTRIES_PER_TURN = 512;

/** Windows has neither flag; there node:fs opens links as links through lstat checks alone. */
const NO_FOLLOW = isWindows ? 0 : constants.O_NOFOLLOW;
/** A FIFO put in a file's place must not block us. */
const NO_BLOCK = isWindows ? 0 : constants.O_NONBLOCK;
const DIRECTORY = isWindows ? 0 : constants.O_DIRECTORY;

/** Whether open handles have paths, so that names can be looked up in them. */
export const hasHandlePaths = isLinux && existsSync('/proc/self/fd');

/** The path of something in the directory that `fd` holds open. Linux only. */
export const handlePath = (fd: number, name = ''): string => `/proc/self/fd/${String(fd)}/${name}`;

export class NodeSourceFiles implements SourceFiles {
  #entriesThisTurn = 0;
  readonly #accounts: AccountNames;

  constructor(accounts: AccountNames = readAccountNames()) {
    this.#accounts = accounts;
  }

  async listDirectory(path: AbsolutePath, signal?: AbortSignal): Promise<DirectoryListing> {
    const place = systemPath(path);
    if (!hasHandlePaths) return this.#listByPath(path, signal);
    const fd = attempt('open directory', () =>
      openSync(place, constants.O_RDONLY | DIRECTORY | NO_FOLLOW),
    );
    try {
      const stat = fileStat(fstatSync(fd, { bigint: true }));
      return { stat, entries: await this.#statNames(handlePath(fd), signal) };
    } finally {
      closeSync(fd);
    }
  }

  async #listByPath(path: AbsolutePath, signal?: AbortSignal): Promise<DirectoryListing> {
    const before = this.stat(path);
    if (!before) throw new FileError('missing', 'ENOENT', 'open directory');
    if (before.kind !== 'directory') {
      const reason = before.kind === 'symlink' ? 'is-link' : 'not-directory';
      throw new FileError(reason, 'ENOTDIR', 'open directory');
    }
    const entries = await this.#statNames(`${path}/`, signal);
    const after = this.stat(path);
    if (after?.inode !== before.inode || after.device !== before.device) {
      throw new FileError('missing', 'ENOENT', 'read directory');
    }
    return { stat: before, entries };
  }

  /** `prefix` ends in a slash. */
  async #statNames(prefix: string, signal?: AbortSignal): Promise<ListedEntry[]> {
    const names = attempt('read directory', () => readdirSync(systemPath(prefix), 'latin1'));
    names.sort();
    const entries: ListedEntry[] = [];
    for (const text of names) {
      if (++this.#entriesThisTurn >= ENTRIES_PER_TURN) {
        this.#entriesThisTurn = 0;
        await new Promise((resume) => setImmediate(resume));
        signal?.throwIfAborted();
      }
      const name = text as RawPath;
      try {
        const stats = lstatSync(systemPath(prefix + text), {
          bigint: true,
          throwIfNoEntry: false,
        });
        if (stats) entries.push({ name, stat: fileStat(stats) });
      } catch (error) {
        entries.push({ name, error: fileError(error, 'stat') });
      }
    }
    return entries;
  }

  stat(path: AbsolutePath): FileStat | undefined {
    try {
      const stats = lstatSync(systemPath(path), { bigint: true, throwIfNoEntry: false });
      return stats && fileStat(stats);
    } catch (error) {
      const refused = fileError(error, 'stat');
      if (refused.reason === 'missing' || refused.reason === 'not-directory') return undefined;
      throw refused;
    }
  }

  openFile(path: AbsolutePath): OpenFile {
    const file = new NodeOpenFile(
      attempt('open', () => openSync(systemPath(path), constants.O_RDONLY | NO_FOLLOW | NO_BLOCK)),
    );
    const kind = attempt('stat', () => file.stat().kind);
    if (kind === 'file') return file;
    file.close();
    const reason = kind === 'directory' ? 'is-directory' : 'not-supported';
    throw new FileError(reason, kind === 'directory' ? 'EISDIR' : 'ENOTSUP', 'open');
  }

  readLink(path: AbsolutePath): RawPath {
    return attempt('read link', () => readlinkSync(systemPath(path), 'latin1')) as RawPath;
  }

  directoryXattrs(path: AbsolutePath): readonly Xattr[] {
    if (isWindows) return [];
    const fd = attempt('open directory', () =>
      openSync(systemPath(path), constants.O_RDONLY | DIRECTORY | NO_FOLLOW),
    );
    try {
      return attempt('read attributes', () => nativeOs.listXattrs(fd));
    } finally {
      closeSync(fd);
    }
  }

  realPath(path: AbsolutePath): AbsolutePath | undefined {
    try {
      return realpathSync.native(systemPath(path), 'latin1') as AbsolutePath;
    } catch (error) {
      const refused = fileError(error, 'resolve');
      if (refused.reason === 'missing' || refused.reason === 'not-directory') return undefined;
      throw refused;
    }
  }

  userName(uid: number): RawPath | undefined {
    return this.#accounts.userName(uid);
  }

  groupName(gid: number): RawPath | undefined {
    return this.#accounts.groupName(gid);
  }
}

/** A regular file open for reading. */
export class NodeOpenFile implements OpenFile {
  readonly #fd: number;
  #isOpen = true;

  constructor(fd: number) {
    this.#fd = fd;
  }

  stat(): FileStat {
    return attempt('stat', () => fileStat(fstatSync(this.#fd, { bigint: true })));
  }

  readNow(into: Uint8Array, offsetBytes: number): number {
    return attempt('read', () => {
      let done = 0;
      while (done < into.length) {
        const count = readSync(this.#fd, into, done, into.length - done, offsetBytes + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    });
  }

  async read(into: Uint8Array, offsetBytes: number): Promise<number> {
    return attemptLater('read', async () => {
      let done = 0;
      while (done < into.length) {
        const length = into.length - done;
        const { bytesRead } = await readOffLoop(this.#fd, into, done, length, offsetBytes + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    });
  }

  dataExtents(): readonly Extent[] | undefined {
    return attempt('find holes', () => nativeOs.dataExtents(this.#fd, this.stat().sizeBytes));
  }

  xattrs(): readonly Xattr[] {
    return attempt('read attributes', () => nativeOs.listXattrs(this.#fd));
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#fd);
  }
}
