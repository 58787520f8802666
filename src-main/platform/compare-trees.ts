/**
 * @file Two trees on disk, compared in content and metadata.
 *
 * What a restore brings back must be equal to what was protected; this is the judge. It compares
 * names byte for byte, kinds, permission bits, times to the nanosecond, owners, contents, link
 * targets, which names are one file, `user.*` attributes, and whether holes are still holes.
 * Set-user and set-group bits are not compared, since a restore drops them on purpose; neither are
 * entries that are never protected: FIFOs, sockets and devices.
 */
import { joinRawPath, type RawPath } from '#engine/model/ids.ts';
import {
  absolutePath,
  pathBelow,
  type AbsolutePath,
  type FileStat,
  type ListedEntry,
  type OpenFile,
  type Xattr,
} from '#engine/ports/file-system.ts';
import { NodeSourceFiles } from './node-source-files.ts';

/** What differs at one path. */
export type DifferentPart =
  | 'missing'
  | 'surplus'
  | 'kind'
  | 'size'
  | 'content'
  | 'mode'
  | 'mtime'
  | 'owner'
  | 'target'
  | 'hard-links'
  | 'xattrs'
  | 'holes'
  | 'unreadable';

export interface TreeDifference {
  readonly path: RawPath;
  readonly part: DifferentPart;
}

export interface CompareOptions {
  /** Also compare mode and time of the two directories themselves. */
  readonly withRoot?: boolean;
  /** Parts not to compare. */
  readonly except?: readonly DifferentPart[];
  /** Names to leave out wherever they stand. */
  readonly exceptNames?: readonly string[];
  readonly signal?: AbortSignal;
}

const PIECE_BYTES = 1024 * 1024;
const FILE_MODE_MASK = 0o777;
const DIRECTORY_MODE_MASK = 0o1777;
const KEPT_KINDS: readonly string[] = ['file', 'directory', 'symlink'];

/**
 * Compare `actual` with `expected`. Empty when they are equal; differences come in the order of
 * the paths, all parts of one path together.
 */
export async function compareTrees(
  expected: string,
  actual: string,
  options: CompareOptions = {},
): Promise<TreeDifference[]> {
  const comparison = new Comparison(absolutePath(expected), absolutePath(actual), options);
  await comparison.run();
  const except = options.except ?? [];
  return comparison.differences.filter(({ part }) => !except.includes(part));
}

class Comparison {
  readonly differences: TreeDifference[] = [];
  readonly #files = new NodeSourceFiles();
  readonly #expected: AbsolutePath;
  readonly #actual: AbsolutePath;
  readonly #options: CompareOptions;
  /** For every file with several names, the first path it was met at, on both sides. */
  readonly #expectedLinks = new Map<bigint, RawPath>();
  readonly #actualLinks = new Map<bigint, RawPath>();
  readonly #buffers = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)] as const;

  constructor(expected: AbsolutePath, actual: AbsolutePath, options: CompareOptions) {
    this.#expected = expected;
    this.#actual = actual;
    this.#options = options;
  }

  async run(): Promise<void> {
    const root = '' as RawPath;
    if (this.#options.withRoot === true) {
      const [one, other] = [this.#files.stat(this.#expected), this.#files.stat(this.#actual)];
      if (one && other) this.#compareCommon(root, one, other);
    }
    await this.#compareDirectories(root);
  }

  #differ(path: RawPath, part: DifferentPart): void {
    this.differences.push({ path, part });
  }

