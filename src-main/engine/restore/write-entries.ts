/**
 * @file Entries on their way into a restore target: the vocabulary of the write modules.
 */
import type { RawPath } from '#engine/model/ids.ts';
import type {
  Extent,
  FileErrorReason,
  FileStat,
  TargetMetadata,
  Xattr,
} from '#engine/ports/file-system.ts';

export interface RestoreMetadata {
  readonly mode: number;
  readonly mtimeNs: bigint;
  readonly userName?: RawPath | undefined;
  readonly groupName?: RawPath | undefined;
  readonly xattrs?: readonly Xattr[] | undefined;
}

export interface RestoreDirectory extends RestoreMetadata {
  readonly kind: 'directory';
  readonly name: RawPath;
}

export interface RestoreFile extends RestoreMetadata {
  readonly kind: 'file';
  readonly name: RawPath;
  /** With holes. */
  readonly sizeBytes: number;
  /** Where the content belongs; undefined for a file without holes. */
  readonly extents?: readonly Extent[] | undefined;
  readonly hardLinkGroup?: bigint | undefined;
  /** Says that two files have the same content. Files of a group are linked only if it is equal. */
  readonly contentKey?: string | undefined;
}

export interface RestoreSymlink extends RestoreMetadata {
  readonly kind: 'symlink';
  readonly name: RawPath;
  readonly target: RawPath;
}

export type RestoreEntry = RestoreDirectory | RestoreFile | RestoreSymlink;

/** An entry with its place in the target. */
export interface PlacedEntry<E extends RestoreEntry = RestoreEntry> {
  readonly entry: E;
  /** In the snapshot. */
  readonly path: RawPath;
  /** In the target; differs where a name had to be escaped. */
  readonly targetPath: RawPath;
}

/** A directory whose entries can be placed. */
export interface PlacedDirectory {
  readonly path: RawPath;
  readonly targetPath: RawPath;
}

export type LeftOutReason =
  /** A name that would lead out of its directory: `name-hostile`. */
  | 'hostile'
  /** The directory holds two entries of one name. */
  | 'duplicate'
  /** Something else stands in its place. */
  | 'obstructed'
  /** Its hard-linked twin could not be restored. */
  | 'twin-missing'
  | FileErrorReason;

/** What a person should hear about one entry. */
export type RestoreRemark =
  | { readonly kind: 'left-out'; readonly path: RawPath; readonly reason: LeftOutReason }
  | { readonly kind: 'renamed'; readonly path: RawPath; readonly targetPath: RawPath };

const XATTR_ALLOWED_PREFIX = 'user.';
/** Neither set-user nor set-group bits. */
export const FILE_MODE_MASK = 0o777;
/** A directory keeps the bit that protects its entries from others. */
export const DIRECTORY_MODE_MASK = 0o1777;
/** FAT keeps times in steps of two seconds. */
const MTIME_TOLERANCE_NS = 2_000_000_000n;

/** Names of one file: the same group, the same content, the same metadata. */
export function groupKey(entry: RestoreFile): string | undefined {
  if (entry.hardLinkGroup === undefined) return undefined;
  const { hardLinkGroup, sizeBytes, mtimeNs, mode, contentKey } = entry;
  return [hardLinkGroup, sizeBytes, mtimeNs, mode, contentKey ?? ''].map(String).join(':');
}

/** Whether what stands in the target is this file, as far as a stat tells. */
export function looksLike(stat: FileStat, entry: RestoreFile): boolean {
  const apartNs = stat.mtimeNs - entry.mtimeNs;
  return (
    stat.kind === 'file' &&
    stat.sizeBytes === entry.sizeBytes &&
    apartNs <= MTIME_TOLERANCE_NS &&
    apartNs >= -MTIME_TOLERANCE_NS
  );
}

/** What of an entry's metadata is set. */
export function metadataOf(entry: RestoreMetadata, modeMask: number): TargetMetadata {
  const { mode, mtimeNs, userName, groupName, xattrs } = entry;
  return {
    mode: mode & modeMask,
    mtimeNs,
    userName,
    groupName,
    xattrs: xattrs?.filter(({ name }) => name.startsWith(XATTR_ALLOWED_PREFIX)),
  };
}
