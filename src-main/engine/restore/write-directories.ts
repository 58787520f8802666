/**
 * @file Directories of a restore target, held open while they are used.
 *
 * A path is walked from the target down, one component at a time, each through the handle of the
 * one above and never through a link. A few handles are kept; the two used last always are.
 */
import type { RawPath } from '#engine/model/ids.ts';
import type { TargetDirectory } from '#engine/ports/file-system.ts';

/** Handles kept besides the target's own. */
const HELD_DIRECTORIES_MAX = 64;

export class HeldDirectories {
  readonly #root: TargetDirectory;
  /** Least recently used first. */
  readonly #held = new Map<RawPath, TargetDirectory>();

  constructor(root: TargetDirectory) {
    this.#root = root;
  }

  /** The directory that holds the last component of a path, and that component. */
  parentOf(path: RawPath): { readonly parent: TargetDirectory; readonly name: RawPath } {
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1) as RawPath;
    return { parent: this.open((slash < 0 ? '' : path.slice(0, slash)) as RawPath), name };
  }

  /** The directory of a path. Throws FileError `is-link` or `not-directory` for anything else. */
  open(path: RawPath): TargetDirectory {
    if (path === '') return this.#root;
    const held = this.#held.get(path);
    if (held) {
      this.#held.delete(path);
      this.#held.set(path, held);
      return held;
    }
    const opened = this.#walk(path);
    this.#keep(path, opened);
    return opened;
  }

  /** Walk from the nearest held directory. Only the last handle stays open, so that a deep path
   * does not push out the others. */
  #walk(path: RawPath): TargetDirectory {
    let length = path.lastIndexOf('/');
    while (length > 0 && !this.#held.has(path.slice(0, length) as RawPath)) {
      length = path.lastIndexOf('/', length - 1);
    }
    const start = this.#held.get(path.slice(0, Math.max(length, 0)) as RawPath) ?? this.#root;
    let directory = start;
    for (const name of path.slice(length + 1).split('/')) {
      const above = directory;
      try {
        directory = above.openDirectory(name as RawPath);
      } finally {
        if (above !== start) above.close();
      }
    }
    return directory;
  }

  closeAll(): void {
    for (const directory of this.#held.values()) directory.close();
    this.#held.clear();
    this.#root.close();
  }

  #keep(path: RawPath, directory: TargetDirectory): void {
    const [oldest] = this.#held;
    if (oldest && this.#held.size >= HELD_DIRECTORIES_MAX) {
      oldest[1].close();
      this.#held.delete(oldest[0]);
    }
    this.#held.set(path, directory);
  }
}
