/**
 * @file Brings a snapshot, or a part of it, back as files.
 *
 *     plan the tree → make directories, admit files → pack by pack: read, open, write → finish
 *
 * Packs are read in the order in which they lie, each once, and every piece goes to all files that
 * want it. What cannot be read is lost by name and with its reason; everything else is restored.
 * Run again it goes on: finished files stay untouched, of staged ones only what is missing is read.
 */
import type { FoundEntry, IndexedPack } from '../archive/pack-index.ts';
import { keyedBlake3 } from '../codec/hash.ts';
import { errorCodes, type ErrorCode } from '#contract/errors.ts';
import { EngineError, isAbort } from '../model/engine-error.ts';
import { displayPath, joinRawPath, type BlobId, type ChunkId, type RawPath } from '../model/ids.ts';
import type { AbsolutePath, FileSystem } from '../ports/file-system.ts';
import {
  inOrder,
  PackContents,
  type ChunkToOpen,
  type OpenedBatch,
  type PackToOpen,
} from './pack-contents.ts';
import type { PackReader } from './pack-reader.ts';
import {
  entriesToPlace,
  planTree,
  type FilePiece,
  type PlannedDirectory,
  type PlannedEntry,
} from './plan.ts';
import { isPart, partKey, selectionOf, type AskedPart } from './selection.ts';
import { findChunk, type OpenedSnapshot } from './snapshot-reader.ts';
import type { PlacedDirectory, PlacedEntry, RestoreRemark } from './write-entries.ts';
import { openRestoreTarget, type FileWriter, type RestoreTarget } from './write.ts';

/**
 * Pieces that are planned before their packs are read. A plan of all of a large folder would take
 * a gigabyte for a million files.
 */
const PIECES_PLANNED_MAX = 16_384;
/** Paths that a message names. */
const NAMED_MAX = 3;
/** Finished files are remembered in batches: each is a write to the local index. */
const MARKS_BATCH = 1024;
/** Marked when every file is in its place: only links and metadata are left then. */
const ALL_FILES = '' as RawPath;

export interface LostFile {
  readonly path: RawPath;
  readonly code: ErrorCode;
  readonly reason: string;
  /** Which pack could not be read, where it is known. */
  readonly pack: IndexedPack | undefined;
}

export interface RestoreProgress {
  readonly filesDone: number;
  readonly filesTotal: number | undefined;
  readonly bytesDone: number;
  readonly bytesTotal: number | undefined;
  readonly current: string | undefined;
}

export interface RestoreOptions {
  readonly snapshot: OpenedSnapshot;
  readonly packs: PackReader;
  readonly files: FileSystem;
  readonly target: AbsolutePath;
  readonly asked: AskedPart;
  /** Files that an earlier run of the same restore has finished. */
  readonly done: ReadonlySet<RawPath>;
  readonly markDone: (paths: readonly RawPath[]) => void;
  readonly onProgress: (progress: RestoreProgress) => void;
  readonly signal: AbortSignal;
}

export interface RestoreResult {
  readonly filesRestored: number;
  readonly bytesRestored: number;
  readonly filesAlreadyThere: number;
  readonly lost: readonly LostFile[];
  /** Nothing is left to do for another run; the marks can be forgotten. */
  readonly isComplete: boolean;
}

/** Says which restore a staging directory belongs to: the snapshot and what was asked of it. */
export const restoreKeyOf = (snapshot: OpenedSnapshot, asked: AskedPart): string =>
  `${snapshot.signed.snapshotId} ${partKey(asked)}`;

/** @throws EngineError `restore-target-not-empty`, `path-unknown`, `disk-full`, `usage` */
export async function restoreSnapshot(options: RestoreOptions): Promise<RestoreResult> {
  if (isPart(options.asked)) await refuseEmptySelection(options);
  return new Restore(options).run();
}

