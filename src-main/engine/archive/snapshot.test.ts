/** @file Snapshots, wrapped keys and heads: what goes in comes out, and nothing else is believed. */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EngineError } from '#engine/model/engine-error.ts';
import type { FolderKeys } from '#engine/model/folder-keys.ts';
import {
  blobIdFromBytes,
  rawPath,
  type ChunkId,
  type DeviceId,
  type FolderId,
  type ObjectId,
  type SnapshotId,
  type SuiAddress,
  type VaultId,
} from '#engine/model/ids.ts';
import { verifySignature } from '#engine/codec/keys.ts';
import { referenceCodec } from '#test/support/reference-codec.ts';
import { unwrapFolderKeys, wrapFolderKeys } from './folder-key-wrap.ts';
import {
  CONDEMNED_MAX,
  DEVICE_PART_BYTES_MAX,
  folderPartsHash,
  FOLDER_PART_BYTES_MAX,
  openDevicePart,
  openFolderPart,
  sealDevicePart,
  sealFolderPart,
  VERSION_VECTOR_MAX,
  type DevicePart,
  type FolderPart,
  type HeadSeal,
} from './head.ts';
import { packLimits } from './limits.ts';
import { SELF, type IndexedPack } from './pack-index.ts';
import { openSnapshot, sealSnapshot, signSnapshot } from './snapshot.ts';
import { decodeSnapshot, encodeSnapshot, type Snapshot } from './snapshot-record.ts';

const codec = referenceCodec();
const bytes = (value: number, count = 32): Uint8Array => new Uint8Array(count).fill(value);
const hex = (value: number, count = 32): string => Buffer.from(bytes(value, count)).toString('hex');
const vaultId = hex(1, 16) as VaultId;
const folderId = hex(2, 16) as FolderId;
const deviceId = hex(3, 16) as DeviceId;
const vaultKey = bytes(4);
const pack: IndexedPack = {
  blobId: blobIdFromBytes(bytes(5)),
  blobObjectId: `0x${hex(6)}` as ObjectId,
  sizeBytes: 33_000_000,
  packClass: 'deletable',
};
const self: IndexedPack = { ...pack, blobId: blobIdFromBytes(bytes(7)), sizeBytes: 500_000 };

/** An ed25519 key from a fixed seed (PKCS #8 of RFC 8410). */
const privateKey = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), bytes(8)]),
  format: 'der',
  type: 'pkcs8',
});
const signer = new Uint8Array(
  createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(12),
);
const signBytes = (message: Uint8Array): Uint8Array =>
  new Uint8Array(sign(undefined, message, privateKey));
const verify = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
  Buffer.compare(key, signer) === 0 && verifySignature(key, message, signature);

const vault = { createdAtMs: 1_790_000_000_000, shardCount: 100, chunk: packLimits(100).chunk };
const snapshot: Snapshot = {
  vaultId,
  folderId,
  folderName: 'Fotos – 2026',
  originPath: rawPath('/home/someone/photos'),
  excludes: ['*.tmp', '/cache/'],
  packClass: 'deletable',
  deviceId,
  deviceName: 'laptop',
  sequence: 17,
  parents: [
    { deviceId, sequence: 16, snapshotId: hex(9) as SnapshotId },
    { deviceId: hex(10, 16) as DeviceId, sequence: 3, snapshotId: hex(11) as SnapshotId },
  ],
  root: { treeId: hex(12) as ChunkId, mode: 0o755, mtimeNs: -5n },
  wrappedKeys: [
    { memberId: undefined, sealed: bytes(13, 200) },
    { memberId: hex(14), sealed: bytes(15, 200) },
  ],
  keyEpoch: 2,
  segments: [
    {
      parts: [
        {
          pack,
          offsetBytes: 10,
          sizeBytes: 20,
          id: hex(16) as ChunkId,
          packCount: 3,
          entryCount: 0,
          firstId: undefined,
        },
        {
          pack,
          offsetBytes: 30,
          sizeBytes: 40,
          id: hex(17) as ChunkId,
          packCount: 0,
          entryCount: 9,
          firstId: hex(18) as ChunkId,
        },
      ],
    },
    {
      parts: [
        {
          pack: SELF,
          offsetBytes: 1000,
          sizeBytes: 500,
          id: hex(19) as ChunkId,
          packCount: 1,
          entryCount: 2,
          firstId: hex(20) as ChunkId,
        },
      ],
    },
  ],
  chainEpoch: 40,
  createdAtMs: 1_795_000_000_000,
  totals: {
    fileCount: 25_000,
    directoryCount: 900,
    symlinkCount: 3,
    sizeBytes: 800_000_000,
    unreadCount: 1,
  },
  vault,
  signer,
};
/** As it reads back: places in its own pack are resolved. */
const resolved: Snapshot = {
  ...snapshot,
  segments: snapshot.segments.map(({ parts }) => ({
    parts: parts.map((part) => ({ ...part, pack: part.pack === SELF ? self : part.pack })),
  })),
};
const openOptions = { codec, vaultId, vaultKey, self, verify };

