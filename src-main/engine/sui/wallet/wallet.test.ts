import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { epoch, parseBlobId, parseObjectId, parseSuiAddress } from '#engine/model/ids.ts';
import type { Network } from '#engine/model/network.ts';
import {
  executionAnswer,
  gasCoin,
  notFoundAnswer,
  RECORDED_OWNER,
  recordedBlock,
  recordedNetwork,
  recordedObject,
  recordedObjects,
  recordedPackages,
  recordedTransaction,
  silentLogger,
  startRecordedChain,
  SUI_COIN,
  type RecordedChain,
} from '#test/support/recorded-chain.ts';
import { scriptedClock, type ScriptedClock } from '#test/support/scripted-clock.ts';
import type { Account } from '../account.ts';
import { openChain } from '../chain.ts';
import { inspectTransaction, type SpendingCaps } from './policy.ts';
import type { PreparedTransaction } from './prepared.ts';
import type { Wallet } from './wallet.ts';

/** The recorded account, whose key nobody here has; the scripted node does not check. */
const account: Account = {
  index: 0,
  address: parseSuiAddress(RECORDED_OWNER),
  signTransaction: () => Promise.resolve(Buffer.alloc(97).toString('base64')),
  publicKey: new Uint8Array(32),
  signBytes: () => Promise.resolve(new Uint8Array(64)),
  exportPrivateKey: () => '',
};
const caps: SpendingCaps = {
  walFrost: 1_000_000n,
  suiMist: 3_000_000_000n,
  gasMist: 500_000_000n,
};
const blobA = recordedObjects.context.blobs['A'];
const request = {
  blobs: [
    {
      blobId: parseBlobId(blobA?.blobId ?? ''),
      rootHash: new Uint8Array(Buffer.from(blobA?.rootHashHex ?? '', 'hex')),
      sizeBytes: 500,
      deletable: false,
    },
  ],
  duration: { epochs: 3 },
};
const uncertified = parseObjectId(recordedObject('Blob deletable registered, not').objectId);
const certified = parseObjectId(recordedObject('Blob deletable certified').objectId);
const certificate = {
  signature: new Uint8Array(96),
  signersBitmap: Uint8Array.of(7),
  message: new Uint8Array(72),
  epoch: epoch(1),
  shardWeight: 9,
};
const REGISTRATION =
  'reserve_space+register_blob permanent, 3 epochs (SDK registerBlobTransaction)';

let node: RecordedChain;
let clock: ScriptedClock;
let wallet: Wallet;

beforeEach(async () => {
  node = await startRecordedChain();
  clock = scriptedClock();
  wallet = openWalletOn(recordedNetwork(node.url));
});
afterEach(() => node.close());

function openWalletOn(network: Network): Wallet {
  return openChain(network, { clock, logger: silentLogger }).openWallet(account, caps);
}

/** A dry run that fails as a recorded transaction did. */
function failSimulationAs(name: string): void {
  const { effects } = recordedTransaction(name);
  const [gasObject] = effects['mutated'] as unknown[];
  node.on('sui_dryRunTransactionBlock', () => ({
    result: {
      effects: { ...effects, gasObject },
      objectChanges: [],
      balanceChanges: [],
      events: [],
    },
  }));
}

const executed = () => node.count('sui_executeTransactionBlock');

