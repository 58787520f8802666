import { describe, expect, test } from 'vitest';
import { encodeBlob } from '#engine/codec/rs2.ts';
import { sliverPairIndex } from '#engine/model/ids.ts';
import {
  BcsReader,
  confirmationMessage,
  decodeMetadataOutline,
  decodeSignedMessage,
  decodeSliverOutline,
  decodeSyncShardMessage,
  decodeSyncShardResponse,
  encodeSignedMessage,
  encodeSyncShardResponse,
  lengthBytes,
  syncShardMessage,
  Undecodable,
} from './wire.ts';

const SHARD_COUNT = 13;

describe('metadata and slivers', () => {
  test('of the codec are understood', async () => {
    const blob = await encodeBlob(new Uint8Array(1000), SHARD_COUNT);
    expect(decodeMetadataOutline(blob.metadata)).toEqual({
      encodingType: 'RS2',
      unencodedLength: 1000n,
      hashPairCount: SHARD_COUNT,
    });
    expect(decodeSliverOutline(blob.sliver(sliverPairIndex(2), 'secondary'))).toEqual({
      dataBytes: 5 * blob.symbolBytes,
      symbolBytes: blob.symbolBytes,
      sliverIndex: 10,
    });
  });

  test.each([
    { name: 'empty', change: () => new Uint8Array() },
    { name: 'one byte short', change: (bytes: Uint8Array) => bytes.subarray(0, -1) },
    {
      name: 'one byte long',
      change: (bytes: Uint8Array) => Buffer.concat([bytes, Uint8Array.of(0)]),
    },
    { name: 'of another version', change: (bytes: Uint8Array) => withByte(bytes, 0, 1) },
    { name: 'of an unknown encoding', change: (bytes: Uint8Array) => withByte(bytes, 1, 2) },
    { name: 'with an unknown kind of node', change: (bytes: Uint8Array) => withByte(bytes, 11, 2) },
  ])('metadata $name is refused', async ({ change }) => {
    const blob = await encodeBlob(new Uint8Array(1000), SHARD_COUNT);
    expect(() => decodeMetadataOutline(change(blob.metadata))).toThrow(Undecodable);
  });
});

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[at] = value;
  return changed;
}

describe('a length', () => {
  test.each([0, 1, 127, 128, 16_383, 16_384, 0xffff_ffff])('%i survives', (value) => {
    const reader = new BcsReader(lengthBytes(value));
    expect(reader.length()).toBe(value);
    reader.end();
  });

  test.each([
    { name: 'not in its shortest form', bytes: [0x80, 0x00] },
    { name: 'above 32 bits', bytes: [0xff, 0xff, 0xff, 0xff, 0x1f] },
    { name: 'that never ends', bytes: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] },
  ])('$name is refused', ({ bytes }) => {
    expect(() => new BcsReader(Uint8Array.from(bytes)).length()).toThrow(Undecodable);
  });
});

describe('messages', () => {
  test('a confirmation has 40 bytes, with an object 72', () => {
    const blobId = new Uint8Array(32).fill(7);
    const permanent = confirmationMessage(3, blobId, undefined);
    expect(permanent.length).toBe(40);
    expect(Buffer.from(permanent).toString('hex')).toBe(`01000303000000${'07'.repeat(32)}00`);
    expect(confirmationMessage(3, blobId, new Uint8Array(32)).length).toBe(72);
  });

  test('a request to sync a shard survives its way', () => {
    const request = {
      shard: 517,
      axis: 'secondary',
      startingBlobId: Buffer.alloc(32, 9),
      sliverCount: 100,
      epoch: 8,
    } as const;
    const message = syncShardMessage(request);
    const signed = encodeSignedMessage(message, new Uint8Array(96).fill(1));
    const decoded = decodeSignedMessage(signed);
    expect(decodeSyncShardMessage(decoded.message)).toEqual(request);
    expect(() =>
      decodeSyncShardMessage(confirmationMessage(8, new Uint8Array(32), undefined)),
    ).toThrow(Undecodable);
  });

  test('synced slivers survive their way', async () => {
    const blob = await encodeBlob(new Uint8Array(500), SHARD_COUNT);
    const sliver = blob.sliver(sliverPairIndex(1), 'primary');
    const blobId = new Uint8Array(32).fill(4);
    const answer = encodeSyncShardResponse('primary', [{ blobId, sliver }]);
    const [only] = decodeSyncShardResponse(answer);
    expect(Buffer.compare(only?.sliver ?? new Uint8Array(), sliver)).toBe(0);
  });
});
