/**
 * @file A snapshot: the root record of a folder at one moment.
 *
 * Names the root of the tree, the segments of the pack index, the snapshots it follows, and
 * carries the folder's keys, sealed. It is sealed under the vault key, so that whoever has the
 * words and a snapshot's place can read everything it names. Parents make a graph: two devices
 * that write at the same time fork it, and the next snapshot of either names both as parents.
 *
 *     plaintext = record | 64 bytes ed25519 signature over "floe/v1 snapshot" | 0 | record
 *
 * The snapshot ID is the BLAKE3 of the plaintext. Places in the snapshot's own pack are named with
 * a zero blob ID, as in the pack index.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import type {
  ChunkId,
  DeviceId,
  FolderId,
  RawPath,
  SnapshotId,
  VaultId,
} from '#engine/model/ids.ts';
import { rawPathBytes, rawPathFromBytes } from '#engine/model/ids.ts';
import { openBoundRecord, sealBoundRecord, type ArchiveCodec } from './archive-codec.ts';
import type { ByteReader, ByteWriter } from './encoding.ts';
import {
  damaged,
  encodeFields,
  encodeRecord,
  type Field,
  Fields,
  hexBytes,
  numberField,
  readRecord,
  readText,
  textField,
  toHex,
  writtenField,
} from './encoding.ts';
import { packTable, SELF, type IndexedPack } from './pack-index.ts';
import { SEGMENTS_MAX } from './pack-index-plan.ts';
import type { EntryPlace, PackClass } from './pack-layout.ts';
import { decodeSigned, encodeSigned } from './tree-entry.ts';
import { decodeVaultRecord, encodeVaultRecord, type VaultRecord } from './vault-record.ts';

/** A snapshot that this one follows. */
export interface SnapshotParent {
  readonly deviceId: DeviceId;
  readonly sequence: number;
  readonly snapshotId: SnapshotId;
}

/** A stored part of an index segment. */
export interface SegmentPartRef extends EntryPlace {
  readonly id: ChunkId;
  readonly pack: IndexedPack | typeof SELF;
  readonly packCount: number;
  readonly entryCount: number;
  /** The ID of its first entry; absent for a part of packs only. */
  readonly firstId: ChunkId | undefined;
}

/** A segment as a snapshot names it: its parts in order. */
export interface SegmentRef {
  readonly parts: readonly SegmentPartRef[];
}

/** The folder's keys, sealed for one member. */
export interface WrappedKeys {
  /** Absent: the vault itself, under the vault key. */
  readonly memberId: string | undefined;
  readonly sealed: Uint8Array;
}

export interface SnapshotTotals {
  readonly fileCount: number;
  readonly directoryCount: number;
  readonly symlinkCount: number;
  /** Sizes of all files as their owner sees them. */
  readonly sizeBytes: number;
  /** Files that could not be read and stand as they were before, or not at all. */
  readonly unreadCount: number;
}

export interface Snapshot {
  readonly vaultId: VaultId;
  readonly folderId: FolderId;
  readonly folderName: string;
  /** Where the folder lay on the device that wrote this: a proposal for restore, nothing more. */
  readonly originPath: RawPath | undefined;
  /** What is left out, in gitignore syntax. */
  readonly excludes: readonly string[];
  readonly packClass: PackClass;
  readonly deviceId: DeviceId;
  readonly deviceName: string;
  /** Counts the snapshots of this folder by this device, from 1. */
  readonly sequence: number;
  readonly parents: readonly SnapshotParent[];
  readonly root: {
    readonly treeId: ChunkId;
    readonly mode: number;
    readonly mtimeNs: bigint;
  };
  readonly wrappedKeys: readonly WrappedKeys[];
  /** The key epoch that sealed what is new in this snapshot. */
  readonly keyEpoch: number;
  /** Oldest first; a newer segment overrules an older one. */
  readonly segments: readonly SegmentRef[];
  readonly chainEpoch: number;
  readonly createdAtMs: number;
  readonly totals: SnapshotTotals;
  readonly vault: VaultRecord;
  /**
   * Absent in snapshots that know nothing of history. Else the pack index names every older
   * snapshot that is kept, and all that those reach; these of them were pinned by the person.
   */
  readonly pinned?: readonly SnapshotId[] | undefined;
  /** Ed25519 key of the account that signed. */
  readonly signer: Uint8Array;
  readonly unknown?: readonly Field[] | undefined;
}