/** A selection that matches nothing is a mistake, and no reason to make a target. */
async function refuseEmptySelection({ snapshot, asked, signal }: RestoreOptions): Promise<void> {
  const selection = selectionOf(asked);
  const tree = planTree(snapshot.signed.snapshot.root.treeId, {
    get: snapshot.getChunk,
    selection,
    // What cannot be read is reported by the restore itself.
    onProblem: () => undefined,
    signal,
  });
  for await (const { path, entries } of tree) {
    if (entries.some(({ entry }) => selection.wants(joinRawPath(path, entry.name)))) return;
  }
  const what = asked.glob ?? asked.paths?.slice(0, NAMED_MAX).join(', ') ?? '';
  throw new EngineError('path-unknown', `the snapshot holds nothing that matches ${what}`);
}

/** A file that waits for pieces. */
interface OpenFile {
  readonly writer: FileWriter;
  readonly path: RawPath;
  readonly sizeBytes: number;
  missing: number;
  isLost: boolean;
}

/** One place where a chunk is wanted. */
interface Wanted {
  readonly file: OpenFile;
  readonly piece: FilePiece;
}

interface WantedChunk extends ChunkToOpen {
  readonly wanted: Wanted[];
}

interface PackWork extends PackToOpen<WantedChunk> {
  readonly chunks: Map<ChunkId, WantedChunk>;
}

class Restore {
  readonly #options: RestoreOptions;
  readonly #target: RestoreTarget;
  readonly #lost: LostFile[] = [];
  /** What is planned and not yet read, in the order in which the tree asks for packs. */
  #work = new Map<BlobId, PackWork>();
  #piecesPlanned = 0;
  readonly #contents: PackContents;
  #marks: RawPath[] = [];
  #filesRestored = 0;
  #filesAlreadyThere = 0;
  #filesPlanned = 0;
  #bytesRestored = 0;
  #bytesPlanned = 0;
  #isPlanned = false;

