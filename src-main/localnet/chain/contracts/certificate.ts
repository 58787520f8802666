/**
 * @file `walrus::bls_aggregate` and `walrus::messages`: what a certificate must satisfy.
 *
 * The order of the checks is the contract's: bitmap, weight, signature, and only then the
 * message. A message that was changed therefore shows as a bad signature.
 */
import { abort, assertMove } from '../move/abort.ts';
import { u256FromBytes } from '../move/layouts.ts';
import { sites } from './abort-sites.ts';
import type { BlsCommitteeStruct } from './layouts.ts';

/**
 * Whether `signature` (96 bytes compressed) is the sum of the signatures over `message` by all
 * `publicKeys` (96 bytes uncompressed each).
 */
export type VerifyAggregate = (
  publicKeys: readonly Uint8Array[],
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean>;

export interface Certificate {
  readonly signature: Uint8Array;
  readonly signersBitmap: Uint8Array;
  readonly message: Uint8Array;
}

export type RequiredWeight = 'quorum' | 'one-correct-node';

/** `verify_certificate_and_weight`. */
export async function verifyCertificate(
  committee: BlsCommitteeStruct,
  certificate: Certificate,
  required: RequiredWeight,
  verifyAggregate: VerifyAggregate,
): Promise<void> {
  const { members, n_shards: shardCount } = committee;
  const { signersBitmap } = certificate;
  const bitmapBytes = Math.ceil(members.length / 8);
  assertMove(signersBitmap.length <= bitmapBytes, sites.bitmapTooLong);
  const publicKeys: Uint8Array[] = [];
  let weight = 0;
  for (let index = 0; index < bitmapBytes * 8; index += 1) {
    const isSigner = (((signersBitmap[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
    const member = members[index];
    if (member === undefined) {
      assertMove(!isSigner, sites.bitmapOutOfRange);
    } else if (isSigner) {
      weight += member.weight;
      publicKeys.push(new Uint8Array(member.public_key.bytes));
    }
  }
  const needed = required === 'quorum' ? 2 * shardCount + 1 : shardCount + 1;
  assertMove(3 * weight >= needed, sites.notEnoughStake);
  const holds = await verifyAggregate(publicKeys, certificate.message, certificate.signature);
  assertMove(holds, sites.signatureInvalid);
}

const APP_ID = 3;
const INTENT_VERSION = 0;
const BLOB_CERTIFICATE = 1;
const INVALID_BLOB_ID = 2;
const HEADER_BYTES = 7;
const ID_BYTES = 32;

/** Intent type and body of a certified message (`new_certified_message`). */
function openMessage(message: Uint8Array, committeeEpoch: number) {
  if (message.length < HEADER_BYTES) abort(sites.messageTooShort);
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  assertMove(view.getUint8(1) === INTENT_VERSION, sites.messageVersion);
  assertMove(view.getUint8(2) === APP_ID, sites.messageApp);
  assertMove(view.getUint32(3, true) === committeeEpoch, sites.messageEpoch);
  return { intentType: view.getUint8(0), body: message.subarray(HEADER_BYTES) };
}

function peelU256(body: Uint8Array): bigint {
  if (body.length < ID_BYTES) abort(sites.messageTooShort);
  return u256FromBytes(body.subarray(0, ID_BYTES));
}

export interface CertifiedBlobMessage {
  readonly blobId: bigint;
  /** Undefined for a permanent blob. */
  readonly deletableObjectId: string | undefined;
}

/** `certify_blob_message`. Bytes after the message are ignored, as the contract does. */
export function readBlobMessage(message: Uint8Array, committeeEpoch: number): CertifiedBlobMessage {
  const { intentType, body } = openMessage(message, committeeEpoch);
  assertMove(intentType === BLOB_CERTIFICATE, sites.messageType);
  const blobId = peelU256(body);
  const kind = body[ID_BYTES];
  if (kind === undefined) abort(sites.messageTooShort);
  if (kind === 0) return { blobId, deletableObjectId: undefined };
  assertMove(kind === 1, sites.persistenceKind);
  const objectId = body.subarray(ID_BYTES + 1, 2 * ID_BYTES + 1);
  if (objectId.length < ID_BYTES) abort(sites.messageTooShort);
  return { blobId, deletableObjectId: `0x${Buffer.from(objectId).toString('hex')}` };
}

/** `invalid_blob_id_message`. */
export function readInvalidBlobIdMessage(message: Uint8Array, committeeEpoch: number): bigint {
  const { intentType, body } = openMessage(message, committeeEpoch);
  assertMove(intentType === INVALID_BLOB_ID, sites.invalidationMessageType);
  return peelU256(body);
}
