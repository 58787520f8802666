/**
 * @file The head: the newest word of one account, as the fields of its Bag on Sui.
 *
 * Field 0 holds the device part, field i the part of folder i. Each is a sealed record under the
 * head key, so whoever looks at the chain reads nothing, and what somebody else sends us opens
 * under no key of ours and is ignored. The account is authenticated with it, so a part copied from
 * another account's Bag is ignored too; the device part names the hash of all folder parts, so old
 * and new parts cannot be mixed.
 *
 * The vault record stands in the device part: a blank machine finds the chunk sizes here.
 */
import { hasCode } from '#engine/model/engine-error.ts';
import {
  blobIdFromBytes,
  blobIdToBytes,
  type BlobId,
  type DeviceId,
  type FolderId,
  type ObjectId,
  type SnapshotId,
  type SuiAddress,
  type VaultId,
} from '#engine/model/ids.ts';
import {
  openBoundRecord,
  sealBoundRecord,
  type ArchiveCodec,
  type RecordPurpose,
  type RecordSeal,
} from './archive-codec.ts';
import {
  type ByteReader,
  ByteWriter,
  damaged,
  encodeRecord,
  type Field,
  hexBytes,
  numberField,
  readRecord,
  textField,
  toHex,
  writtenField,
} from './encoding.ts';
import type { EntryPlace, PackClass } from './pack-layout.ts';
import { DEVICE_NAME_BYTES_MAX } from './snapshot-record.ts';
import { decodeVaultRecord, encodeVaultRecord, type VaultRecord } from './vault-record.ts';

/** Another device's head as this device has last seen it. */
export interface SeenHead {
  readonly deviceId: DeviceId;
  readonly sequence: number;
}

/** A pack that will be given up once every head has seen that it will. */
export interface CondemnedPack {
  readonly blobId: BlobId;
  /** Walrus epoch in which it was condemned. */
  readonly epoch: number;
}

export interface DevicePart {
  readonly vaultId: VaultId;
  readonly deviceId: DeviceId;
  readonly deviceName: string;
  /** Which account of the words owns this head. */
  readonly accountIndex: number;
  /** Counts what this device published, from 1. Of two valid heads of one account the higher is it. */
  readonly sequence: number;
  /** The newest heads of the other devices that were read before this one was written. */
  readonly versionVector: readonly SeenHead[];
  /** Fields 1 to this number are folder parts. */
  readonly folderCount: number;
  /** folderPartsHash of the stored folder parts. */
  readonly foldersHash: Uint8Array;
  readonly condemned: readonly CondemnedPack[];
  readonly vault: VaultRecord;
  readonly chainEpoch: number;
  readonly writtenAtMs: number;
  readonly unknown?: readonly Field[] | undefined;
}

/** Where a folder's newest snapshot lies, and enough to open it with the vault key. */
export interface SnapshotLocation extends EntryPlace {
  readonly snapshotId: SnapshotId;
  readonly blobId: BlobId;
  readonly blobObjectId: ObjectId;
  /** Size of the pack, and its class: what the index says of the pack that holds the snapshot. */
  readonly packBytes: number;
  readonly packClass: PackClass;
}

/** No longer protected. The snapshot stays readable until its storage ends. */
export interface Tombstone {
  readonly removedAtMs: number;
  readonly chainEpoch: number;
}

export interface FolderPart {
  readonly folderId: FolderId;
  /** The snapshot's sequence number. */
  readonly sequence: number;
  readonly snapshot: SnapshotLocation;
  readonly removed?: Tombstone | undefined;
  readonly unknown?: readonly Field[] | undefined;
}

export const DEVICE_PART_BYTES_MAX = 8192;
export const FOLDER_PART_BYTES_MAX = 512;
/** 24 bytes or so each: 1.5 KiB of the device part. */
export const VERSION_VECTOR_MAX = 64;
/** 36 bytes or so each: 5 KiB of the device part. Further packs wait until these are gone. */
export const CONDEMNED_MAX = 128;
/** Folders of one device. */
export const FOLDER_COUNT_MAX = 10_000;

const CLASSES: readonly PackClass[] = ['deletable', 'permanent'];

const DEVICE_TAG = {
  vaultId: 1,
  deviceId: 2,
  deviceName: 3,
  accountIndex: 4,
  sequence: 5,
  versionVector: 6,
  folderCount: 7,
  foldersHash: 8,
  condemned: 9,
  vault: 10,
  chainEpoch: 11,
  writtenAt: 12,
} as const;

const FOLDER_TAG = { folderId: 1, sequence: 2, snapshot: 3, removed: 4 } as const;

/** Whose head it is, and the key: what every function here needs. */
export interface HeadSeal {
  readonly codec: ArchiveCodec;
  readonly vaultId: VaultId;
  readonly headKey: Uint8Array;
  /** The account that owns the Bag. */
  readonly account: SuiAddress;
}

