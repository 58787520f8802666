/** @file Fills the interface that archive/ needs of the codec. */
import type { ArchiveCodec } from './archive/archive-codec.ts';
import { COMPRESSION_LEVEL } from './backup/chunk-writer.ts';
import { blake3, keyedBlake3 } from './codec/hash.ts';
import { recordCommitment } from './codec/keys.ts';
import { NONCE_BYTES, openRecord, sealRecord } from './codec/seal.ts';
import type { Random } from './ports/ports.ts';

export function archiveCodec(random: Random): ArchiveCodec {
  return {
    blake3,
    keyedBlake3,
    recordCommitment,
    sealRecord: ({ plaintext, associatedData, key, keyEpoch, purpose }) =>
      sealRecord({
        body: plaintext,
        purpose,
        associated: associatedData,
        keyEpoch,
        key,
        nonce: random.bytes(NONCE_BYTES),
        compressionLevel: COMPRESSION_LEVEL,
      }),
    openRecord: ({ sealed, associatedData, purpose, key, plainBytesMax }) =>
      openRecord({ sealed, purpose, associated: associatedData, key, plainBytesMax }),
  };
}
