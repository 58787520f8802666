/** @file The keys of one folder, as they travel between codec, archive and the journeys. */

/** The key that seals what is written in one key epoch. 32 random bytes. */
export interface FolderKeyEpoch {
  readonly keyEpoch: number;
  readonly key: Uint8Array;
}

/**
 * All keys of a folder. Rotation appends an epoch for sealing; the chunk-id and gear keys never
 * rotate, or everything would be cut, named and uploaded anew.
 */
export interface FolderKeys {
  /** Keys the BLAKE3 that names chunks. 32 bytes. */
  readonly chunkIdKey: Uint8Array;
  /** Keys the gear table of the chunker and the splitting of directories. 32 bytes. */
  readonly gearKey: Uint8Array;
  /** At least one, ascending. The last one seals; every one opens. */
  readonly epochs: readonly FolderKeyEpoch[];
}
