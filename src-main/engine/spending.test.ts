import { describe, expect, test } from 'vitest';
import type { PackId, TransactionDigest } from './model/ids.ts';
import { openLocalIndex } from './local-index/local-index.ts';
import { allowanceOf, capsOf, DEFAULT_CAPS, readCaps, writeCaps } from './spending.ts';

const cost = (walFrost: bigint, gasMist = 0n) => ({ walFrost, gasMist });
const caps = { perTransaction: cost(10n, 5n), perDay: cost(30n, 8n), perEpoch: cost(50n, 9n) };
const nothing = { today: cost(0n), thisEpoch: cost(0n), inAll: cost(0n) };

describe('what one transaction may cost', () => {
  test.each([
    { name: 'is its own cap', spent: nothing, wal: 10n, gas: 5n, of: 'the cap of a transaction' },
    {
      name: 'is what is left of the day',
      spent: { ...nothing, today: cost(25n), thisEpoch: cost(25n) },
      wal: 5n,
      gas: 5n,
      of: 'what is left of the cap of a day',
    },
    {
      name: 'is what is left of the epoch',
      spent: { ...nothing, thisEpoch: cost(48n) },
      wal: 2n,
      gas: 5n,
      of: 'what is left of the cap of an epoch',
    },
    {
      name: 'is nothing where more was spent than a lowered cap allows',
      spent: { ...nothing, today: cost(31n, 9n) },
      wal: 0n,
      gas: 0n,
      of: 'what is left of the cap of a day',
    },
    {
      name: 'is no more because gas came back',
      spent: { ...nothing, today: cost(0n, -100n) },
      wal: 10n,
      gas: 5n,
      of: 'the cap of a transaction',
    },
  ])('$name', ({ spent, wal, gas, of }) => {
    expect(allowanceOf(caps, spent)).toMatchObject({
      walFrost: wal,
      gasMist: gas,
      of: { walFrost: of },
    });
  });
});

test('a chosen cap is read back to the last unit, and the ledger counts against it', () => {
  const index = openLocalIndex(':memory:');
  expect(readCaps(index)).toEqual(DEFAULT_CAPS);
  const chosen = { ...caps, perEpoch: cost(123_456_789_012_345_678n, 9n) };
  writeCaps(index, chosen);
  expect(readCaps(index)).toEqual(chosen);
  index.ledger.recordPrepared({
    digest: 'a' as TransactionDigest,
    kind: 'extend',
    packIds: ['pack' as PackId],
    folderIds: [],
    prepared: '',
    quotedFrost: 29n,
    quotedGasMist: 1n,
    suiMist: 0n,
    atMs: 1_000_000,
    epoch: 7,
  });
  const readAllowance = capsOf(index);
  // Sent, and nobody knows whether it landed: it counts.
  expect(readAllowance({ epoch: 7, atMs: 1_000_001 })).toMatchObject({ walFrost: 1n });
  expect(readAllowance({ epoch: 8, atMs: 1_000_000 + 86_400_001 })).toMatchObject({
    walFrost: 10n,
  });
});