/** A snapshot with its ID, as read or just made. */
export interface SignedSnapshot {
  readonly snapshotId: SnapshotId;
  readonly snapshot: Snapshot;
  readonly plaintext: Uint8Array;
}

/** Signs bytes with the device's account key. 64 bytes, ed25519. */
export type SignBytes = (message: Uint8Array) => Promise<Uint8Array> | Uint8Array;
/** Whether `signature` over `message` is that of `signer` AND the signer is a device of the vault. */
export type VerifySigner = (
  signer: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean> | boolean;

export const SNAPSHOT_BYTES_MAX = 1024 * 1024;
export const FOLDER_NAME_BYTES_MAX = 255;
export const DEVICE_NAME_BYTES_MAX = 64;
export const PARENTS_MAX = 16;
const PATH_BYTES_MAX = 16 * 1024;
const EXCLUDES_MAX = 1000;
const EXCLUDE_BYTES_MAX = 4096;
const MEMBERS_MAX = 256;
export const PINS_MAX = 1024;
const PARTS_MAX = 8192;
const SIGNATURE_BYTES = 64;
const SIGNATURE_DOMAIN = Buffer.from('floe/v1 snapshot\0', 'ascii');
const CLASSES: readonly PackClass[] = ['deletable', 'permanent'];

const TAG = {
  vaultId: 1,
  folderId: 2,
  folderName: 3,
  originPath: 4,
  excludes: 5,
  packClass: 6,
  deviceId: 7,
  deviceName: 8,
  sequence: 9,
  parents: 10,
  rootTree: 11,
  rootMode: 12,
  rootMtime: 13,
  wrappedKeys: 14,
  keyEpoch: 15,
  packs: 16,
  segments: 17,
  chainEpoch: 18,
  createdAt: 19,
  totals: 20,
  vault: 21,
  signer: 22,
  pinned: 23,
} as const;

const TOTALS_TAG = { files: 1, directories: 2, symlinks: 3, size: 4, unread: 5 } as const;

/**
 * Encode, sign and name a snapshot. Equal snapshots and keys give equal bytes, since ed25519 has
 * no chance in it.
 */
export async function signSnapshot(
  snapshot: Snapshot,
  options: { readonly codec: ArchiveCodec; readonly sign: SignBytes },
): Promise<SignedSnapshot> {
  const record = encodeSnapshot(snapshot);
  const signature = await options.sign(Buffer.concat([SIGNATURE_DOMAIN, record]));
  const plaintext = new Uint8Array(Buffer.concat([record, signature]));
  if (signature.length !== SIGNATURE_BYTES || plaintext.length > SNAPSHOT_BYTES_MAX) {
    throw new RangeError('a snapshot exceeds its bounds');
  }
  return { snapshotId: snapshotId(options.codec, plaintext), snapshot, plaintext };
}

/** Seal a snapshot under the vault key. */
export async function sealSnapshot(
  signed: SignedSnapshot,
  options: { readonly codec: ArchiveCodec; readonly vaultKey: Uint8Array },
): Promise<Uint8Array> {
  return sealBoundRecord(signed.plaintext, {
    codec: options.codec,
    purpose: 'snapshot',
    key: options.vaultKey,
    keyEpoch: 0,
    vaultId: signed.snapshot.vaultId,
    place: hexBytes(signed.snapshotId),
  });
}

/**
 * Open the snapshot that lies in the pack `self`, and check all that can be checked: seal, ID,
 * vault, canonical bytes, signature. Throws `pack-damaged` or `format-unknown`.
 */
export async function openSnapshot(
  sealed: Uint8Array,
  options: {
    readonly codec: ArchiveCodec;
    readonly vaultId: VaultId;
    readonly vaultKey: Uint8Array;
    readonly snapshotId: SnapshotId;
    readonly self: IndexedPack;
    readonly verify: VerifySigner;
  },
): Promise<SignedSnapshot> {
  const plaintext = await openBoundRecord(sealed, {
    codec: options.codec,
    purpose: 'snapshot',
    key: options.vaultKey,
    vaultId: options.vaultId,
    place: hexBytes(options.snapshotId),
    plainBytesMax: SNAPSHOT_BYTES_MAX,
  });
  const id = snapshotId(options.codec, plaintext);
  if (id !== options.snapshotId) throw damaged('a snapshot is not the one its name says');
  if (plaintext.length < SIGNATURE_BYTES) throw damaged('a snapshot is cut short');
  const record = plaintext.subarray(0, plaintext.length - SIGNATURE_BYTES);
  const snapshot = decodeSnapshot(record, options.self);
  if (snapshot.vaultId !== options.vaultId) throw damaged('a snapshot of another vault');
  const signature = plaintext.subarray(plaintext.length - SIGNATURE_BYTES);
  const message = Buffer.concat([SIGNATURE_DOMAIN, record]);
  if (!(await options.verify(snapshot.signer, message, signature))) {
    throw new EngineError('pack-damaged', 'a snapshot is not signed by a device of this vault', {
      context: { snapshotId: id },
    });
  }
  return { snapshotId: id, snapshot, plaintext };
}

const snapshotId = (codec: ArchiveCodec, plaintext: Uint8Array): SnapshotId =>
  toHex(codec.blake3(plaintext)) as SnapshotId;

/** The record of a snapshot, without signature. */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  const packs = packsOf(snapshot.segments);
  return encodeRecord(
    [
      { tag: TAG.vaultId, value: hexBytes(snapshot.vaultId) },
      { tag: TAG.folderId, value: hexBytes(snapshot.folderId) },
      textField(TAG.folderName, snapshot.folderName),
      snapshot.originPath === undefined
        ? undefined
        : { tag: TAG.originPath, value: rawPathBytes(snapshot.originPath) },
      writtenField(TAG.excludes, (writer) => {
        for (const pattern of snapshot.excludes) writer.sized(Buffer.from(pattern, 'utf8'));
      }),
      numberField(TAG.packClass, CLASSES.indexOf(snapshot.packClass)),
      { tag: TAG.deviceId, value: hexBytes(snapshot.deviceId) },
      textField(TAG.deviceName, snapshot.deviceName),
      numberField(TAG.sequence, snapshot.sequence),
      writtenField(TAG.parents, (writer) => writeParents(writer, snapshot.parents)),
      { tag: TAG.rootTree, value: hexBytes(snapshot.root.treeId) },
      numberField(TAG.rootMode, snapshot.root.mode),
      { tag: TAG.rootMtime, value: encodeSigned(snapshot.root.mtimeNs) },
      writtenField(TAG.wrappedKeys, (writer) => {
        for (const { memberId, sealed } of snapshot.wrappedKeys) {
          writer.sized(hexBytes(memberId ?? '')).sized(sealed);
        }
      }),
      numberField(TAG.keyEpoch, snapshot.keyEpoch),
      { tag: TAG.packs, value: packTable.encode(packs) },
      writtenField(TAG.segments, (writer) => writeSegments(writer, snapshot.segments, packs)),
      numberField(TAG.chainEpoch, snapshot.chainEpoch),
      numberField(TAG.createdAt, snapshot.createdAtMs),
      { tag: TAG.totals, value: encodeTotals(snapshot.totals) },
      { tag: TAG.vault, value: encodeVaultRecord(snapshot.vault) },
      { tag: TAG.signer, value: snapshot.signer },
      snapshot.pinned === undefined
        ? undefined
        : { tag: TAG.pinned, value: Buffer.concat(snapshot.pinned.map(hexBytes)) },
    ],
    snapshot.unknown,
  );
}