describe('a prepared transaction', () => {
  test('is quoted to the frost and not sent', async () => {
    const prepared = await wallet.prepareRegister(request);
    expect(prepared).toMatchObject({
      kind: 'register',
      sender: account.address,
      expiresAfterSuiEpoch: undefined,
      quote: { walFrost: 16n, suiMist: 0n, gasMistExpected: 4_164_708n },
    });
    expect(executed()).toBe(0);
  });

  test('has a gas budget with a margin over the simulation', async () => {
    const { quote } = await wallet.prepareRegister(request);
    // 2,000,000 of computation and 25 %, the smallest bucket, the deposit, 10 % of the storage.
    expect(quote.gasMistMax).toBe(2_500_000n + 1_000_000n + 2_164_708n + 2_084_680n);
  });

  test('is journalled before it is sent', async () => {
    const events: string[] = [];
    node.on('sui_executeTransactionBlock', () => {
      events.push('executed');
      return 'recorded';
    });
    const outcome = await wallet.transact({
      prepare: () => wallet.prepareRegister(request),
      journal: async ({ digest }) => void events.push(`journalled ${digest}`),
    });
    expect(events).toEqual([`journalled ${outcome.digest}`, 'executed']);
  });

  test('that cannot be journalled is not sent, and the next one can be prepared', async () => {
    const step = {
      prepare: () => wallet.prepareRegister(request),
      journal: () => Promise.reject(new Error('disk full')),
    };
    await expect(wallet.transact(step)).rejects.toThrow('disk full');
    expect(executed()).toBe(0);
    wallet.discard(await wallet.prepareRegister(request));
  });

  test.each([
    { expiration: 'none' as const, expiresAfter: undefined },
    { expiration: 'epoch' as const, expiresAfter: 10n },
    { expiration: 'default' as const, expiresAfter: 11n },
  ])('expires as the network file says: $expiration', async ({ expiration, expiresAfter }) => {
    const network = { ...recordedNetwork(node.url), transactions: { expiration } };
    const prepared = await openWalletOn(network).prepareRegister(request);
    expect(inspectTransaction(prepared.bytes).expiresAfterSuiEpoch).toBe(expiresAfter);
  });

  test('ends at the epoch that was asked for', async () => {
    const { quote } = await wallet.prepareRegister({ ...request, duration: { endEpoch: 4 } });
    expect(quote.walFrost).toBe(16n);
  });

  test.each([
    { name: 'no epoch', duration: { epochs: 0 } },
    { name: 'more epochs than are sold', duration: { epochs: 54 } },
    { name: 'an end that has passed', duration: { endEpoch: 1 } },
  ])('for $name is not built', async ({ duration }) => {
    await expect(wallet.prepareRegister({ ...request, duration })).rejects.toMatchObject({
      code: 'storage-exhausted',
    });
  });

  test.each([
    {
      name: 'the price rose',
      as: 'FAIL reserve with insufficient payment (storage coin 14 of 15)',
      code: 'price-changed',
    },
    {
      name: 'the network is full',
      as: 'FAIL reserve more than the capacity (2*10^12 bytes, payment sufficient)',
      code: 'storage-exhausted',
    },
  ])('is refused before it costs anything when $name', async ({ as, code }) => {
    failSimulationAs(as);
    await expect(wallet.prepareRegister(request)).rejects.toMatchObject({ code });
  });
});

describe('money', () => {
  test('that is missing in WAL is named with the address', async () => {
    node.coins.set(recordedPackages.wal, []);
    await expect(wallet.prepareRegister(request)).rejects.toMatchObject({
      code: 'balance-low',
      context: { currency: 'WAL', needed: '16', held: '0', address: account.address },
    });
  });

  test('that is missing in SUI is named too', async () => {
    node.coins.set(SUI_COIN, [gasCoin(999_999n)]);
    await expect(wallet.prepareRegister(request)).rejects.toMatchObject({
      code: 'balance-low',
      context: { currency: 'SUI' },
    });
  });

  test('is capped for a single call', async () => {
    await expect(
      wallet.prepareRegister(request, { caps: { walFrost: 15n } }),
    ).rejects.toMatchObject({ code: 'cap-exceeded' });
  });

  test('is not uncapped by a caller', async () => {
    const wish = { caps: { suiMist: 10n ** 12n } };
    await expect(wallet.prepareExchange(3_000_000_001n, wish)).rejects.toMatchObject({
      code: 'cap-exceeded',
    });
  });

  test('in many small coins is merged on the way', async () => {
    const coins = Array.from({ length: 40 }, (_, index) =>
      gasCoin(20_000_000n, (index + 16).toString(16)),
    );
    node.coins.set(SUI_COIN, coins);
    const { bytes } = await wallet.prepareRegister(request);
    // 25 coins reach the gas cap of 500,000,000; 15 more are taken along; one input is WAL.
    expect(inspectTransaction(bytes).ownedInputs).toHaveLength(41);
  });

  test('is exchanged where the exchange has enough', async () => {
    const prepared = await wallet.prepareExchange(2_000_000_000n);
    expect(prepared.quote).toMatchObject({ walFrost: 0n, suiMist: 2_000_000_000n });
  });

  test('is sent to another account only by a transfer', async () => {
    const recipient = parseSuiAddress('0xf1');
    const prepared = await wallet.prepareTransfer({ recipient, mist: 5n, frost: 7n });
    expect(prepared).toMatchObject({ kind: 'transfer', quote: { walFrost: 7n, suiMist: 5n } });
  });

  test('in one coin needs no merging', async () => {
    expect(await wallet.prepareMerge()).toBeUndefined();
  });
});

