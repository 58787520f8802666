/**
 * @file Writes a restored tree below one directory: never outside it, never through a link.
 *
 *     place names → directories → files → finish: hard links → symbolic links → directory metadata
 *
 * Files grow in a staging directory inside the target and get their names when they are whole, so
 * whatever carries a real name is finished. Links come after all files, so nothing can be written
 * through one that the snapshot brought along. Directories get their mode and time last, deepest
 * first, since everything before would change them. Set-user and set-group bits are dropped, and
 * of the extended attributes only `user.*` are kept; other kinds of entries than directories,
 * files and symbolic links don't exist here.
 *
 * A restore that was interrupted goes on: the staging directory says by its name which restore it
 * belongs to. The caller remembers finished files (`isDone`, `markDone`) and checks what a staged
 * file already holds by content (`readBack`). What is already in place is never overwritten unless
 * this very restore has put it there.
 *
 * What can't be written is reported and left out; a full or broken disk ends the restore.
 */
import { createHash } from 'node:crypto';
import { EngineError } from '#engine/model/engine-error.ts';
import { joinRawPath, type RawPath } from '#engine/model/ids.ts';
import {
  FileError,
  type AbsolutePath,
  type NameRules,
  type TargetDirectory,
  type TargetFile,
  type TargetFiles,
} from '#engine/ports/file-system.ts';
import { HeldDirectories } from './write-directories.ts';
import {
  DIRECTORY_MODE_MASK,
  FILE_MODE_MASK,
  groupKey,
  looksLike,
  metadataOf,
  type PlacedDirectory,
  type PlacedEntry,
  type RestoreDirectory,
  type RestoreEntry,
  type RestoreFile,
  type RestoreMetadata,
  type RestoreRemark,
  type RestoreSymlink,
} from './write-entries.ts';
import { ContentMap, StagedFiles } from './write-file.ts';
import { PendingLinks } from './write-links.ts';
import { planNames } from './write-names.ts';
import { WriteReport, type MetadataCounts } from './write-report.ts';

export interface RestoreTargetOptions {
  readonly files: TargetFiles;
  /** Created when missing. */
  readonly target: AbsolutePath;
  /** What is restored: the snapshot and the selection of paths. Equal for a run that goes on. */
  readonly restoreKey: string;
  /** An earlier run came so far that its staging directory may be gone: what is there is its own. */
  readonly isBegun?: boolean;
  /** Whether an earlier run has finished the file, as told to `markDone`. */
  readonly isDone: (path: RawPath) => boolean;
  readonly markDone: (path: RawPath) => void;
  readonly onRemark: (remark: RestoreRemark) => void;
}

/** A file that waits for its content. Offsets count content: data without holes. */
export interface FileWriter {
  readonly placed: PlacedEntry<RestoreFile>;
  readonly contentBytes: number;
  /** Whether an earlier run has left something that `readBack` can return. */
  readonly isResumed: boolean;
  /** Read what the staged file holds now; zeros where nothing was written. */
  readBack(into: Uint8Array, offsetBytes: number): Promise<void>;
  /** Write a verified piece. Pieces may come in any order and at the same time. */
  write(bytes: Uint8Array, offsetBytes: number): Promise<void>;
  /** All content is there: set the metadata and give the file its name. False: left out. */
  finish(): Promise<boolean>;
  /** Forget the file and what was written of it. */
  abandon(): void;
}

/** How a file was received. */
export type FileAdmission =
  | { readonly kind: 'write'; readonly writer: FileWriter }
  /** Finished by an earlier run and untouched since. */
  | { readonly kind: 'done' }
  /** A further name of a file that is being restored; made in `finish`. */
  | { readonly kind: 'linked' }
  /** Reported as a remark. */
  | { readonly kind: 'left-out' };

/** Names that a fresh disk or a file browser has put there. */
const HARMLESS_NAMES: readonly string[] = ['lost+found', '.DS_Store', 'System Volume Information'];
const STAGING_PREFIX = '.floe-restore-';
/** Without these the owner can't change a directory. */
const OWNER_MODE = 0o700;

/**
 * Open a target that is empty, or that an interrupted run of the same restore has left.
 *
 * Throws `restore-target-not-empty`, `restore-target-unwritable` or `disk-full`.
 */
export function openRestoreTarget(options: RestoreTargetOptions): RestoreTarget {
  let root: TargetDirectory | undefined;
  try {
    root = options.files.openTarget(options.target);
    return openIn(root, options);
  } catch (error) {
    root?.close();
    if (!(error instanceof FileError) || error.isExhaustion) throw error;
    throw new EngineError('restore-target-unwritable', "the restore target can't be written to", {
      context: { systemCode: error.systemCode },
      cause: error,
    });
  }
}

function openIn(root: TargetDirectory, options: RestoreTargetOptions): RestoreTarget {
  const digest = createHash('sha256').update(options.restoreKey).digest('hex');
  const stagingName = `${STAGING_PREFIX}${digest.slice(0, 32)}` as RawPath;
  const names = root.listNames().filter((name) => !HARMLESS_NAMES.includes(name));
  if (!names.includes(stagingName)) {
    if (names.length > 0 && options.isBegun !== true) throw notEmpty(names.length);
    root.makeDirectory(stagingName);
  }
  const staging = root.openDirectory(stagingName);
  return new RestoreTarget(options, { root, staging, stagingName });
}

