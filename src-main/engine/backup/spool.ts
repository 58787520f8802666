/**
 * @file The spool: sealed packs on disk until their blobs are certified and spread.
 *
 * Sealing again would give other bytes, another blob ID and another bill, so a sealed pack is on
 * the disk before the journal knows of it, and stays until nothing more is sent of it.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import type { PackId } from '#engine/model/ids.ts';
import { pathBelow, type AbsolutePath, type HomeFiles } from '#engine/ports/file-system.ts';

export interface Spool {
  /** Write a pack; it survives power loss when this resolves. Throws `disk-full`. */
  write(packId: PackId, bytes: Uint8Array): Promise<void>;
  /** Read a pack and compare it with its hash. Throws `spool-damaged`. */
  read(packId: PackId, expected: { sizeBytes: number; hash: Uint8Array }): Promise<Uint8Array>;
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
    write: async (packId, bytes) => files.writeFileDurable(pathOf(packId), bytes),
    read: async (packId, expected) => {
      const bytes = await files.readFile(pathOf(packId), expected.sizeBytes);
      if (bytes?.length !== expected.sizeBytes || !isEqual(hash(bytes), expected.hash)) {
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

const isEqual = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