describe('what is done already', () => {
  test('is left out of a certification', async () => {
    const { transaction, skipped } = await wallet.prepareCertifyAndPublish({
      certificates: [
        { blobObjectId: certified, certificate },
        { blobObjectId: uncertified, certificate },
      ],
    });
    expect(skipped.map(({ blobObjectId }) => blobObjectId)).toEqual([certified]);
    const used = inspectTransaction(transaction?.bytes ?? new Uint8Array()).ownedInputs;
    expect(used.map(({ objectId }) => objectId)).toContain(uncertified);
    expect(used.map(({ objectId }) => objectId)).not.toContain(certified);
  });

  test('is no transaction if nothing remains, and keeps nobody waiting', async () => {
    const ask = { certificates: [{ blobObjectId: certified, certificate }] };
    expect((await wallet.prepareCertifyAndPublish(ask)).transaction).toBeUndefined();
    expect((await wallet.prepareCertifyAndPublish(ask)).transaction).toBeUndefined();
  });

  test('still publishes the head', async () => {
    const { transaction } = await wallet.prepareCertifyAndPublish({
      certificates: [{ blobObjectId: certified, certificate }],
      head: { fields: [{ key: 0, value: Uint8Array.of(1), replace: false }] },
    });
    expect(transaction?.kind).toBe('certify');
  });

  test('is left out of an extension', async () => {
    const { transaction, skipped } = await wallet.prepareExtend([
      { blobObjectId: certified, targetEndEpoch: 6 },
    ]);
    expect(transaction).toBeUndefined();
    expect(skipped).toHaveLength(1);
  });

  test('an extension pays for the missing epochs only', async () => {
    const { transaction } = await wallet.prepareExtend([
      { blobObjectId: certified, targetEndEpoch: 9 },
    ]);
    expect(transaction?.quote.walFrost).toBe(15n);
  });

  test('an uncertified blob cannot be extended', async () => {
    await expect(
      wallet.prepareExtend([{ blobObjectId: uncertified, targetEndEpoch: 9 }]),
    ).rejects.toMatchObject({ code: 'blob-not-certified' });
  });
});

describe('a second transaction', () => {
  test('waits until the first is sent', async () => {
    const first = await wallet.prepareRegister(request);
    const order: string[] = [];
    const second = wallet.prepareRegister(request).then((prepared) => {
      order.push('second prepared');
      return prepared;
    });
    node.on('sui_executeTransactionBlock', () => {
      order.push('first executed');
      return 'recorded';
    });
    await wallet.submit(first);
    wallet.discard(await second);
    expect(order).toEqual(['first executed', 'second prepared']);
  });

  test('may stop waiting', async () => {
    const first = await wallet.prepareRegister(request);
    const caller = new AbortController();
    const second = wallet.prepareRegister(request, { signal: caller.signal });
    caller.abort();
    await expect(second).rejects.toMatchObject({ name: 'AbortError' });
    wallet.discard(first);
    wallet.discard(await wallet.prepareRegister(request));
  });

  test('is not built from coins that the first has used up', async () => {
    await wallet.submit(await wallet.prepareRegister(request));
    const wal = recordedObject('Coin<WAL>');
    // The recorded registration left the coin at version 843; until the node knows, it lists 407.
    const list = (version: string) => ({
      result: {
        data: [
          {
            coinType: recordedPackages.wal,
            coinObjectId: wal.objectId,
            version,
            digest: wal.digest,
            balance: '99',
          },
        ],
        nextCursor: null,
        hasNextPage: false,
      },
    });
    let walCalls = 0;
    node.on('suix_getCoins', (params) => {
      if (params[1] !== recordedPackages.wal) return 'recorded';
      walCalls += 1;
      return walCalls < 4 ? list('407') : list('843');
    });
    const { bytes } = await wallet.prepareRegister(request);
    expect(walCalls).toBe(4);
    const coin = inspectTransaction(bytes).ownedInputs.find(
      ({ objectId }) => objectId === wal.objectId,
    );
    expect(coin?.version).toBe(843n);
  });
});

