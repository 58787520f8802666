/**
 * @file What is decided once for a vault and never changes: its chunk sizes.
 *
 * Stands in the device part of every head, which decides, and in every snapshot, so that a vault
 * whose heads are lost still cuts files where it always did.
 */
import { damaged, encodeFields, Fields, numberField } from './encoding.ts';
import { CHUNK_BYTES_MAX, type ChunkSizes } from './limits.ts';

export interface VaultRecord {
  readonly createdAtMs: number;
  /** Shards of the network when the vault was made. */
  readonly shardCount: number;
  readonly chunk: ChunkSizes;
}

const TAG = { createdAt: 1, shardCount: 2, chunkMin: 3, chunkAverage: 4, chunkMax: 5 } as const;

export function encodeVaultRecord(vault: VaultRecord): Uint8Array {
  return encodeFields([
    numberField(TAG.createdAt, vault.createdAtMs),
    numberField(TAG.shardCount, vault.shardCount),
    numberField(TAG.chunkMin, vault.chunk.minBytes),
    numberField(TAG.chunkAverage, vault.chunk.averageBytes),
    numberField(TAG.chunkMax, vault.chunk.maxBytes),
  ]);
}

export function decodeVaultRecord(bytes: Uint8Array): VaultRecord {
  const fields = new Fields(bytes, 'a vault record');
  const vault = {
    createdAtMs: fields.number(TAG.createdAt),
    shardCount: fields.number(TAG.shardCount),
    chunk: {
      minBytes: fields.number(TAG.chunkMin),
      averageBytes: fields.number(TAG.chunkAverage),
      maxBytes: fields.number(TAG.chunkMax),
    },
  };
  fields.unknown();
  const { minBytes, averageBytes, maxBytes } = vault.chunk;
  const isPossible = 0 < minBytes && minBytes <= averageBytes && averageBytes <= maxBytes;
  if (!isPossible || maxBytes > CHUNK_BYTES_MAX)
    throw damaged('a vault has impossible chunk sizes');
  return vault;
}
