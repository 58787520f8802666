/**
 * @file A full node's RPC on one port: gRPC-web and JSON-RPC, over http or https.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Chain } from '../chain.ts';
import { createRpcFaults, takeDroppedReply, type RpcFaults } from './faults.ts';
import { GRPC_STATUS, grpcFailure, type GrpcFailure } from './grpc-error.ts';
import {
  grpcContentType,
  grpcFormat,
  readRequest,
  writeResponse,
  type GrpcFormat,
} from './grpc-frames.ts';
import { findGrpcMethod } from './grpc-methods.ts';
import { JSON_RPC_CODE, JsonRpcFailure, jsonRpcFailure } from './json-error.ts';
import { callJsonRpc, isExecutionMethod, type RpcProfile } from './json-methods.ts';
import { CORS, listen, readBody, reply, type RpcServer } from './http.ts';
import { NodeState } from './node-state.ts';

export type { RpcServer } from './http.ts';
export { serveFaucet } from './faucet.ts';
export { createRpcFaults, type RpcFaults } from './faults.ts';

export type ServedTransport = 'grpc-web' | 'json-rpc';

export interface ServeRpcOptions {
  readonly chain: Chain;
  /** 0: any free port. */
  readonly port: number;
  readonly host?: string;
  readonly transports: readonly ServedTransport[];
  /** PEM key and certificate; http without. */
  readonly https?: { readonly key: string; readonly cert: string };
  readonly profile?: RpcProfile;
  readonly faults?: RpcFaults;
}

/** Serve until closed. Rejects with the socket's error when the port is taken. */
export async function serveRpc(options: ServeRpcOptions): Promise<RpcServer> {
  const host = options.host ?? '127.0.0.1';
  const listener = makeListener(options);
  const server =
    options.https === undefined
      ? createServer(listener)
      : createSecureServer({ ...options.https }, listener);
  return listen(server, options.port, host, options.https === undefined ? 'http' : 'https');
}

interface Serving {
  readonly node: NodeState;
  readonly faults: RpcFaults;
  readonly profile: RpcProfile;
  readonly transports: readonly ServedTransport[];
}

function makeListener(options: ServeRpcOptions): RequestListener {
  const faults = options.faults ?? createRpcFaults();
  const serving: Serving = {
    node: new NodeState(options.chain.ledger, faults),
    faults,
    profile: options.profile ?? 'current',
    transports: options.transports,
  };
  return (request, response) => {
    answer(request, response, serving).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else reply(response, 500, 'text/plain', String(error));
    });
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  serving: Serving,
): Promise<void> {
  if (request.method === 'OPTIONS') {
    reply(response, 200, 'text/plain', '');
    return;
  }
  if (request.method !== 'POST') {
    reply(response, 405, 'text/plain', 'Used HTTP Method is not allowed. POST is required');
    return;
  }
  const body = await readBody(request);
  if (body === undefined) {
    reply(response, 413, 'text/plain', 'the request is too large');
    return;
  }
  const format = grpcFormat(request.headers['content-type'] ?? '');
  if (format !== undefined && serving.transports.includes('grpc-web')) {
    await answerGrpc(request.url ?? '/', body, format, response, serving);
  } else if (format === undefined && serving.transports.includes('json-rpc')) {
    await answerJsonRpc(body, response, serving);
  } else {
    reply(response, 404, 'text/plain', '');
  }
}

async function answerGrpc(
  path: string,
  body: Buffer,
  format: GrpcFormat,
  response: ServerResponse,
  serving: Serving,
): Promise<void> {
  if (serving.profile === 'sui-1.55') {
    reply(response, 404, 'text/plain', '');
    return;
  }
  const method = findGrpcMethod(path);
  if (method === undefined) {
    replyGrpcError(response, format, { status: GRPC_STATUS.unimplemented, message: '' });
    return;
  }
  let message: Uint8Array;
  try {
    message = await method.answer(readRequest(body, format), serving.node);
  } catch (error) {
    replyGrpcError(response, format, grpcFailure(error));
    return;
  }
  if (method.isExecution && takeDroppedReply(serving.faults)) {
    response.socket?.resetAndDestroy();
    return;
  }
  reply(response, 200, grpcContentType(format), writeResponse(message, format));
}

/** Errors have no body: status and message are headers. */
function replyGrpcError(
  response: ServerResponse,
  format: GrpcFormat,
  failure: Pick<GrpcFailure, 'status' | 'message'>,
): void {
  response.writeHead(200, {
    ...CORS,
    'content-type': grpcContentType(format),
    'grpc-status': String(failure.status),
    'grpc-message': encodeURIComponent(failure.message),
  });
  response.end();
}

async function answerJsonRpc(
  body: Buffer,
  response: ServerResponse,
  serving: Serving,
): Promise<void> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    const failure = new JsonRpcFailure(JSON_RPC_CODE.parseError, 'Parse error');
    reply(response, 200, 'application/json', errorText(null, failure));
    return;
  }
  const calls: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  const answers: string[] = [];
  let isDropped = false;
  for (const call of calls) {
    answers.push(await answerCall(call, serving));
    if (isExecutionMethod(methodOf(call))) isDropped ||= takeDroppedReply(serving.faults);
  }
  if (isDropped) {
    response.socket?.resetAndDestroy();
    return;
  }
  const text = Array.isArray(parsed) ? `[${answers.join(',')}]` : (answers[0] ?? '');
  reply(response, 200, 'application/json', text);
}

function methodOf(call: unknown): string {
  const hasMethod = typeof call === 'object' && call !== null && 'method' in call;
  return hasMethod && typeof call.method === 'string' ? call.method : '';
}

async function answerCall(call: unknown, serving: Serving): Promise<string> {
  const request = (typeof call === 'object' && call !== null ? call : {}) as {
    readonly id?: unknown;
    readonly method?: unknown;
    readonly params?: unknown;
  };
  try {
    if (typeof request.method !== 'string') {
      throw new JsonRpcFailure(JSON_RPC_CODE.invalidRequest, 'Invalid request');
    }
    const params: unknown[] = Array.isArray(request.params) ? request.params : [];
    const result = await callJsonRpc(request.method, params, serving);
    return JSON.stringify({ jsonrpc: '2.0', id: request.id ?? null, result });
  } catch (error) {
    return errorText(request.id ?? null, jsonRpcFailure(error));
  }
}

const errorText = (id: unknown, { code, message }: JsonRpcFailure): string =>
  JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } });
