/**
 * @file Which directories of a folder are left out, for the watcher: a watch costs memory of the
 * system, and `node_modules` alone may have more directories than it gives.
 *
 * The same rules as the scan, read when a directory is asked for. Where a rule file cannot be read
 * the directory is watched: a watch too many does no harm.
 */
import type { RawPath } from '#engine/model/ids.ts';
import { joinRawPath } from '#engine/model/ids.ts';
import {
  FileError,
  pathBelow,
  type AbsolutePath,
  type SourceFiles,
} from '#engine/ports/file-system.ts';
import { IGNORE_FILE_BYTES_MAX, IGNORE_FILE_NAME, IgnoreScope } from './ignore.ts';

/** Directories whose rules are remembered; a watcher asks for neighbours together. */
const SCOPES_MAX = 4_096;

export class IgnoredDirectories {
  readonly #files: SourceFiles;
  readonly #root: AbsolutePath;
  readonly #patterns: readonly string[];
  readonly #scopes = new Map<RawPath, IgnoreScope | 'ignored'>();

  /** `patterns` are those of the folder. Throws `usage` when one cannot be understood. */
  constructor(files: SourceFiles, root: AbsolutePath, patterns: readonly string[]) {
    this.#files = files;
    this.#root = root;
    this.#patterns = patterns;
    IgnoreScope.ofFolder(patterns);
  }

  /** Whether the directory is left out, and everything in it. */
  readonly has = (directory: RawPath): boolean => this.#scopeOf(directory) === 'ignored';

  /** A rule file has changed. */
  forget(): void {
    this.#scopes.clear();
  }

  #scopeOf(directory: RawPath): IgnoreScope | 'ignored' {
    const known = this.#scopes.get(directory);
    if (known) return known;
    const scope = this.#readScope(directory);
    if (this.#scopes.size >= SCOPES_MAX) this.#scopes.clear();
    this.#scopes.set(directory, scope);
    return scope;
  }

  #readScope(directory: RawPath): IgnoreScope | 'ignored' {
    if (directory === '') return this.#withFile(directory, IgnoreScope.ofFolder(this.#patterns));
    const slash = directory.lastIndexOf('/');
    const outer = this.#scopeOf(directory.slice(0, Math.max(slash, 0)) as RawPath);
    const name = directory.slice(slash + 1) as RawPath;
    if (outer === 'ignored' || outer.ignores(name, true)) return 'ignored';
    return this.#withFile(directory, outer.enter(name));
  }

  #withFile(directory: RawPath, scope: IgnoreScope): IgnoreScope {
    try {
      const path = directory === '' ? IGNORE_FILE_NAME : joinRawPath(directory, IGNORE_FILE_NAME);
      const file = this.#files.openFile(pathBelow(this.#root, path));
      try {
        const { sizeBytes } = file.stat();
        if (sizeBytes > IGNORE_FILE_BYTES_MAX) return scope;
        const content = new Uint8Array(sizeBytes);
        return scope.withFile(content.subarray(0, file.readNow(content, 0))) ?? scope;
      } finally {
        file.close();
      }
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      return scope;
    }
  }
}
