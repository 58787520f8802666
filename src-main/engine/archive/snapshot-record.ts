/**
 * @file The record of a snapshot: its fields and their bytes. Section 8 of docs/format.md has the tags.
 */
import type {
  ChunkId,
  DeviceId,
  FolderId,
  RawPath,
  SnapshotId,
  VaultId,
} from '#engine/model/ids.ts';
import { rawPathBytes, rawPathFromBytes } from '#engine/model/ids.ts';
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
import { packTable, type IndexedPack } from './pack-index.ts';
import type { PackClass } from './pack-layout.ts';
import { packsOf, readSegments, writeSegments, type SegmentRef } from './snapshot-segments.ts';
import { decodeSigned, encodeSigned } from './tree-entry.ts';
import { decodeVaultRecord, encodeVaultRecord, type VaultRecord } from './vault-record.ts';

/** A snapshot that this one follows. */
export interface SnapshotParent {
  readonly deviceId: DeviceId;
  readonly sequence: number;
  readonly snapshotId: SnapshotId;
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

export const FOLDER_NAME_BYTES_MAX = 255;
export const DEVICE_NAME_BYTES_MAX = 64;
export const PARENTS_MAX = 16;
const PATH_BYTES_MAX = 16 * 1024;
const EXCLUDES_MAX = 1000;
const EXCLUDE_BYTES_MAX = 4096;
const MEMBERS_MAX = 256;
export const PINS_MAX = 1024;
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
