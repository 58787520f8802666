/**
 * @file The self-signed certificate that a storage node shows over TLS.
 *
 * Clients pin its key: the node's network public key on chain is the certificate's P-256 point.
 * Shape, names and dates are those of recorded real nodes.
 */
import 'reflect-metadata'; // the dependency injection inside @peculiar/x509 refuses to load without
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  webcrypto,
  type KeyObject,
} from 'node:crypto';
import { isIP } from 'node:net';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';

const NOT_BEFORE = new Date('1975-01-01T00:00:00Z');
const NOT_AFTER = new Date('4096-01-01T00:00:00Z');
const EC = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;
const SERIAL_NUMBER_BYTES = 20;

/** A new P-256 key as PKCS #8 PEM. */
export function generateNetworkKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: EC.namedCurve });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The point of a P-256 key in SEC1 compressed form, 33 bytes, as the chain stores it. */
export function networkPublicKey(keyPem: string): Uint8Array {
  return compressedPoint(createPublicKey(keyPem));
}

/** The point of a P-256 public key in SEC1 compressed form. */
export function compressedPoint(key: KeyObject): Uint8Array {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const yBytes = Buffer.from(y, 'base64url');
  const isOdd = ((yBytes.at(-1) ?? 0) & 1) === 1;
  return Buffer.concat([Uint8Array.of(isOdd ? 3 : 2), Buffer.from(x, 'base64url')]);
}

/** The name made from the key: its first four bytes, each in hex without leading zeros. */
export function generatedServerName(publicKey: Uint8Array): string {
  const digits = [...publicKey.subarray(0, 4)].map((byte) => byte.toString(16)).join('');
  return `${digits}.network.walrus.alt`;
}

/** The certificate of a node that is reached as `host`, in PEM. */
export async function createCertificate(keyPem: string, host: string): Promise<string> {
  const name = generatedServerName(networkPublicKey(keyPem));
  const pkcs8 = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(keyPem).export({ type: 'spki', format: 'der' });
  const { subtle } = webcrypto;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${name}`,
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    signingAlgorithm: SIGNING,
    keys: {
      privateKey: await subtle.importKey('pkcs8', new Uint8Array(pkcs8), EC, true, ['sign']),
      publicKey: await subtle.importKey('spki', new Uint8Array(spki), EC, true, ['verify']),
    },
    extensions: [
      new SubjectAlternativeNameExtension([
        { type: 'dns', value: name },
        { type: isIP(host) === 0 ? 'dns' : 'ip', value: host },
      ]),
    ],
  });
  return certificate.toString('pem');
}

/** 20 random bytes with the sign bit clear. */
function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(SERIAL_NUMBER_BYTES));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return Buffer.from(bytes).toString('hex');
}
