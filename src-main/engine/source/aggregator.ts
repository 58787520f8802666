/**
 * @file Gathers dirty paths until somebody takes them. Never more than a bounded number.
 *
 * Paths are merged by directory: many in one directory become the directory. When there are still
 * too many, they become everything, which costs one full scan and no memory.
 */
import type { RawPath } from '#engine/model/ids.ts';

/** More dirty paths than this become everything. */
export const DIRTY_PATHS_MAX = 512;
/** More dirty paths in one directory than this become the directory. */
export const DIRTY_PATHS_PER_DIRECTORY_MAX = 128;

/** What is dirty. A path stands for everything below it. */
export type Dirty =
  { readonly kind: 'everything' } | { readonly kind: 'paths'; readonly paths: readonly RawPath[] };

export class DirtyAggregator {
  #isEverything = false;
  /** Dirty directories, with everything below them. */
  readonly #directories = new Set<string>();
  /** Dirty paths by the directory they are in. */
  readonly #paths = new Map<string, Set<string>>();
  #pathCount = 0;

  get isEmpty(): boolean {
    return !this.#isEverything && this.#directories.size === 0 && this.#pathCount === 0;
  }

  /** Mark everything dirty: events were lost, or nobody watches. */
  addEverything(): void {
    this.#clear();
    this.#isEverything = true;
  }

  add(path: RawPath): void {
    if (path === '') this.addEverything();
    if (this.#isEverything || this.#isCovered(path)) return;
    const parent = parentOf(path);
    const siblings = this.#paths.get(parent) ?? new Set<string>();
    if (!siblings.has(path)) this.#pathCount += 1;
    siblings.add(path);
    this.#paths.set(parent, siblings);
    if (siblings.size > DIRTY_PATHS_PER_DIRECTORY_MAX) this.#mergeInto(parent);
    if (this.#pathCount + this.#directories.size > DIRTY_PATHS_MAX) this.addEverything();
  }

  /** What has gathered, in order; nothing is left. */
  take(): Dirty {
    const dirty: Dirty = this.#isEverything
      ? { kind: 'everything' }
      : { kind: 'paths', paths: [...this.#allPaths()].toSorted() as RawPath[] };
    this.#clear();
    return dirty;
  }

  *#allPaths(): Generator<string> {
    yield* this.#directories;
    for (const siblings of this.#paths.values()) yield* siblings;
  }

  #isCovered(path: string): boolean {
    for (let above = path; above !== ''; above = parentOf(above)) {
      if (this.#directories.has(above)) return true;
    }
    return false;
  }

  #mergeInto(directory: string): void {
    if (directory === '') {
      this.addEverything();
      return;
    }
    const prefix = `${directory}/`;
    for (const [parent, siblings] of this.#paths) {
      if (parent !== directory && !parent.startsWith(prefix)) continue;
      this.#pathCount -= siblings.size;
      this.#paths.delete(parent);
    }
    for (const other of this.#directories) {
      if (other.startsWith(prefix)) this.#directories.delete(other);
    }
    this.#directories.add(directory);
  }

  #clear(): void {
    this.#isEverything = false;
    this.#directories.clear();
    this.#paths.clear();
    this.#pathCount = 0;
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
