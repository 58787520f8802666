import { describe, expect, test } from 'vitest';
import type { PackId, TransactionDigest } from './model/ids.ts';
import { openLocalIndex } from './local-index/local-index.ts';
import {
  allowanceOf,
  capsAt,
  capsOf,
  DEFAULT_CAPS,
  readCaps,
  sendingLeft,
  writeCaps,
} from './spending.ts';

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

test('a lower cap holds at once, a higher one ten minutes later', () => {
  const index = openLocalIndex(':memory:');
  const minute = 60_000;
  writeCaps(index, caps, 0);
  expect(capsAt(index, 0)).toEqual({ caps });
  const mixed = { ...caps, perTransaction: cost(99n, 1n), perDay: cost(20n, 8n) };
  writeCaps(index, mixed, minute);
  expect(capsAt(index, 11 * minute - 1)).toEqual({
    caps: { ...caps, perTransaction: cost(10n, 1n), perDay: cost(20n, 8n) },
    toCome: { caps: mixed, fromMs: 11 * minute },
  });
  expect(capsAt(index, 11 * minute)).toEqual({ caps: mixed });
  // What is asked for last counts, and a raise that waits is over.
  writeCaps(index, { ...mixed, perDay: cost(21n, 8n) }, 12 * minute);
  writeCaps(index, mixed, 13 * minute);
  expect(capsAt(index, 99 * minute)).toEqual({ caps: mixed });
});

test('what is sent away has a budget of its own, by day and by epoch', () => {
  const index = openLocalIndex(':memory:');
  writeCaps(index, caps, 0);
  const send = (digest: string, walFrost: bigint, suiMist: bigint) =>
    index.ledger.recordPrepared({
      digest: digest as TransactionDigest,
      kind: 'transfer',
      packIds: [],
      folderIds: [],
      prepared: '',
      quotedFrost: walFrost,
      quotedGasMist: 1n,
      suiMist,
      atMs: 1_000_000,
      epoch: 7,
    });
  const moment = { epoch: 7, atMs: 1_000_001 };
  const clock = { nowMs: () => 0 };
  expect(sendingLeft(index, clock, moment)).toEqual(cost(10n, 5n));
  send('a', 9n, 0n);
  send('b', 0n, 4n);
  index.ledger.recordSettled('b' as TransactionDigest, 'landed', { frost: 0n, gasMist: 1n });
  send('c', 19n, 0n);
  // What an endpoint says became of it frees nothing.
  index.ledger.recordSettled('c' as TransactionDigest, 'failed', { frost: 0n, gasMist: 0n });
  expect(sendingLeft(index, clock, moment)).toEqual(cost(2n, 4n));
  // A day later it is the same epoch still.
  send('d', 20n, 0n);
  expect(sendingLeft(index, clock, { epoch: 7, atMs: 90_000_000 })).toEqual(cost(2n, 5n));
  // Storage is paid for from the other one.
  expect(capsOf(index, clock)(moment)).toMatchObject({ walFrost: 10n });
});

test('a chosen cap is read back to the last unit, and the ledger counts against it', () => {
  const index = openLocalIndex(':memory:');
  expect(readCaps(index, 0)).toEqual(DEFAULT_CAPS);
  const chosen = { ...caps, perEpoch: cost(1_234_567_890_123n, 9n) };
  writeCaps(index, chosen, 0);
  expect(readCaps(index, 0)).toEqual(chosen);
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
  const readAllowance = capsOf(index, { nowMs: () => 0 });
  // Sent, and nobody knows whether it landed: it counts.
  expect(readAllowance({ epoch: 7, atMs: 1_000_001 })).toMatchObject({ walFrost: 1n });
  // It still does when an endpoint says that nothing was paid.
  index.ledger.recordSettled('a' as TransactionDigest, 'failed', { frost: 0n, gasMist: 0n });
  expect(readAllowance({ epoch: 7, atMs: 1_000_001 })).toMatchObject({ walFrost: 1n });
  expect(readAllowance({ epoch: 8, atMs: 1_000_000 + 86_400_001 })).toMatchObject({
    walFrost: 10n,
  });
});
