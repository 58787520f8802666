import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  aggregate,
  aggregatePublicKeys,
  generateKeyPair,
  parsePublicKey,
  sign,
  verify,
  verifyAggregate,
} from './bls.ts';

interface SignerVector {
  readonly sk_hex: string;
  readonly pk_compressed_hex: string;
  readonly pk_uncompressed_hex: string;
  readonly sig_hex: string;
}
interface BlsVector {
  readonly message_hex: string;
  readonly signers: readonly SignerVector[];
  readonly aggregate_sig_hex: string;
}

const vectorFile = new URL('../../../test/vectors/rs2.json', import.meta.url);
const { bls } = JSON.parse(readFileSync(vectorFile, 'utf8')) as {
  readonly bls: { readonly cases: readonly BlsVector[] };
};
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

describe('recorded confirmations', () => {
  const rows = bls.cases.map((vector) => ({
    name: `of ${String(vector.message_hex.length / 2)} bytes`,
    vector,
  }));

  test.each(rows)('$name are reproduced and verified', async ({ vector }) => {
    const message = bytes(vector.message_hex);
    for (const signer of vector.signers) {
      expect(hex(sign(bytes(signer.sk_hex), message))).toBe(signer.sig_hex);
      for (const form of [signer.pk_compressed_hex, signer.pk_uncompressed_hex]) {
        const key = parsePublicKey(bytes(form));
        expect(hex(key.compressed)).toBe(signer.pk_compressed_hex);
        expect(hex(key.uncompressed)).toBe(signer.pk_uncompressed_hex);
        expect(await verify(message, bytes(signer.sig_hex), bytes(form))).toBe(true);
        expect(await verify(message.subarray(1), bytes(signer.sig_hex), bytes(form))).toBe(false);
      }
    }
    const sum = aggregate(vector.signers.map((signer) => bytes(signer.sig_hex)));
    expect(hex(sum)).toBe(vector.aggregate_sig_hex);
    const keys = vector.signers.map((signer) => bytes(signer.pk_uncompressed_hex));
    expect(await verifyAggregate(keys, message, sum)).toBe(true);
    expect(await verifyAggregate(keys.slice(1), message, sum)).toBe(false);
    expect(await verify(message, sum, aggregatePublicKeys(keys).compressed)).toBe(true);
  });
});

describe('key pairs', () => {
  test('are equal for equal seeds', () => {
    const seed = new Uint8Array(32).fill(7);
    expect(generateKeyPair(seed)).toEqual(generateKeyPair(seed));
    expect(generateKeyPair(seed.fill(8)).publicKey.compressed).toHaveLength(48);
  });

  test.each([
    { name: 'a seed that is too short', call: () => generateKeyPair(new Uint8Array(31)) },
    { name: 'a key of zeros', call: () => parsePublicKey(new Uint8Array(48)) },
    { name: 'the point at infinity', call: () => parsePublicKey(bytes(`c0${'00'.repeat(47)}`)) },
    { name: 'a signature that is none', call: () => aggregate([new Uint8Array(96)]) },
    { name: 'no signature at all', call: () => aggregate([]) },
  ])('$name is refused', ({ call }) => {
    expect(call).toThrow(expect.objectContaining({ code: 'encoding-invalid-input' }));
  });
});
