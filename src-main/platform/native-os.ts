/** @file The few system calls that node:fs lacks. */
import {
  closeSync,
  futimesSync,
  lutimesSync,
  openSync,
  unlinkSync,
  writeSync,
  type PathLike,
} from 'node:fs';
import type { Extent, Xattr } from '#engine/ports/file-system.ts';

export function dataExtents(_fd: number, _sizeBytes: number): readonly Extent[] | undefined {
  return undefined;
}
export function listXattrs(_fd: number): readonly Xattr[] {
  return [];
}
export function setXattr(_fd: number, _name: string, _value: Uint8Array): void {}
export function setTimes(fd: number, mtimeNs: bigint): void {
  futimesSync(fd, Number(mtimeNs) / 1e9, Number(mtimeNs) / 1e9);
}
export function setLinkTimes(path: PathLike, mtimeNs: bigint): void {
  lutimesSync(path, Number(mtimeNs) / 1e9, Number(mtimeNs) / 1e9);
}
export function tryLock(path: PathLike): { release(): void } | undefined {
  try {
    const fd = openSync(path, 'wx', 0o600);
    writeSync(fd, String(process.pid));
    return {
      release() {
        closeSync(fd);
        unlinkSync(path);
      },
    };
  } catch {
    return undefined;
  }
}
