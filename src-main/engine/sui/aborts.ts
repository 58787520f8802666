/**
 * @file What a failed execution means, by the contracts' abort codes.
 *
 * Module and code decide, never the text. The tables are those of the contracts' sources
 * (`contracts/walrus/sources`), each code observed or read there. A code that is not listed is
 * `transaction-refused`: the caller reads the state again and finds out.
 */
import type { ErrorCode } from '#contract/errors.ts';
import { EngineError } from '#engine/model/engine-error.ts';
import type { ExecutionFailure, TransactionOutcome } from './rpc/chain-rpc.ts';

const FRAMEWORK = `0x${'2'.padStart(64, '0')}`;

/** `blob` aborts with this where somebody else has certified the blob object already. */
const ALREADY_CERTIFIED = { module: 'blob', code: 5n };

/** Abort codes of the Walrus contracts, by module. */
const WALRUS_ABORTS: Readonly<Record<string, Readonly<Record<string, ErrorCode>>>> = {
  system_state_inner: {
    '1': 'storage-exhausted',
    // Epochs ahead out of range: what was in range when we built it is not any more.
    '2': 'epoch-changed',
    '3': 'epoch-changed',
    '4': 'epoch-changed',
    '5': 'epoch-changed',
    '12': 'epoch-changed',
  },
  blob: {
    '0': 'blob-not-certified',
    '2': 'blob-expired',
  },
  // The certificate is of another committee than the chain's.
  bls_aggregate: {
    '0': 'epoch-changed',
    '1': 'epoch-changed',
    '2': 'quorum-missing',
    '3': 'epoch-changed',
  },
  messages: {
    '1': 'epoch-changed',
  },
  storage_accounting: {
    '0': 'epoch-changed',
  },
};

/**
 * Abort codes of the framework's balance. We pay with coins split to the exact price, so too much
 * or too little in one means that the price is another than the one we read.
 */
const BALANCE_ABORTS: Readonly<Record<string, ErrorCode>> = {
  '0': 'price-changed',
  '2': 'price-changed',
};

/** The error that an execution's failure amounts to. */
export function failureError(
  failure: ExecutionFailure,
  context: EngineError['context'] = {},
): EngineError {
  return new EngineError(codeOf(failure), `the transaction failed: ${failure.message}`, {
    context: {
      ...context,
      ...(failure.command === undefined ? {} : { command: failure.command }),
      ...(failure.abort
        ? { module: failure.abort.module, abortCode: String(failure.abort.code) }
        : {}),
    },
  });
}

/** Throw what the outcome's failure amounts to, or return the outcome. */
export function requireSuccess(outcome: TransactionOutcome): TransactionOutcome {
  if (outcome.status.kind === 'success') return outcome;
  throw failureError(outcome.status.failure, { digest: outcome.digest });
}

/** Whether the transaction failed only because the blob was certified before. */
export function isAlreadyCertified(failure: ExecutionFailure): boolean {
  const { abort } = failure;
  return abort?.module === ALREADY_CERTIFIED.module && abort.code === ALREADY_CERTIFIED.code;
}

function codeOf(failure: ExecutionFailure): ErrorCode {
  const { abort } = failure;
  if (!abort) return isOutOfFunds(failure.message) ? 'balance-low' : 'transaction-refused';
  const code = String(abort.code);
  if (abort.packageId === FRAMEWORK || abort.packageId === undefined) {
    if (abort.module === 'balance') return BALANCE_ABORTS[code] ?? 'transaction-refused';
  }
  if (abort.packageId === FRAMEWORK) return 'transaction-refused';
  return WALRUS_ABORTS[abort.module]?.[code] ?? 'transaction-refused';
}

/**
 * Failures of the virtual machine have no code on any transport, only the name of the variant at
 * the start of the text (`InsufficientCoinBalance in command 0`, or spelled out in upper case).
 */
function isOutOfFunds(message: string): boolean {
  return /^(insufficient_?coin_?balance|insufficient_?gas)\b/i.test(message);
}
