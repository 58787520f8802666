/** @file What became of one file through the snapshots of its folder. */
import type { FileVersion } from '#contract/browse-api.ts';
import type { DirectoryShelf, ShelvedEntry, TreeSource } from './directory-shelf.ts';
import { entryAt } from './look-up.ts';
import { isSameState } from './tree-changes.ts';

export interface VersionSource extends TreeSource {
  readonly snapshotId: string;
  readonly atMs: number;
}

/**
 * The states of a file, newest first. A state is named by the oldest snapshot that shows it.
 *
 * `snapshots` come oldest first; one that `isUnreadable` says to leave out is passed over.
 */
export async function versionsOf(
  shelf: DirectoryShelf,
  snapshots: readonly VersionSource[],
  path: string,
  options: { readonly isUnreadable: (error: unknown) => boolean; readonly signal: AbortSignal },
): Promise<FileVersion[]> {
  const versions: FileVersion[] = [];
  let before: ShelvedEntry | undefined;
  for (const snapshot of snapshots) {
    let entry: ShelvedEntry | undefined;
    try {
      entry = await entryAt(shelf, snapshot, path, options.signal);
    } catch (error) {
      if (!options.isUnreadable(error)) throw error;
      continue;
    }
    const version = versionOf(snapshot, before, entry);
    if (version) versions.push(version);
    before = entry;
  }
  return versions.reverse();
}

function versionOf(
  { snapshotId, atMs }: VersionSource,
  before: ShelvedEntry | undefined,
  now: ShelvedEntry | undefined,
): FileVersion | undefined {
  const shown = now ?? before;
  if (!shown || (before && now && isSameState(before, now))) return undefined;
  const change = !before ? 'added' : !now ? 'removed' : 'changed';
  return { snapshotId, atMs, sizeBytes: shown.sizeBytes, mtimeMs: shown.mtimeMs, change };
}
