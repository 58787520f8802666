/**
 * @file gRPC status codes, and how refusals of the chain map to them.
 */
import { InputRefused } from '../execution/refusal.ts';

export const GRPC_STATUS = {
  invalidArgument: 3,
  notFound: 5,
  unimplemented: 12,
  internal: 13,
} as const;

export type GrpcStatus = (typeof GRPC_STATUS)[keyof typeof GRPC_STATUS];

export class GrpcFailure extends Error {
  override readonly name = 'GrpcFailure';
  readonly status: GrpcStatus;

  constructor(status: GrpcStatus, message: string) {
    super(message);
    this.status = status;
  }
}

export const notFound = (what: string): GrpcFailure => new GrpcFailure(GRPC_STATUS.notFound, what);
export const invalidArgument = (what: string): GrpcFailure =>
  new GrpcFailure(GRPC_STATUS.invalidArgument, what);

/** What a client is told of an error. */
export function grpcFailure(error: unknown): GrpcFailure {
  if (error instanceof GrpcFailure) return error;
  if (error instanceof InputRefused) return invalidArgument(refusalText(error));
  if (error instanceof TypeError) return invalidArgument(error.message);
  const message = error instanceof Error ? error.message : String(error);
  return new GrpcFailure(GRPC_STATUS.internal, message);
}

/** A refusal in the words of a full node. */
export function refusalText(error: InputRefused): string {
  if (error.kind === 'signature' || error.kind === 'malformed') return error.message;
  return `Transaction validator signing failed due to issues with transaction inputs, please review the errors and try again:\n- ${error.message}`;
}
