/**
 * @file What a scan says about a folder: the vocabulary between scanner, reader and backup.
 */
import type { RawPath } from '#engine/model/ids.ts';
import type { FileErrorReason, FileKind, FileStat } from '#engine/ports/file-system.ts';

/** What is kept: everything else is skipped. */
export type KeptKind = Extract<FileKind, 'file' | 'directory' | 'symlink'>;

/** What the caller remembers of an entry from the last time. */
export interface KnownEntry {
  readonly kind: KeptKind;
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
}

/**
 * The change time to remember for an entry that may have been written in the same tick of the
 * file system's clock in which it was read: no real entry has it, so it is read once more.
 */
export const UNSETTLED_CTIME_NS = -1n;

/** What to remember of an entry. `isSettled` comes from the reader; scanned entries are settled. */
export function knownEntry(stat: FileStat, isSettled: boolean): KnownEntry {
  return {
    kind: stat.kind as KeptKind,
    sizeBytes: stat.sizeBytes,
    mtimeNs: stat.mtimeNs,
    ctimeNs: isSettled ? stat.ctimeNs : UNSETTLED_CTIME_NS,
    inode: stat.inode,
  };
}

/** Why an entry could not be looked at or read. */
export type UnreadableReason =
  | FileErrorReason
  /** It changed every time it was read. */
  | 'changing'
  /** Its `.floeignore` can't be read, so that nobody knows what must be left out. */
  | 'ignore-file';

/** Why an entry is not kept although nothing is wrong with it. */
export type SkippedReason = 'fifo' | 'socket' | 'device' | 'own-home';

interface ChangeBase {
  readonly path: RawPath;
  readonly name: RawPath;
}

/** An entry that exists and is kept. */
export interface PresentChange<K extends KnownEntry> extends ChangeBase {
  readonly kind: 'added' | 'changed' | 'unchanged';
  readonly stat: FileStat & { readonly kind: KeptKind };
  /** What was known; undefined exactly when `added`. */
  readonly known: K | undefined;
  /** Where a symbolic link leads, when it is added or changed. */
  readonly target: RawPath | undefined;
  /** The same number for all names of one file; undefined for a file with one name. */
  readonly hardLinkGroup: bigint | undefined;
  /** For a directory: whether it was looked into. False: everything in it is as known. */
  readonly isVisited: boolean;
}

/** One entry of a directory, compared with what was known of it. */
export type FileChange<K extends KnownEntry> =
  | PresentChange<K>
  /** Gone. */
  | (ChangeBase & { readonly kind: 'removed'; readonly known: K })
  /** Left out by the ignore rules. Not a deletion; `known` when it was kept before. */
  | (ChangeBase & {
      readonly kind: 'ignored';
      /** The pattern that says so. */
      readonly rule: string;
      /** What is left out. */
      readonly seen: FileStat;
      readonly known: K | undefined;
    })
  | (ChangeBase & {
      readonly kind: 'skipped';
      readonly reason: SkippedReason;
      readonly known: K | undefined;
    })
  /** What was known of it, and of everything below it, stays as it is. */
  | (ChangeBase & {
      readonly kind: 'unreadable';
      readonly reason: UnreadableReason;
      readonly known: K | undefined;
    });

/** A directory that was looked into. Comes after all directories in it; the root comes last. */
export interface ScannedDirectory<K extends KnownEntry> {
  /** Empty for the root. */
  readonly path: RawPath;
  readonly stat: FileStat;
  /** In the order of their names' bytes. */
  readonly entries: readonly FileChange<K>[];
}

/** Whether two looks at an entry saw the same content and metadata. */
export function isSameEntry(known: KnownEntry, stat: FileStat): boolean {
  return (
    known.mtimeNs === stat.mtimeNs &&
    known.ctimeNs === stat.ctimeNs &&
    known.sizeBytes === stat.sizeBytes &&
    known.inode === stat.inode &&
    known.kind === stat.kind
  );
}
