/**
 * @file An account of the vault: a key derived from the words' seed, and its address.
 *
 * SLIP-10 ed25519 at m/44'/784'/k'/0'/0', as every Sui wallet does it. Each device signs for its
 * own k only, so no two machines ever sign for the same coin.
 */
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import assert from 'node:assert/strict';
import { parseSuiAddress, type SuiAddress } from '#engine/model/ids.ts';

/** BIP-39 stretches the words to this. */
const SEED_BYTES = 64;
/** Hardened SLIP-10 indices have 31 bits. */
const ACCOUNT_INDEX_MAX = 2 ** 31 - 1;

export interface Account {
  /** k of the derivation path. */
  readonly index: number;
  readonly address: SuiAddress;
  /** Sign the BCS of a transaction: flag, signature and public key, base64, 97 bytes. */
  signTransaction(transaction: Uint8Array): Promise<string>;
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
    exportPrivateKey: () => keypair.getSecretKey(),
  };
}
