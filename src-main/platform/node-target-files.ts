/**
 * @file Writing a restored tree with node:fs, below one directory and nowhere else.
 *
 * [Note: Held directories] On Linux a directory stays open, and its entries are reached through
 * the handle (`/proc/self/fd/N/name`): whoever swaps a directory for a link meanwhile can't lead a
 * write elsewhere. Systems without such paths compare the directory's inode before each call,
 * which leaves a moment between the look and the call.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  write as writeCallback,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';
import type { RawPath } from '#engine/model/ids.ts';
import {
  FileError,
  type AbsolutePath,
  type FileStat,
  type MetadataPart,
  type NameRules,
  type TargetDirectory,
  type TargetFile,
  type TargetFiles,
  type TargetMetadata,
} from '#engine/ports/file-system.ts';
import { readAccountNames, type AccountNames } from './account-names.ts';
import * as nativeOs from './native-os.ts';
import { handlePath, hasHandlePaths, NodeOpenFile } from './node-source-files.ts';
import { attempt, attemptLater, fileStat, isWindows, systemPath } from './system-call.ts';

const writeOffLoop = promisify(writeCallback);

/** Smaller writes end in the page cache faster than the thread pool answers. */
const WRITE_NOW_BYTES_MAX = 256 * 1024;
const NEW_FILE_MODE = 0o600;
const NEW_DIRECTORY_MODE = 0o700;
const NO_FOLLOW = isWindows ? 0 : constants.O_NOFOLLOW;
const NO_BLOCK = isWindows ? 0 : constants.O_NONBLOCK;
const DIRECTORY = isWindows ? 0 : constants.O_DIRECTORY;
/** Node does not name it. */
const O_PATH_LINUX = 0o10000000;
const OPEN_DIRECTORY = constants.O_RDONLY | DIRECTORY | NO_FOLLOW;

export class NodeTargetFiles implements TargetFiles {
  readonly #owner: Owner;

  constructor(accounts: AccountNames = readAccountNames()) {
    this.#owner = new Owner(accounts);
  }

  openTarget(path: AbsolutePath): TargetDirectory {
    return attempt('open target', () => {
      const place = systemPath(path);
      mkdirSync(place, { recursive: true });
      // The person named the target: links that lead to it are the person's own.
      return new NodeTargetDirectory(
        openSync(place, constants.O_RDONLY | DIRECTORY),
        path,
        this.#owner,
      );
    });
  }

  probeNameRules(directory: TargetDirectory): NameRules {
    const create = (name: string): boolean => {
      try {
        directory.createFile(raw(name)).close();
        return true;
      } catch (error) {
        if (error instanceof FileError && error.reason !== 'no-space') return false;
        throw error;
      }
    };
    const isThere = (name: string): boolean => directory.stat(raw(name)) !== undefined;
    try {
      create('probe-a-\u00e9');
      const anyBytes = 'probe-\xff' as RawPath;
      return {
        isCaseSensitive: !isThere('PROBE-A-\u00e9'),
        isFormSensitive: !isThere('probe-a-e\u0301'),
        allowsAnyBytes: !isWindows && createRaw(directory, anyBytes),
        isWindows: isWindows || !create('probe:b'),
      };
    } finally {
      for (const name of directory.listNames()) {
        if (name.startsWith('probe')) directory.removeFile(name);
      }
    }
  }
}

const raw = (text: string): RawPath => Buffer.from(text, 'utf8').toString('latin1') as RawPath;

function createRaw(directory: TargetDirectory, name: RawPath): boolean {
  try {
    directory.createFile(name).close();
    return directory.listNames().includes(name);
  } catch (error) {
    if (error instanceof FileError && error.reason !== 'no-space') return false;
    throw error;
  }
}

class NodeTargetDirectory implements TargetDirectory {
  readonly #fd: number;
  /** Where it was when it was opened; used where handles have no paths. */
  readonly #path: string;
  readonly #owner: Owner;
  readonly #stat: FileStat;
  #isOpen = true;

  constructor(fd: number, path: string, owner: Owner) {
    this.#fd = fd;
    this.#path = path;
    this.#owner = owner;
    this.#stat = fileStat(fstatSync(fd, { bigint: true }));
  }

