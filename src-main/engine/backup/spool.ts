/**
 * @file The spool: sealed packs on disk until their blobs are certified and spread.
 *
 * Sealing again would give other bytes, another blob ID and another bill, so a sealed pack is on
 * the disk before the journal knows of it, and stays until nothing more is sent of it.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import type { PackId } from '#engine/model/ids.ts';
import {
  FileError,
  pathBelow,
  type AbsolutePath,
  type HomeFiles,
  type OpenFile,
} from '#engine/ports/file-system.ts';

export interface Spool {
  /** Write a pack; it survives power loss then. Throws `disk-full`, `home-unwritable`. */
  write(packId: PackId, bytes: Uint8Array): Promise<void>;
  /**
   * Read a pack and compare it with its hash. Uses the memory of `into` where given, which must be
   * large enough. Throws `spool-damaged`.
   */
  read(
    packId: PackId,
    expected: { sizeBytes: number; hash: Uint8Array },
    into?: Uint8Array,
  ): Promise<Uint8Array>;
  remove(packId: PackId): void;
  /** Remove files that no pack of the journal owns: written right before a crash. */
  removeStrangers(owned: ReadonlySet<PackId>): void;
}

export function openSpool(options: {
  readonly files: HomeFiles;
  readonly folder: AbsolutePath;
  readonly hash: (bytes: Uint8Array) => Uint8Array;
}): Spool {
  const { files, folder, hash } = options;
  const pathOf = (packId: PackId): AbsolutePath => pathBelow(folder, packId);
  files.ensureDirectory(folder);
  return {
    write: async (packId, bytes) => {
      try {
        await files.writeFileDurable(pathOf(packId), bytes);
      } catch (error) {
        if (!(error instanceof FileError) || error.code !== 'internal') throw error;
        const message = `the spool cannot be written: ${error.systemCode}`;
        throw new EngineError('home-unwritable', message, { cause: error });
      }
    },
    read: async (packId, { sizeBytes, hash: expectedHash }, into) => {
      const bytes = (into ?? new Uint8Array(sizeBytes)).subarray(0, sizeBytes);
      const isWhole = await readExactly(files, pathOf(packId), bytes);
      if (!isWhole || !isEqual(hash(bytes), expectedHash)) {
        throw new EngineError('spool-damaged', 'a sealed pack in the spool is missing or altered', {
          context: { packId },
        });
      }
      return bytes;
    },
    remove: (packId) => files.removeFile(pathOf(packId)),
    removeStrangers: (owned) => {
      files.removeUnfinished(folder);
      for (const name of files.listNames(folder)) {
        if (!owned.has(name as PackId)) files.removeFile(pathBelow(folder, name));
      }
    },
  };
}

/** Fill `bytes` with a file; false when the file has not exactly that size, or is not there. */
async function readExactly(
  files: HomeFiles,
  path: AbsolutePath,
  bytes: Uint8Array,
): Promise<boolean> {
  let file: OpenFile | undefined;
  try {
    file = files.openHomeFile(path);
    if (file.stat().sizeBytes !== bytes.length) return false;
    return (await file.read(bytes, 0)) === bytes.length;
  } catch (error) {
    if (error instanceof FileError && error.reason === 'missing') return false;
    throw error;
  } finally {
    file?.close();
  }
}

const isEqual = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
