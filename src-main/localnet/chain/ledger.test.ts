/**
 * Goal: what must not be executed is refused, and what was executed is executed once.
 * Method: transactions signed by real keys against a chain of four nodes.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import { Transaction } from '@mysten/sui/transactions';
import { openLocalChain, type LocalChain } from '#test/support/local-chain.ts';

let local: LocalChain;
beforeEach(async () => {
  local = await openLocalChain();
});
afterEach(async () => {
  await local.close();
});

const SUI_EPOCH_MS = 86_400_000;
const recipient = `0x${'55'.repeat(32)}`;

/** A transfer of one MIST, built and signed. */
async function transfer(
  change: (transaction: Transaction) => void = () => undefined,
  signer = local.signer,
): Promise<{ bytes: Uint8Array; signature: string }> {
  const transaction = new Transaction();
  transaction.setSender(local.owner);
  transaction.transferObjects([transaction.splitCoins(transaction.gas, [1])], recipient);
  change(transaction);
  const bytes = await transaction.build({ client: local.client });
  return { bytes, signature: (await signer.signTransaction(bytes)).signature };
}

describe('the ledger', () => {
  test('executes a transaction once, however often it is sent', async () => {
    const { bytes, signature } = await transfer();
    const first = await local.chain.ledger.execute(bytes, [signature]);
    const again = await local.chain.ledger.execute(bytes, [signature]);
    expect(again.record).toEqual(first.record);
    expect(again.checkpoint).toBe(first.checkpoint);
  });

  test('executes one of two transactions for the same coin and refuses the other', async () => {
    const one = await transfer();
    const other = await transfer((transaction) => {
      transaction.transferObjects([transaction.splitCoins(transaction.gas, [2])], recipient);
    });
    const results = await Promise.allSettled(
      [one, other].map(({ bytes, signature }) => local.chain.ledger.execute(bytes, [signature])),
    );
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { kind: 'version-stale' },
    });
  });

  test.each<{ name: string; change: (transaction: Transaction) => void; kind: string }>([
    {
      name: 'whose epoch is over',
      change: (transaction) => transaction.setExpiration({ Epoch: 0 }),
      kind: 'expired',
    },
    {
      name: 'for another chain',
      change: (transaction) => {
        transaction.setExpiration({
          ValidDuring: {
            minEpoch: '0',
            maxEpoch: '9',
            minTimestamp: null,
            maxTimestamp: null,
            chain: '11111111111111111111111111111111',
            nonce: 1,
          },
        });
      },
      kind: 'expired',
    },
    {
      name: 'that offers less than the gas price',
      change: (transaction) => {
        transaction.setGasPrice(999);
        transaction.setGasBudget(10_000_000);
      },
      kind: 'gas',
    },
    {
      name: 'that offers less than any transaction costs',
      change: (transaction) => {
        transaction.setGasBudget(999_999);
      },
      kind: 'gas',
    },
  ])('refuses a transaction $name', async ({ change, kind }) => {
    const gas = await local.client.core.listCoins({ owner: local.owner });
    local.nowMs += SUI_EPOCH_MS;
    const transaction = new Transaction();
    transaction.setSender(local.owner);
    transaction.transferObjects([transaction.splitCoins(transaction.gas, [1])], recipient);
    transaction.setGasPrice(1_000);
    transaction.setGasBudget(10_000_000);
    transaction.setExpiration({ None: true });
    transaction.setGasPayment(
      gas.objects.map(({ objectId, version, digest }) => ({ objectId, version, digest })),
    );
    change(transaction);
    const bytes = await transaction.build();
    const { signature } = await local.signer.signTransaction(bytes);
    const executed = local.chain.ledger.execute(bytes, [signature]);
    await expect(executed).rejects.toMatchObject({ name: 'InputRefused', kind });
  });

  test.each([
    { name: 'of a changed transaction', spoil: (bytes: Uint8Array) => bytes.with(40, 1) },
    { name: 'with bytes after the end', spoil: (bytes: Uint8Array) => Uint8Array.of(...bytes, 0) },
    { name: 'of no transaction', spoil: () => new Uint8Array(8) },
  ])('refuses the signature $name', async ({ spoil }) => {
    const { bytes, signature } = await transfer();
    const executed = local.chain.ledger.execute(spoil(bytes), [signature]);
    await expect(executed).rejects.toMatchObject({ name: 'InputRefused' });
  });

  test('refuses a transaction without a signature, and with one too many', async () => {
    const { bytes, signature } = await transfer();
    const other = await Ed25519Keypair.generate().signTransaction(bytes);
    for (const signatures of [[], [signature, other.signature]]) {
      const executed = local.chain.ledger.execute(bytes, signatures);
      await expect(executed).rejects.toMatchObject({ kind: 'signature' });
    }
  });

  test('takes the gas of a sponsor who signed too', async () => {
    const sponsor = Ed25519Keypair.fromSecretKey(new Uint8Array(32).fill(3));
    const sponsorAddress = sponsor.toSuiAddress();
    await local.chain.fund(sponsorAddress as typeof local.owner, { mist: 1_000_000_000n });
    const transaction = new Transaction();
    transaction.setSender(local.owner);
    transaction.setGasOwner(sponsorAddress);
    const bag = transaction.moveCall({ target: '0x2::bag::new' });
    transaction.transferObjects([bag], local.owner);
    const bytes = await transaction.build({ client: local.client });
    const own = await local.signer.signTransaction(bytes);
    const sponsored = await sponsor.signTransaction(bytes);
    await expect(local.chain.ledger.execute(bytes, [own.signature])).rejects.toMatchObject({
      kind: 'signature',
    });
    const { record } = await local.chain.ledger.execute(bytes, [
      own.signature,
      sponsored.signature,
    ]);
    expect(record.failure).toBeUndefined();
    expect(record.balanceChanges.map(({ owner }) => owner)).toEqual([sponsorAddress]);
  });

  test('keeps what it refused out of its history', async () => {
    const before = local.chain.view.latestCheckpoint;
    const { bytes } = await transfer();
    await expect(local.chain.ledger.execute(bytes, [])).rejects.toThrow();
    expect(local.chain.view.latestCheckpoint).toBe(before);
  });
});
