/**
 * @file Which directories a scan of dirty paths has to enter.
 *
 * A dirty path stands for itself and everything below it. The directories that lead to it are
 * listed, but their other subdirectories stay as they are known.
 */
import type { RawPath } from '#engine/model/ids.ts';

export class DirtyPaths {
  readonly #isEverything: boolean;
  readonly #dirty = new Set<string>();
  readonly #leading = new Set<string>();

  /** Undefined, or the root among the paths, means everything. */
  constructor(paths: readonly RawPath[] | undefined) {
    this.#isEverything = paths === undefined || paths.includes('' as RawPath);
    for (const path of paths ?? []) {
      this.#dirty.add(path);
      for (const ancestor of ancestors(path)) this.#leading.add(ancestor);
    }
  }

  /** Whether a known directory must be listed. */
  mustVisit(directory: RawPath): boolean {
    if (this.#isEverything || this.#leading.has(directory) || this.#dirty.has(directory)) {
      return true;
    }
    return ancestors(directory).some((ancestor) => this.#dirty.has(ancestor));
  }
}

/** The directories a path lies in, outermost first, without the root. */
function ancestors(path: string): string[] {
  const found: string[] = [];
  for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1)) {
    found.push(path.slice(0, end));
  }
  return found;
}
