/**
 * @file What an upload relay says, read with suspicion: its terms, and its certificate.
 *
 * Whatever it answers is a claim. `verifyCertificate` believes only what storage nodes of the
 * committee have signed, over the bytes that we expect.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import { blobIdToBytes, parseSuiAddress, type BlobId, type SuiAddress } from '#engine/model/ids.ts';
import {
  encodedBytes,
  isQuorum,
  type Certificate,
  type Committee,
  type Persistence,
} from '#engine/model/walrus.ts';
import {
  compareMessage,
  confirmationMessage,
  makeCertificate,
  shardWeight,
} from '../confirmation.ts';
import { field } from '../node-answer.ts';
import type { SliverCodec } from '../sliver-codec.ts';

const KIB = 1024n;
const SIGNATURE_BYTES = 96;
const BLOB_ID_BYTES = 32;
const MESSAGE_BYTES_MAX = 72;

/** What a relay wants for its work, in MIST; undefined where it works for nothing. */
export type RelayTerms =
  | {
      readonly address: SuiAddress;
      readonly baseMist: bigint;
      /** For each started KiB that storage is bought for. */
      readonly mistPerKib: bigint;
    }
  | undefined;

/** The answer of `GET /v1/tip-config`. Throws `relay-invalid-answer`. */
export function parseTerms(body: Buffer): RelayTerms {
  const answer = parseJson(body);
  if (answer === 'no_tip') return undefined;
  const tip = field(answer, 'send_tip');
  const kind = field(tip, 'kind');
  const linear = field(kind, 'linear');
  const isLinear = linear !== undefined;
  const baseMist = amount(isLinear ? field(linear, 'base') : field(kind, 'const'));
  const mistPerKib = isLinear ? amount(field(linear, 'encoded_size_mul_per_kib')) : 0n;
  return { address: address(field(tip, 'address')), baseMist, mistPerKib };
}

/** What these terms are for a blob of `sizeBytes`. */
export function tipFor(
  terms: NonNullable<RelayTerms>,
  sizeBytes: number,
  shardCount: number,
): bigint {
  return (
    terms.baseMist + terms.mistPerKib * ((encodedBytes(sizeBytes, shardCount) + KIB - 1n) / KIB)
  );
}

/**
 * The certificate in a relay's answer, if it holds for this blob in this committee.
 *
 * Throws `relay-invalid-answer`: another blob or epoch, signers that are none or too few, a
 * signature that does not hold.
 */
export async function verifyCertificate(
  body: Buffer,
  expected: {
    readonly blobId: BlobId;
    readonly committee: Committee;
    readonly persistence: Persistence;
    readonly codec: Pick<SliverCodec, 'verifyAggregate'>;
  },
): Promise<Certificate> {
  const { blobId, committee, persistence, codec } = expected;
  const answer = parseJson(body);
  const named = field(answer, 'blob_id');
  const isNamed =
    named === blobId || byteList(named, BLOB_ID_BYTES)?.equals(blobIdToBytes(blobId)) === true;
  if (!isNamed) throw invalid('names another blob');
  const certificate = field(answer, 'confirmation_certificate');
  const said = byteList(field(certificate, 'serialized_message'), MESSAGE_BYTES_MAX);
  if (!said) throw invalid('has no certificate');
  const message = confirmationMessage(blobId, committee.epoch, persistence);
  const comparison = compareMessage(said, message);
  if (comparison.kind === 'other-epoch') {
    const epochs = `${String(comparison.epoch)}, not ${String(committee.epoch)}`;
    throw invalid(`is of epoch ${epochs}`);
  }
  if (comparison.kind === 'different') throw invalid('certifies something else');
  const signers = signersOf(field(certificate, 'signers'), committee);
  if (!isQuorum(shardWeight(signers), committee.shardCount)) {
    throw invalid(`is signed for ${String(shardWeight(signers))} shards, too few`);
  }
  const signature = base64(field(certificate, 'signature'));
  const keys = signers.map(({ publicKey }) => publicKey);
  if (!signature || !(await codec.verifyAggregate(keys, message, signature))) {
    throw invalid('has a signature that does not hold');
  }
  return makeCertificate({ committee, signers, message, signature });
}

function signersOf(value: unknown, committee: Committee): Committee['members'] {
  const indices: readonly unknown[] = Array.isArray(value) ? value : [];
  if (new Set(indices).size !== indices.length) throw invalid('counts a signer twice');
  return indices.map((index) => {
    const member = committee.members.find(({ memberIndex }) => memberIndex === index);
    if (!member) throw invalid('names a signer that is not in the committee');
    return member;
  });
}

export function invalid(what: string): EngineError {
  return new EngineError('relay-invalid-answer', `the answer of the upload relay ${what}`);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw invalid('is no JSON');
  }
}

function amount(value: unknown): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  throw invalid('names no amount');
}

function address(value: unknown): SuiAddress {
  try {
    return parseSuiAddress(typeof value === 'string' ? value : '');
  } catch {
    throw invalid('names no address');
  }
}

/** A JSON list of numbers as the bytes that they are. */
function byteList(value: unknown, bytesMax: number): Buffer | undefined {
  if (!Array.isArray(value) || value.length > bytesMax) return undefined;
  const isByte = (one: unknown): one is number =>
    typeof one === 'number' && Number.isInteger(one) && one >= 0 && one <= 255;
  return value.every(isByte) ? Buffer.from(value) : undefined;
}

/** Both alphabets of base64 are in use. */
function base64(value: unknown): Buffer | undefined {
  const bytes = Buffer.from(typeof value === 'string' ? value : '', 'base64');
  return bytes.length === SIGNATURE_BYTES ? bytes : undefined;
}
