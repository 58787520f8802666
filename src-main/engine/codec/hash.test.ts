import { blake2b } from '@noble/hashes/blake2.js';
import { blake3 as peerBlake3 } from '@noble/hashes/blake3.js';
import { argon2id as peerArgon2id } from '@noble/hashes/argon2.js';
import { describe, expect, test } from 'vitest';
import { argon2id, blake2b256, blake3, keyedBlake3 } from './hash.ts';

const bytes = (length: number): Uint8Array =>
  new Uint8Array(length).map((_, index) => (index * 31) % 251);
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

describe('hashes', () => {
  test.each([0, 1, 64, 1023, 1024, 1025, 100_000])('of %i bytes equal a peer', (length) => {
    const key = bytes(32);
    expect(hex(blake3(bytes(length)))).toBe(hex(peerBlake3(bytes(length))));
    expect(hex(keyedBlake3(key, bytes(length)))).toBe(hex(peerBlake3(bytes(length), { key })));
    expect(hex(blake2b256(bytes(length)))).toBe(hex(blake2b(bytes(length), { dkLen: 32 })));
  });

  test('refuse a key of another length', () => {
    expect(() => keyedBlake3(bytes(31), bytes(1))).toThrow(
      expect.objectContaining({ code: 'encoding-invalid-input' }),
    );
  });
});

describe('argon2id', () => {
  test('equals a peer', async () => {
    const cost = { memoryKib: 256, iterations: 3, lanes: 2 };
    const ours = await argon2id(bytes(10), bytes(16), cost, 32);
    const theirs = peerArgon2id(bytes(10), bytes(16), { m: 256, t: 3, p: 2, dkLen: 32 });
    expect(hex(ours)).toBe(hex(theirs));
  });

  test('refuses costs beyond its limits', async () => {
    const cost = { memoryKib: 2 ** 31, iterations: 1, lanes: 1 };
    await expect(argon2id(bytes(1), bytes(16), cost, 32)).rejects.toMatchObject({
      code: 'encoding-invalid-input',
    });
  });
});