/** Seal the device part: the value of field 0. Throws RangeError beyond DEVICE_PART_BYTES_MAX. */
export async function sealDevicePart(part: DevicePart, seal: HeadSeal): Promise<Uint8Array> {
  if (part.versionVector.length > VERSION_VECTOR_MAX || part.condemned.length > CONDEMNED_MAX) {
    throw new RangeError('a device part lists more than it can hold');
  }
  const plaintext = encodeRecord(
    [
      { tag: DEVICE_TAG.vaultId, value: hexBytes(part.vaultId) },
      { tag: DEVICE_TAG.deviceId, value: hexBytes(part.deviceId) },
      textField(DEVICE_TAG.deviceName, part.deviceName),
      numberField(DEVICE_TAG.accountIndex, part.accountIndex),
      numberField(DEVICE_TAG.sequence, part.sequence),
      writtenField(DEVICE_TAG.versionVector, (writer) => {
        for (const { deviceId, sequence } of part.versionVector) {
          writer.bytes(hexBytes(deviceId)).varint(sequence);
        }
      }),
      numberField(DEVICE_TAG.folderCount, part.folderCount),
      { tag: DEVICE_TAG.foldersHash, value: part.foldersHash },
      writtenField(DEVICE_TAG.condemned, (writer) => {
        for (const { blobId, epoch } of part.condemned) {
          writer.bytes(blobIdToBytes(blobId)).varint(epoch);
        }
      }),
      { tag: DEVICE_TAG.vault, value: encodeVaultRecord(part.vault) },
      numberField(DEVICE_TAG.chainEpoch, part.chainEpoch),
      numberField(DEVICE_TAG.writtenAt, part.writtenAtMs),
    ],
    part.unknown,
  );
  return sealPart(plaintext, 'head device', 0, DEVICE_PART_BYTES_MAX, seal);
}

/**
 * Open a device part. Undefined for whatever is not one of this vault and account: anyone can send
 * us objects. Throws `format-unknown` for one of ours that needs a newer release.
 */
export async function openDevicePart(
  value: Uint8Array,
  seal: HeadSeal,
): Promise<DevicePart | undefined> {
  const plaintext = await openPart(value, 'head device', 0, DEVICE_PART_BYTES_MAX, seal);
  if (!plaintext) return undefined;
  const fields = readRecord(plaintext, 'a device part');
  const part = {
    vaultId: toHex(fields.fixed(DEVICE_TAG.vaultId, 16)) as VaultId,
    deviceId: toHex(fields.fixed(DEVICE_TAG.deviceId, 16)) as DeviceId,
    deviceName: fields.text(DEVICE_TAG.deviceName, DEVICE_NAME_BYTES_MAX),
    accountIndex: fields.number(DEVICE_TAG.accountIndex),
    sequence: fields.number(DEVICE_TAG.sequence),
    versionVector: readList(
      fields.reader(DEVICE_TAG.versionVector),
      VERSION_VECTOR_MAX,
      (reader) => ({
        deviceId: toHex(reader.bytes(16)) as DeviceId,
        sequence: reader.varint(),
      }),
    ),
    folderCount: fields.number(DEVICE_TAG.folderCount),
    foldersHash: new Uint8Array(fields.fixed(DEVICE_TAG.foldersHash, 32)),
    condemned: readList(fields.reader(DEVICE_TAG.condemned), CONDEMNED_MAX, (reader) => ({
      blobId: blobIdFromBytes(reader.bytes(32)),
      epoch: reader.varint(),
    })),
    vault: decodeVaultRecord(fields.required(DEVICE_TAG.vault)),
    chainEpoch: fields.number(DEVICE_TAG.chainEpoch),
    writtenAtMs: fields.number(DEVICE_TAG.writtenAt),
  };
  if (part.folderCount > FOLDER_COUNT_MAX) throw damaged('a head has too many folders');
  const unknown = fields.unknown();
  return unknown.length > 0 ? { ...part, unknown } : part;
}

/** Seal a folder part: the value of field `slot`, 1 and up. */
export async function sealFolderPart(
  part: FolderPart,
  slot: number,
  seal: HeadSeal,
): Promise<Uint8Array> {
  const { snapshot, removed } = part;
  const plaintext = encodeRecord(
    [
      { tag: FOLDER_TAG.folderId, value: hexBytes(part.folderId) },
      numberField(FOLDER_TAG.sequence, part.sequence),
      writtenField(FOLDER_TAG.snapshot, (writer) => writeLocation(writer, snapshot)),
      removed &&
        writtenField(FOLDER_TAG.removed, (writer) =>
          writer.varint(removed.removedAtMs).varint(removed.chainEpoch),
        ),
    ],
    part.unknown,
  );
  return sealPart(plaintext, 'head folder', slot, FOLDER_PART_BYTES_MAX, seal);
}

