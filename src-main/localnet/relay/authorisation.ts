/**
 * @file Whether whoever sends a blob to the upload relay has paid for exactly that.
 *
 * The register transaction carries a package of 72 bytes as its first input: the SHA-256 of the
 * blob, that of a nonce which only the payer knows, and the blob's length. The order of the checks
 * is that of the real relay: what costs little, and what the tip has paid for, first.
 */
import { createHash } from 'node:crypto';
import { bcs } from '@mysten/sui/bcs';
import { normalizeStructTag } from '@mysten/sui/utils';
import { refuse } from '../nodes/answers.ts';
import type { RelayRequest } from './request.ts';

/** A transaction of the chain, as far as the relay looks at it. */
export interface TipTransaction {
  /** BCS TransactionData. */
  readonly bytes: Uint8Array;
  /** Unix ms, by the chain's clock. */
  readonly committedMs: number;
  readonly balanceChanges: readonly {
    readonly owner: string;
    readonly coinType: string;
    /** Signed decimal. */
    readonly amount: string;
  }[];
}

export interface TipTerms {
  readonly address: string;
  readonly mist: bigint;
  /** By the chain's clock. */
  readonly nowMs: number;
  readonly findTransaction: (digest: string) => TipTransaction | undefined;
}

/** A tip is good for so long. */
const FRESH_MS = 10 * 3_600_000;
/** Clocks differ by so much. */
const FUTURE_MS_MAX = 30_000;
const PACKAGE_BYTES = 72;
const HASH_BYTES = 32;
const SUI = normalizeStructTag('0x2::sui::SUI');

/** Throws a Refusal unless the tip for this blob was paid. */
export function checkTip(request: RelayRequest, blob: Uint8Array, terms: TipTerms): void {
  const { txId, nonce } = request;
  if (txId === undefined || nonce === undefined) {
    const text = 'The query parameters are missing the transaction ID or the nonce, ';
    throw refuse.text(400, `${text}but the proxy requires them to check the tip payment.`);
  }
  const transaction = terms.findTransaction(txId);
  // What a full node does not know (yet) is an error of the relay's own client.
  if (!transaction) throw refuse.text(500, 'internal client error');
  if (transaction.committedMs > terms.nowMs + FUTURE_MS_MAX) {
    throw refuse.text(400, 'the transaction is in the future by more than the allowed threshold');
  }
  if (terms.nowMs - transaction.committedMs > FRESH_MS) {
    throw refuse.text(400, 'the transaction is too old');
  }
  checkPayment(transaction, terms);
  checkPackage(transaction, blob, nonce);
}

function checkPayment({ balanceChanges }: TipTransaction, { address, mist }: TipTerms): void {
  const received = balanceChanges.find(
    ({ owner, coinType }) => owner === address && normalizeStructTag(coinType) === SUI,
  );
  if (!received) throw refuse.text(402, 'no tip was sent');
  if (BigInt(received.amount) < mist) {
    throw refuse.text(402, `the tip was insufficient: ${received.amount} of ${String(mist)}`);
  }
}

function checkPackage({ bytes }: TipTransaction, blob: Uint8Array, nonce: Uint8Array): void {
  const program = bcs.TransactionData.parse(bytes).V1.kind.ProgrammableTransaction;
  if (!program) throw refuse.text(401, 'the tip transaction is not a ptb or could not be read');
  const pure = program.inputs[0]?.Pure;
  if (!pure) {
    throw refuse.text(401, 'the auth package is missing from the first input slot of the PTB');
  }
  const found = Buffer.from(pure.bytes, 'base64');
  if (found.length !== PACKAGE_BYTES) {
    throw refuse.text(401, 'the auth package was found but could not be read');
  }
  if (!sha256(nonce).equals(found.subarray(HASH_BYTES, 2 * HASH_BYTES))) {
    throw refuse.text(401, 'the provided nonce hash in the ptb is invalid');
  }
  if (found.readBigUInt64LE(2 * HASH_BYTES) !== BigInt(blob.length)) {
    throw refuse.text(401, mismatch('length'));
  }
  if (!sha256(blob).equals(found.subarray(0, HASH_BYTES))) {
    throw refuse.text(401, mismatch('digest'));
  }
}

const mismatch = (what: string): string =>
  `the provided blob ${what} and the blob ${what} resulting from the uploaded blob do not match`;

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
