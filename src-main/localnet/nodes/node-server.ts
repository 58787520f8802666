/**
 * @file A storage node's socket: HTTP/1.1 with keep-alive, and over TLS HTTP/2 as well.
 *
 * Owns connections, bodies, headers that every answer has, and the faults that happen below HTTP
 * (refuse, reset, hang, slow). What to answer is the caller's.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { Socket } from 'node:net';
import { portTaken } from '../ports.ts';
import { refuse, Refusal, type Answer } from './answers.ts';
import { letGo } from './let-go.ts';

/** As the framework of real nodes has it. */
const HTTP2_STREAMS_MAX = 1000;
/** An idle connection is kept: clients reuse them, and loopback costs nothing. */
const IDLE_CONNECTION_MS_MAX = 10 * 60_000;
/** What a refused body may still send before the connection is cut. */
const DRAIN_BYTES_MAX = 64 * 1024 * 1024;

/** Headers of every answer, also of errors and without an Origin. */
const COMMON_HEADERS = {
  vary: 'origin, access-control-request-method, access-control-request-headers',
  'access-control-allow-origin': '*',
} as const;

type Request = IncomingMessage | Http2ServerRequest;
/** HTTP/2 answers have the same calls as far as they are used here. */
type Response = ServerResponse;

/** One request as endpoints see it. */
export interface NodeRequest {
  readonly method: string;
  /** Without the query, percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  header(name: string): string | undefined;
  /** The whole body; `tooLong()` is thrown when it exceeds the limit. */
  body(limitBytes: number, tooLong: () => Refusal): Promise<Uint8Array>;
}

export interface NodeServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly tls: { readonly certificatePem: string; readonly keyPem: string } | undefined;
  readonly respond: (request: NodeRequest) => Promise<Answer>;
  /** Something went wrong that no client caused. */
  readonly onFailure: (error: unknown) => void;
}

export class NodeServer {
  readonly #options: NodeServerOptions;
  readonly #sockets = new Set<Socket>();
  #server: Server | Http2SecureServer | undefined;
  #port: number;
  /** Accept and never answer. */
  isHanging = false;
  /** Wait this long before every answer. */
  delayMs = 0;

  constructor(options: NodeServerOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  get port(): number {
    return this.#port;
  }

  get isListening(): boolean {
    return this.#server !== undefined;
  }

  /** Listen, on the same port as before. Throws `port-taken`. */
  async listen(): Promise<void> {
    if (this.#server) return;
    const server = this.#create();
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        reject(error.code === 'EADDRINUSE' ? portTaken(this.#options.host, this.#port) : error);
      });
      server.listen({ host: this.#options.host, port: this.#port, backlog: 1024 }, resolve);
    });
    const address = server.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
    this.#server = server;
  }

  /**
   * Stop listening and end all connections: `reset` sends a TCP reset in the middle of whatever
   * goes on, otherwise they are closed.
   */
  async close(how: 'reset' | 'close'): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => {
      (server as Server).close(() => resolve());
    });
    for (const socket of this.#sockets) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    }
    await closed;
  }

  #create(): Server | Http2SecureServer {
    const handle = (request: Request, anyResponse: Response | Http2ServerResponse): void => {
      const response = anyResponse as Response;
      this.#handle(request, response).catch((error: unknown) => {
        this.#options.onFailure(error);
        response.destroy();
      });
    };
    const { tls } = this.#options;
    if (!tls) {
      const server = createServer(handle);
      server.keepAliveTimeout = IDLE_CONNECTION_MS_MAX;
      server.requestTimeout = 0;
      return server;
    }
    const server = createSecureServer(
      {
        cert: tls.certificatePem,
        key: tls.keyPem,
        minVersion: 'TLSv1.3',
        allowHTTP1: true,
        settings: { maxConcurrentStreams: HTTP2_STREAMS_MAX },
      },
      handle,
    );
    // A client that gives up during the handshake is its own business.
    server.on('sessionError', () => undefined);
    return server;
  }

  async #handle(request: Request, response: Response): Promise<void> {
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    if (this.isHanging) return;
    if (this.delayMs > 0) await sleep(this.delayMs);
    const answer = await this.#answer(request);
    if (this.isHanging || response.destroyed || !this.#server) return;
    const length = Buffer.byteLength(answer.body);
    response.writeHead(answer.status, {
      ...answer.headers,
      ...COMMON_HEADERS,
      'content-length': length,
    });
    if (request.method === 'HEAD') response.end();
    else response.end(answer.body);
  }

  async #answer(request: Request): Promise<Answer> {
    const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s);
    try {
      return await this.#options.respond({
        method: request.method ?? '',
        path,
        query: new URLSearchParams(query),
        header: (name) => {
          const value = request.headers[name];
          return Array.isArray(value) ? value[0] : value;
        },
        body: (limitBytes, tooLong) => readBody(request, limitBytes, tooLong),
      });
    } catch (error) {
      if (error instanceof Refusal) return error.answer;
      this.#options.onFailure(error);
      return refuse.internal().answer;
    }
  }
}

async function readBody(
  request: Request,
  limitBytes: number,
  tooLong: () => Refusal,
): Promise<Uint8Array> {
  const announced = Number(request.headers['content-length']);
  // One piece of memory for all of it: what the socket brings in is then soon let go.
  if (announced <= limitBytes) return fill(request, Buffer.allocUnsafeSlow(announced));
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= limitBytes) chunks.push(chunk);
    else if (size > DRAIN_BYTES_MAX) throw tooLong();
  }
  if (size > limitBytes) throw tooLong();
  return Buffer.concat(chunks, size);
}

async function fill(request: Request, whole: Buffer): Promise<Uint8Array> {
  let filled = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    filled += chunk.copy(whole, filled);
    letGo(chunk);
  }
  return whole.subarray(0, filled);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    // A request that waits must not keep a process alive that is ending.
    setTimeout(resolve, ms).unref();
  });
}
