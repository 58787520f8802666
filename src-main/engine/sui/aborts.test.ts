import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ErrorCode } from '#contract/errors.ts';
import type { TransactionDigest } from '#engine/model/ids.ts';
import {
  recordedNetwork,
  recordedTransaction,
  silentLogger,
  startRecordedChain,
  type RecordedChain,
} from '#test/support/recorded-chain.ts';
import { scriptedClock } from '#test/support/scripted-clock.ts';
import { failureError, isAlreadyCertified, requireSuccess } from './aborts.ts';
import { openChain, type Chain } from './chain.ts';
import type { TransactionOutcome } from './rpc/chain-rpc.ts';

let node: RecordedChain;
let chain: Chain;
beforeEach(async () => {
  node = await startRecordedChain();
  chain = openChain(recordedNetwork(node.url), { clock: scriptedClock(), logger: silentLogger });
});
afterEach(() => node.close());

/** A recorded transaction as the engine sees it. */
async function outcomeOf(name: string): Promise<TransactionOutcome> {
  const digest = recordedTransaction(name).digest as TransactionDigest;
  const outcome = await chain.findTransaction(digest);
  if (outcome === 'absent') throw new Error(`${name} was not executed`);
  return outcome;
}

describe('a failed transaction', () => {
  test.each<{ name: string; code: ErrorCode }>([
    {
      name: 'FAIL certify with 2 signers, weight 7 of 13 (needs 3*w >= 27)',
      code: 'quorum-missing',
    },
    {
      name: 'FAIL certify: signature of a node that is not in the bitmap (aggregate does not verify)',
      code: 'epoch-changed',
    },
    { name: 'FAIL certify: signers bitmap of 2 bytes for 4 members', code: 'epoch-changed' },
    {
      name: 'FAIL extend uncertified permanent blob (SDK extendBlobTransaction)',
      code: 'blob-not-certified',
    },
    {
      name: 'FAIL extend certified blob by too many epochs (200) (SDK extendBlobTransaction)',
      code: 'epoch-changed',
    },
    {
      name: 'FAIL reserve more than the capacity (2*10^12 bytes, payment sufficient)',
      code: 'storage-exhausted',
    },
    {
      name: 'FAIL reserve with insufficient payment (storage coin 14 of 15)',
      code: 'price-changed',
    },
    {
      name: 'FAIL price mismatch: storage coin 16 where cost is 15, non-zero coin at destroy_zero',
      code: 'price-changed',
    },
    { name: 'FAIL SplitCoins more WAL than the coin holds', code: 'balance-low' },
    { name: 'FAIL gas budget too low for execution (1,000,000 MIST)', code: 'balance-low' },
    {
      name: 'FAIL delete a permanent uncertified blob (SDK deleteBlobTransaction)',
      code: 'transaction-refused',
    },
    { name: 'FAIL register with wrong root hash', code: 'transaction-refused' },
    { name: 'FAIL remove attribute that is not there', code: 'transaction-refused' },
    { name: 'FAIL unknown function', code: 'transaction-refused' },
  ])('$name is $code', async ({ name, code }) => {
    const outcome = await outcomeOf(name);
    expect(() => requireSuccess(outcome)).toThrowError(
      expect.objectContaining({ code }) as unknown,
    );
  });

  test('a second certification is recognised as such', async () => {
    const { status } = await outcomeOf('FAIL certify twice');
    expect(status.kind === 'failure' && isAlreadyCertified(status.failure)).toBe(true);
  });

  test('the error names module, code and command', async () => {
    const { status } = await outcomeOf(
      'FAIL extend uncertified permanent blob (SDK extendBlobTransaction)',
    );
    if (status.kind !== 'failure') throw new Error('it failed when it was recorded');
    expect(failureError(status.failure).context).toMatchObject({
      module: 'blob',
      abortCode: '0',
      command: 1,
    });
  });

  test('a success passes through', async () => {
    const outcome = await outcomeOf('certify deletable (blob K)');
    expect(requireSuccess(outcome)).toBe(outcome);
  });

  test('an abort of the same number in a stranger’s package means nothing to us', () => {
    const failure = {
      message: 'MoveAbort',
      command: 0,
      abort: { packageId: `0x${'0'.repeat(63)}2`, module: 'blob', functionName: 'f', code: 2n },
    };
    expect(failureError(failure).code).toBe('transaction-refused');
  });
});
