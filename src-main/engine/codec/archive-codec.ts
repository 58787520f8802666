/**
 * @file The codec in the shape that archive/ asks for: sealing records with fresh nonces.
 *
 * archive/ does not know this folder; whoever composes the two hands this over as its
 * `ArchiveCodec`.
 */
import type { Random } from '#engine/ports/ports.ts';
import { blake3, keyedBlake3 } from './hash.ts';
import { recordCommitment } from './keys.ts';
import { NONCE_BYTES, openRecord, sealRecord } from './seal.ts';

/** Records are small and read often: zstd's default level. */
const RECORD_COMPRESSION_LEVEL = 3;

interface RecordKey {
  readonly key: Uint8Array;
  readonly purpose: string;
  readonly associatedData: Uint8Array;
}

/** Hashes and record sealing for archive/. Nonces come from `random`. */
export function openArchiveCodec(random: Random) {
  return {
    blake3,
    keyedBlake3,
    recordCommitment,
    sealRecord: (
      record: RecordKey & { readonly keyEpoch: number; readonly plaintext: Uint8Array },
    ): Promise<Uint8Array> =>
      sealRecord({
        body: record.plaintext,
        purpose: record.purpose,
        associated: record.associatedData,
        keyEpoch: record.keyEpoch,
        key: record.key,
        nonce: random.bytes(NONCE_BYTES),
        compressionLevel: RECORD_COMPRESSION_LEVEL,
      }),
    openRecord: (
      record: RecordKey & { readonly sealed: Uint8Array; readonly plainBytesMax: number },
    ): Promise<Uint8Array> =>
      openRecord({
        sealed: record.sealed,
        purpose: record.purpose,
        associated: record.associatedData,
        key: record.key,
        plainBytesMax: record.plainBytesMax,
      }),
  };
}
