/**
 * @file JSON-RPC errors, with the codes of a full node.
 */
import { InputRefused } from '../execution/refusal.ts';
import { refusalText } from './grpc-error.ts';

export const JSON_RPC_CODE = {
  parseError: -32_700,
  invalidRequest: -32_600,
  methodNotFound: -32_601,
  invalidParams: -32_602,
  internal: -32_603,
  /** The transaction was refused before execution. */
  transactionRefused: -32_002,
} as const;

export class JsonRpcFailure extends Error {
  override readonly name = 'JsonRpcFailure';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export const invalidParams = (message: string): JsonRpcFailure =>
  new JsonRpcFailure(JSON_RPC_CODE.invalidParams, message);

/** The refusal of a dry run, which names the reason as Rust's Debug does. */
export function dryRunFailure(error: unknown): unknown {
  if (!(error instanceof InputRefused)) return error;
  return invalidParams(
    `Error checking transaction input objects: ${error.debugText ?? error.message}`,
  );
}

/** What a client is told of an error. */
export function jsonRpcFailure(error: unknown): JsonRpcFailure {
  if (error instanceof JsonRpcFailure) return error;
  if (error instanceof InputRefused) {
    const code =
      error.kind === 'malformed' ? JSON_RPC_CODE.invalidParams : JSON_RPC_CODE.transactionRefused;
    return new JsonRpcFailure(code, refusalText(error));
  }
  if (error instanceof TypeError) return invalidParams(error.message);
  return new JsonRpcFailure(
    JSON_RPC_CODE.internal,
    error instanceof Error ? error.message : String(error),
  );
}
