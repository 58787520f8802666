/**
 * @file The file system of this machine, as the engine knows it.
 *
 * Joins its three capabilities; each can be had alone.
 */
import type {
  AbsolutePath,
  DirectoryListing,
  FileStat,
  FileSystem,
  NameRules,
  OpenFile,
  TargetDirectory,
  Xattr,
} from '#engine/ports/file-system.ts';
import type { RawPath } from '#engine/model/ids.ts';
import { readAccountNames } from './account-names.ts';
import { NodeHomeFiles } from './node-home-files.ts';
import { NodeSourceFiles } from './node-source-files.ts';
import { NodeTargetFiles } from './node-target-files.ts';

/** The file system of this machine. */
export function openFileSystem(): FileSystem {
  return new NodeFileSystem();
}

export class NodeFileSystem extends NodeHomeFiles implements FileSystem {
  readonly #source: NodeSourceFiles;
  readonly #target: NodeTargetFiles;

  constructor(accounts = readAccountNames()) {
    super();
    this.#source = new NodeSourceFiles(accounts);
    this.#target = new NodeTargetFiles(accounts);
  }

  listDirectory(path: AbsolutePath, signal?: AbortSignal): Promise<DirectoryListing> {
    return this.#source.listDirectory(path, signal);
  }
  stat(path: AbsolutePath): FileStat | undefined {
    return this.#source.stat(path);
  }
  openFile(path: AbsolutePath): OpenFile {
    return this.#source.openFile(path);
  }
  readLink(path: AbsolutePath): RawPath {
    return this.#source.readLink(path);
  }
  directoryXattrs(path: AbsolutePath): readonly Xattr[] {
    return this.#source.directoryXattrs(path);
  }
  realPath(path: AbsolutePath): AbsolutePath | undefined {
    return this.#source.realPath(path);
  }
  userName(uid: number): RawPath | undefined {
    return this.#source.userName(uid);
  }
  groupName(gid: number): RawPath | undefined {
    return this.#source.groupName(gid);
  }
  openTarget(path: AbsolutePath): TargetDirectory {
    return this.#target.openTarget(path);
  }
  probeNameRules(directory: TargetDirectory): NameRules {
    return this.#target.probeNameRules(directory);
  }
}