describe('a lost answer', () => {
  const land = (prepared: PreparedTransaction): void => {
    node.on('sui_getTransactionBlock', () => ({
      result: executionAnswer(prepared.bytes),
    }));
  };

  test('to a transaction that landed is found by its digest', async () => {
    const prepared = await wallet.prepareRegister(request);
    node.on('sui_executeTransactionBlock', () => 'reset');
    land(prepared);
    const outcome = await wallet.submit(prepared);
    expect(outcome).toMatchObject({ digest: prepared.digest, status: { kind: 'success' } });
  });

  test('with a refusal of the repetition is found by its digest too', async () => {
    const prepared = await wallet.prepareRegister(request);
    node.on('sui_executeTransactionBlock', (_, call) =>
      call === 0 ? 'reset' : { error: { code: -32002, message: 'object version unavailable' } },
    );
    land(prepared);
    expect((await wallet.submit(prepared)).digest).toBe(prepared.digest);
  });

  test('leaves its fate open, and is settled before the next payment', async () => {
    const prepared = await wallet.prepareRegister(request);
    node.on('sui_executeTransactionBlock', () => 'reset');
    await expect(wallet.submit(prepared)).rejects.toMatchObject({ code: 'rpc-unreachable' });

    // Nobody knows it: the same bytes go out again before anything new is built.
    const sent: unknown[] = [];
    node.on('sui_executeTransactionBlock', (params) => {
      sent.push(params[0]);
      return 'recorded';
    });
    wallet.discard(await wallet.prepareRegister(request));
    expect(sent).toEqual([Buffer.from(prepared.bytes).toString('base64')]);
  });

  test('to a transaction that failed is an outcome, not an error', async () => {
    const prepared = await wallet.prepareRegister(request);
    node.on('sui_executeTransactionBlock', () => ({
      result: executionAnswer(
        prepared.bytes,
        recordedTransaction('FAIL reserve with insufficient payment (storage coin 14 of 15)'),
      ),
    }));
    expect((await wallet.submit(prepared)).status.kind).toBe('failure');
  });
});

