import { beforeAll, describe, expect, test } from 'vitest';
import type { FolderId, PackId, TransactionDigest } from '../model/ids.ts';
import type { TransactionState } from './ledger.ts';
import { openLocalIndex } from './local-index.ts';

const digest = 'digest' as TransactionDigest;
const transaction = {
  digest,
  kind: 'register',
  packIds: ['pack' as PackId],
  folderIds: ['folder' as FolderId],
  prepared: 'signed bytes',
  quotedFrost: 5n,
  quotedGasMist: 7n,
  suiMist: 0n,
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

describe('spending', () => {
  const record = (
    given: Partial<Omit<typeof transaction, 'digest'>> & { readonly digest: string },
    settled?: readonly [Exclude<TransactionState, 'prepared'>, bigint, bigint],
  ): void => {
    const digestOf = given.digest as TransactionDigest;
    ledger.recordPrepared({ ...transaction, ...given, digest: digestOf });
    if (!settled) return;
    const [state, frost, gasMist] = settled;
    ledger.recordSettled(digestOf, state, { frost, gasMist });
  };
  const { ledger } = openLocalIndex(':memory:');
  beforeAll(() => {
    // A registration whose cost is told too low, and one that is said to have failed, with its tip.
    const tipped = { kind: 'register', suiMist: 100n, quotedFrost: 50n, quotedGasMist: 9n };
    record({ ...tipped, digest: 'cheap', atMs: 500, epoch: 3 }, ['landed', 0n, 2n]);
    record({ ...tipped, digest: 'denied', atMs: 500, epoch: 3 }, ['failed', 0n, 0n]);
    record({ digest: 'a', atMs: 1_000, epoch: 1 }, ['landed', 5n, 2n]);
    record({ digest: 'failed', atMs: 2_000, epoch: 2 }, ['failed', 0n, 3n]);
    record({ digest: 'exchange', kind: 'exchange', atMs: 3_000, epoch: 2 }, ['landed', -900n, 1n]);
    record({ digest: 'sent', kind: 'transfer', atMs: 3_000, epoch: 2 }, ['landed', 400n, 1n]);
    record({ digest: 'given up', atMs: 3_500, epoch: 2 }, ['abandoned', 0n, 0n]);
    record({ digest: 'open', atMs: 4_000, epoch: 2, quotedFrost: 50n, quotedGasMist: 60n });
  });

  test.each([
    { name: 'in all is what was paid', span: 'in-all' as const, walFrost: 55n, gasMist: 169n },
    { name: 'in an epoch', span: { epoch: 1 }, walFrost: 5n, gasMist: 2n },
    // For the caps what was signed counts as quoted; what was exchanged or sent is no spending but for gas.
    { name: 'in an epoch of every fate', span: { epoch: 2 }, walFrost: 60n, gasMist: 76n },
    { name: 'in an epoch of lies', span: { epoch: 3 }, walFrost: 100n, gasMist: 211n },
    { name: 'after a moment', span: { sinceMs: 2_000 }, walFrost: 55n, gasMist: 69n },
  ])('$name', ({ span, walFrost, gasMist }) => {
    expect(ledger.spent(span)).toEqual({ walFrost, gasMist });
  });

  test('a page begins with the newest', () => {
    expect(ledger.count()).toBe(8);
    expect(ledger.page(1, 2).map(({ digest: one }) => one)).toEqual(['given up', 'sent']);
  });
});