/** Read a snapshot's record. Throws `pack-damaged`, or `format-unknown`. */
export function decodeSnapshot(record: Uint8Array, self: IndexedPack): Snapshot {
  const fields = readRecord(record, 'a snapshot');
  const packClass = CLASSES[fields.number(TAG.packClass)];
  if (packClass === undefined) throw damaged('a snapshot of an unknown class');
  const originPath = fields.optional(TAG.originPath);
  if ((originPath?.length ?? 0) > PATH_BYTES_MAX) throw damaged('a path is too long');
  const packs = packTable.decode(fields.required(TAG.packs), self);
  const snapshot = {
    vaultId: toHex(fields.fixed(TAG.vaultId, 16)) as VaultId,
    folderId: toHex(fields.fixed(TAG.folderId, 16)) as FolderId,
    folderName: fields.text(TAG.folderName, FOLDER_NAME_BYTES_MAX),
    originPath: originPath && rawPathFromBytes(originPath),
    excludes: readExcludes(fields.reader(TAG.excludes)),
    packClass,
    deviceId: toHex(fields.fixed(TAG.deviceId, 16)) as DeviceId,
    deviceName: fields.text(TAG.deviceName, DEVICE_NAME_BYTES_MAX),
    sequence: fields.number(TAG.sequence),
    parents: readParents(fields.reader(TAG.parents)),
    root: {
      treeId: toHex(fields.fixed(TAG.rootTree, 32)) as ChunkId,
      mode: fields.number(TAG.rootMode),
      mtimeNs: decodeSigned(fields.required(TAG.rootMtime)),
    },
    wrappedKeys: readWrapped(fields.reader(TAG.wrappedKeys)),
    keyEpoch: fields.number(TAG.keyEpoch),
    segments: readSegments(fields.reader(TAG.segments), packs, self),
    chainEpoch: fields.number(TAG.chainEpoch),
    createdAtMs: fields.number(TAG.createdAt),
    totals: decodeTotals(fields.required(TAG.totals)),
    vault: decodeVaultRecord(fields.required(TAG.vault)),
    signer: new Uint8Array(fields.fixed(TAG.signer, 32)),
    ...(fields.has(TAG.pinned) ? { pinned: readPins(fields.reader(TAG.pinned)) } : {}),
  };
  const unknown = fields.unknown();
  return unknown.length > 0 ? { ...snapshot, unknown } : snapshot;
}

