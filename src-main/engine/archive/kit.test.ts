/** @file The recovery kit reads back after whatever mail and printers do to a text. */
import { describe, expect, test } from 'vitest';
import type { ObjectId, VaultId } from '#engine/model/ids.ts';
import { referenceCodec } from '#test/support/reference-codec.ts';
import { isKit, readKit, writeKit, type RecoveryKit } from './kit.ts';

const codec = referenceCodec();
const kit: RecoveryKit = {
  words: `${'abandon '.repeat(23)}art`.split(' '),
  networkName: 'testnet',
  chainIdentifier: '4c78adac',
  vaultId: 'ab'.repeat(16) as VaultId,
  systemObjectId: `0x${'01'.repeat(32)}` as ObjectId,
  stakingObjectId: `0x${'02'.repeat(32)}` as ObjectId,
  lastSeen: { account: `0x${'03'.repeat(32)}`, sequence: 12, checkpoint: '123456789' },
  writtenOn: '2026-11-20',
};

describe('a recovery kit', () => {
  const text = writeKit(kit, codec);

  test.each([
    { name: 'as it is', change: (page: string) => page },
    { name: 'with other line ends', change: (page: string) => page.replaceAll('\n', '\r\n') },
    { name: 'indented', change: (page: string) => page.replaceAll('\n', '\n   ') },
    {
      name: 'with its words one to a line',
      change: (page: string) => page.replace(/(\d+\. [a-z]+) +/g, '$1\n'),
    },
  ])('reads back $name', ({ change }) => {
    expect(readKit(change(text), codec)).toEqual(kit);
  });

  test('reads back without a last seen state', () => {
    const fresh = { ...kit, lastSeen: undefined };
    expect(readKit(writeKit(fresh, codec), codec)).toEqual(fresh);
  });

  test('warns never to type the words elsewhere', () => {
    expect(text).toMatch(/Never type\s+them into anything else/);
    expect(isKit(text)).toBe(true);
    expect(isKit(kit.words.join(' '))).toBe(false);
  });

  test.each([
    {
      name: 'a changed word',
      from: '23. abandon',
      to: '23. ability',
      says: /changed or is damaged/,
    },
    { name: 'a missing word', from: '23. abandon', to: '', says: /out of order/ },
    {
      name: 'another network',
      from: 'Network: testnet',
      to: 'Network: mainnet',
      says: /changed or is damaged/,
    },
    { name: 'a missing line', from: 'Chain: 4c78adac\n', to: '', says: /no line "Chain"/ },
    { name: 'a broken vault', from: 'ab'.repeat(16), to: 'xy', says: /no ID/ },
    {
      name: 'another title',
      from: 'FLOE RECOVERY KIT',
      to: 'SHOPPING LIST',
      says: /not a recovery kit/,
    },
  ])('with $name is refused, and says so', ({ from, to, says }) => {
    const refusal = expect.objectContaining({
      code: 'words-invalid',
      message: expect.stringMatching(says) as string,
    }) as Error;
    expect(() => readKit(text.replace(from, to), codec)).toThrow(refusal);
  });

  test('of a newer release is told apart from a damaged one', () => {
    expect(() => readKit(text.replace('Kit version: 1', 'Kit version: 2'), codec)).toThrow(
      expect.objectContaining({ code: 'format-unknown' }) as Error,
    );
  });
});
