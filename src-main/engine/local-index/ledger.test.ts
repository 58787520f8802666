import { expect, test } from 'vitest';
import type { PackId, TransactionDigest } from '../model/ids.ts';
import type { TransactionState } from './ledger.ts';
import { openLocalIndex } from './local-index.ts';

const digest = 'digest' as TransactionDigest;
const transaction = {
  digest,
  kind: 'register',
  packIds: ['pack' as PackId],
  prepared: 'signed bytes',
  quotedFrost: 5n,
  quotedGasMist: 7n,
  atMs: 1_700_000_000_000,
  epoch: 3,
};

test('a transaction is pending from before it is submitted until its fate is known', () => {
  const { ledger } = openLocalIndex(':memory:');
  ledger.recordPrepared(transaction);
  expect(ledger.pending()).toEqual([
    { ...transaction, state: 'prepared', actualFrost: undefined, actualGasMist: undefined },
  ]);
  ledger.recordSettled(digest, 'landed', { frost: 5n, gasMist: -2n });
  expect(ledger.pending()).toEqual([]);
  expect(ledger.all()).toMatchObject([{ state: 'landed', actualFrost: 5n, actualGasMist: -2n }]);
});

test.each<{ before: Exclude<TransactionState, 'prepared'>; after: TransactionState }>([
  { before: 'abandoned', after: 'prepared' },
  { before: 'landed', after: 'landed' },
  { before: 'failed', after: 'failed' },
])('prepared again to the last byte, a transaction that was $before is $after', (row) => {
  const { ledger } = openLocalIndex(':memory:');
  ledger.recordPrepared(transaction);
  ledger.recordSettled(digest, row.before, { frost: 0n, gasMist: 0n });
  ledger.recordPrepared(transaction);
  expect(ledger.all()).toMatchObject([{ state: row.after }]);
  expect(ledger.pending()).toHaveLength(row.after === 'prepared' ? 1 : 0);
});