function notEmpty(entries: number): EngineError {
  return new EngineError('restore-target-not-empty', 'the restore target is not empty', {
    context: { entries },
  });
}

interface TargetParts {
  readonly root: TargetDirectory;
  readonly staging: TargetDirectory;
  readonly stagingName: RawPath;
}

/** The target of one restore. */
export class RestoreTarget {
  /** The target itself, for placing the entries of the snapshot's root. */
  readonly root: PlacedDirectory = { path: '' as RawPath, targetPath: '' as RawPath };
  readonly rules: NameRules;
  readonly #options: RestoreTargetOptions;
  readonly #stagingName: RawPath;
  readonly #directories: HeldDirectories;
  readonly #staged: StagedFiles;
  readonly #addedDirectories: PlacedEntry<RestoreDirectory>[] = [];
  /** The first name of each group, in the target. */
  readonly #leaders = new Map<string, RawPath>();
  readonly #links: PendingLinks;
  readonly #report: WriteReport;

  constructor(options: RestoreTargetOptions, parts: TargetParts) {
    this.#options = options;
    this.#stagingName = parts.stagingName;
    this.#directories = new HeldDirectories(parts.root);
    this.#staged = new StagedFiles(parts.staging);
    this.#report = new WriteReport(options.onRemark);
    this.#links = new PendingLinks(this.#directories, this.#staged, this.#report);
    this.rules = options.files.probeNameRules(parts.staging);
  }

  /** Give the entries of a directory their places. Call it once with all of them. */
  place(directory: PlacedDirectory, entries: readonly RestoreEntry[]): PlacedEntry[] {
    const placed: PlacedEntry[] = [];
    const names = planNames(
      entries.map(({ name }) => name),
      this.rules,
    );
    for (const [index, entry] of entries.entries()) {
      const planned = names[index];
      if (!planned) continue;
      const path = joinRawPath(directory.path, entry.name);
      if (planned.targetName === undefined) {
        this.#report.leaveOut(path, planned.reason);
        continue;
      }
      const targetPath = joinRawPath(directory.targetPath, planned.targetName);
      if (targetPath === this.#stagingName) {
        this.#report.leaveOut(path, 'obstructed');
        continue;
      }
      if (planned.targetName !== entry.name) {
        this.#report.rename(path, targetPath);
      }
      placed.push({ entry, path, targetPath });
    }
    return placed;
  }