function writeParents(writer: ByteWriter, parents: readonly SnapshotParent[]): void {
  for (const parent of parents) {
    writer.bytes(hexBytes(parent.deviceId)).bytes(hexBytes(parent.snapshotId));
    writer.varint(parent.sequence);
  }
}

function readParents(reader: ByteReader): SnapshotParent[] {
  const parents: SnapshotParent[] = [];
  while (reader.remaining > 0) {
    if (parents.length === PARENTS_MAX) throw damaged('a snapshot has too many parents');
    const deviceId = toHex(reader.bytes(16)) as DeviceId;
    const id = toHex(reader.bytes(32)) as SnapshotId;
    parents.push({ deviceId, snapshotId: id, sequence: reader.varint() });
  }
  return parents;
}

function readPins(reader: ByteReader): SnapshotId[] {
  const pinned: SnapshotId[] = [];
  while (reader.remaining > 0) {
    if (pinned.length === PINS_MAX) throw damaged('a snapshot pins too many');
    pinned.push(toHex(reader.bytes(32)) as SnapshotId);
  }
  return pinned;
}

function readExcludes(reader: ByteReader): string[] {
  const excludes: string[] = [];
  while (reader.remaining > 0) {
    if (excludes.length === EXCLUDES_MAX) throw damaged('a snapshot has too many patterns');
    excludes.push(readText(reader.sized(), EXCLUDE_BYTES_MAX, 'a pattern'));
  }
  return excludes;
}

function readWrapped(reader: ByteReader): WrappedKeys[] {
  const members: WrappedKeys[] = [];
  while (reader.remaining > 0) {
    if (members.length === MEMBERS_MAX) throw damaged('a folder has too many members');
    const member = toHex(reader.sized());
    const sealed = new Uint8Array(reader.sized());
    members.push({ memberId: member === '' ? undefined : member, sealed });
  }
  return members;
}

