/**
 * @file Floe's own files with node:fs: readable by their owner alone, replaced in one step.
 *
 * A file is written beside its place, synced, renamed, and the directory synced, so that after a
 * power loss the old or the new content is there, whole.
 */
import {
  chmodSync,
  closeSync,
  constants,
  createReadStream,
  fchmodSync,
  fsync as fsyncCallback,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  unlinkSync,
  write as writeCallback,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { EngineError } from '#engine/model/engine-error.ts';
import {
  FileError,
  type AbsolutePath,
  type DurableWriter,
  type FileLock,
  type HomeFiles,
  type OpenFile,
} from '#engine/ports/file-system.ts';
import * as nativeOs from './native-os.ts';
import { NodeOpenFile } from './node-source-files.ts';
import { attempt, attemptLater, isWindows, systemPath } from './system-call.ts';

const writeOffLoop = promisify(writeCallback);
const fsyncOffLoop = promisify(fsyncCallback);

const READ_PIECE_BYTES = 1024 * 1024;
const OWNER_FILE_MODE = 0o600;
const OWNER_DIRECTORY_MODE = 0o700;
/** Ends the names of files that are being written. */
const UNFINISHED_SUFFIX = '.part';
const UNFINISHED_PATTERN = /\.[0-9a-f]{16}\.part$/;

export class NodeHomeFiles implements HomeFiles {
  ensureDirectory(path: AbsolutePath): void {
    attempt('create directory', () => {
      const place = systemPath(path);
      mkdirSync(place, { recursive: true, mode: OWNER_DIRECTORY_MODE });
      // An existing one may be open to others.
      if (!isWindows) chmodSync(place, OWNER_DIRECTORY_MODE);
    });
  }

  async writeFileDurable(path: AbsolutePath, bytes: Uint8Array): Promise<void> {
    const writer = this.createDurable(path);
    try {
      await writer.write(bytes);
      await writer.commit();
    } finally {
      writer.abandon();
    }
  }

  createDurable(path: AbsolutePath): DurableWriter {
    return new NodeDurableWriter(path);
  }

  async readFile(path: AbsolutePath, bytesMax: number): Promise<Uint8Array | undefined> {
    try {
      return await attemptLater('read', () => readWhole(systemPath(path), bytesMax));
    } catch (error) {
      if (error instanceof FileError && error.reason === 'missing') return undefined;
      throw error;
    }
  }

  openHomeFile(path: AbsolutePath): OpenFile {
    return new NodeOpenFile(attempt('open', () => openSync(systemPath(path), 'r')));
  }

  removeFile(path: AbsolutePath): void {
    attempt('remove', () => rmSync(systemPath(path), { force: true }));
  }

  removeTree(path: AbsolutePath): void {
    attempt('remove', () => rmSync(systemPath(path), { force: true, recursive: true }));
  }

  listNames(path: AbsolutePath): readonly string[] {
    return allNames(path).filter((name) => !UNFINISHED_PATTERN.test(name));
  }

  removeUnfinished(path: AbsolutePath): number {
    const left = allNames(path).filter((name) => UNFINISHED_PATTERN.test(name));
    for (const name of left) this.removeFile(`${path}/${name}` as AbsolutePath);
    return left.length;
  }

  freeBytes(path: AbsolutePath): number {
    return attempt('measure disk', () => {
      const { bavail, bsize } = statfsSync(systemPath(path), { bigint: true });
      return Number(bavail * bsize);
    });
  }

  lockFile(path: AbsolutePath): FileLock | undefined {
    return attempt('lock', () => nativeOs.tryLock(systemPath(path)));
  }
}

/** A person may name a pipe where a file is asked for, so the size is known only at the end. */
async function readWhole(place: string | Buffer, bytesMax: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  const stream = createReadStream(place, { highWaterMark: READ_PIECE_BYTES });
  for await (const piece of stream as AsyncIterable<Buffer>) {
    pieces.push(piece);
    sizeBytes += piece.length;
    if (sizeBytes > bytesMax) {
      const context = { bytesMax };
      throw new EngineError('internal', 'a file is larger than it can be', { context });
    }
  }
  return new Uint8Array(Buffer.concat(pieces));
}

/** Names in a directory, sorted, text; none when it does not exist. */
function allNames(path: AbsolutePath): string[] {
  try {
    return attempt('read directory', () => readdirSync(systemPath(path), 'utf8')).sort();
  } catch (error) {
    if (error instanceof FileError && error.reason === 'missing') return [];
    throw error;
  }
}

class NodeDurableWriter implements DurableWriter {
  readonly #place: AbsolutePath;
  readonly #unfinished: AbsolutePath;
  #fd: number | undefined;
  #isCommitted = false;

  constructor(place: AbsolutePath) {
    this.#place = place;
    const token = randomBytes(8).toString('hex');
    this.#unfinished = `${place}.${token}${UNFINISHED_SUFFIX}` as AbsolutePath;
    this.#fd = attempt('create', () => {
      const fd = openSync(systemPath(this.#unfinished), 'wx', OWNER_FILE_MODE);
      // The umask may only have taken bits away, but not all systems honour the mode given.
      if (!isWindows) fchmodSync(fd, OWNER_FILE_MODE);
      return fd;
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    await attemptLater('write', async () => {
      let done = 0;
      while (done < bytes.length) {
        const rest = bytes.length - done;
        done += (await writeOffLoop(this.#openFd(), bytes, done, rest, null)).bytesWritten;
      }
    });
  }

  async commit(): Promise<void> {
    await attemptLater('sync', async () => {
      const fd = this.#openFd();
      await fsyncOffLoop(fd);
      closeSync(fd);
      this.#fd = undefined;
      renameSync(systemPath(this.#unfinished), systemPath(this.#place));
      this.#isCommitted = true;
      syncDirectoryOf(this.#place);
    });
  }

  abandon(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    if (this.#isCommitted) return;
    this.#isCommitted = true;
    try {
      unlinkSync(systemPath(this.#unfinished));
    } catch {
      // It carries a name that `removeUnfinished` knows.
    }
  }

  #openFd(): number {
    if (this.#fd === undefined) throw new TypeError('the writer is closed');
    return this.#fd;
  }
}

/** Windows can't sync a directory, and keeps its names in a journal. */
function syncDirectoryOf(path: AbsolutePath): void {
  if (isWindows) return;
  const directory = path.slice(0, Math.max(1, path.lastIndexOf('/')));
  const fd = openSync(systemPath(directory), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
