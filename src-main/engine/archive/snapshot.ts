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
import type { SnapshotId, VaultId } from '#engine/model/ids.ts';
import { openBoundRecord, sealBoundRecord, type ArchiveCodec } from './archive-codec.ts';
import { damaged, hexBytes, toHex } from './encoding.ts';
import type { IndexedPack } from './pack-index.ts';
import { decodeSnapshot, encodeSnapshot, type Snapshot } from './snapshot-record.ts';

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
const SIGNATURE_BYTES = 64;
const SIGNATURE_DOMAIN = Buffer.from('floe/v1 snapshot\0', 'ascii');

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
