/**
 * @file Whether files look as if somebody had encrypted them: the mark of ransomware, which would
 * fill a backup with ciphertext and let the rules throw away what was good.
 *
 * Pure arithmetic over a scan. Counted are files that give way to one of the same stem with another
 * extension, and whose content did compress and the new one's does not.
 */
import type { RawPath } from '../model/ids.ts';

/** More than this part of all changed files, */
export const BURST_SHARE_MAX = 0.3;
/** and this many of them, are no coincidence. */
export const BURST_FILES_MIN = 10;
/** What compresses to less than this is no ciphertext; what takes more may be. */
const COMPRESSIBLE_MAX = 0.9;
const RANDOM_MIN = 0.99;

/** A file, and how much of its content was left when it was compressed; undefined: not known. */
export interface PackedFile {
  readonly path: RawPath;
  readonly packedShare: number | undefined;
}

/** How many files look encrypted, if they are enough to be alarmed. */
export function judgeBurst(
  gone: readonly PackedFile[],
  fresh: readonly PackedFile[],
  changedFiles: number,
): number | undefined {
  const random = fresh.filter(({ packedShare }) => (packedShare ?? 0) >= RANDOM_MIN);
  if (random.length === 0) return undefined;
  const byPlace = Map.groupBy(random, ({ path }) => stemOf(path));
  const files = gone.filter(({ path, packedShare }) => {
    if (packedShare === undefined || packedShare > COMPRESSIBLE_MAX) return false;
    // `report.docx` gives way to `report.locked`, or to `report.docx.locked`.
    const heirs = [...(byPlace.get(stemOf(path)) ?? []), ...(byPlace.get(path) ?? [])];
    return heirs.some((heir) => extensionOf(heir.path) !== extensionOf(path));
  }).length;
  const isBurst = files >= BURST_FILES_MIN && files > changedFiles * BURST_SHARE_MAX;
  return isBurst ? files : undefined;
}

/** The path without its extension. */
function stemOf(path: RawPath): string {
  const extension = extensionOf(path);
  return extension === '' ? path : path.slice(0, -extension.length);
}

function extensionOf(path: RawPath): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot);
}
