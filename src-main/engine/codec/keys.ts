/**
 * @file From 24 words to every key of a vault, and the keys of new folders.
 *
 *     24 words → seed (64 bytes, BIP-39, empty passphrase)
 *              → HKDF-SHA-256, salt "floe/v1", info = chain identifier | 0 | label
 *              → vault ID, vault key, head key
 *
 * The chain identifier makes them differ per network. Accounts come from the same seed by SLIP-10
 * (m/44'/784'/k'/0'/0'), which is the wallet's business. Folder keys are random and travel wrapped
 * under the vault key.
 */
import { createPublicKey, hkdfSync, verify } from 'node:crypto';
import { fromBase58 } from '@mysten/bcs';
import { entropyToMnemonic, mnemonicToSeed, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { EngineError } from '#engine/model/engine-error.ts';
import type { FolderKeys } from '#engine/model/folder-keys.ts';
import type { DeviceId, FolderId, VaultId } from '#engine/model/ids.ts';
import type { Random } from '#engine/ports/ports.ts';

export { recordCommitment } from './seal.ts';

export const WORD_COUNT = 24;
/** Entropy of 24 words. */
const ENTROPY_BYTES = 32;
const SALT = Buffer.from('floe/v1', 'ascii');
const KEY_BYTES = 32;
const ID_BYTES = 16;
/** More than any words with any spacing. */
const WORDS_TEXT_MAX = 4096;

/** The keys of a vault on one network. */
export interface VaultKeys {
  readonly vaultId: VaultId;
  /** Seals snapshots, wraps folder keys. */
  readonly vaultKey: Uint8Array;
  /** Seals the parts of heads. */
  readonly headKey: Uint8Array;
}

/** New words. */
export function generateWords(random: Random): readonly string[] {
  return entropyToMnemonic(random.bytes(ENTROPY_BYTES), wordlist).split(' ');
}

/**
 * The words in `text`, whatever its spacing, capitals and numbering ("1. abandon 2. ...").
 *
 * Throws `words-invalid`, saying how many words there are, which one is unknown (by its position),
 * or that the words don't belong together.
 */
export function parseWords(text: string): readonly string[] {
  if (text.length > WORDS_TEXT_MAX) throw invalidWords('this is longer than 24 words can be');
  const words = text
    .normalize('NFKD')
    .toLowerCase()
    .split(/[\s,;]+|\d+[.)]/u)
    .filter((word) => word !== '');
  const unknown = words.findIndex((word) => !wordlist.includes(word));
  if (unknown >= 0) {
    // Its position only: what was typed is close to the secret, and messages are written to logs.
    const position = unknown + 1;
    throw new EngineError('words-invalid', `word ${String(position)} is not in the word list`, {
      context: { position },
    });
  }
  if (words.length !== WORD_COUNT) {
    throw invalidWords(
      `there are ${String(words.length)} words; a vault has ${String(WORD_COUNT)}`,
    );
  }
  if (!validateMnemonic(words.join(' '), wordlist)) {
    throw invalidWords('every word is a known one, but one is wrong or two are exchanged');
  }
  return words;
}

/** The BIP-39 seed of valid words: 64 bytes, empty passphrase. */
export async function seedFromWords(words: readonly string[]): Promise<Uint8Array> {
  return mnemonicToSeed(words.join(' '));
}

/** Every key that belongs to the vault as a whole, on the chain `chainIdentifier`. */
export function deriveVaultKeys(seed: Uint8Array, chainIdentifier: string): VaultKeys {
  const chain = canonicalChainIdentifier(chainIdentifier);
  const derive = (label: string, bytes: number): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', seed, SALT, `${chain}\0${label}`, bytes));
  return {
    vaultId: Buffer.from(derive('vault id', ID_BYTES)).toString('hex') as VaultId,
    vaultKey: derive('vault key', KEY_BYTES),
    headKey: derive('head key', KEY_BYTES),
  };
}

/**
 * The one form of a chain identifier: the first four bytes of the genesis checkpoint's digest as
 * eight hex digits. JSON-RPC answers with that, gRPC with the whole digest in base58; the keys must
 * not depend on which one was asked.
 */
export function canonicalChainIdentifier(text: string): string {
  if (/^[0-9a-f]{8}$/.test(text)) return text;
  try {
    const digest = fromBase58(text);
    if (digest.length === 32) return Buffer.from(digest.subarray(0, 4)).toString('hex');
  } catch {
    // Told below: whatever it is, it is no chain identifier.
  }
  throw new EngineError('rpc-invalid-answer', 'the endpoint gave no chain identifier');
}

/** A new folder's ID and keys, its first key epoch being 0. */
export function createFolderKeys(random: Random): {
  readonly folderId: FolderId;
  readonly keys: FolderKeys;
} {
  return {
    folderId: Buffer.from(random.bytes(ID_BYTES)).toString('hex') as FolderId,
    keys: {
      chunkIdKey: random.bytes(KEY_BYTES),
      gearKey: random.bytes(KEY_BYTES),
      epochs: [{ keyEpoch: 0, key: random.bytes(KEY_BYTES) }],
    },
  };
}

/** The folder's keys with a new epoch for sealing. What was sealed before stays readable. */
export function rotateFolderKeys(keys: FolderKeys, random: Random): FolderKeys {
  const keyEpoch = (keys.epochs.at(-1)?.keyEpoch ?? -1) + 1;
  return { ...keys, epochs: [...keys.epochs, { keyEpoch, key: random.bytes(KEY_BYTES) }] };
}

/** A new device's ID. */
export function createDeviceId(random: Random): DeviceId {
  return Buffer.from(random.bytes(ID_BYTES)).toString('hex') as DeviceId;
}

/** DER of an ed25519 public key before its 32 bytes (RFC 8410). */
const ED25519_DER_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Whether `signature` (64 bytes, ed25519) over `message` was made by `signer` (32 bytes). */
export function verifySignature(
  signer: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signer.length !== KEY_BYTES || signature.length !== 64) return false;
  const key = createPublicKey({
    key: Buffer.concat([ED25519_DER_PREFIX, signer]),
    format: 'der',
    type: 'spki',
  });
  return verify(undefined, message, key, signature);
}

function invalidWords(message: string): EngineError {
  return new EngineError('words-invalid', message);
}
