/**
 * @file Files that are being restored, in the staging directory until they are whole.
 *
 * A file is written under a name made from its path, so that a later run finds it again, and gets
 * its real name only when its content and metadata are complete. Pieces may come in any order and
 * for thousands of files at a time; only some of them are open.
 */
import { createHash } from 'node:crypto';
import type { RawPath } from '#engine/model/ids.ts';
import {
  FileError,
  type Extent,
  type TargetDirectory,
  type TargetFile,
} from '#engine/ports/file-system.ts';

/** Files open at once. Far below what a process may open, which it needs for sockets too. */
const OPEN_FILES_MAX = 128;

/** The staged files of one restore. */
export class StagedFiles {
  readonly #directory: TargetDirectory;
  /** What an earlier run has left. */
  readonly #left: Set<RawPath>;
  /** Least recently used first. */
  readonly #open = new Map<RawPath, { readonly file: TargetFile; users: number }>();

  constructor(directory: TargetDirectory) {
    this.#directory = directory;
    this.#left = new Set(directory.listNames());
  }

  get directory(): TargetDirectory {
    return this.#directory;
  }

  /** The staging name of a path. */
  nameOf(path: RawPath): RawPath {
    const digest = createHash('sha256').update(path, 'latin1').digest('hex');
    return digest.slice(0, 40) as RawPath;
  }

  /**
   * Begin a file, or go on with what an earlier run has left of it. What is not there yet is made
   * when it is first used: thousands of files wait for their content.
   */
  begin(name: RawPath): { readonly isResumed: boolean } {
    if (!this.#left.has(name)) return { isResumed: false };
    try {
      this.#keep(name, this.#directory.openFile(name));
      return { isResumed: true };
    } catch (error) {
      if (!(error instanceof FileError) || error.reason === 'too-many-open') throw error;
    }
    // Something that is not ours alone: a second name of a finished file, or no file at all.
    this.#directory.removeFile(name);
    return { isResumed: false };
  }

  /** Use a begun file; it stays open until `use` is done. */
  async with<T>(name: RawPath, use: (file: TargetFile) => T | Promise<T>): Promise<T> {
    const slot = this.#open.get(name) ?? this.#keep(name, this.#createOrOpen(name));
    slot.users += 1;
    try {
      return await use(slot.file);
    } finally {
      slot.users -= 1;
    }
  }

  /** Close a file; it stays where it is. */
  close(name: RawPath): void {
    this.#open.get(name)?.file.close();
    this.#open.delete(name);
  }

  remove(name: RawPath): void {
    this.close(name);
    try {
      this.#directory.removeFile(name);
    } catch (error) {
      if (!(error instanceof FileError) || error.reason !== 'missing') throw error;
    }
  }

  closeAll(): void {
    for (const name of [...this.#open.keys()]) this.close(name);
  }

  #createOrOpen(name: RawPath): TargetFile {
    try {
      return this.#directory.createFile(name);
    } catch (error) {
      if (!(error instanceof FileError) || error.reason !== 'exists') throw error;
      return this.#directory.openFile(name);
    }
  }

  #keep(name: RawPath, file: TargetFile): { readonly file: TargetFile; users: number } {
    for (const [oldest, slot] of this.#open) {
      if (this.#open.size < OPEN_FILES_MAX) break;
      if (slot.users === 0) this.close(oldest);
    }
    const slot = { file, users: 0 };
    this.#open.set(name, slot);
    return slot;
  }
}

/** Where a stretch of a file's content lies in the file. */
export interface PlacedStretch {
  /** In the file. */
  readonly offsetBytes: number;
  /** In the stretch. */
  readonly startBytes: number;
  readonly sizeBytes: number;
}

/**
 * Where the content of a file belongs. Content is a file's data without its holes; a file without
 * holes is all content.
 */
export class ContentMap {
  readonly contentBytes: number;
  readonly #extents: readonly Extent[];
  /** Content bytes before each extent. */
  readonly #startsBytes: readonly number[];

  constructor(sizeBytes: number, extents: readonly Extent[] | undefined) {
    this.#extents = extents ?? [{ offsetBytes: 0, sizeBytes }];
    let passedBytes = 0;
    this.#startsBytes = this.#extents.map((extent) => {
      const startBytes = passedBytes;
      passedBytes += extent.sizeBytes;
      return startBytes;
    });
    this.contentBytes = passedBytes;
  }

  /** Spread `sizeBytes` of content from `contentOffsetBytes` on over the extents that hold them. */
  *place(contentOffsetBytes: number, sizeBytes: number): Generator<PlacedStretch> {
    const endBytes = contentOffsetBytes + sizeBytes;
    for (let index = this.#indexAt(contentOffsetBytes); index < this.#extents.length; index += 1) {
      const extent = this.#extents[index];
      const startBytes = this.#startsBytes[index];
      if (!extent || startBytes === undefined || startBytes >= endBytes) return;
      const from = Math.max(contentOffsetBytes, startBytes);
      const to = Math.min(endBytes, startBytes + extent.sizeBytes);
      yield {
        offsetBytes: extent.offsetBytes + from - startBytes,
        startBytes: from - contentOffsetBytes,
        sizeBytes: to - from,
      };
    }
  }

  /** The last extent that begins at or before a content offset. */
  #indexAt(contentOffsetBytes: number): number {
    let low = 0;
    let high = this.#startsBytes.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#startsBytes[middle] ?? 0) <= contentOffsetBytes) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
