/**
 * @file The window in a browser of this computer: its files over HTTP, its calls over a WebSocket.
 *
 * On 127.0.0.1 only, and only once somebody has asked for it. The files are no secret; calls need a
 * session, which a one-time code gives (contract/browser-wire.ts). Nothing is logged here.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { ADMISSION_PATH, CLOSE_CODES, ENGINE_PATH } from '#contract/browser-wire.ts';
import type { Clock } from '#engine/ports/ports.ts';
import { openConversation, type Answering } from '../conversation.ts';
import { isTokenOf, type Admissions, type Session } from './admissions.ts';
import type { Page } from './pages.ts';
import { Rate } from './rate.ts';
import { HEADERS, isOwnHost, isOwnOrigin, sessionCookie, setSessionCookie } from './requests.ts';

const ADDRESS = '127.0.0.1';
const HTTP_CONNECTIONS_MAX = 128;
const SOCKETS_MAX = 16;
const REQUEST_MS = 10_000;
const HELLO_MS = 10_000;
const FAREWELL_MS = 1_000;
/** Larger than any request of the window; a list of 10,000 rules is the largest. */
const MESSAGE_BYTES_MAX = 1_048_576;
const ADMISSION_BYTES_MAX = 1_024;
const REQUEST_RATE = { burst: 1_000, perSecond: 100 };
/** A window that scrolls through a list asks a few dozen times a second. */
const MESSAGE_RATE = { burst: 600, perSecond: 120 };

export interface BrowserShellOptions {
  readonly answering: Answering;
  readonly admissions: Admissions;
  readonly pages: ReadonlyMap<string, Page>;
  /** 0 is any free one. */
  readonly port: number;
  readonly clock: Clock;
  /** A browser was let in. */
  readonly onAdmitted: () => void;
}

export interface BrowserShell {
  readonly port: number;
  close(): Promise<void>;
}

/** Serve. Rejects with the system's error when the port is taken. */
export async function serveBrowsers(options: BrowserShellOptions): Promise<BrowserShell> {
  const server = createServer({
    maxHeaderSize: 16_384,
    headersTimeout: REQUEST_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: REQUEST_MS,
  });
  server.maxConnections = HTTP_CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, ADDRESS, resolve);
  });
  const { port } = server.address() as { port: number };
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES_MAX,
    perMessageDeflate: false,
  });
  const rate = new Rate(options.clock, REQUEST_RATE);
  server.on('request', (request, response) => {
    const status = refusal(request, port, rate);
    if (status === undefined) answer(request, response, port, options);
    else end(response, status);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const session = options.admissions.sessionOf(sessionCookie(request, port));
    const status = refusal(request, port, rate) ?? upgradeRefusal(request, sockets, session);
    if (status !== undefined || !session) refuseUpgrade(socket, status ?? 401);
    else sockets.handleUpgrade(request, socket, head, (ws) => serveSocket(ws, session, options));
  });
  return { port, close: () => close(server, sockets) };
}

/** Why no request of this kind is answered, as an HTTP status. */
function refusal(request: IncomingMessage, port: number, rate: Rate): number | undefined {
  if (!rate.take()) return 429;
  // 421: this server does not answer for that name.
  return isOwnHost(request, port) ? undefined : 421;
}

function upgradeRefusal(
  request: IncomingMessage,
  sockets: WebSocketServer,
  session: Session | undefined,
): number | undefined {
  if (request.url !== ENGINE_PATH) return 404;
  if (!isOwnOrigin(request)) return 403;
  if (!session) return 401;
  return sockets.clients.size >= SOCKETS_MAX ? 503 : undefined;
}

function refuseUpgrade(socket: Duplex, status: number): void {
  socket.end(
    `HTTP/1.1 ${String(status)} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  );
}

function end(response: ServerResponse, status: number, headers = {}): void {
  response.writeHead(status, { ...HEADERS, ...headers });
  response.end();
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  port: number,
  { pages, admissions, onAdmitted }: BrowserShellOptions,
): void {
  const { method } = request;
  if (request.url === ADMISSION_PATH && method === 'POST') {
    admit(request, response, port, admissions, onAdmitted).catch(() => response.destroy());
    return;
  }
  if (method !== 'GET' && method !== 'HEAD') {
    end(response, 405, { allow: 'GET, HEAD' });
    return;
  }
  if (request.url === ADMISSION_PATH) {
    end(response, admissions.sessionOf(sessionCookie(request, port)) ? 204 : 401);
    return;
  }
  const page = pages.get((request.url ?? '').split('?')[0] ?? '');
  if (!page) {
    end(response, 404);
    return;
  }
  const length = page.bytes.length;
  response.writeHead(200, { ...HEADERS, 'content-type': page.type, 'content-length': length });
  response.end(method === 'HEAD' ? undefined : page.bytes);
}

/** A code against a session. */
async function admit(
  request: IncomingMessage,
  response: ServerResponse,
  port: number,
  admissions: Admissions,
  onAdmitted: () => void,
): Promise<void> {
  if (!isOwnOrigin(request)) return end(response, 403);
  // Anything else could be sent by a form of another page without asking first.
  if (request.headers['content-type'] !== 'application/json') return end(response, 415);
  const body = await readBody(request);
  if (body === undefined) return end(response, 413, { connection: 'close' });
  const session = await admissions.admit(codeIn(body));
  if (!session) return end(response, 403);
  onAdmitted();
  response.writeHead(200, {
    ...HEADERS,
    'content-type': 'application/json',
    'set-cookie': setSessionCookie(session.cookie, port),
  });
  response.end(JSON.stringify({ token: session.token }));
}

/** Undefined when it is longer than a code can be. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    sizeBytes += piece.length;
    if (sizeBytes > ADMISSION_BYTES_MAX) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function codeIn(body: string): string {
  try {
    const { code } = JSON.parse(body) as { code?: unknown };
    return typeof code === 'string' ? code : '';
  } catch {
    return '';
  }
}

function serveSocket(
  socket: WebSocket,
  session: Session,
  { answering, clock }: BrowserShellOptions,
): void {
  const rate = new Rate(clock, MESSAGE_RATE);
  let isGreeted = false;
  const conversation = openConversation(
    {
      send: (text) => socket.send(text),
      waitingBytes: () => socket.bufferedAmount,
      hangUp: (why) =>
        socket.close(why === 'refused' ? CLOSE_CODES.refused : CLOSE_CODES.notAdmitted),
    },
    {
      answering,
      isToken: (text) => {
        isGreeted = isTokenOf(session, text);
        return isGreeted;
      },
      // A page may ask for everything but the end of the engine.
      onStop: undefined,
    },
  );
  const late = setTimeout(() => {
    if (!isGreeted) socket.close(CLOSE_CODES.notAdmitted);
  }, HELLO_MS);
  // A caller that breaks the protocol, or has vanished, shows up as `close` right after.
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    clearTimeout(late);
    conversation.end();
  });
  socket.on('message', (bytes, isBinary) => {
    if (isBinary || !rate.take()) {
      conversation.end();
      socket.close(CLOSE_CODES.refused);
    } else {
      conversation.receive((bytes as Buffer).toString('utf8'));
    }
  });
}

async function close(server: Server, sockets: WebSocketServer): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of sockets.clients) socket.close(CLOSE_CODES.goingAway);
  const last = setTimeout(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
  }, FAREWELL_MS);
  server.closeIdleConnections();
  await closed;
  clearTimeout(last);
}
