/**
 * @file Whether a scan looks like an accident: an unmounted drive, a ransomed or emptied folder.
 *
 * Pure arithmetic over what a scan has counted. Whoever carries a scan out asks here before it
 * publishes anything; a person can accept the change.
 */

/** More files than this vanished or shrunk in one scan are held back. */
export const MASS_CHANGE_FILES_MAX = 500;
/** So is more than this share of the folder's files, */
export const MASS_CHANGE_SHARE_MAX = 0.25;
/** unless they are fewer than this: somebody tidies up a small folder. */
export const MASS_CHANGE_FILES_MIN = 5;
/** A file counts as shrunk when it has lost at least half of its bytes. */
const SHRUNK_SHARE_MAX = 0.5;

/** What a scan has counted. Directories and links are not counted as files. */
export interface ChangeCounts {
  /** Files the folder had before, as far as they were looked at or known to be in place. */
  readonly knownFiles: number;
  /** Files gone, apart from those that were moved within the folder. */
  readonly vanishedFiles: number;
  readonly shrunkFiles: number;
}

export type MassChange =
  | { readonly kind: 'usual' }
  | { readonly kind: 'mass-deletion'; readonly files: number; readonly share: number };

/** Judge a scan. */
export function judgeMassChange(counts: ChangeCounts): MassChange {
  const files = counts.vanishedFiles + counts.shrunkFiles;
  const share = counts.knownFiles === 0 ? 0 : files / counts.knownFiles;
  const isMass =
    files > MASS_CHANGE_FILES_MAX ||
    (files >= MASS_CHANGE_FILES_MIN && share > MASS_CHANGE_SHARE_MAX);
  return isMass ? { kind: 'mass-deletion', files, share } : { kind: 'usual' };
}

/** Whether a file that had `beforeBytes` counts as shrunk. */
export function isShrunk(beforeBytes: number, nowBytes: number): boolean {
  return beforeBytes > 0 && nowBytes <= beforeBytes * SHRUNK_SHARE_MAX;
}
