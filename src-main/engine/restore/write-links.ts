/**
 * @file Links of a restored tree. They are made when everything else is there.
 *
 * Symbolic links keep the target they had, wherever it leads: nothing is ever written through one.
 * Hard links are made to a file that this restore has written; where the file system has none, the
 * file is copied.
 */
import type { RawPath } from '#engine/model/ids.ts';
import { FileError, type FileStat, type TargetDirectory } from '#engine/ports/file-system.ts';
import type { HeldDirectories } from './write-directories.ts';
import {
  FILE_MODE_MASK,
  looksLike,
  metadataOf,
  type PlacedEntry,
  type RestoreFile,
  type RestoreSymlink,
} from './write-entries.ts';
import type { StagedFiles } from './write-file.ts';
import type { WriteReport } from './write-report.ts';

/** Bytes of one step when a file has to be copied. */
const COPY_PIECE_BYTES = 1024 * 1024;

interface HeldName {
  readonly parent: TargetDirectory;
  readonly name: RawPath;
}

export class PendingLinks {
  readonly #directories: HeldDirectories;
  readonly #staged: StagedFiles;
  readonly #report: WriteReport;
  readonly #symlinks: PlacedEntry<RestoreSymlink>[] = [];
  readonly #hardLinks: { placed: PlacedEntry<RestoreFile>; leader: RawPath }[] = [];

  constructor(directories: HeldDirectories, staged: StagedFiles, report: WriteReport) {
    this.#directories = directories;
    this.#staged = staged;
    this.#report = report;
  }

  addSymlink(placed: PlacedEntry<RestoreSymlink>): void {
    this.#symlinks.push(placed);
  }

  /** `leader` is the target path of the file that `placed` is a further name of. */
  addHardLink(placed: PlacedEntry<RestoreFile>, leader: RawPath): void {
    this.#hardLinks.push({ placed, leader });
  }

  /** Make all of them, hard links first. */
  async make(signal: AbortSignal | undefined): Promise<void> {
    for (const { placed, leader } of this.#hardLinks) {
      signal?.throwIfAborted();
      await this.#makeHardLink(placed, leader);
    }
    for (const placed of this.#symlinks) {
      signal?.throwIfAborted();
      this.#report.attempt(placed, () => this.#makeSymlink(placed));
    }
  }

  async #makeHardLink(placed: PlacedEntry<RestoreFile>, leaderPath: RawPath): Promise<void> {
    let mustCopy = false;
    this.#report.attempt(placed, () => {
      const leader = this.#directories.parentOf(leaderPath);
      const link = this.#directories.parentOf(placed.targetPath);
      const original = leader.parent.stat(leader.name);
      if (original?.kind !== 'file') return this.#report.leaveOut(placed.path, 'twin-missing');
      try {
        leader.parent.linkTo(leader.name, link.parent, link.name);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        if (error.reason === 'exists') return this.#renewHardLink(placed, leader, link, original);
        if (error.reason !== 'denied' && error.reason !== 'not-supported') throw error;
        mustCopy = true;
      }
      return true;
    });
    if (mustCopy) await this.#copy(placed, leaderPath);
  }

  /** The name is there already: an earlier run has made it, perhaps of an older leader. */
  #renewHardLink(
    placed: PlacedEntry<RestoreFile>,
    leader: HeldName,
    link: HeldName,
    original: FileStat,
  ): boolean {
    const existing = link.parent.stat(link.name);
    if (existing?.inode === original.inode && existing.device === original.device) return true;
    if (!existing || !looksLike(existing, placed.entry)) {
      return this.#report.leaveOut(placed.path, 'obstructed');
    }
    const stagedName = this.#staged.nameOf(placed.path);
    this.#staged.remove(stagedName);
    leader.parent.linkTo(leader.name, this.#staged.directory, stagedName);
    this.#staged.directory.moveTo(stagedName, link.parent, link.name);
    return true;
  }

  /** What a file system without hard links gets instead. */
  async #copy(placed: PlacedEntry<RestoreFile>, leaderPath: RawPath): Promise<void> {
    const { entry } = placed;
    const leader = this.#directories.parentOf(leaderPath);
    const original = leader.parent.openFile(leader.name);
    const stagedName = this.#staged.nameOf(placed.path);
    try {
      this.#staged.begin(stagedName);
      const buffer = new Uint8Array(COPY_PIECE_BYTES);
      await this.#staged.with(stagedName, async (file) => {
        file.resize(entry.sizeBytes);
        const extents = entry.extents ?? [{ offsetBytes: 0, sizeBytes: entry.sizeBytes }];
        for (const { offsetBytes, sizeBytes } of extents) {
          for (let done = 0; done < sizeBytes; done += buffer.length) {
            const piece = buffer.subarray(0, Math.min(buffer.length, sizeBytes - done));
            original.readNow(piece, offsetBytes + done);
            await file.write(piece, offsetBytes + done);
          }
        }
        this.#report.countMetadata(file.setMetadata(metadataOf(entry, FILE_MODE_MASK)));
      });
    } finally {
      original.close();
      this.#staged.close(stagedName);
    }
    this.#report.attempt(placed, () => {
      const link = this.#directories.parentOf(placed.targetPath);
      const existing = link.parent.stat(link.name);
      if (existing && !looksLike(existing, entry)) {
        return this.#report.leaveOut(placed.path, 'obstructed');
      }
      this.#staged.directory.moveTo(stagedName, link.parent, link.name);
      return true;
    });
  }

  #makeSymlink(placed: PlacedEntry<RestoreSymlink>): boolean {
    const { parent, name } = this.#directories.parentOf(placed.targetPath);
    const { entry } = placed;
    try {
      parent.makeSymlink(name, entry.target);
    } catch (error) {
      if (!(error instanceof FileError) || error.reason !== 'exists') throw error;
      const existing = parent.stat(name);
      const isOurs = existing?.kind === 'symlink' && parent.readLink(name) === entry.target;
      if (!isOurs) return this.#report.leaveOut(placed.path, 'obstructed');
    }
    this.#report.countMetadata(parent.setMetadata(name, metadataOf(entry, 0)));
    return true;
  }
}
