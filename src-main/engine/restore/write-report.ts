/**
 * @file What a restore could not write: one place decides what is left out and what ends it.
 */
import type { RawPath } from '#engine/model/ids.ts';
import { FileError, type FileErrorReason, type MetadataPart } from '#engine/ports/file-system.ts';
import type { LeftOutReason, PlacedEntry, RestoreRemark } from './write-entries.ts';

/** Failures that no other entry would be spared. */
const FATAL_REASONS: ReadonlySet<FileErrorReason> = new Set([
  'no-space',
  'read-only',
  'too-many-open',
  'damaged',
]);

export type MetadataCounts = Readonly<Partial<Record<MetadataPart, number>>>;

export class WriteReport {
  readonly #onRemark: (remark: RestoreRemark) => void;
  readonly #metadataNotTaken: Partial<Record<MetadataPart, number>> = {};

  constructor(onRemark: (remark: RestoreRemark) => void) {
    this.#onRemark = onRemark;
  }

  /** How often each part of the metadata was not taken by this machine. */
  get metadataNotTaken(): MetadataCounts {
    return { ...this.#metadataNotTaken };
  }

  /** Run a step of one entry. False when the entry is left out, which is reported. */
  attempt(placed: PlacedEntry, step: () => boolean): boolean {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof FileError) || FATAL_REASONS.has(error.reason)) throw error;
      const isSwapped = error.reason === 'is-link' || error.reason === 'not-directory';
      return this.leaveOut(placed.path, isSwapped ? 'obstructed' : error.reason);
    }
  }

  leaveOut(path: RawPath, reason: LeftOutReason): false {
    this.#onRemark({ kind: 'left-out', path, reason });
    return false;
  }

  rename(path: RawPath, targetPath: RawPath): void {
    this.#onRemark({ kind: 'renamed', path, targetPath });
  }

  countMetadata(parts: readonly MetadataPart[]): void {
    for (const part of parts) {
      this.#metadataNotTaken[part] = (this.#metadataNotTaken[part] ?? 0) + 1;
    }
  }
}