  /** The path of an entry, for node:fs. */
  #place(name: string): string | Buffer {
    if (hasHandlePaths) return systemPath(handlePath(this.#fd, name));
    const now = fileStat(lstatSync(systemPath(this.#path), { bigint: true }));
    if (now.inode !== this.#stat.inode || now.device !== this.#stat.device) {
      throw new FileError('missing', 'ENOENT', 'find directory');
    }
    return systemPath(`${this.#path}/${name}`);
  }

  listNames(): readonly RawPath[] {
    return attempt('read directory', () =>
      readdirSync(this.#place(''), 'latin1'),
    ).sort() as RawPath[];
  }

  stat(name: RawPath): FileStat | undefined {
    return attempt('stat', () => {
      const stats = lstatSync(this.#place(name), { bigint: true, throwIfNoEntry: false });
      return stats && fileStat(stats);
    });
  }

  openDirectory(name: RawPath): TargetDirectory {
    return attempt('open directory', () => {
      const fd = openSync(this.#place(name), OPEN_DIRECTORY);
      return new NodeTargetDirectory(fd, `${this.#path}/${name}`, this.#owner);
    });
  }

  makeDirectory(name: RawPath): void {
    attempt('create directory', () => mkdirSync(this.#place(name), NEW_DIRECTORY_MODE));
  }

  unlockDirectory(name: RawPath): void {
    attempt('unlock directory', () => {
      const place = this.#place(name);
      if (!hasHandlePaths) {
        if (this.stat(name)?.kind === 'directory') chmodSync(place, NEW_DIRECTORY_MODE);
        return;
      }
      // A handle that needs no right to read, to change this very directory and no other.
      const fd = openSync(place, O_PATH_LINUX | DIRECTORY | NO_FOLLOW);
      try {
        chmodSync(handlePath(fd), NEW_DIRECTORY_MODE);
      } finally {
        closeSync(fd);
      }
    });
  }

  createFile(name: RawPath): TargetFile {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW;
    return attempt(
      'create',
      () => new NodeTargetFile(openSync(this.#place(name), flags, NEW_FILE_MODE), this.#owner),
    );
  }

  openFile(name: RawPath): TargetFile {
    return attempt('open', () => {
      const fd = openSync(this.#place(name), constants.O_RDWR | NO_FOLLOW | NO_BLOCK);
      const file = new NodeTargetFile(fd, this.#owner);
      const stat = file.stat();
      if (stat.kind === 'file' && stat.linkCount === 1) return file;
      file.close();
      throw new FileError('not-supported', 'ENOTSUP', 'open');
    });
  }

  makeSymlink(name: RawPath, target: RawPath): void {
    attempt('create link', () => symlinkSync(systemPath(target), this.#place(name)));
  }

  readLink(name: RawPath): RawPath {
    return attempt('read link', () => readlinkSync(this.#place(name), 'latin1')) as RawPath;
  }

  linkTo(name: RawPath, directory: TargetDirectory, newName: RawPath): void {
    attempt('link', () => linkSync(this.#place(name), placeIn(directory, newName)));
  }

  moveToFree(name: RawPath, directory: TargetDirectory, newName: RawPath): void {
    attempt('move', () => nativeOs.renameNoReplace(this.#place(name), placeIn(directory, newName)));
  }

  moveTo(name: RawPath, directory: TargetDirectory, newName: RawPath): void {
    attempt('move', () => renameSync(this.#place(name), placeIn(directory, newName)));
  }

  removeFile(name: RawPath): void {
    attempt('remove', () => unlinkSync(this.#place(name)));
  }

  removeDirectory(name: RawPath): void {
    attempt('remove', () => rmdirSync(this.#place(name)));
  }

  setMetadata(name: RawPath, metadata: TargetMetadata): readonly MetadataPart[] {
    return attempt('set metadata', () => {
      const place = this.#place(name);
      const stats = lstatSync(place, { bigint: true });
      if (stats.isSymbolicLink()) return setLinkMetadata(place, metadata, this.#owner);
      const fd = openSync(place, OPEN_DIRECTORY);
      try {
        return setOpenMetadata(fd, metadata, this.#owner);
      } finally {
        closeSync(fd);
      }
    });
  }

  setOwnMetadata(metadata: TargetMetadata): readonly MetadataPart[] {
    return attempt('set metadata', () => setOpenMetadata(this.#fd, metadata, this.#owner));
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#fd);
  }

  static placeIn(directory: NodeTargetDirectory, name: RawPath): string | Buffer {
    return directory.#place(name);
  }
}

function placeIn(directory: TargetDirectory, name: RawPath): string | Buffer {
  if (!(directory instanceof NodeTargetDirectory)) {
    throw new TypeError('both directories must belong to one file system');
  }
  return NodeTargetDirectory.placeIn(directory, name);
}

class NodeTargetFile extends NodeOpenFile implements TargetFile {
  readonly #fd: number;
  readonly #owner: Owner;

  constructor(fd: number, owner: Owner) {
    super(fd);
    this.#fd = fd;
    this.#owner = owner;
  }

  async write(bytes: Uint8Array, offsetBytes: number): Promise<void> {
    await attemptLater('write', async () => {
      let done = 0;
      while (done < bytes.length) {
        const rest = bytes.length - done;
        done +=
          rest <= WRITE_NOW_BYTES_MAX
            ? writeSync(this.#fd, bytes, done, rest, offsetBytes + done)
            : (await writeOffLoop(this.#fd, bytes, done, rest, offsetBytes + done)).bytesWritten;
      }
    });
  }

  resize(sizeBytes: number): void {
    attempt('resize', () => ftruncateSync(this.#fd, sizeBytes));
  }

  setMetadata(metadata: TargetMetadata): readonly MetadataPart[] {
    return attempt('set metadata', () => setOpenMetadata(this.#fd, metadata, this.#owner));
  }
}

/** Who restored entries belong to, as far as this process may give files away. */
class Owner {
  readonly #accounts: AccountNames;
  readonly #isRoot = process.geteuid?.() === 0;
  readonly #uid = process.geteuid?.() ?? 0;
  readonly #gid = process.getegid?.() ?? 0;

  constructor(accounts: AccountNames) {
    this.#accounts = accounts;
  }

  /** Call `change` with numbers, or not at all; returns what could not be done. */
  apply(metadata: TargetMetadata, change: (uid: number, gid: number) => void): MetadataPart[] {
    const { userName, groupName } = metadata;
    if (isWindows || (userName === undefined && groupName === undefined)) return [];
    const uid = userName === undefined ? undefined : this.#accounts.userId(userName);
    const gid = groupName === undefined ? undefined : this.#accounts.groupId(groupName);
    const left: MetadataPart[] = [];
    if (userName !== undefined && uid === undefined) left.push('owner');
    if (groupName !== undefined && gid === undefined) left.push('group');
    // Whoever is not root owns what it creates and can give it away to nobody.
    const mayChown = this.#isRoot;
    if (!mayChown && uid !== undefined && uid !== this.#uid) left.push('owner');
    const newUid = mayChown ? (uid ?? this.#uid) : this.#uid;
    const newGid = gid ?? this.#gid;
    if (!mayChown && newGid === this.#gid) return left;
    if (!isPermitted(() => change(newUid, newGid))) left.push('group');
    return left;
  }
}

/** Set what a handle can take. Attributes first: a file without write permission refuses them. */
function setOpenMetadata(fd: number, metadata: TargetMetadata, owner: Owner): MetadataPart[] {
  const left = owner.apply(metadata, (uid, gid) => fchownSync(fd, uid, gid));
  for (const { name, value } of metadata.xattrs ?? []) {
    if (!isPermitted(() => nativeOs.setXattr(fd, name, value))) left.push('xattr');
  }
  const { mode, mtimeNs } = metadata;
  if (mode !== undefined && !isWindows && !isPermitted(() => fchmodSync(fd, mode))) {
    left.push('mode');
  }
  if (mtimeNs !== undefined && !isPermitted(() => nativeOs.setTimes(fd, mtimeNs))) {
    left.push('mtime');
  }
  return left;
}

function setLinkMetadata(
  place: string | Buffer,
  metadata: TargetMetadata,
  owner: Owner,
): MetadataPart[] {
  const left = owner.apply(metadata, (uid, gid) => lchownSync(place, uid, gid));
  const { mtimeNs } = metadata;
  if (mtimeNs !== undefined && !isPermitted(() => nativeOs.setLinkTimes(place, mtimeNs))) {
    left.push('mtime');
  }
  return left;
}

/** Whether the file system took it; a full or broken disk still throws. */
function isPermitted(call: () => void): boolean {
  try {
    attempt('set metadata', call);
    return true;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (error.reason === 'no-space' || error.reason === 'damaged') throw error;
    return false;
  }
}