  /** Make a directory. Undefined when it is left out, and everything in it. */
  addDirectory(placed: PlacedEntry<RestoreDirectory>): PlacedDirectory | undefined {
    const isMade = this.#report.attempt(placed, () => {
      const { parent, name } = this.#directories.parentOf(placed.targetPath);
      try {
        parent.makeDirectory(name);
      } catch (error) {
        if (!(error instanceof FileError) || error.reason !== 'exists') throw error;
        const existing = parent.stat(name);
        if (existing?.kind !== 'directory') return this.#report.leaveOut(placed.path, 'obstructed');
        // An earlier run may have set its mode already.
        if ((existing.mode & OWNER_MODE) !== OWNER_MODE) parent.unlockDirectory(name);
      }
      this.#addedDirectories.push(placed);
      return true;
    });
    return isMade ? { path: placed.path, targetPath: placed.targetPath } : undefined;
  }

  /** Begin a file, or say why nothing is to be written. */
  addFile(placed: PlacedEntry<RestoreFile>): FileAdmission {
    const { entry } = placed;
    const group = groupKey(entry);
    const leader = group === undefined ? undefined : this.#leaders.get(group);
    if (leader !== undefined) {
      this.#links.addHardLink(placed, leader);
      return { kind: 'linked' };
    }
    let admission: FileAdmission = { kind: 'left-out' };
    this.#report.attempt(placed, () => {
      if (group !== undefined) this.#leaders.set(group, placed.targetPath);
      if (this.#options.isDone(placed.path) && this.#isInPlace(placed)) {
        admission = { kind: 'done' };
        return true;
      }
      admission = { kind: 'write', writer: this.#begin(placed) };
      return true;
    });
    return admission;
  }

  /** Remember a symbolic link; it is made in `finish`. */
  addSymlink(placed: PlacedEntry<RestoreSymlink>): void {
    this.#links.addSymlink(placed);
  }

  /**
   * Make the links, set what directories get, and remove the staging directory. Returns how often
   * each part of the metadata was not taken by this machine.
   *
   * With `isComplete` false the staging directory stays, so that another run can go on; give it
   * when files were abandoned for a reason that may pass.
   */
  async finish(options: {
    readonly isComplete: boolean;
    /** What the target itself gets; undefined leaves it as it is. */
    readonly rootMetadata?: RestoreMetadata | undefined;
    readonly signal?: AbortSignal | undefined;
  }): Promise<MetadataCounts> {
    await this.#links.make(options.signal);
    // A directory was added after the one it lies in, so the reverse order is deepest first.
    for (const placed of this.#addedDirectories.toReversed()) {
      this.#report.attempt(placed, () => {
        const { parent, name } = this.#directories.parentOf(placed.targetPath);
        this.#report.countMetadata(
          parent.setMetadata(name, metadataOf(placed.entry, DIRECTORY_MODE_MASK)),
        );
        return true;
      });
    }
    // Last but for the root, whose time it changes: without it another run can't go on.
    if (options.isComplete) this.#removeStaging();
    const { rootMetadata } = options;
    if (rootMetadata) {
      const root = this.#directories.open(this.root.targetPath);
      this.#report.countMetadata(
        root.setOwnMetadata(metadataOf(rootMetadata, DIRECTORY_MODE_MASK)),
      );
    }
    this.close();
    return this.#report.metadataNotTaken;
  }

  /** Let go of everything and leave it as it is, for another run to go on. */
  close(): void {
    this.#staged.closeAll();
    this.#staged.directory.close();
    this.#directories.closeAll();
  }

  /** Whether the finished file stands where it belongs, as far as its stat tells. */
  #isInPlace(placed: PlacedEntry<RestoreFile>): boolean {
    const { parent, name } = this.#directories.parentOf(placed.targetPath);
    const stat = parent.stat(name);
    return stat !== undefined && looksLike(stat, placed.entry);
  }

  #begin(placed: PlacedEntry<RestoreFile>): FileWriter {
    const { entry } = placed;
    const staged = this.#staged;
    const name = staged.nameOf(placed.path);
    const { isResumed } = staged.begin(name);
    const map = new ContentMap(entry.sizeBytes, entry.extents);
    const complete = (file: TargetFile): void => {
      // Sets the size of a file that ends in a hole, and cuts what an earlier run left too much.
      if (isResumed || entry.extents !== undefined) file.resize(entry.sizeBytes);
      this.#report.countMetadata(file.setMetadata(metadataOf(entry, FILE_MODE_MASK)));
    };
    return {
      placed,
      contentBytes: map.contentBytes,
      isResumed,
      readBack: (into, offsetBytes) =>
        staged.with(name, (file) => {
          into.fill(0);
          for (const stretch of map.place(offsetBytes, into.length)) {
            const end = stretch.startBytes + stretch.sizeBytes;
            file.readNow(into.subarray(stretch.startBytes, end), stretch.offsetBytes);
          }
        }),
      write: (bytes, offsetBytes) =>
        staged.with(name, async (file) => {
          for (const stretch of map.place(offsetBytes, bytes.length)) {
            const end = stretch.startBytes + stretch.sizeBytes;
            await file.write(bytes.subarray(stretch.startBytes, end), stretch.offsetBytes);
          }
        }),
      finish: async () => {
        await staged.with(name, complete);
        staged.close(name);
        return this.#report.attempt(placed, () => this.#name(placed, name));
      },
      abandon: () => staged.remove(name),
    };
  }

  /** Give a whole staged file its name. */
  #name(placed: PlacedEntry<RestoreFile>, stagedName: RawPath): boolean {
    const { parent, name } = this.#directories.parentOf(placed.targetPath);
    if (!this.#linkOrMove(placed.entry, stagedName, parent, name)) {
      this.#staged.remove(stagedName);
      return this.#report.leaveOut(placed.path, 'obstructed');
    }
    this.#options.markDone(placed.path);
    return true;
  }

  /**
   * Move it, without replacing what is in the way. Where that is not one step: a second name and
   * the removal of the first. False when something is there that this restore has not put there.
   */
  #linkOrMove(
    entry: RestoreFile,
    stagedName: RawPath,
    parent: TargetDirectory,
    name: RawPath,
  ): boolean {
    const staging = this.#staged.directory;
    try {
      this.#moveToFree(stagedName, parent, name);
      return true;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      const lacksLinks = error.reason === 'denied' || error.reason === 'not-supported';
      if (error.reason !== 'exists' && !lacksLinks) throw error;
    }
    const existing = parent.stat(name);
    // A run that ended between naming a file and saying so has left exactly this file.
    if (existing && !looksLike(existing, entry)) return false;
    staging.moveTo(stagedName, parent, name);
    // The move of one file onto its own second name does nothing.
    this.#staged.remove(stagedName);
    return true;
  }

  #moveToFree(stagedName: RawPath, parent: TargetDirectory, name: RawPath): void {
    const staging = this.#staged.directory;
    try {
      staging.moveToFree(stagedName, parent, name);
    } catch (error) {
      if (!(error instanceof FileError) || error.reason !== 'not-supported') throw error;
      staging.linkTo(stagedName, parent, name);
      staging.removeFile(stagedName);
    }
  }

  #removeStaging(): void {
    this.#staged.closeAll();
    for (const name of this.#staged.directory.listNames()) this.#staged.remove(name);
    this.#directories.open(this.root.targetPath).removeDirectory(this.#stagingName);
  }
}
