/** @file Words, seeds and keys against published vectors, and what mistyped words are told. */
import { describe, expect, test } from 'vitest';
import type { Random } from '#engine/ports/ports.ts';
import {
  canonicalChainIdentifier,
  createDeviceId,
  createFolderKeys,
  deriveVaultKeys,
  generateWords,
  parseWords,
  rotateFolderKeys,
  seedFromWords,
  verifySignature,
} from './keys.ts';

/** Bytes that count up: no chance in tests. */
function countingRandom(): Random {
  let next = 0;
  return { bytes: (count) => Uint8Array.from({ length: count }, () => (next += 1) & 0xff) };
}

// BIP-39's own vectors for 256 bits, with the empty passphrase.
const ZERO_WORDS = `${'abandon '.repeat(23)}art`;
const ZERO_SEED =
  '408b285c123836004f4b8842c89324c1f01382450c0d439af345ba7fc49acf705489c6fc77dbd4e3dc1dd8cc6bc9f043db8ada1e243c4a0eafb290d399480840';

describe('words', () => {
  test('give the seed that every wallet gives', async () => {
    const seed = await seedFromWords(parseWords(ZERO_WORDS));
    expect(Buffer.from(seed).toString('hex')).toBe(ZERO_SEED);
  });

  test.each([
    { name: 'capitals and line breaks', text: ZERO_WORDS.toUpperCase().replaceAll(' ', '\r\n ') },
    {
      name: 'numbers',
      text: ZERO_WORDS.split(' ')
        .map((word, index) => `${String(index + 1)}. ${word}`)
        .join('  '),
    },
    { name: 'commas', text: ZERO_WORDS.replaceAll(' ', ', ') },
  ])('are read with $name', ({ text }) => {
    expect(parseWords(text).join(' ')).toBe(ZERO_WORDS);
  });

  test.each([
    {
      name: 'an unknown word',
      text: ZERO_WORDS.replace(/(?<=(?:abandon ){6})abandon/, 'abandn'),
      says: /word 7 /,
      position: 7,
    },
    { name: 'a word too few', text: ZERO_WORDS.slice(8), says: /23 words/, position: undefined },
    {
      name: 'two exchanged words',
      text: `${'abandon '.repeat(22)}art abandon`,
      says: /exchanged/,
      position: undefined,
    },
    { name: 'no words', text: '', says: /0 words/, position: undefined },
    { name: 'a book', text: 'word '.repeat(10_000), says: /longer/, position: undefined },
  ])('with $name are refused and told why', ({ text, says, position }) => {
    const refusal = expect.objectContaining({
      code: 'words-invalid',
      message: expect.stringMatching(says) as string,
      context: position === undefined ? {} : { position },
    }) as Error;
    expect(() => parseWords(text)).toThrow(refusal);
  });

  test('never stand in the message that refuses them', () => {
    expect(() => parseWords(ZERO_WORDS.replace('art', 'arty'))).toThrow(/^(?!.*(arty|abandon))/);
  });

  test('that are new are valid', () => {
    const words = generateWords(countingRandom());
    expect(words.length).toBe(24);
    expect(parseWords(words.join(' '))).toEqual(words);
  });
});

describe('vault keys', () => {
  const seed = Buffer.from(ZERO_SEED, 'hex');

  test('are those of the specification', () => {
    const keys = deriveVaultKeys(seed, '4c78adac');
    // What `openssl kdf -kdfopt digest:SHA256 ... HKDF` gives for this seed, salt and info.
    expect(keys.vaultId).toBe('65301bf4b9dd796080d8d8a179511cd9');
    expect(Buffer.from(keys.vaultKey).toString('hex')).toBe(
      '1d6cb3c32e83162f06be60d0e925ed9adefa1ed5a893d1f6d56dbd999a95f774',
    );
    expect(Buffer.from(keys.headKey).toString('hex')).toBe(
      'ab0c391acf1114cc408acd01f79cdd82e527a8f4e57017a8239ee0cee988ca8c',
    );
  });

  test('differ from network to network', () => {
    const one = deriveVaultKeys(seed, '4c78adac');
    const other = deriveVaultKeys(seed, '35834a8a');
    expect(one.vaultId).not.toBe(other.vaultId);
    expect(one.vaultKey).not.toEqual(other.vaultKey);
  });

  test('are the same whichever form of the chain identifier an endpoint gives', () => {
    // Testnet's genesis digest, as gRPC gives it, and its first four bytes, as JSON-RPC does.
    expect(canonicalChainIdentifier('69WiPg3DAQiwdxfncX6wYQ2siKwAe6L9BZthQea3JNMD')).toBe(
      '4c78adac',
    );
    expect(canonicalChainIdentifier('4c78adac')).toBe('4c78adac');
    for (const wrong of ['', '0x4c78adac', '4C78ADAC', 'not a digest', '11111111']) {
      if (wrong === '11111111') expect(canonicalChainIdentifier(wrong)).toBe(wrong);
      else expect(() => canonicalChainIdentifier(wrong)).toThrow();
    }
  });
});

describe('folder keys', () => {
  test('are all different, and rotation leaves what names and cuts chunks alone', () => {
    const random = countingRandom();
    const { folderId, keys } = createFolderKeys(random);
    const rotated = rotateFolderKeys(keys, random);
    expect(folderId).toMatch(/^[0-9a-f]{32}$/);
    expect(rotated.chunkIdKey).toEqual(keys.chunkIdKey);
    expect(rotated.gearKey).toEqual(keys.gearKey);
    expect(rotated.epochs.map((epoch) => epoch.keyEpoch)).toEqual([0, 1]);
    const all = [keys.chunkIdKey, keys.gearKey, ...rotated.epochs.map((epoch) => epoch.key)];
    expect(new Set(all.map((key) => Buffer.from(key).toString('hex'))).size).toBe(4);
    expect(createDeviceId(random)).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('a signature', () => {
  test('is that of RFC 8032, or none', () => {
    // Test 2 of section 7.1: the message is one byte, 0x72.
    const signer = Buffer.from(
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      'hex',
    );
    const signature = Buffer.from(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
      'hex',
    );
    expect(verifySignature(signer, Buffer.of(0x72), signature)).toBe(true);
    expect(verifySignature(signer, Buffer.of(0x73), signature)).toBe(false);
    expect(verifySignature(signer.subarray(1), Buffer.of(0x72), signature)).toBe(false);
    expect(verifySignature(signer, Buffer.of(0x72), signature.subarray(1))).toBe(false);
  });
});
