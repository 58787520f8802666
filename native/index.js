/**
 * @file Loads the addon that scripts/native.mjs built for this machine.
 *
 * Imported as `#native`, by src-main/engine/codec and src-main/platform only.
 */
import { createRequire } from 'node:module';

const name = `floe.${process.platform}-${process.arch}.node`;

function load() {
  try {
    return createRequire(import.meta.url)(`./${name}`);
  } catch (cause) {
    throw new Error(`the native addon ${name} does not load; build it with \`npm run native\``, {
      cause,
    });
  }
}

const addon = load();

export const {
  Cancellation,
  Chunker,
  EncodedBlob,
  EncoderMemory,
  LockedFile,
  Metadata,
  argon2id,
  blake2b256,
  blake3,
  blsAggregate,
  blsAggregatePublicKeys,
  blsPublicKey,
  blsPublicKeyForms,
  blsSecretKey,
  blsSign,
  blsVerify,
  computeBlobMetadata,
  dataExtents,
  encodeBlob,
  forbidDumps,
  giveMemoryBack,
  keyedBlake3,
  listXattrs,
  openChunk,
  openChunksInto,
  openRecord,
  pairOfShard,
  recordCommitment,
  renameNoReplace,
  sealChunksInto,
  sealRecord,
  sealedKeyEpoch,
  setLinkTimes,
  setTimes,
  setXattr,
  shardOfPair,
  splitRecoverySymbols,
  tryLock,
} = addon;
