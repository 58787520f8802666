/**
 * @file Compares a folder with what is known of it. The scan is the truth; events are hints.
 *
 * Walks depth first and yields each directory after the directories in it, in the order of the
 * names' bytes, so that a caller can build trees from the leaves up. Follows no link: a directory
 * is entered only while it is the very inode that its parent's listing saw. What can't be looked
 * at is data, not an exception, and never counts as deleted.
 *
 * Reads directories, links and `.floeignore`; contents are the reader's part. Decides nothing
 * about deletions: it counts them for mass-change.ts.
 */
import { isUtf8 as areUtf8Bytes } from 'node:buffer';
import { EngineError } from '#engine/model/engine-error.ts';
import { joinRawPath, rawPathBytes, type RawPath } from '#engine/model/ids.ts';
import {
  FileError,
  pathBelow,
  type AbsolutePath,
  type DirectoryListing,
  type FileStat,
  type ListedEntry,
  type SourceFiles,
} from '#engine/ports/file-system.ts';
import {
  isSameEntry,
  type FileChange,
  type KeptKind,
  type KnownEntry,
  type PresentChange,
  type ScannedDirectory,
  type UnreadableReason,
} from './change.ts';
import { DirtyPaths } from './dirty-paths.ts';
import { IGNORE_FILE_BYTES_MAX, IGNORE_FILE_NAME, IgnoreScope } from './ignore.ts';
import { isShrunk, type ChangeCounts } from './mass-change.ts';
import { MoveDetector } from './move-detector.ts';

export interface ScanOptions<K extends KnownEntry> {
  readonly files: SourceFiles;
  /** A directory, without links in its path. */
  readonly root: AbsolutePath;
  /** What is known of the entries of one directory; empty for an unknown one. */
  readonly known: (
    directory: RawPath,
  ) => ReadonlyMap<RawPath, K> | Promise<ReadonlyMap<RawPath, K>>;
  /** Files known in the whole folder. */
  readonly knownFiles: number;
  /** The device the root was on last time, where known. */
  readonly knownDevice?: bigint | undefined;
  /** The folder's own patterns, gitignore syntax. */
  readonly ignorePatterns?: readonly string[];
  /** Directories of Floe's own that are never entered, by whatever path they are reached. */
  readonly ownDirectories?: readonly AbsolutePath[];
  /** Look only at these paths, each with everything below it. Undefined: at everything. */
  readonly dirty?: readonly RawPath[] | undefined;
  /** A person said that an empty folder is meant to be empty. */
  readonly acceptDeletions?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What a whole scan has seen. Complete once all directories have been taken. */
export interface ScanSummary extends ChangeCounts {
  readonly files: number;
  readonly directories: number;
  readonly symlinks: number;
  /** Logical bytes of all files seen. */
  readonly bytes: number;
  readonly ignored: number;
  readonly skipped: number;
  readonly unreadable: number;
  readonly rootDevice: bigint;
  /** Directories whose names are not UTF-8: no watcher sees into them, so they must be polled. */
  readonly unwatchable: number;
}

interface Frame<K extends KnownEntry> {
  readonly path: RawPath;
  readonly listing: DirectoryListing;
  readonly scope: IgnoreScope;
  readonly known: ReadonlyMap<RawPath, K>;
  readonly entries: FileChange<K>[];
  next: number;
}

type Present<K extends KnownEntry> = Omit<PresentChange<K>, 'isVisited' | 'target'>;
type Counters = { -readonly [Name in keyof ScanSummary]: ScanSummary[Name] };

/** One scan of one folder. Iterate it once. */
export class FolderScan<K extends KnownEntry> implements AsyncIterable<ScannedDirectory<K>> {
  readonly #options: ScanOptions<K>;
  readonly #dirty: DirtyPaths;
  readonly #moves: MoveDetector;
  readonly #ownInodes = new Set<string>();
  readonly #counters: Counters;

