import { beforeEach, describe, expect, test } from 'vitest';
import {
  blobIdFromBytes,
  epoch,
  type ObjectId,
  type TransactionDigest,
} from '#engine/model/ids.ts';
import type { ChainEvent } from '#localnet/chain/chain.ts';
import { BlobLedger } from './blob-ledger.ts';

const blobId = blobIdFromBytes(new Uint8Array(32).fill(3));
const objectA = `0x${'a'.repeat(64)}` as ObjectId;
const objectB = `0x${'b'.repeat(64)}` as ObjectId;

let ledger: BlobLedger;
let sequence: number;
beforeEach(() => {
  ledger = new BlobLedger(1);
  sequence = 0;
});

function place(txDigest: string) {
  sequence += 1;
  return {
    sequence,
    txDigest: txDigest as TransactionDigest,
    eventSeq: 0,
    checkpoint: sequence,
    epoch: epoch(ledger.epoch),
  };
}

function register(objectId: ObjectId, deletable: boolean, endEpoch = 10, tx = 'register'): void {
  ledger.handle({
    ...place(tx),
    kind: 'blob-registered',
    blobId,
    objectId,
    sizeBytes: 100,
    encodingType: 1,
    endEpoch: epoch(endEpoch),
    deletable,
  });
}

function certify(objectId: ObjectId, endEpoch = 10, isExtension = false, tx = 'certify'): void {
  ledger.handle({
    ...place(tx),
    kind: 'blob-certified',
    blobId,
    objectId,
    endEpoch: epoch(endEpoch),
    deletable: false,
    isExtension,
  });
}

function remove(objectId: ObjectId): void {
  ledger.handle({
    ...place('delete'),
    kind: 'blob-deleted',
    blobId,
    objectId,
    endEpoch: epoch(10),
    wasCertified: true,
  });
}

function startEpoch(next: number): void {
  const event: ChainEvent = { ...place('epoch'), kind: 'epoch-change-start', epoch: epoch(next) };
  ledger.handle(event);
}

const counts = (total: number, certified: number) => ({
  count_deletable_total: total,
  count_deletable_certified: certified,
});

describe('the status of a blob', () => {
  test('unknown is nonexistent', () => {
    expect(ledger.blobStatus(blobId)).toBe('nonexistent');
  });

  test('a permanent registration names its event, then its certification, then its extension', () => {
    register(objectA, false, 10, 'r');
    expect(ledger.blobStatus(blobId)).toEqual({
      permanent: {
        endEpoch: 10,
        isCertified: false,
        statusEvent: { txDigest: 'r', eventSeq: '0' },
        deletableCounts: counts(0, 0),
        initialCertifiedEpoch: null,
      },
    });
    certify(objectA, 10, false, 'c');
    expect(ledger.blobStatus(blobId)).toMatchObject({
      permanent: { isCertified: true, statusEvent: { txDigest: 'c' }, initialCertifiedEpoch: 1 },
    });
    certify(objectA, 12, true, 'x');
    expect(ledger.blobStatus(blobId)).toMatchObject({
      permanent: { endEpoch: 12, statusEvent: { txDigest: 'x' } },
    });
  });

  test('a permanent registration hides deletable ones but counts them', () => {
    register(objectA, true);
    certify(objectA);
    expect(ledger.blobStatus(blobId)).toEqual({
      deletable: { initialCertifiedEpoch: 1, deletableCounts: counts(1, 1) },
    });
    register(objectB, false);
    expect(ledger.blobStatus(blobId)).toMatchObject({
      permanent: {
        isCertified: false,
        deletableCounts: counts(1, 1),
        initialCertifiedEpoch: 1,
      },
    });
    remove(objectA);
    expect(ledger.blobStatus(blobId)).toMatchObject({
      permanent: { deletableCounts: counts(0, 0), initialCertifiedEpoch: null },
    });
  });

  test('a certified permanent registration is shown before one that ends later', () => {
    register(objectA, false, 20);
    register(objectB, false, 5);
    certify(objectB, 5);
    expect(ledger.blobStatus(blobId)).toMatchObject({
      permanent: { isCertified: true, endEpoch: 5 },
    });
  });

  test.each([
    { name: 'the last epoch before the end', at: 9, status: 'deletable' },
    { name: 'the end epoch', at: 10, status: undefined },
  ])('in $name is known accordingly', ({ at, status }) => {
    register(objectA, true, 10);
    startEpoch(at);
    expect(ledger.isRegistered(blobId)).toBe(status !== undefined);
    expect(Object.keys(ledger.blobStatus(blobId))[0]).toBe(status ?? '0');
  });

  test('invalid outweighs everything and stays', () => {
    register(objectA, false);
    certify(objectA);
    ledger.handle({ ...place('i'), kind: 'blob-invalid', blobId });
    startEpoch(30);
    expect(ledger.isRegistered(blobId)).toBe(false);
    expect(ledger.isCertified(blobId)).toBe(false);
    expect(ledger.blobStatus(blobId)).toEqual({
      invalid: { event: { txDigest: 'i', eventSeq: '0' } },
    });
  });
});

test('certified blobs are those with a live certified registration', () => {
  register(objectA, true);
  expect(ledger.certifiedBlobs()).toEqual([]);
  certify(objectA);
  expect(ledger.certifiedBlobs()).toEqual([{ blobId, sizeBytes: 100, certifiedEpoch: 1 }]);
  expect(ledger.registration(objectA)).toEqual({ blobId, deletable: true });
  remove(objectA);
  expect(ledger.certifiedBlobs()).toEqual([]);
  expect(ledger.registration(objectA)).toBeUndefined();
});
