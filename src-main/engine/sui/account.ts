/**
 * @file An account of the vault: a key derived from the words' seed, and its address.
 *
 * SLIP-10 ed25519 at m/44'/784'/k'/0'/0', as every Sui wallet does it. Each device signs for its
 * own k only, so no two machines ever sign for the same coin.
 */
import assert from 'node:assert/strict';
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import { EngineError } from '#engine/model/engine-error.ts';
import { parseSuiAddress, type SuiAddress } from '#engine/model/ids.ts';

/** BIP-39 stretches the words to this. */
const SEED_BYTES = 64;
/** BLAKE2b-256 of intent and transaction: the message of every signature on Sui. */
const SIGNED_HASH_BYTES = 32;
/** Hardened SLIP-10 indices have 31 bits. */
const ACCOUNT_INDEX_MAX = 2 ** 31 - 1;

export interface Account {
  /** k of the derivation path. */
  readonly index: number;
  readonly address: SuiAddress;
  /** Sign the BCS of a transaction: flag, signature and public key, base64, 97 bytes. */
  signTransaction(transaction: Uint8Array): Promise<string>;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /**
   * Sign bytes that are no transaction: 64 bytes, ed25519 over the message itself.
   *
   * What Sui signs is a hash of 32 bytes, so a message of that length could be a transaction that
   * no policy has seen: it throws `transaction-not-allowed`. Any other length is safe.
   */
  signBytes(message: Uint8Array): Promise<Uint8Array>;
  /** The private key as `suiprivkey1...`, for another wallet. Never logged. */
  exportPrivateKey(): string;
}

/** Derive account `index` from the 64-byte seed of the words. */
export function deriveAccount(seed: Uint8Array, index: number): Account {
  assert(seed.length === SEED_BYTES, 'a BIP-39 seed has 64 bytes');
  assert(Number.isSafeInteger(index) && index >= 0 && index <= ACCOUNT_INDEX_MAX);
  const keypair = Ed25519Keypair.deriveKeypairFromSeed(
    Buffer.from(seed).toString('hex'),
    `m/44'/784'/${String(index)}'/0'/0'`,
  );
  return {
    index,
    address: parseSuiAddress(keypair.toSuiAddress()),
    signTransaction: async (transaction) => (await keypair.signTransaction(transaction)).signature,
    publicKey: keypair.getPublicKey().toRawBytes(),
    signBytes: async (message) => {
      if (message.length === SIGNED_HASH_BYTES) {
        throw new EngineError(
          'transaction-not-allowed',
          'refused to sign bytes that could be the hash of a transaction',
        );
      }
      return await keypair.sign(message);
    },
    exportPrivateKey: () => keypair.getSecretKey(),
  };
}