  constructor(options: ScanOptions<K>) {
    this.#options = options;
    this.#dirty = new DirtyPaths(options.dirty);
    // A first scan has nothing that could have moved.
    this.#moves = new MoveDetector({ isNeeded: options.knownFiles > 0 });
    this.#counters = {
      files: 0,
      directories: 0,
      symlinks: 0,
      bytes: 0,
      ignored: 0,
      skipped: 0,
      unreadable: 0,
      knownFiles: options.knownFiles,
      vanishedFiles: 0,
      shrunkFiles: 0,
      rootDevice: 0n,
      unwatchable: 0,
    };
  }

  get summary(): ScanSummary {
    return { ...this.#counters, vanishedFiles: this.#moves.vanishedCount };
  }

  /**
   * Throws `folder-missing`, `folder-unreadable` or `usage` (a bad pattern) before anything; the
   * first two also in the end, when the folder is not there any more.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<ScannedDirectory<K>, void, undefined> {
    const { files, signal } = this.#options;
    signal?.throwIfAborted();
    for (const directory of this.#options.ownDirectories ?? []) {
      const stat = files.stat(directory);
      if (stat) this.#ownInodes.add(inodeKey(stat));
    }
    const stack: Frame<K>[] = [await this.#openRoot()];
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const listed = frame.listing.entries[frame.next];
      if (listed) {
        frame.next += 1;
        const child = await this.#look(frame, listed);
        if (child) stack.push(child);
        continue;
      }
      stack.pop();
      await this.#addRemoved(frame);
      if (stack.length === 0) requireSameRoot(this.#options, frame.listing.stat);
      yield { path: frame.path, stat: frame.listing.stat, entries: frame.entries };
    }
  }

  async #openRoot(): Promise<Frame<K>> {
    const { files, root, signal } = this.#options;
    const scope = IgnoreScope.ofFolder(this.#options.ignorePatterns ?? []);
    const listing = await listRoot(files, root, signal);
    this.#counters.rootDevice = listing.stat.device;
    const isEmptied = listing.entries.length === 0 && this.#options.knownFiles > 0;
    if (isEmptied && this.#options.acceptDeletions !== true) {
      const { knownDevice } = this.#options;
      const isOtherDevice = knownDevice !== undefined && knownDevice !== listing.stat.device;
      throw folderMissing(isOtherDevice ? 'unmounted' : 'empty');
    }
    const opened = await this.#openFrame('' as RawPath, listing, scope);
    if (typeof opened === 'string') {
      throw new EngineError('folder-unreadable', "the folder's .floeignore can't be read");
    }
    return opened;
  }

  /** The frame of a listed directory, or why it must not be entered. */
  async #openFrame(
    path: RawPath,
    listing: DirectoryListing,
    outer: IgnoreScope,
  ): Promise<Frame<K> | UnreadableReason> {
    const scope = this.#readIgnoreFile(path, listing, outer);
    if (!scope) return 'ignore-file';
    this.#counters.directories += 1;
    const known = await this.#options.known(path);
    return { path, listing, scope, known, entries: [], next: 0 };
  }

