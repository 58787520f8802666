/**
 * @file How much has changed at a dirty path, by what the file system says of it now.
 *
 * An upper bound: how much of a changed file is new shows only when it is read.
 */
import { FileError, type AbsolutePath, type SourceFiles } from '#engine/ports/file-system.ts';

const NS_PER_MS = 1_000_000n;

/** The size of a file; of a directory, that of the files in it which changed after `sinceMs`. */
export async function changedBytes(
  files: Pick<SourceFiles, 'stat' | 'listDirectory'>,
  path: AbsolutePath,
  sinceMs: number,
): Promise<number> {
  try {
    const stat = files.stat(path);
    if (stat?.kind === 'file') return stat.sizeBytes;
    if (stat?.kind !== 'directory') return 0;
    const { entries } = await files.listDirectory(path);
    const sinceNs = BigInt(Math.floor(sinceMs)) * NS_PER_MS;
    return entries
      .flatMap((entry) => entry.stat ?? [])
      .filter(({ kind, ctimeNs }) => kind === 'file' && ctimeNs > sinceNs)
      .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  } catch (error) {
    // What cannot be looked at is the scan's business.
    if (error instanceof FileError) return 0;
    throw error;
  }
}