/** Open a folder part. Undefined for whatever is not one of this vault, account and slot. */
export async function openFolderPart(
  value: Uint8Array,
  slot: number,
  seal: HeadSeal,
): Promise<FolderPart | undefined> {
  const plaintext = await openPart(value, 'head folder', slot, FOLDER_PART_BYTES_MAX, seal);
  if (!plaintext) return undefined;
  const fields = readRecord(plaintext, 'a folder part');
  const folderId = toHex(fields.fixed(FOLDER_TAG.folderId, 16)) as FolderId;
  const sequence = fields.number(FOLDER_TAG.sequence);
  const reader = fields.reader(FOLDER_TAG.snapshot);
  const snapshot = readLocation(reader);
  reader.end();
  const removed = fields.has(FOLDER_TAG.removed)
    ? readTombstone(fields.reader(FOLDER_TAG.removed))
    : undefined;
  const unknown = fields.unknown();
  return {
    folderId,
    sequence,
    snapshot,
    ...(removed ? { removed } : {}),
    ...(unknown.length > 0 ? { unknown } : {}),
  };
}

/**
 * What a device part says of its folder parts: the BLAKE3 of their BLAKE3s in the order of their
 * slots. `storedParts` are the fields' values, from slot 1 on.
 */
export function folderPartsHash(
  codec: Pick<ArchiveCodec, 'blake3'>,
  storedParts: readonly Uint8Array[],
): Uint8Array {
  return codec.blake3(Buffer.concat(storedParts.map((part) => codec.blake3(part))));
}

async function sealPart(
  plaintext: Uint8Array,
  purpose: RecordPurpose,
  slot: number,
  bytesMax: number,
  seal: HeadSeal,
): Promise<Uint8Array> {
  const sealed = await sealBoundRecord(plaintext, {
    ...recordSeal(purpose, slot, seal),
    keyEpoch: 0,
  });
  if (sealed.length > bytesMax) throw new RangeError('a part of the head is too large');
  return sealed;
}

async function openPart(
  value: Uint8Array,
  purpose: RecordPurpose,
  slot: number,
  bytesMax: number,
  seal: HeadSeal,
): Promise<Uint8Array | undefined> {
  if (value.length > bytesMax) return undefined;
  try {
    return await openBoundRecord(value, {
      ...recordSeal(purpose, slot, seal),
      plainBytesMax: bytesMax,
    });
  } catch (error) {
    if (hasCode(error, 'pack-damaged') || hasCode(error, 'format-unknown')) return undefined;
    throw error;
  }
}

function recordSeal(purpose: RecordPurpose, slot: number, seal: HeadSeal): RecordSeal {
  const place = new ByteWriter(40).bytes(hexBytes(seal.account.slice(2))).u64(BigInt(slot));
  const { codec, vaultId, headKey } = seal;
  return { codec, purpose, key: headKey, vaultId, place: place.finish() };
}

function writeLocation(writer: ByteWriter, location: SnapshotLocation): void {
  writer.bytes(hexBytes(location.snapshotId)).bytes(blobIdToBytes(location.blobId));
  writer.bytes(hexBytes(location.blobObjectId.slice(2)));
  writer.varint(location.offsetBytes).varint(location.sizeBytes).varint(location.packBytes);
  writer.u8(CLASSES.indexOf(location.packClass));
}

function readLocation(reader: ByteReader): SnapshotLocation {
  const snapshotId = toHex(reader.bytes(32)) as SnapshotId;
  const blobId = blobIdFromBytes(reader.bytes(32));
  const blobObjectId = `0x${toHex(reader.bytes(32))}` as ObjectId;
  const offsetBytes = reader.varint();
  const sizeBytes = reader.varint();
  const packBytes = reader.varint();
  const packClass = CLASSES[reader.u8()];
  if (packClass === undefined || offsetBytes + sizeBytes > packBytes) {
    throw damaged('a head names a place outside its pack');
  }
  return { snapshotId, blobId, blobObjectId, offsetBytes, sizeBytes, packBytes, packClass };
}

function readTombstone(reader: ByteReader): Tombstone {
  const tombstone = { removedAtMs: reader.varint(), chainEpoch: reader.varint() };
  reader.end();
  return tombstone;
}

function readList<Item>(
  reader: ByteReader,
  countMax: number,
  readItem: (reader: ByteReader) => Item,
): Item[] {
  const items: Item[] = [];
  while (reader.remaining > 0) {
    if (items.length === countMax) throw damaged('a head lists too much');
    items.push(readItem(reader));
  }
  return items;
}