  #readIgnoreFile(
    path: RawPath,
    listing: DirectoryListing,
    scope: IgnoreScope,
  ): IgnoreScope | undefined {
    const listed = listing.entries.find(({ name }) => name === IGNORE_FILE_NAME);
    if (!listed) return scope;
    // Something that is not a file holds no rules; a link is not followed for them either.
    if (listed.stat && listed.stat.kind !== 'file') return scope;
    if (!listed.stat || listed.stat.sizeBytes > IGNORE_FILE_BYTES_MAX) return undefined;
    try {
      const file = this.#options.files.openFile(
        pathBelow(this.#options.root, joinRawPath(path, IGNORE_FILE_NAME)),
      );
      try {
        const content = new Uint8Array(IGNORE_FILE_BYTES_MAX + 1);
        const sizeBytes = file.readNow(content, 0);
        if (sizeBytes > IGNORE_FILE_BYTES_MAX) return undefined;
        return scope.withFile(content.subarray(0, sizeBytes));
      } finally {
        file.close();
      }
    } catch (error) {
      if (error instanceof FileError && !error.isExhaustion) return undefined;
      throw error;
    }
  }

  /** Judge one entry. Returns a frame when it is a directory to be entered. */
  async #look(frame: Frame<K>, listed: ListedEntry): Promise<Frame<K> | undefined> {
    const { name } = listed;
    const path = joinRawPath(frame.path, name);
    const known = frame.known.get(name);
    const { stat } = listed;
    if (!stat) {
      this.#addUnreadable(frame, path, name, listed.error.reason, known);
      return undefined;
    }
    const rule = frame.scope.ruleFor(name, stat.kind === 'directory');
    if (rule !== undefined) {
      this.#counters.ignored += 1;
      frame.entries.push({ kind: 'ignored', path, name, rule, seen: stat, known });
      return undefined;
    }
    if (stat.kind === 'fifo' || stat.kind === 'socket' || stat.kind === 'device') {
      this.#counters.skipped += 1;
      frame.entries.push({ kind: 'skipped', path, name, reason: stat.kind, known });
      return undefined;
    }
    const present: Present<K> = {
      kind: known === undefined ? 'added' : isSameEntry(known, stat) ? 'unchanged' : 'changed',
      path,
      name,
      stat: stat as FileStat & { kind: KeptKind },
      known,
      hardLinkGroup: this.#hardLinkGroup(stat),
    };
    // What was a directory and is none any more took its files with it.
    if (known?.kind === 'directory' && stat.kind !== 'directory') await this.#countVanished(path);
    if (known?.kind === 'file' && stat.kind !== 'file') this.#moves.vanish(known);
    if (stat.kind === 'directory') return this.#lookIntoDirectory(frame, present);
    if (stat.kind === 'symlink') this.#addSymlink(frame, present);
    else this.#addFile(frame, present);
    return undefined;
  }

  #addFile(frame: Frame<K>, present: Present<K>): void {
    const { stat, known } = present;
    this.#counters.files += 1;
    this.#counters.bytes += stat.sizeBytes;
    if (present.kind === 'added') this.#moves.appear(stat);
    if (known?.kind === 'file' && isShrunk(known.sizeBytes, stat.sizeBytes)) {
      this.#counters.shrunkFiles += 1;
    }
    frame.entries.push({ ...present, target: undefined, isVisited: false });
  }

  #addSymlink(frame: Frame<K>, present: Present<K>): void {
    const { path, name, known } = present;
    let target: RawPath | undefined;
    try {
      if (present.kind !== 'unchanged') {
        target = this.#options.files.readLink(pathBelow(this.#options.root, path));
      }
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.#addUnreadable(frame, path, name, 'changing', known);
      return;
    }
    this.#counters.symlinks += 1;
    frame.entries.push({ ...present, target, isVisited: false });
  }

  async #lookIntoDirectory(frame: Frame<K>, present: Present<K>): Promise<Frame<K> | undefined> {
    const { path, name, stat, known } = present;
    if (this.#ownInodes.has(inodeKey(stat))) {
      this.#counters.skipped += 1;
      frame.entries.push({ kind: 'skipped', path, name, reason: 'own-home', known });
      return undefined;
    }
    if (known?.kind === 'directory' && !this.#dirty.mustVisit(path)) {
      frame.entries.push({ ...present, target: undefined, isVisited: false });
      return undefined;
    }
    const opened = await this.#listEntered(path, stat, frame.scope.enter(name));
    if (typeof opened === 'string') {
      if (opened === 'missing') {
        // Gone since the parent was listed: addRemoved reports what was known of it.
        if (known) await this.#addGone(frame, path, name, known);
      } else {
        this.#addUnreadable(frame, path, name, opened, known);
      }
      return undefined;
    }
    if (!isUtf8(name)) this.#counters.unwatchable += 1;
    frame.entries.push({ ...present, target: undefined, isVisited: true });
    return opened;
  }

  /** List a directory that its parent has seen; a reason when it is not that directory any more. */
  async #listEntered(
    path: RawPath,
    seen: FileStat,
    scope: IgnoreScope,
  ): Promise<Frame<K> | UnreadableReason> {
    const { files, root, signal } = this.#options;
    try {
      const listing = await files.listDirectory(pathBelow(root, path), signal);
      if (inodeKey(listing.stat) !== inodeKey(seen)) return 'changing';
      return await this.#openFrame(path, listing, scope);
    } catch (error) {
      if (!(error instanceof FileError) || error.isExhaustion) throw error;
      const isSwapped = error.reason === 'is-link' || error.reason === 'not-directory';
      return isSwapped ? 'changing' : error.reason;
    }
  }

  #addUnreadable(
    frame: Frame<K>,
    path: RawPath,
    name: RawPath,
    reason: UnreadableReason,
    known: K | undefined,
  ): void {
    this.#counters.unreadable += 1;
    frame.entries.push({ kind: 'unreadable', path, name, reason, known });
  }

  async #addGone(frame: Frame<K>, path: RawPath, name: RawPath, known: K): Promise<void> {
    if (known.kind === 'directory') await this.#countVanished(path);
    else if (known.kind === 'file') this.#moves.vanish(known);
    frame.entries.push({ kind: 'removed', path, name, known });
  }

  /** Report what was known and is not listed any more, in its place in the order. */
  async #addRemoved(frame: Frame<K>): Promise<void> {
    if (frame.known.size === 0) return;
    const reported = new Set(frame.entries.map(({ name }) => name));
    const before = frame.entries.length;
    for (const [name, known] of frame.known) {
      if (reported.has(name)) continue;
      await this.#addGone(frame, joinRawPath(frame.path, name), name, known);
    }
    if (frame.entries.length === before) return;
    frame.entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  /** Count the known files below a directory that is gone. */
  async #countVanished(directory: RawPath): Promise<void> {
    const pending = [directory];
    for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
      this.#options.signal?.throwIfAborted();
      for (const [name, known] of await this.#options.known(path)) {
        if (known.kind === 'directory') pending.push(joinRawPath(path, name));
        else if (known.kind === 'file') this.#moves.vanish(known);
      }
    }
  }

  /**
   * Inode numbers are unique on one device only, and device numbers change between two mounts:
   * on a device other than the root's, names of one file are kept as separate files.
   */
  #hardLinkGroup(stat: FileStat): bigint | undefined {
    if (stat.kind !== 'file' || stat.linkCount < 2) return undefined;
    return stat.device === this.#counters.rootDevice ? stat.inode : undefined;
  }
}