/** The packs that hold index parts, in the order in which they are first named. */
function packsOf(segments: readonly SegmentRef[]): (IndexedPack | typeof SELF)[] {
  const packs = new Map<string, IndexedPack | typeof SELF>();
  for (const { pack } of segments.flatMap(({ parts }) => parts)) {
    packs.set(packKeyOf(pack), packs.get(packKeyOf(pack)) ?? pack);
  }
  return [...packs.values()];
}

const packKeyOf = (pack: IndexedPack | typeof SELF): string => (pack === SELF ? SELF : pack.blobId);

function writeSegments(
  writer: ByteWriter,
  segments: readonly SegmentRef[],
  packs: readonly (IndexedPack | typeof SELF)[],
): void {
  if (segments.length > SEGMENTS_MAX) throw new RangeError('a snapshot names too many segments');
  const numbers = new Map(packs.map((pack, number) => [packKeyOf(pack), number]));
  for (const { parts } of segments) {
    writer.varint(parts.length);
    for (const part of parts) {
      writer.varint(numbers.get(packKeyOf(part.pack)) ?? 0);
      writer.varint(part.offsetBytes).varint(part.sizeBytes).bytes(hexBytes(part.id));
      writer.varint(part.packCount).varint(part.entryCount);
      if (part.entryCount > 0) writer.bytes(hexBytes(part.firstId ?? ''));
    }
  }
}

/** Pack, offset, size, ID, two counts. */
const PART_REF_BYTES_MIN = 1 + 1 + 1 + 32 + 1 + 1;

function readSegments(
  reader: ByteReader,
  packs: readonly IndexedPack[],
  self: IndexedPack,
): SegmentRef[] {
  const segments: SegmentRef[] = [];
  while (reader.remaining > 0) {
    if (segments.length === SEGMENTS_MAX) throw damaged('a snapshot names too many segments');
    const count = reader.count(PART_REF_BYTES_MIN);
    if (count === 0 || count > PARTS_MAX) throw damaged('an index segment has no possible size');
    segments.push({ parts: Array.from({ length: count }, () => readPart(reader, packs, self)) });
  }
  return segments;
}

/**
 * A snapshot that was moved to another pack still names its first one as its own: its places are
 * not those of the pack that it lies in now, and the newest index is read instead of them.
 */
function readPart(
  reader: ByteReader,
  packs: readonly IndexedPack[],
  self: IndexedPack,
): SegmentPartRef {
  const pack = packs[reader.varint()];
  const offsetBytes = reader.varint();
  const sizeBytes = reader.varint();
  const isOutside =
    pack !== undefined && pack.blobId !== self.blobId && offsetBytes + sizeBytes > pack.sizeBytes;
  if (pack === undefined || isOutside) {
    throw damaged('a snapshot names a place outside its packs');
  }
  const id = toHex(reader.bytes(32)) as ChunkId;
  const packCount = reader.varint();
  const entryCount = reader.varint();
  const firstId = entryCount > 0 ? (toHex(reader.bytes(32)) as ChunkId) : undefined;
  return { pack, offsetBytes, sizeBytes, id, packCount, entryCount, firstId };
}

function encodeTotals(totals: SnapshotTotals): Uint8Array {
  return encodeFields([
    numberField(TOTALS_TAG.files, totals.fileCount),
    numberField(TOTALS_TAG.directories, totals.directoryCount),
    numberField(TOTALS_TAG.symlinks, totals.symlinkCount),
    numberField(TOTALS_TAG.size, totals.sizeBytes),
    numberField(TOTALS_TAG.unread, totals.unreadCount),
  ]);
}

function decodeTotals(bytes: Uint8Array): SnapshotTotals {
  const fields = new Fields(bytes, 'totals');
  const totals = {
    fileCount: fields.number(TOTALS_TAG.files),
    directoryCount: fields.number(TOTALS_TAG.directories),
    symlinkCount: fields.number(TOTALS_TAG.symlinks),
    sizeBytes: fields.number(TOTALS_TAG.size),
    unreadCount: fields.number(TOTALS_TAG.unread),
  };
  fields.unknown();
  return totals;
}
