/**
 * @file The few system calls that node:fs lacks, from the addon.
 *
 * Errors carry the system's code, as those of node:fs do; `ENOTSUP` where there is no such thing.
 */
import {
  dataExtents as nativeDataExtents,
  forbidDumps as nativeForbidDumps,
  giveMemoryBack as nativeGiveMemoryBack,
  listXattrs as nativeListXattrs,
  renameNoReplace as nativeRenameNoReplace,
  setLinkTimes as nativeSetLinkTimes,
  setTimes as nativeSetTimes,
  setXattr as nativeSetXattr,
  tryLock as nativeTryLock,
  type LockedFile,
} from '#native';
import { rawPathFromBytes } from '#engine/model/ids.ts';
import type { Extent, FileLock, Xattr } from '#engine/ports/file-system.ts';

/** Attributes of the system itself (labels, capabilities, ACLs) belong to the machine. */
const OWN_XATTR_PREFIX = 'user.';

/** The addon lets go of a lock that nothing refers to. */
const heldLocks = new Set<LockedFile>();

/** Where the first `sizeBytes` of an open file hold data; undefined where nobody can tell. */
export function dataExtents(fd: number, sizeBytes: number): readonly Extent[] | undefined {
  const flat = nativeDataExtents(fd, sizeBytes);
  if (!flat) return undefined;
  const extents: Extent[] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) {
    extents.push({ offsetBytes: flat[index] ?? 0, sizeBytes: flat[index + 1] ?? 0 });
  }
  return extents;
}

/** The user's extended attributes of an open file or directory, sorted by name. */
export function listXattrs(fd: number): readonly Xattr[] {
  return nativeListXattrs(fd)
    .map(({ name, value }) => ({ name: rawPathFromBytes(name), value }))
    .filter(({ name }) => name.startsWith(OWN_XATTR_PREFIX));
}

export function setXattr(fd: number, name: string, value: Uint8Array): void {
  nativeSetXattr(fd, Buffer.from(name, 'latin1'), value);
}

/** Set the modification time of an open file or directory. */
export function setTimes(fd: number, mtimeNs: bigint): void {
  nativeSetTimes(fd, mtimeNs);
}

const bytesOf = (path: string | Buffer): Buffer =>
  typeof path === 'string' ? Buffer.from(path) : path;

/** Set the modification time of a path; of the link itself where it is one. */
export function setLinkTimes(path: string | Buffer, mtimeNs: bigint): void {
  nativeSetLinkTimes(bytesOf(path), mtimeNs);
}

/** Give a file another name unless something has it: `EEXIST`. */
export function renameNoReplace(from: string | Buffer, to: string | Buffer): void {
  nativeRenameNoReplace(bytesOf(from), bytesOf(to));
}

/**
 * From here on this process holds secrets: no core file gets them, and on Linux no other process of
 * the same user reads its memory. Where the system has no such thing, it stays as it is.
 */
export function keepMemoryPrivate(): void {
  whereSupported(nativeForbidDumps);
}

/** Give the system the memory back that was freed and is kept for later, where it can be told to. */
export function giveFreedMemoryBack(): void {
  whereSupported(nativeGiveMemoryBack);
}

function whereSupported(call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOTSUP') throw error;
  }
}

/** Lock a file, which is created when missing; undefined when somebody has the lock. */
export function tryLock(path: string | Buffer): FileLock | undefined {
  const lock = nativeTryLock(bytesOf(path));
  if (!lock) return undefined;
  heldLocks.add(lock);
  return {
    release() {
      if (heldLocks.delete(lock)) lock.release();
    },
  };
}
