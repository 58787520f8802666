/** @file Hashes by name: BLAKE3 is ours, BLAKE2b-256 the protocol's, Argon2id for passphrases. */
import {
  argon2id as nativeArgon2id,
  blake2b256 as nativeBlake2b256,
  blake3 as nativeBlake3,
  keyedBlake3 as nativeKeyedBlake3,
} from '#native';
import { callNative, runNative } from './native-call.ts';

/** BLAKE3, 32 bytes. */
export function blake3(bytes: Uint8Array): Uint8Array {
  return callNative(() => nativeBlake3(bytes));
}

/** Keyed BLAKE3 with a key of 32 bytes, 32 bytes. */
export function keyedBlake3(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return callNative(() => nativeKeyedBlake3(key, bytes));
}

/** BLAKE2b with a digest of 32 bytes. */
export function blake2b256(bytes: Uint8Array): Uint8Array {
  return callNative(() => nativeBlake2b256(bytes));
}

/** What a guess at a passphrase costs. */
export interface Argon2Cost {
  readonly memoryKib: number;
  readonly iterations: number;
  readonly lanes: number;
}

/**
 * Argon2id (version 1.3). The salt has at least 8 bytes.
 *
 * Throws `encoding-invalid-input` for costs beyond 4 GiB, 1024 passes or 64 lanes.
 */
export async function argon2id(
  passphrase: Uint8Array,
  salt: Uint8Array,
  cost: Argon2Cost,
  outputBytes: number,
): Promise<Uint8Array> {
  const { memoryKib, iterations, lanes } = cost;
  return await runNative(() =>
    nativeArgon2id(passphrase, salt, memoryKib, iterations, lanes, outputBytes),
  );
}
