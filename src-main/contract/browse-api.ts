/**
 * @file Looking into folders and snapshots: what would be protected, what is in a snapshot, what
 * became of a file. Nothing here spends or changes anything.
 */
import type { CallOptions, ListEntry } from './api.ts';
import type { ErrorCode } from './errors.ts';

/** What one folder of this machine would bring, before anything is spent. */
export interface FolderPreview {
  readonly path: string;
  readonly suggestedName: string;
  readonly fileCount: number;
  readonly sizeBytes: number;
  /** Left out by rules: the rule, how much it leaves out, and a few examples. Largest first. */
  readonly ignored: readonly {
    readonly rule: string;
    readonly fileCount: number;
    readonly sizeBytes: number;
    readonly examples: readonly string[];
  }[];
  /** The largest of what is included. */
  readonly largest: readonly { readonly path: string; readonly sizeBytes: number }[];
  readonly unread: readonly { readonly path: string; readonly reason: string }[];
  /** Whether the scan was cut short, so that the figures are lower bounds. */
  readonly isPartial: boolean;
}

export interface EntryPage {
  readonly entries: readonly ListEntry[];
  /** All entries of the directory, or all hits as far as they were counted. */
  readonly total: number;
}

/** One state of a file over time, newest first; equal neighbours are one version. */
export interface FileVersion {
  readonly snapshotId: string;
  readonly atMs: number;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly change: 'added' | 'changed' | 'removed';
}

export interface SnapshotChanges {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly addedBytes: number;
  readonly removedBytes: number;
  /** The first few of them, in path order. */
  readonly examples: readonly {
    readonly path: string;
    readonly change: 'added' | 'changed' | 'removed';
  }[];
}

export interface BrowseApi {
  /** Look at a folder before it is added, or at new rules for one that is (`path` may be protected). */
  previewFolder(
    request: { readonly path: string; readonly excludes: readonly string[] },
    options?: CallOptions,
  ): Promise<FolderPreview>;
  /** The directories of this machine below `path` (absent: the person's home), for choosing one. */
  machineFolders(
    request: { readonly path?: string },
    options?: CallOptions,
  ): Promise<{
    readonly path: string;
    readonly parent: string | undefined;
    readonly folders: readonly { readonly name: string; readonly path: string }[];
  }>;
  /** A page of a directory in a snapshot; directories first, then by name. */
  browse(
    request: {
      readonly folder: string;
      readonly snapshot?: string;
      /** Below the folder's root, '' is the root. */
      readonly path: string;
      readonly offset: number;
      readonly limit: number;
      readonly sort?: 'name' | 'size' | 'time';
      readonly isDescending?: boolean;
    },
    options?: CallOptions,
  ): Promise<EntryPage>;
  /** Entries whose path holds `text` (case and accents do not matter), in path order. */
  search(
    request: {
      readonly folder: string;
      readonly snapshot?: string;
      readonly text: string;
      readonly limit: number;
    },
    options?: CallOptions,
  ): Promise<EntryPage>;
  /** What became of one file through the folder's snapshots. */
  fileVersions(
    request: { readonly folder: string; readonly path: string },
    options?: CallOptions,
  ): Promise<readonly FileVersion[]>;
  /** What changed from one snapshot to a later one; `from` absent is its parent. */
  snapshotChanges(
    request: { readonly folder: string; readonly from?: string; readonly to: string },
    options?: CallOptions,
  ): Promise<SnapshotChanges>;
  /** How many files and bytes the selection holds, and where it would go. Nothing is written. */
  restorePlan(
    request: {
      readonly folder: string;
      readonly snapshot?: string;
      /** Selected paths; empty is everything. */
      readonly paths: readonly string[];
      readonly target?: string;
    },
    options?: CallOptions,
  ): Promise<{
    readonly snapshotId: string;
    readonly fileCount: number;
    readonly sizeBytes: number;
    readonly suggestedTarget: string;
    /** Why it cannot go there, if it can't. */
    readonly problem:
      { readonly code: ErrorCode; readonly message: string; readonly next: string } | undefined;
  }>;
}
