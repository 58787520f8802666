/**
 * @file What the RPC and the faucet share of HTTP.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RpcServer {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** The largest request: a transaction has at most 128 KiB, in base64 within JSON. */
const REQUEST_BYTES_MAX = 4 * 1_048_576;

export const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': '*',
  'access-control-allow-headers': '*',
  'access-control-expose-headers': 'grpc-status,grpc-message',
} as const;

/**
 * Idle connections stay open for longer than any client keeps one: a server that closes first
 * resets the request that a client sends at that moment.
 */
const KEEP_ALIVE_MS = 120_000;

/** Listen, and close by dropping the connections that are still open. */
export async function listen(
  server: Server,
  port: number,
  host: string,
  scheme: 'http' | 'https',
): Promise<RpcServer> {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    port: bound,
    url: `${scheme}://${host}:${String(bound)}`,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      });
    },
  };
}

/** The whole body, or undefined when it is too large. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    const bytes = part as Buffer;
    size += bytes.length;
    if (size <= REQUEST_BYTES_MAX) parts.push(bytes);
  }
  return size <= REQUEST_BYTES_MAX ? Buffer.concat(parts) : undefined;
}

export function reply(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string | Buffer,
): void {
  response.writeHead(status, { ...CORS, 'content-type': contentType });
  response.end(body);
}
