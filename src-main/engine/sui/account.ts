/**
 * @file An account of the vault: a key derived from the words' seed, and its address.
 *
 * SLIP-10 ed25519 at m/44'/784'/k'/0'/0', as every Sui wallet does it. Each device signs for its
 * own k only, so no two machines ever sign for the same coin.
 */
import assert from 'node:assert/strict';
import { createHmac, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { createRequire } from 'node:module';
import type * as Keypairs from '@mysten/sui/keypairs/ed25519';
import { blake2b } from '@noble/hashes/blake2.js';
import { EngineError } from '#engine/model/engine-error.ts';
import { parseSuiAddress, type SuiAddress } from '#engine/model/ids.ts';

/** BIP-39 stretches the words to this. */
const SEED_BYTES = 64;
/** BLAKE2b-256: an address, and the message of every signature of a transaction on Sui. */
const SUI_HASH_BYTES = 32;
const KEY_BYTES = 32;
/** Sui's number for the signature scheme. */
const ED25519_FLAG = 0;
/** What precedes a transaction where it is hashed: its scope, version 0, for Sui. */
const TRANSACTION_INTENT = Buffer.of(0, 0, 0);
/** What PKCS #8 says before the 32 bytes of an ed25519 private key. */
const ED25519_PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
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

/** A device looks for the heads of some thirty accounts again and again. */
const derivedAccounts = new WeakMap<Uint8Array, Map<number, Account>>();

/** Derive account `index` from the 64-byte seed of the words. */
export function deriveAccount(seed: Uint8Array, index: number): Account {
  assert(seed.length === SEED_BYTES, 'a BIP-39 seed has 64 bytes');
  assert(Number.isSafeInteger(index) && index >= 0 && index <= ACCOUNT_INDEX_MAX);
  let known = derivedAccounts.get(seed);
  if (!known) {
    known = new Map();
    derivedAccounts.set(seed, known);
  }
  let account = known.get(index);
  if (!account) {
    account = openAccount(privateKeyOf(seed, [44, 784, index, 0, 0]), index);
    known.set(index, account);
  }
  return account;
}

function openAccount(privateKey: Uint8Array, index: number): Account {
  const key = keyObjectOf(privateKey);
  const publicKey = publicKeyOf(key);
  return {
    index,
    address: addressOf(publicKey),
    signTransaction: async (transaction) => {
      const signature = sign(null, hashed(TRANSACTION_INTENT, transaction), key);
      return Buffer.concat([Buffer.of(ED25519_FLAG), signature, publicKey]).toString('base64');
    },
    publicKey,
    signBytes: async (message) => {
      if (message.length === SUI_HASH_BYTES) {
        throw new EngineError(
          'transaction-not-allowed',
          'refused to sign bytes that could be the hash of a transaction',
        );
      }
      return new Uint8Array(sign(null, message, key));
    },
    exportPrivateKey: () => loadKeypairs().Ed25519Keypair.fromSecretKey(privateKey).getSecretKey(),
  };
}

/** Loaded when a key is exported: it brings along all of Sui's signature schemes. */
const loadKeypairs = (): typeof Keypairs =>
  createRequire(import.meta.url)('@mysten/sui/keypairs/ed25519') as typeof Keypairs;

/** SLIP-10 for ed25519: every step of the path is hardened. */
function privateKeyOf(seed: Uint8Array, path: readonly number[]): Uint8Array {
  let node = createHmac('sha512', 'ed25519 seed').update(seed).digest();
  for (const step of path) {
    const index = Buffer.alloc(4);
    index.writeUInt32BE(step + ACCOUNT_INDEX_MAX + 1);
    node = createHmac('sha512', node.subarray(KEY_BYTES))
      .update(Buffer.concat([Buffer.of(0), node.subarray(0, KEY_BYTES), index]))
      .digest();
  }
  return new Uint8Array(node.subarray(0, KEY_BYTES));
}

const keyObjectOf = (privateKey: Uint8Array): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([ED25519_PKCS8_PREFIX, privateKey]),
    format: 'der',
    type: 'pkcs8',
  });

function publicKeyOf(key: KeyObject): Uint8Array {
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return new Uint8Array(spki.subarray(-KEY_BYTES));
}

/** BLAKE2b-256 of the scheme's flag and the key. */
const addressOf = (publicKey: Uint8Array): SuiAddress =>
  parseSuiAddress(`0x${Buffer.from(hashed(Buffer.of(ED25519_FLAG), publicKey)).toString('hex')}`);

const hashed = (...parts: readonly Uint8Array[]): Uint8Array =>
  blake2b(Buffer.concat(parts), { dkLen: SUI_HASH_BYTES });
