import { mnemonicToSeedSync } from '@scure/bip39';
import { Ed25519Keypair, Ed25519PublicKey } from '@mysten/sui/keypairs/ed25519';
import { verifyTransactionSignature } from '@mysten/sui/verify';
import { describe, expect, test } from 'vitest';
import { recordedTransaction } from '#test/support/recorded-chain.ts';
import { deriveAccount } from './account.ts';

// From the tests of @mysten/sui (keypairs/ed25519): words, exported key, address of account 0.
const WORDS =
  'film crazy soon outside stand loop subway crumble thrive popular green nuclear struggle pistol arm wife phrase warfare march wheat nephew ask sunny firm';
const EXPORTED = 'suiprivkey1qrwsjvr6gwaxmsvxk4cfun99ra8uwxg3c9pl0nhle7xxpe4s80y05ctazer';
const ADDRESS = '0xa2d14fad60c56049ecf75246a481934691214ce413e6a8ae2fe6834c173a6133';

const seed = mnemonicToSeedSync(WORDS);

describe('deriveAccount', () => {
  test('gives the address and key that every Sui wallet gives', () => {
    const account = deriveAccount(seed, 0);
    expect(account.address).toBe(ADDRESS);
    expect(account.exportPrivateKey()).toBe(EXPORTED);
  });

  test('gives the official address of other words too', () => {
    const words =
      'require decline left thought grid priority false tiny gasp angle royal system attack beef setup reward aunt skill wasp tray vital bounce inflict level';
    expect(deriveAccount(mnemonicToSeedSync(words), 0).address).toBe(
      '0x1ada6e6f3f3e4055096f606c746690f1108fcc2ca479055cc434a3e1d3f758aa',
    );
  });

  test('gives another account for every index', () => {
    const addresses = [0, 1, 2, 2 ** 31 - 1].map((index) => deriveAccount(seed, index).address);
    expect(new Set(addresses).size).toBe(4);
  });

  test.each([
    { name: 'a seed of 32 bytes', make: () => deriveAccount(seed.subarray(0, 32), 0) },
    { name: 'a negative index', make: () => deriveAccount(seed, -1) },
    { name: 'an index beyond 31 bits', make: () => deriveAccount(seed, 2 ** 31) },
  ])('$name is a defect of the caller', ({ make }) => {
    expect(make).toThrow();
  });

  test('signs a recorded transaction so that Sui accepts it', async () => {
    const bytes = Buffer.from(recordedTransaction('certify deletable (blob K)').txBytes, 'base64');
    const account = deriveAccount(seed, 3);
    const signature = await account.signTransaction(bytes);
    const publicKey = await verifyTransactionSignature(bytes, signature);
    expect(publicKey.toSuiAddress()).toBe(account.address);
    // Ed25519 has one signature for a key and a message.
    const official = Ed25519Keypair.fromSecretKey(account.exportPrivateKey());
    expect(signature).toBe((await official.signTransaction(bytes)).signature);
  });

  test.each([{ sizeBytes: 0 }, { sizeBytes: 31 }, { sizeBytes: 33 }, { sizeBytes: 500 }])(
    'signs $sizeBytes bytes that are no transaction',
    async ({ sizeBytes }) => {
      const account = deriveAccount(seed, 0);
      const message = new Uint8Array(sizeBytes).fill(9);
      expect(account.publicKey).toHaveLength(32);
      expect(
        await new Ed25519PublicKey(account.publicKey).verify(
          message,
          await account.signBytes(message),
        ),
      ).toBe(true);
    },
  );

  test('refuses to sign bytes that could be the hash of a transaction', async () => {
    const account = deriveAccount(seed, 0);
    await expect(account.signBytes(new Uint8Array(32))).rejects.toMatchObject({
      code: 'transaction-not-allowed',
    });
  });
});