function isUtf8(name: RawPath): boolean {
  return areUtf8Bytes(rawPathBytes(name));
}

function inodeKey(stat: FileStat): string {
  return `${String(stat.device)}:${String(stat.inode)}`;
}

function folderMissing(reason: 'missing' | 'not-directory' | 'unmounted' | 'empty'): EngineError {
  const sentences = {
    missing: 'the folder does not exist',
    'not-directory': 'the path of the folder leads to something else',
    unmounted: 'the folder is on another device than before: its drive is missing',
    empty: 'the folder held files and is empty now',
  };
  return new EngineError('folder-missing', sentences[reason], { context: { reason } });
}

async function listRoot(
  files: SourceFiles,
  root: AbsolutePath,
  signal: AbortSignal | undefined,
): Promise<DirectoryListing> {
  try {
    return await files.listDirectory(root, signal);
  } catch (error) {
    throw rootFailure(error);
  }
}

/** What was not found may have been there: a drive can go while it is looked at. */
function requireSameRoot(
  { files, root }: { readonly files: SourceFiles; readonly root: AbsolutePath },
  seen: FileStat,
): void {
  let now: FileStat | undefined;
  try {
    now = files.stat(root);
  } catch (error) {
    throw rootFailure(error);
  }
  if (now && inodeKey(now) === inodeKey(seen)) return;
  throw folderMissing(now && now.device !== seen.device ? 'unmounted' : 'missing');
}

function rootFailure(error: unknown): unknown {
  if (!(error instanceof FileError) || error.isExhaustion) return error;
  if (error.reason === 'missing') return folderMissing('missing');
  if (error.reason === 'is-link' || error.reason === 'not-directory') {
    return folderMissing('not-directory');
  }
  const context = { systemCode: error.systemCode };
  return new EngineError('folder-unreadable', "the folder can't be read", {
    context,
    cause: error,
  });
}
