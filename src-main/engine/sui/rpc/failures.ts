/**
 * @file What an error thrown by one of the SDK's clients means for us.
 *
 * Classified by codes only. A request that may pass later is `rpc-unreachable`; a transaction that
 * a node looked at and would not take is `transaction-refused`; the rest is an endpoint that does
 * not do what the protocol says.
 */
import { JsonRpcError } from '@mysten/sui/jsonRpc';
import { EngineError } from '#engine/model/engine-error.ts';

/** gRPC statuses that say "not now", see the gRPC status code documentation. */
const PASSING_GRPC: readonly string[] = [
  'ABORTED',
  'CANCELLED',
  'DATA_LOSS',
  'DEADLINE_EXCEEDED',
  'INTERNAL',
  'RESOURCE_EXHAUSTED',
  'UNAVAILABLE',
  'UNKNOWN',
];
/** JSON-RPC: internal error, server busy, call failed, unknown, transient. */
const PASSING_JSON_RPC: readonly number[] = [-32603, -32604, -32000, -32001, -32050];
/** JSON-RPC: parse error, invalid request, method not found: we and the node do not match. */
const PROTOCOL_JSON_RPC: readonly number[] = [-32700, -32600, -32601];

/** What was asked: only a transaction can be refused. */
export type CallKind = 'read' | 'transaction';

export function classifyRpcError(
  error: unknown,
  call: { readonly kind: CallKind; readonly method: string; readonly endpointName: string },
): EngineError {
  if (error instanceof EngineError) return error;
  const { method, endpointName } = call;
  const message = `${endpointName}, ${method}: ${error instanceof Error ? error.message : String(error)}`;
  const options = { context: { endpoint: endpointName, method }, cause: error };
  const refusal = call.kind === 'transaction' ? 'transaction-refused' : 'rpc-invalid-answer';

  const grpcStatus = grpcStatusOf(error);
  if (grpcStatus !== undefined) {
    if (PASSING_GRPC.includes(grpcStatus))
      return new EngineError('rpc-unreachable', message, options);
    const code = grpcStatus === 'UNIMPLEMENTED' ? 'rpc-invalid-answer' : refusal;
    return new EngineError(code, message, options);
  }
  if (error instanceof JsonRpcError) {
    if (PASSING_JSON_RPC.includes(error.code)) {
      return new EngineError('rpc-unreachable', message, options);
    }
    const code = PROTOCOL_JSON_RPC.includes(error.code) ? 'rpc-invalid-answer' : refusal;
    return new EngineError(code, message, options);
  }
  // GraphQL has no codes. A transaction it reports an error for was not executed; whoever
  // submitted it looks the digest up before believing that.
  if (isGraphQlResponseError(error)) return new EngineError(refusal, message, options);
  return new EngineError('rpc-invalid-answer', message, options);
}

/** Whether the answer to "does this exist" is a plain no. */
export function isNotFound(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name !== 'RpcError' &&
    'reason' in error &&
    (error.reason === 'notFound' || error.reason === 'deleted')
  );
}

/** protobuf-ts throws `RpcError`, whose `code` is the name of the status. */
function grpcStatusOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'RpcError' || !('code' in error))
    return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function isGraphQlResponseError(error: unknown): boolean {
  return (
    (error instanceof Error && 'locations' in error) ||
    (error instanceof AggregateError && error.errors.every((one) => isGraphQlResponseError(one)))
  );
}
