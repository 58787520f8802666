/**
 * @file The statement that storage nodes sign, and the certificate made of many of them.
 *
 * Signed bytes (walrus-protocol B.3): intent 1 (blob certificate), version 0, application 3, epoch
 * u32 little-endian, blob ID, then 0 for a permanent blob or 1 and the object ID for a deletable
 * one. A node's answer counts only if it signed exactly these bytes: nodes were seen to sign what
 * the chain later refuses.
 */
import { blobIdToBytes, epoch, type BlobId, type Epoch } from '#engine/model/ids.ts';
import type { Certificate, Committee, Persistence, StorageNode } from '#engine/model/walrus.ts';
import { field, successData } from './node-answer.ts';

const CONFIRMATION_INTENT = Buffer.of(1, 0, 3);
const EPOCH_OFFSET = CONFIRMATION_INTENT.length;
const BLOB_ID_OFFSET = EPOCH_OFFSET + 4;
const SIGNATURE_BYTES = 96;
const MESSAGE_BYTES_MAX = 72;
/** The longest base64 text that a true answer can hold. */
const BASE64_LENGTH_MAX = 128;

/** The bytes that a confirmation of this blob in this epoch signs. */
export function confirmationMessage(
  blobId: BlobId,
  inEpoch: Epoch,
  persistence: Persistence,
): Uint8Array {
  const epochBytes = Buffer.alloc(4);
  epochBytes.writeUInt32LE(inEpoch);
  const kind =
    persistence.kind === 'permanent'
      ? Buffer.of(0)
      : Buffer.concat([Buffer.of(1), Buffer.from(persistence.blobObjectId.slice(2), 'hex')]);
  return Buffer.concat([CONFIRMATION_INTENT, epochBytes, blobIdToBytes(blobId), kind]);
}

/** What a node signed, as it says. */
export interface SignedMessage {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** Read a confirmation answer; undefined when its shape is not the documented one. */
export function parseSignedMessage(body: Buffer): SignedMessage | undefined {
  const signed = field(successData(body), 'signed');
  const message = parseBase64(field(signed, 'serializedMessage'));
  const signature = parseBase64(field(signed, 'signature'));
  if (message === undefined || signature?.length !== SIGNATURE_BYTES) return undefined;
  return message.length > MESSAGE_BYTES_MAX ? undefined : { message, signature };
}

function parseBase64(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string' || text.length > BASE64_LENGTH_MAX) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/**
 * Compare what was signed with what should be. Another epoch is an answer of its own: either the
 * node lags behind or our view of the committee does.
 */
export function compareMessage(
  signed: Uint8Array,
  expected: Uint8Array,
):
  | { readonly kind: 'equal' }
  | { readonly kind: 'other-epoch'; readonly epoch: Epoch }
  | { readonly kind: 'different' } {
  if (Buffer.compare(signed, expected) === 0) return { kind: 'equal' };
  const isOtherEpoch =
    signed.length === expected.length &&
    Buffer.compare(signed.subarray(0, EPOCH_OFFSET), expected.subarray(0, EPOCH_OFFSET)) === 0 &&
    Buffer.compare(signed.subarray(BLOB_ID_OFFSET), expected.subarray(BLOB_ID_OFFSET)) === 0;
  if (!isOtherEpoch) return { kind: 'different' };
  return { kind: 'other-epoch', epoch: epoch(Buffer.from(signed).readUInt32LE(EPOCH_OFFSET)) };
}

/** The signers bitmap: member i is bit i & 7 of byte i >> 3. */
export function signersBitmap(signers: readonly StorageNode[], memberCount: number): Uint8Array {
  const bitmap = new Uint8Array(Math.ceil(memberCount / 8));
  for (const { memberIndex } of signers) {
    bitmap[memberIndex >> 3] = (bitmap[memberIndex >> 3] ?? 0) | (1 << (memberIndex & 7));
  }
  return bitmap;
}

/** The certificate of a verified aggregate. */
export function makeCertificate(options: {
  readonly committee: Committee;
  readonly signers: readonly StorageNode[];
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}): Certificate {
  const { committee, signers } = options;
  return {
    signersBitmap: signersBitmap(signers, committee.members.length),
    message: options.message,
    signature: options.signature,
    epoch: committee.epoch,
    shardWeight: shardWeight(signers),
  };
}

/** The shards held by some storage nodes. */
export function shardWeight(storageNodes: readonly StorageNode[]): number {
  return storageNodes.reduce((weight, { shards }) => weight + shards.length, 0);
}