describe('a snapshot', () => {
  test('comes back as it was, with the places in its own pack resolved', async () => {
    const signed = await signSnapshot(snapshot, { codec, sign: signBytes });
    const sealed = await sealSnapshot(signed, { codec, vaultKey });
    const opened = await openSnapshot(sealed, { ...openOptions, snapshotId: signed.snapshotId });
    expect(opened.snapshot).toEqual(resolved);
    expect(opened.snapshotId).toBe(signed.snapshotId);
    expect((await signSnapshot(snapshot, { codec, sign: signBytes })).plaintext).toEqual(
      signed.plaintext,
    );
  });

  test('keeps the fields of newer releases, and stops at those it must understand', () => {
    const newer = { ...snapshot, unknown: [{ tag: 40, value: bytes(1, 3) }] };
    expect(decodeSnapshot(encodeSnapshot(newer), self)).toEqual({
      ...resolved,
      unknown: newer.unknown,
    });
    const critical = encodeSnapshot({ ...snapshot, unknown: [{ tag: 70, value: bytes(1, 3) }] });
    expect(() => decodeSnapshot(critical, self)).toThrow(
      expect.objectContaining({ code: 'format-unknown' }),
    );
    const version = Uint8Array.from(encodeSnapshot(snapshot));
    version[0] = 2;
    expect(() => decodeSnapshot(version, self)).toThrow(
      expect.objectContaining({ code: 'format-unknown' }),
    );
  });

  test.each([
    { name: 'under another name', change: { snapshotId: hex(1) as SnapshotId } },
    { name: 'with another key', change: { vaultKey: bytes(99) } },
    { name: 'of another vault', change: { vaultId: hex(98, 16) as VaultId } },
    { name: 'signed by nobody we know', change: { verify: () => false } },
  ])('$name is refused', async ({ change }) => {
    const signed = await signSnapshot(snapshot, { codec, sign: signBytes });
    const sealed = await sealSnapshot(signed, { codec, vaultKey });
    await expect(
      openSnapshot(sealed, { ...openOptions, snapshotId: signed.snapshotId, ...change }),
    ).rejects.toMatchObject({ code: 'pack-damaged' });
  });

  test('with a forged signature is refused although its seal and name hold', async () => {
    const forged = await signSnapshot(snapshot, { codec, sign: () => bytes(1, 64) });
    const sealed = await sealSnapshot(forged, { codec, vaultKey });
    await expect(
      openSnapshot(sealed, { ...openOptions, snapshotId: forged.snapshotId }),
    ).rejects.toMatchObject({ code: 'pack-damaged' });
  });

  test('of changed or random bytes is refused with a code', () => {
    const record = encodeSnapshot(snapshot);
    fc.assert(
      fc.property(fc.nat(), fc.nat(255), fc.uint8Array({ maxLength: 300 }), (at, value, noise) => {
        const changed = Uint8Array.from(record);
        changed[at % changed.length] = value;
        for (const candidate of [changed, record.subarray(0, at % record.length), noise]) {
          try {
            const decoded = decodeSnapshot(candidate, self);
            expect(decoded.vaultId.length).toBe(32);
          } catch (error) {
            expect(error).toBeInstanceOf(EngineError);
          }
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('wrapped folder keys', () => {
  const keys: FolderKeys = {
    chunkIdKey: bytes(1),
    gearKey: bytes(2),
    epochs: [
      { keyEpoch: 0, key: bytes(3) },
      { keyEpoch: 1, key: bytes(4) },
    ],
  };
  test('open with the vault key, for their folder only', async () => {
    const sealed = await wrapFolderKeys(keys, { codec, vaultId, vaultKey, folderId });
    expect(await unwrapFolderKeys(sealed, { codec, vaultId, vaultKey, folderId })).toEqual(keys);
    await expect(
      unwrapFolderKeys(sealed, { codec, vaultId, vaultKey, folderId: hex(77, 16) as FolderId }),
    ).rejects.toMatchObject({ code: 'pack-damaged' });
  });
});

describe('a head', () => {
  const account = `0x${hex(30)}` as SuiAddress;
  const seal: HeadSeal = { codec, vaultId, headKey: bytes(31), account };
  const device: DevicePart = {
    vaultId,
    deviceId,
    deviceName: 'laptop',
    accountIndex: 2,
    sequence: 41,
    versionVector: [{ deviceId: hex(32, 16) as DeviceId, sequence: 5 }],
    folderCount: 2,
    foldersHash: bytes(33),
    condemned: [{ blobId: pack.blobId, epoch: 39 }],
    vault,
    chainEpoch: 40,
    writtenAtMs: 1_795_000_000_000,
  };
  const folder: FolderPart = {
    folderId,
    sequence: 17,
    snapshot: {
      snapshotId: hex(34) as SnapshotId,
      blobId: pack.blobId,
      blobObjectId: pack.blobObjectId!,
      offsetBytes: 12_345,
      sizeBytes: 900,
      packBytes: 33_000_000,
      packClass: 'deletable',
    },
  };

  test('comes back as it was, part by part, with and without a tombstone', async () => {
    expect(await openDevicePart(await sealDevicePart(device, seal), seal)).toEqual(device);
    const removed = { ...folder, removed: { removedAtMs: 1_796_000_000_000, chainEpoch: 41 } };
    for (const part of [folder, removed]) {
      expect(await openFolderPart(await sealFolderPart(part, 3, seal), 3, seal)).toEqual(part);
    }
  });

  test('fits its bounds when it is as large as can be', async () => {
    const largest: DevicePart = {
      ...device,
      deviceName: 'n'.repeat(64),
      versionVector: Array.from({ length: VERSION_VECTOR_MAX }, (_, index) => ({
        deviceId: Buffer.from(codec.blake3(Buffer.from(`device ${String(index)}`)))
          .toString('hex')
          .slice(0, 32) as DeviceId,
        sequence: 2 ** 40,
      })),
      condemned: Array.from({ length: CONDEMNED_MAX }, (_, index) => ({
        blobId: blobIdFromBytes(codec.blake3(Buffer.from(`blob ${String(index)}`))),
        epoch: 2 ** 31,
      })),
    };
    const sealed = await sealDevicePart(largest, seal);
    expect(sealed.length).toBeLessThanOrEqual(DEVICE_PART_BYTES_MAX);
    expect(await openDevicePart(sealed, seal)).toEqual(largest);
    expect((await sealFolderPart(folder, 1, seal)).length).toBeLessThanOrEqual(
      FOLDER_PART_BYTES_MAX,
    );
  });

  test('from anybody else, from another account or at another slot is nothing', async () => {
    const sealedDevice = await sealDevicePart(device, seal);
    const sealedFolder = await sealFolderPart(folder, 1, seal);
    const foreign = { ...seal, account: `0x${hex(35)}` as SuiAddress };
    expect(await openDevicePart(sealedDevice, foreign)).toBeUndefined();
    expect(await openDevicePart(sealedFolder, seal)).toBeUndefined();
    expect(await openFolderPart(sealedFolder, 2, seal)).toBeUndefined();
    expect(await openFolderPart(sealedFolder, 1, { ...seal, headKey: bytes(1) })).toBeUndefined();
    for (const noise of [new Uint8Array(0), bytes(1, 8000), bytes(0, 100_000)]) {
      expect(await openDevicePart(noise, seal)).toBeUndefined();
    }
    for (let bit = 0; bit < sealedDevice.length * 8; bit += 11) {
      const changed = Uint8Array.from(sealedDevice);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(await openDevicePart(changed, seal), `bit ${String(bit)}`).toBeUndefined();
    }
  });

  test('names the folder parts it belongs to', async () => {
    const one = await sealFolderPart(folder, 1, seal);
    const other = await sealFolderPart(folder, 2, seal);
    expect(folderPartsHash(codec, [one, other])).not.toEqual(folderPartsHash(codec, [other, one]));
    expect(folderPartsHash(codec, [])).toEqual(codec.blake3(new Uint8Array(0)));
  });
});