  constructor(options: RestoreOptions) {
    this.#options = options;
    this.#contents = new PackContents(options);
    this.#target = openRestoreTarget({
      files: options.files,
      target: options.target,
      restoreKey: restoreKeyOf(options.snapshot, options.asked),
      isBegun: options.done.has(ALL_FILES),
      isDone: (path) => options.done.has(path),
      markDone: (path) => this.#mark(path),
      onRemark: (remark) => this.#remark(remark),
    });
  }

  async run(): Promise<RestoreResult> {
    try {
      await this.#admitAll();
      this.#isPlanned = true;
      await this.#restorePlanned();
      const { mode, mtimeNs } = this.#options.snapshot.signed.snapshot.root;
      // From here on the staging directory may be gone, and the marks alone tell whose target it is.
      this.#mark(ALL_FILES);
      this.#flushMarks();
      await this.#target.finish({
        isComplete: this.#isComplete(),
        rootMetadata: { mode, mtimeNs },
        signal: this.#options.signal,
      });
    } catch (error) {
      this.#target.close();
      this.#flushMarksQuietly();
      throw error;
    }
    this.#flushMarks();
    return {
      filesRestored: this.#filesRestored,
      bytesRestored: this.#bytesRestored,
      filesAlreadyThere: this.#filesAlreadyThere,
      lost: this.#lost,
      isComplete: this.#isComplete(),
    };
  }

  /** Nothing is lost that another run could bring. */
  #isComplete(): boolean {
    return !this.#lost.some(({ code }) => mayPass(code));
  }

  async #admitAll(): Promise<void> {
    const { snapshot, asked, signal } = this.#options;
    const placed = new Map<RawPath, PlacedDirectory>([['' as RawPath, this.#target.root]]);
    const tree = planTree(snapshot.signed.snapshot.root.treeId, {
      get: snapshot.getChunk,
      selection: selectionOf(asked),
      onProblem: ({ path, error }) => this.#lose(path, error),
      signal,
    });
    for await (const directory of tree) {
      const parent = placed.get(directory.path);
      placed.delete(directory.path);
      if (parent) await this.#admitDirectory(parent, directory, placed);
      this.#report(undefined);
    }
  }

  /** Read the packs that are planned, and forget the plan. */
  async #restorePlanned(): Promise<void> {
    const inPackOrder = [...this.#work.values()];
    this.#work = new Map();
    this.#piecesPlanned = 0;
    for (const [position, work] of inPackOrder.entries()) {
      await this.#restorePack(work, inPackOrder[position + 1]);
    }
  }

  async #admitDirectory(
    parent: PlacedDirectory,
    directory: PlannedDirectory,
    placedDirectories: Map<RawPath, PlacedDirectory>,
  ): Promise<void> {
    const planned = new Map<unknown, PlannedEntry>(
      directory.entries.map((entry) => [entry.entry, entry]),
    );
    for (const placed of this.#target.place(parent, entriesToPlace(directory))) {
      const plan = planned.get(placed.entry);
      if (plan?.kind === 'directory') {
        const made = this.#target.addDirectory({ ...placed, entry: plan.entry });
        if (made) placedDirectories.set(placed.path, made);
      } else if (plan?.kind === 'symlink') {
        this.#target.addSymlink({ ...placed, entry: plan.entry });
      } else if (plan?.kind === 'file') {
        await this.#admitFile({ ...placed, entry: plan.entry }, plan.pieces);
        if (this.#piecesPlanned >= PIECES_PLANNED_MAX) await this.#restorePlanned();
      }
    }
  }

  async #admitFile(
    placed: PlacedEntry<Extract<PlannedEntry, { kind: 'file' }>['entry']>,
    pieces: readonly FilePiece[],
  ): Promise<void> {
    const { sizeBytes } = placed.entry;
    // What is read and written: holes and further names of a file bring no bytes.
    const contentBytes = bytesOf(pieces);
    this.#filesPlanned += 1;
    const admission = this.#target.addFile(placed);
    if (admission.kind === 'left-out') return;
    if (admission.kind !== 'linked') this.#bytesPlanned += contentBytes;
    if (admission.kind === 'done') {
      this.#filesAlreadyThere += 1;
      this.#bytesRestored += contentBytes;
      return;
    }
    if (admission.kind === 'linked') {
      this.#filesRestored += 1;
      return;
    }
    const { writer } = admission;
    const file: OpenFile = { writer, path: placed.path, sizeBytes, missing: 0, isLost: false };
    const missing = writer.isResumed ? await this.#missingPieces(writer, pieces) : pieces;
    this.#bytesRestored += contentBytes - bytesOf(missing);
    for (const piece of missing) this.#want(file, piece);
    if (file.missing === 0 && !file.isLost) await this.#finishFile(file);
  }

  /** Of a file that an interrupted run has begun: the pieces that are not there as they should be. */
  async #missingPieces(writer: FileWriter, pieces: readonly FilePiece[]): Promise<FilePiece[]> {
    const { chunkIdKey } = this.#options.snapshot.folderKeys;
    const missing: FilePiece[] = [];
    for (const piece of pieces) {
      const bytes = new Uint8Array(piece.sizeBytes);
      await writer.readBack(bytes, piece.offsetBytes);
      const id = Buffer.from(keyedBlake3(chunkIdKey, bytes)).toString('hex');
      if (id !== piece.id) missing.push(piece);
    }
    return missing;
  }

  #want(file: OpenFile, piece: FilePiece): void {
    if (file.isLost) return;
    let place: FoundEntry;
    try {
      place = findChunk(this.#options.snapshot.index, piece.id);
    } catch (error) {
      this.#loseFile(file, error as EngineError);
      return;
    }
    let work = this.#work.get(place.pack.blobId);
    if (!work) {
      work = { place, chunks: new Map() };
      this.#work.set(place.pack.blobId, work);
    }
    let chunk = work.chunks.get(piece.id);
    if (!chunk) {
      chunk = { id: piece.id, place, plainBytes: piece.sizeBytes, wanted: [] };
      work.chunks.set(piece.id, chunk);
    }
    chunk.wanted.push({ file, piece });
    this.#piecesPlanned += 1;
    file.missing += 1;
  }

  async #restorePack(work: PackWork, next: PackWork | undefined): Promise<void> {
    try {
      for await (const batch of this.#contents.open(work, next)) await this.#writeBatch(batch);
    } catch (error) {
      if (!(error instanceof EngineError) || isFatal(error)) throw error;
      for (const { wanted } of inOrder(work)) {
        for (const { file } of wanted) this.#loseFile(file, error, work.place.pack);
      }
    }
  }

  async #writeBatch({ chunks, contents }: OpenedBatch<WantedChunk>): Promise<void> {
    for (const [index, { wanted, place }] of chunks.entries()) {
      const bytes = contents[index];
      for (const want of wanted) {
        if (bytes instanceof Uint8Array) await this.#writePiece(want, bytes);
        else {
          this.#loseFile(want.file, bytes ?? new EngineError('internal', 'no result'), place.pack);
        }
      }
    }
  }

  async #writePiece({ file, piece }: Wanted, bytes: Uint8Array): Promise<void> {
    if (file.isLost) return;
    if (bytes.length !== piece.sizeBytes) {
      this.#loseFile(file, new EngineError('pack-damaged', 'a chunk has not the size of its item'));
      return;
    }
    await file.writer.write(bytes, piece.offsetBytes);
    this.#bytesRestored += bytes.length;
    file.missing -= 1;
    if (file.missing === 0) await this.#finishFile(file);
    else this.#report(file.path);
  }

  async #finishFile(file: OpenFile): Promise<void> {
    if (await file.writer.finish()) this.#filesRestored += 1;
    this.#report(file.path);
  }

  #loseFile(file: OpenFile, error: EngineError, pack?: IndexedPack): void {
    if (file.isLost) return;
    file.isLost = true;
    // What was written stays for the next run when the cause may pass.
    if (!mayPass(error.code)) file.writer.abandon();
    this.#lose(file.path, error, pack);
  }

  #lose(path: RawPath, error: EngineError, pack?: IndexedPack): void {
    if (isFatal(error)) throw error;
    this.#lost.push({ path, code: error.code, reason: error.message, pack });
  }

  #remark(remark: RestoreRemark): void {
    if (remark.kind === 'renamed') return;
    this.#lost.push({
      path: remark.path,
      code: remark.reason === 'hostile' ? 'name-hostile' : 'restore-incomplete',
      reason: remark.reason,
      pack: undefined,
    });
  }

  #mark(path: RawPath): void {
    this.#marks.push(path);
    if (this.#marks.length >= MARKS_BATCH) this.#flushMarks();
  }

  #flushMarks(): void {
    if (this.#marks.length > 0) this.#options.markDone(this.#marks);
    this.#marks = [];
  }

  /** What is not marked is looked at again by the next run: the failure before it says more. */
  #flushMarksQuietly(): void {
    try {
      this.#flushMarks();
    } catch {
      // A full disk, most often, which is then the failure before it as well.
    }
  }

  #report(path: RawPath | undefined): void {
    const { totals } = this.#options.snapshot.signed.snapshot;
    this.#options.onProgress({
      filesDone: this.#filesRestored + this.#filesAlreadyThere,
      filesTotal: this.#total(this.#filesPlanned, totals.fileCount),
      bytesDone: this.#bytesRestored,
      bytesTotal: this.#total(this.#bytesPlanned, totals.sizeBytes),
      current: path === undefined ? undefined : displayPath(path),
    });
  }

  /** While the tree is still being planned: what the snapshot says of itself, if all is wanted. */
  #total(planned: number, ofSnapshot: number): number | undefined {
    if (this.#isPlanned) return planned;
    return isPart(this.#options.asked) ? undefined : Math.max(planned, ofSnapshot);
  }
}

/** Failures that another run may be spared: what was written so far stays for it. */
const mayPass = (code: ErrorCode): boolean =>
  errorCodes[code].retry === 'after-backoff' && code !== 'restore-incomplete';

const bytesOf = (pieces: readonly FilePiece[]): number =>
  pieces.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

/** Failures that no other file would be spared. */
const isFatal = (error: EngineError): boolean =>
  isAbort(error) || error.code === 'disk-full' || error.code === 'internal';