  async #compareDirectories(path: RawPath): Promise<void> {
    this.#options.signal?.throwIfAborted();
    const expected = await this.#list(pathBelow(this.#expected, path));
    const actual = await this.#list(pathBelow(this.#actual, path));
    if (!expected || !actual) return this.#differ(path, 'unreadable');
    for (const name of new Set([...expected.keys(), ...actual.keys()].toSorted())) {
      const below = joinRawPath(path, name);
      const [one, other] = [expected.get(name), actual.get(name)];
      if (!one) this.#differ(below, 'surplus');
      else if (!other) this.#differ(below, 'missing');
      else if (!one.stat || !other.stat) this.#differ(below, 'unreadable');
      else await this.#compareEntries(below, one.stat, other.stat);
    }
  }

  async #list(path: AbsolutePath): Promise<Map<RawPath, ListedEntry> | undefined> {
    try {
      const { entries } = await this.#files.listDirectory(path, this.#options.signal);
      const names = this.#options.exceptNames ?? [];
      const kept = entries.filter(
        ({ name, stat }) => !names.includes(name) && (!stat || KEPT_KINDS.includes(stat.kind)),
      );
      return new Map(kept.map((entry) => [entry.name, entry]));
    } catch {
      this.#options.signal?.throwIfAborted();
      return undefined;
    }
  }

  async #compareEntries(path: RawPath, expected: FileStat, actual: FileStat): Promise<void> {
    if (expected.kind !== actual.kind) return this.#differ(path, 'kind');
    this.#compareCommon(path, expected, actual);
    if (expected.kind === 'directory') return this.#compareDirectories(path);
    if (expected.kind === 'symlink') {
      const target = this.#files.readLink(pathBelow(this.#expected, path));
      const isSame = target === this.#files.readLink(pathBelow(this.#actual, path));
      if (!isSame) this.#differ(path, 'target');
      return;
    }
    this.#compareLinks(path, expected, actual);
    if (expected.sizeBytes !== actual.sizeBytes) return this.#differ(path, 'size');
    await this.#compareFiles(path, expected, actual);
  }

  #compareCommon(path: RawPath, expected: FileStat, actual: FileStat): void {
    const mask = expected.kind === 'directory' ? DIRECTORY_MODE_MASK : FILE_MODE_MASK;
    const hasMode = expected.kind !== 'symlink';
    if (hasMode && (expected.mode & mask) !== (actual.mode & mask)) this.#differ(path, 'mode');
    if (expected.mtimeNs !== actual.mtimeNs) this.#differ(path, 'mtime');
    const isSameOwner = expected.uid === actual.uid && expected.gid === actual.gid;
    if (!isSameOwner) this.#differ(path, 'owner');
    if (expected.kind !== 'directory') return;
    const xattrs = this.#files.directoryXattrs(pathBelow(this.#expected, path));
    const others = this.#files.directoryXattrs(pathBelow(this.#actual, path));
    if (!areSameXattrs(xattrs, others)) this.#differ(path, 'xattrs');
  }

  /** Two names of one file here must be two names of one file there. */
  #compareLinks(path: RawPath, expected: FileStat, actual: FileStat): void {
    const first = firstPath(this.#expectedLinks, path, expected);
    const other = firstPath(this.#actualLinks, path, actual);
    if (first !== other) this.#differ(path, 'hard-links');
  }

  async #compareFiles(path: RawPath, expected: FileStat, actual: FileStat): Promise<void> {
    let one: OpenFile | undefined;
    let other: OpenFile | undefined;
    try {
      one = this.#files.openFile(pathBelow(this.#expected, path));
      other = this.#files.openFile(pathBelow(this.#actual, path));
      if (!(await this.#isSameContent(one, other, expected.sizeBytes))) {
        this.#differ(path, 'content');
      }
      if (!areSameXattrs(one.xattrs(), other.xattrs())) this.#differ(path, 'xattrs');
      const hadHoles = expected.allocatedBytes < expected.sizeBytes && hasHoles(one, expected);
      if (hadHoles && !hasHoles(other, actual)) this.#differ(path, 'holes');
    } catch {
      this.#options.signal?.throwIfAborted();
      this.#differ(path, 'unreadable');
    } finally {
      one?.close();
      other?.close();
    }
  }

  async #isSameContent(one: OpenFile, other: OpenFile, sizeBytes: number): Promise<boolean> {
    const [first, second] = this.#buffers;
    for (let offset = 0; offset < sizeBytes; offset += PIECE_BYTES) {
      this.#options.signal?.throwIfAborted();
      const countFirst = await one.read(first, offset);
      const countSecond = await other.read(second, offset);
      const isSame =
        countFirst === countSecond &&
        Buffer.compare(first.subarray(0, countFirst), second.subarray(0, countSecond)) === 0;
      if (!isSame) return false;
    }
    return true;
  }
}

function firstPath(links: Map<bigint, RawPath>, path: RawPath, stat: FileStat): RawPath {
  if (stat.linkCount < 2) return path;
  const first = links.get(stat.inode) ?? path;
  links.set(stat.inode, first);
  return first;
}

function hasHoles(file: OpenFile, stat: FileStat): boolean {
  const extents = file.dataExtents();
  if (!extents) return stat.allocatedBytes < stat.sizeBytes;
  return extents.reduce((sum, extent) => sum + extent.sizeBytes, 0) < stat.sizeBytes;
}

function areSameXattrs(one: readonly Xattr[], other: readonly Xattr[]): boolean {
  const text = (xattrs: readonly Xattr[]): string =>
    xattrs
      .filter(({ name }) => name.startsWith('user.'))
      .map(({ name, value }) => `${name}=${Buffer.from(value).toString('hex')}`)
      .toSorted()
      .join('\n');
  return text(one) === text(other);
}