describe('a transaction from the journal', () => {
  const used = (objectId: string, version: string, previousTransaction: string): void => {
    node.objects.set(objectId, {
      ...recordedObject('Coin<WAL>'),
      objectId,
      version,
      previousTransaction,
    });
  };
  /** As the process before the crash left it: signed, and the coins as they were. */
  async function prepareAndForget(expiration: 'none' | 'epoch' = 'none') {
    const network = { ...recordedNetwork(node.url), transactions: { expiration } };
    const prepared = await openWalletOn(network).prepareRegister(request);
    for (const { objectId, version } of inspectTransaction(prepared.bytes).ownedInputs) {
      used(objectId, String(version), recordedTransaction(REGISTRATION).digest);
    }
    return prepared;
  }
  const gasId = gasCoin(1n).coinObjectId;
  const other = recordedTransaction('exchange_all_for_wal').digest;

  test('that landed is settled by its digest alone', async () => {
    const { digest } = await prepareAndForget();
    node.on('sui_getTransactionBlock', () => ({
      result: { ...recordedBlock(recordedTransaction(REGISTRATION)), digest },
    }));
    expect(await wallet.settle({ digest })).toMatchObject({ kind: 'landed' });
  });

  test('that failed is settled too', async () => {
    const { digest } = await prepareAndForget();
    const failed = recordedTransaction(
      'FAIL reserve with insufficient payment (storage coin 14 of 15)',
    );
    node.on('sui_getTransactionBlock', () => ({ result: { ...recordedBlock(failed), digest } }));
    expect(await wallet.settle({ digest })).toMatchObject({ kind: 'failed' });
  });

  test('that nobody knows is open while its coins are unused', async () => {
    expect(await wallet.settle(await prepareAndForget())).toEqual({ kind: 'unknown' });
  });

  test('that nobody knows is open without its bytes', async () => {
    const { digest } = await prepareAndForget();
    used(gasId, '901', other);
    expect(await wallet.settle({ digest })).toEqual({ kind: 'unknown' });
  });

  test('whose coin another transaction used cannot land', async () => {
    const prepared = await prepareAndForget();
    used(gasId, '901', other);
    expect(await wallet.settle(prepared)).toEqual({ kind: 'cannot-land', reason: 'inputs-used' });
  });

  test('that used its coins itself is open until the node finds it', async () => {
    const prepared = await prepareAndForget();
    used(gasId, '901', prepared.digest);
    node.objects.delete(recordedObject('Coin<WAL>').objectId);
    expect(await wallet.settle(prepared)).toEqual({ kind: 'unknown' });
  });

  test('is open while a node does not even know its coins', async () => {
    const prepared = await prepareAndForget();
    node.objects.delete(gasId);
    expect(await wallet.settle(prepared)).toEqual({ kind: 'unknown' });
  });

  test.each([
    { name: 'in its epoch is open', suiEpoch: '10', settlement: { kind: 'unknown' } },
    {
      name: 'after its epoch cannot land',
      suiEpoch: '11',
      settlement: { kind: 'cannot-land', reason: 'expired' },
    },
  ])('$name', async ({ suiEpoch, settlement }) => {
    const prepared = await prepareAndForget('epoch');
    node.on('suix_getLatestSuiSystemState', () => ({ result: { epoch: suiEpoch } }));
    expect(await wallet.settle(prepared)).toEqual(settlement);
  });

  test('is sent again as it is, and concluded', async () => {
    const prepared = await prepareAndForget();
    expect(await wallet.conclude(prepared)).toMatchObject({ kind: 'landed' });
    expect(executed()).toBe(1);
  });

  test('that nobody takes any more is given up', async () => {
    const prepared = await prepareAndForget();
    node.on('sui_executeTransactionBlock', () => ({
      error: { code: -32002, message: 'Transaction validator signing failed' },
    }));
    expect(await wallet.conclude(prepared)).toEqual({ kind: 'cannot-land', reason: 'refused' });
  });

  test('stays open while no endpoint answers', async () => {
    const prepared = await prepareAndForget();
    node.on('sui_executeTransactionBlock', () => 'reset');
    await expect(wallet.conclude(prepared)).rejects.toMatchObject({ code: 'rpc-unreachable' });
  });
});

describe('a failure that one of two endpoints tells', () => {
  let other: RecordedChain;
  beforeEach(async () => {
    other = await startRecordedChain();
    wallet = openWalletOn(recordedNetwork(node.url, other.url));
  });
  afterEach(() => other.close());

  const failed = (bytes: Uint8Array) =>
    executionAnswer(
      bytes,
      recordedTransaction('FAIL reserve with insufficient payment (storage coin 14 of 15)'),
    );
  /** Prepared, and the first endpoint says of it whatever happens that it failed. */
  async function prepareAndDeny(): Promise<PreparedTransaction> {
    const prepared = await wallet.prepareRegister(request);
    node.on('sui_executeTransactionBlock', () => ({ result: failed(prepared.bytes) }));
    node.on('sui_getTransactionBlock', () => ({ result: failed(prepared.bytes) }));
    return prepared;
  }

  test.each([
    {
      name: 'and the other one denies',
      answer: ({ bytes }: PreparedTransaction) => ({ result: executionAnswer(bytes) }),
    },
    {
      name: 'and the other one does not know',
      answer: ({ digest }: PreparedTransaction) => notFoundAnswer(digest),
    },
  ])('$name leaves its fate open, and nothing is signed anew', async ({ answer }) => {
    const prepared = await prepareAndDeny();
    other.on('sui_getTransactionBlock', () => answer(prepared));
    const disagreement = { code: 'rpc-disagreement' };
    await expect(wallet.submit(prepared)).rejects.toMatchObject(disagreement);
    await expect(wallet.conclude(prepared)).rejects.toMatchObject(disagreement);
    await expect(wallet.prepareRegister(request)).rejects.toMatchObject(disagreement);
  });

  test('and the other one finds a little later is one', async () => {
    const prepared = await prepareAndDeny();
    other.on('sui_getTransactionBlock', (_, call) =>
      call === 0 ? notFoundAnswer(prepared.digest) : { result: failed(prepared.bytes) },
    );
    expect((await wallet.submit(prepared)).status.kind).toBe('failure');
    expect(await wallet.settle(prepared)).toMatchObject({ kind: 'failed' });
  });
});
