/**
 * @file BLS12-381 signatures of storage nodes: public keys in G1, signatures in G2.
 *
 * Public keys are accepted compressed (48 bytes) and uncompressed (96 bytes, as on chain). Every
 * point is checked to be in its group. Adding keys up is safe only for keys whose owners proved
 * possession, which the chain demands when a node registers.
 */
import {
  blsAggregate,
  blsAggregatePublicKeys,
  blsPublicKey,
  blsPublicKeyForms,
  blsSecretKey,
  blsSign,
  blsVerify,
} from '#native';
import { callNative, runNative } from './native-call.ts';

/** A public key in both of its forms. */
export interface BlsPublicKey {
  /** 48 bytes. */
  readonly compressed: Uint8Array;
  /** 96 bytes, as on chain. */
  readonly uncompressed: Uint8Array;
}

export interface BlsKeyPair {
  /** 32 bytes, big-endian. */
  readonly secretKey: Uint8Array;
  readonly publicKey: BlsPublicKey;
}

/** The key pair of a seed of at least 32 random bytes; equal seeds give equal keys. */
export function generateKeyPair(seed: Uint8Array): BlsKeyPair {
  const secretKey = callNative(() => blsSecretKey(seed));
  return { secretKey, publicKey: callNative(() => blsPublicKey(secretKey)) };
}

/** Both forms of a public key given in either. Throws `encoding-invalid-input`. */
export function parsePublicKey(publicKey: Uint8Array): BlsPublicKey {
  return callNative(() => blsPublicKeyForms(publicKey));
}

/** Sign a message: 96 bytes, compressed. A proof of possession is a signature like any other. */
export function sign(secretKey: Uint8Array, message: Uint8Array): Uint8Array {
  return callNative(() => blsSign(secretKey, message));
}

/** Whether `signature` is that of `publicKey`. Bytes that are no key or signature give false. */
export async function verify(
  message: Uint8Array,
  signature: Uint8Array,
  publicKey: Uint8Array,
): Promise<boolean> {
  return await runNative(() => blsVerify([publicKey], message, signature));
}

/** Whether `signature` is the sum of the signatures of all `publicKeys` for the same message. */
export async function verifyAggregate(
  publicKeys: readonly Uint8Array[],
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return await runNative(() => blsVerify([...publicKeys], message, signature));
}

/** Add signatures of one message up. Throws `encoding-invalid-input` if one is none. */
export function aggregate(signatures: readonly Uint8Array[]): Uint8Array {
  return callNative(() => blsAggregate([...signatures]));
}

/** Add public keys up. Throws `encoding-invalid-input` if one is none. */
export function aggregatePublicKeys(publicKeys: readonly Uint8Array[]): BlsPublicKey {
  return callNative(() => blsAggregatePublicKeys([...publicKeys]));
}
