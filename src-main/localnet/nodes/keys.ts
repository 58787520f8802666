/**
 * @file A storage node's keys: BLS for what it signs, P-256 for its TLS certificate.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { generateKeyPair, parsePublicKey, sign, verify } from '#engine/codec/bls.ts';
import type { NodeSigner } from './node-context.ts';
import { generateNetworkKey, networkPublicKey } from './tls-certificate.ts';

const FILE = 'keys.json';
const SEED_BYTES = 32;

interface KeyFile {
  /** Hex. */
  readonly blsSeed: string;
  /** PKCS #8 PEM. */
  readonly networkKey: string;
}

export interface NodeKeys {
  readonly signer: NodeSigner;
  /** BLS, 96 bytes uncompressed, as on chain. */
  readonly publicKey: Uint8Array;
  /** P-256, SEC1 compressed, 33 bytes, as on chain. */
  readonly networkPublicKey: Uint8Array;
  /** PKCS #8 PEM. */
  readonly networkKeyPem: string;
}

/** The keys in a node's directory, made when there are none. */
export function openNodeKeys(dir: string): NodeKeys {
  const path = join(dir, FILE);
  if (!existsSync(path)) {
    const made: KeyFile = {
      blsSeed: randomBytes(SEED_BYTES).toString('hex'),
      networkKey: generateNetworkKey(),
    };
    writeFileSync(path, JSON.stringify(made), { mode: 0o600, flag: 'wx' });
  }
  const file = JSON.parse(readFileSync(path, 'utf8')) as KeyFile;
  const bls = generateKeyPair(Buffer.from(file.blsSeed, 'hex'));
  return {
    signer: {
      publicKey: bls.publicKey.compressed,
      sign: async (message) => sign(bls.secretKey, message),
    },
    publicKey: bls.publicKey.uncompressed,
    networkPublicKey: networkPublicKey(file.networkKey),
    networkKeyPem: file.networkKey,
  };
}

/** The 48-byte form of a BLS public key. */
export function compressPublicKey(publicKey: Uint8Array): Uint8Array {
  return parsePublicKey(publicKey).compressed;
}

export function verifySignature(
  message: Uint8Array,
  signature: Uint8Array,
  publicKey: Uint8Array,
): Promise<boolean> {
  return verify(message, signature, publicKey);
}
