import { Transaction } from '@mysten/sui/transactions';
import { describe, expect, test } from 'vitest';
import { parseBlobId, parseObjectId, parseSuiAddress } from '#engine/model/ids.ts';
import { checkTransaction, type PolicyContext } from './policy.ts';
import { addReusingRegistration } from './programs.ts';
import { chooseSpare, type SpareStorage } from './spare-storage.ts';

const digest = '11111111111111111111111111111111';
const piece = (id: string, mib: bigint, startEpoch: number, endEpoch: number): SpareStorage => ({
  ref: { objectId: parseObjectId(id), version: 1n, digest },
  storageBytes: mib,
  startEpoch,
  endEpoch,
});
const idsOf = (pieces: readonly SpareStorage[] | undefined) =>
  pieces?.map(({ ref }) => ref.objectId.slice(-1)).join('');

describe('storage for a blob of 10 from epoch 5 to 12', () => {
  test.each([
    { name: 'none is there', spare: [], chosen: undefined },
    { name: 'what has ended is not there', spare: [piece('0xa', 20n, 1, 5)], chosen: undefined },
    { name: 'nor what has not begun', spare: [piece('0xa', 20n, 6, 12)], chosen: undefined },
    {
      name: 'one piece that suffices, the smallest',
      spare: [piece('0xa', 40n, 1, 12), piece('0xb', 10n, 5, 12), piece('0xc', 6n, 5, 12)],
      chosen: 'b',
    },
    {
      name: 'as few as suffice together',
      spare: [piece('0xa', 4n, 1, 12), piece('0xb', 7n, 2, 12), piece('0xc', 3n, 5, 12)],
      chosen: 'ba',
    },
    {
      name: 'not pieces of different ends',
      spare: [piece('0xa', 6n, 1, 12), piece('0xb', 6n, 1, 11)],
      chosen: undefined,
    },
    {
      name: 'the end that is nearest to the one wanted',
      spare: [piece('0xa', 10n, 1, 8), piece('0xb', 10n, 1, 11), piece('0xc', 10n, 1, 20)],
      chosen: 'b',
    },
  ])('$name', ({ spare, chosen }) => {
    expect(idsOf(chooseSpare(spare, 10n, { epoch: 5, endEpoch: 12 }))).toBe(chosen);
  });
});

describe('a registration on it', () => {
  const owner = parseSuiAddress(`0x${'a1'.repeat(32)}`);
  const system = {
    systemObjectId: parseObjectId('0x5151'),
    initialSharedVersion: 2n,
    typePackageId: parseObjectId('0x77'),
    callPackageId: parseObjectId('0x78'),
    walType: `0x${'9'.repeat(64)}::wal::WAL`,
    epoch: 5,
    shardCount: 13,
    epochsAheadMax: 53,
    storagePriceFrostPerMib: 5n,
    writePriceFrostPerMib: 1n,
  };
  const coin = { objectId: parseObjectId('0xc0'), version: 1n, digest, balance: 100n };
  const gas = { objectId: parseObjectId('0x6a5').slice(0), version: '1', digest };
  const pieces = [piece('0xa', 6n, 3, 8), piece('0xb', 6n, 5, 8)];
  const context: PolicyContext = {
    kind: 'register',
    sender: owner,
    systemObjectId: system.systemObjectId,
    callPackageId: system.callPackageId,
    epoch: 5,
    walType: system.walType,
    walCoins: [coin.objectId],
    objects: pieces.map(({ ref }) => ref.objectId),
    calls: {
      split_by_epoch: 1,
      destroy: 1,
      fuse_amount: 1,
      split_by_size: 1,
      reserve_space_for_epochs: 1,
      fuse_periods: 1,
      register_blob: 1,
      destroy_zero: 3,
    },
    quote: { walFrost: 31n, suiMist: 0n },
    caps: { walFrost: 500n, suiMist: 500n, gasMist: 5_000n },
    expiresAfterSuiEpoch: undefined,
  };
  const build = async (change: (tx: Transaction) => void = () => undefined) => {
    const tx = new Transaction();
    addReusingRegistration(tx, {
      system,
      blob: {
        blobId: parseBlobId('u-mOIiScoH3Zd01VRjQfghqctBvp8-wn-vm19Bkr4TY'),
        rootHash: new Uint8Array(32),
        sizeBytes: 5,
        deletable: true,
        storageBytes: 10n,
        storageCostFrost: 30n,
        writeCostFrost: 1n,
      },
      pieces,
      endEpoch: 12,
      walCoins: [coin],
      owner,
    });
    change(tx);
    tx.setSender(owner);
    tx.setGasOwner(owner);
    tx.setGasPrice(1);
    tx.setGasBudget(1_000);
    tx.setGasPayment([gas]);
    tx.setExpiration({ None: true });
    return tx.build();
  };

  test('cuts off what has passed, joins, cuts to size, buys on, and is allowed', async () => {
    const bytes = await build();
    expect(() => checkTransaction(bytes, context)).not.toThrow();
    const calls = Transaction.from(bytes)
      .getData()
      .commands.flatMap(({ MoveCall }) => MoveCall?.function ?? []);
    expect(calls.filter((name) => name !== 'destroy_zero')).toEqual([
      'split_by_epoch',
      'destroy',
      'fuse_amount',
      'split_by_size',
      'reserve_space_for_epochs',
      'fuse_periods',
      'register_blob',
    ]);
  });

  test.each([
    { name: 'storage that is not among what was planned', change: { objects: [] } },
    { name: 'more than was quoted', change: { quote: { walFrost: 30n, suiMist: 0n } } },
    { name: 'a call more than planned', change: { calls: { ...context.calls, fuse_amount: 0 } } },
    // What is cut off then lies ahead, and is thrown away although it is paid for.
    { name: 'storage that has not passed thrown away', change: { epoch: 4 } },
  ])('$name is refused', async ({ change }) => {
    const bytes = await build();
    expect(() => checkTransaction(bytes, { ...context, ...change })).toThrow(
      expect.objectContaining({ code: 'transaction-not-allowed' }),
    );
  });

  test('a whole piece thrown away is refused', async () => {
    const bytes = await build((tx) => {
      tx.moveCall({
        target: `${system.callPackageId}::storage_resource::destroy`,
        arguments: [tx.object(pieces[1]?.ref.objectId ?? '')],
      });
    });
    const calls = { ...context.calls, destroy: 2 };
    expect(() => checkTransaction(bytes, { ...context, calls })).toThrow(
      expect.objectContaining({ code: 'transaction-not-allowed' }),
    );
  });
});
