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
  encodeBlob,
  keyedBlake3,
  openChunks,
  openRecord,
  pairOfShard,
  sealChunks,
  sealRecord,
  sealedKeyEpoch,
  shardOfPair,
} = addon;
