/**
 * @file A source whose calls fail where a test says so, over the real one.
 *
 * Tests run as root, whom no permission stops; and no disk fails on demand.
 */
import {
  FileError,
  type AbsolutePath,
  type DirectoryListing,
  type FileErrorReason,
  type FileStat,
  type ListedEntry,
  type OpenFile,
  type SourceFiles,
  type Xattr,
} from '#engine/ports/file-system.ts';
import type { RawPath } from '#engine/model/ids.ts';
import { NodeSourceFiles } from '#platform/node-source-files.ts';

export type SourceCall = 'list' | 'stat' | 'open' | 'read' | 'link';

/** Which call fails on which path, and why. */
export interface Failure {
  readonly call: SourceCall;
  /** The end of the path. */
  readonly path: string;
  readonly reason: FileErrorReason;
  readonly systemCode: string;
}

/** The real source, with failures and with something that happens before a call. */
export class FailingFiles implements SourceFiles {
  failures: Failure[] = [];
  /** Called before each call that reaches the disk. */
  before: (call: SourceCall, path: string) => void = () => undefined;
  readonly #files = new NodeSourceFiles();

  #meet(call: SourceCall, path: string): void {
    this.before(call, path);
    const failure = this.failures.find((one) => one.call === call && path.endsWith(one.path));
    if (failure) throw new FileError(failure.reason, failure.systemCode, call);
  }

  async listDirectory(path: AbsolutePath, signal?: AbortSignal): Promise<DirectoryListing> {
    this.#meet('list', path);
    const { stat, entries } = await this.#files.listDirectory(path, signal);
    return { stat, entries: entries.map((entry) => this.#entry(path, entry)) };
  }

  #entry(directory: AbsolutePath, entry: ListedEntry): ListedEntry {
    try {
      this.#meet('stat', `${directory}/${entry.name}`);
      return entry;
    } catch (error) {
      return { name: entry.name, error: error as FileError };
    }
  }

  stat(path: AbsolutePath): FileStat | undefined {
    return this.#files.stat(path);
  }

  openFile(path: AbsolutePath): OpenFile {
    this.#meet('open', path);
    const file = this.#files.openFile(path);
    const meet = (): void => this.#meet('read', path);
    return {
      stat: () => file.stat(),
      readNow: (into, offset) => {
        meet();
        return file.readNow(into, offset);
      },
      read: async (into, offset) => {
        meet();
        return file.read(into, offset);
      },
      dataExtents: () => file.dataExtents(),
      xattrs: () => file.xattrs(),
      close: () => file.close(),
    };
  }

  readLink(path: AbsolutePath): RawPath {
    this.#meet('link', path);
    return this.#files.readLink(path);
  }

  directoryXattrs(path: AbsolutePath): readonly Xattr[] {
    return this.#files.directoryXattrs(path);
  }

  realPath(path: AbsolutePath): AbsolutePath | undefined {
    return this.#files.realPath(path);
  }

  userName(uid: number): RawPath | undefined {
    return this.#files.userName(uid);
  }

  groupName(gid: number): RawPath | undefined {
    return this.#files.groupName(gid);
  }
}
