import { bcs } from '@mysten/sui/bcs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseObjectId, parseSuiAddress } from '#engine/model/ids.ts';
import {
  recordedNetwork,
  silentLogger,
  startRecordedChain,
  type RecordedChain,
} from '#test/support/recorded-chain.ts';
import { scriptedClock } from '#test/support/scripted-clock.ts';
import { openChain, type Chain } from './chain.ts';
import { BAG_TYPE, headFieldId } from './head.ts';

const FIELD_TYPE =
  '0x0000000000000000000000000000000000000000000000000000000000000002::dynamic_field::Field<u64, vector<u8>>';
const DIGEST = '4tuuvGk75tT7xYeEhHR6W2orpBmvKrCyEr5t9rb6Xkg9';
const owner = parseSuiAddress('0x51');
const bagId = parseObjectId('0xb1');

let node: RecordedChain;
let chain: Chain;
beforeEach(async () => {
  node = await startRecordedChain();
  chain = openChain(recordedNetwork(node.url), { clock: scriptedClock(), logger: silentLogger });
});
afterEach(() => node.close());

function addObject(
  objectId: string,
  type: string,
  objectOwner: unknown,
  contents: Uint8Array,
): void {
  node.objects.set(objectId, {
    name: type,
    objectId,
    type,
    version: '7',
    digest: DIGEST,
    owner: objectOwner,
    previousTransaction: DIGEST,
    bcsBase64: Buffer.from(contents).toString('base64'),
  });
}

function addBag(id: string, size: number): void {
  const contents = bcs.struct('Bag', { id: bcs.Address, size: bcs.u64() }).serialize({ id, size });
  addObject(id, BAG_TYPE, { AddressOwner: owner }, contents.toBytes());
}

function addField(
  key: number,
  value: Uint8Array,
  change: { name?: number; owner?: string } = {},
): void {
  const id = headFieldId(bagId, key);
  const type = bcs.struct('Field', { id: bcs.Address, name: bcs.u64(), value: bcs.byteVector() });
  const contents = type.serialize({ id, name: change.name ?? key, value }).toBytes();
  addObject(id, FIELD_TYPE, { ObjectOwner: change.owner ?? bagId }, contents);
}

describe('a head', () => {
  test('is every bag the account owns, in the order of their IDs', async () => {
    const other = parseObjectId('0x0a');
    addBag(bagId, 2);
    addBag(other, 0);
    const head = await chain.readHead(owner);
    expect(head?.bags).toEqual([
      { objectId: other, version: 7n, digest: DIGEST, fieldCount: 0 },
      { objectId: bagId, version: 7n, digest: DIGEST, fieldCount: 2 },
    ]);
  });

  test('has its fields at the derived IDs, and missing ones are left out', async () => {
    addField(0, new Uint8Array(8_000).fill(7));
    addField(2, Uint8Array.of(1, 2, 3));
    const fields = await chain.readHeadFields(bagId, [0, 1, 2]);
    expect([...fields.keys()]).toEqual([0, 2]);
    expect(fields.get(0)).toEqual(new Uint8Array(8_000).fill(7));
    expect(fields.get(2)).toEqual(Uint8Array.of(1, 2, 3));
  });

  test('leaves out a field of another type, as a stranger may put into a bag', async () => {
    const id = headFieldId(bagId, 0);
    const type = bcs.struct('Field', { id: bcs.Address, name: bcs.u64(), value: bcs.bool() });
    const contents = type.serialize({ id, name: 0, value: true }).toBytes();
    addObject(id, FIELD_TYPE.replace('vector<u8>', 'bool'), { ObjectOwner: bagId }, contents);
    expect(await chain.readHeadFields(bagId, [0])).toEqual(new Map());
  });

  test.each([
    { name: 'of another key', change: { name: 5 } },
    { name: 'of another bag', change: { owner: `0x${'c'.repeat(64)}` } },
  ])('a field $name is refused', async ({ change }) => {
    addField(1, Uint8Array.of(1), change);
    await expect(chain.readHeadFields(bagId, [1])).rejects.toMatchObject({
      code: 'rpc-invalid-answer',
    });
  });
});
