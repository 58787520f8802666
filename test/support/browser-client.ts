/**
 * @file A browser as the browser shell sees it, from Node: requests with any headers, and a
 * WebSocket that shows a cookie and an origin. Real sockets; nothing is corrected on the way.
 */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { WebSocket } from 'ws';
import { ADMISSION_PATH, ENGINE_PATH } from '#contract/browser-wire.ts';
import { decodeMessage, encodeMessage, type EngineMessage } from '#contract/wire.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly address?: string;
}

/** Send one request; the path goes out as it is given, dots and all. */
export async function request(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body, address = '127.0.0.1' }: RequestOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: address, port, path, method, headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(pieces).toString('utf8'),
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

export const ownOrigin = (port: number): string => `http://127.0.0.1:${String(port)}`;

/** Post a code as the page does. */
export async function postCode(
  port: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return request(port, ADMISSION_PATH, {
    method: 'POST',
    headers: { origin: ownOrigin(port), 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ code }),
  });
}

export interface BrowserSession {
  /** As the `cookie` header has it. */
  readonly cookie: string;
  readonly token: string;
}

/** Exchange a code for a session; the code must be good. */
export async function admit(port: number, code: string): Promise<BrowserSession> {
  const { status, headers, body } = await postCode(port, code);
  const cookie = headers['set-cookie']?.[0]?.split(';')[0];
  if (status !== 200 || cookie === undefined) throw new Error(`not admitted: ${String(status)}`);
  return { cookie, token: (JSON.parse(body) as { token: string }).token };
}

/** A WebSocket as a page opens it. */
export interface PageSocket {
  send(message: unknown): void;
  sendText(text: string | Buffer): void;
  /** The next message of this kind. */
  next<Kind extends EngineMessage['type']>(
    type: Kind,
  ): Promise<Extract<EngineMessage, { type: Kind }>>;
  /** The code with which the server closed it. */
  readonly closed: Promise<number>;
  close(): void;
}

/** Open it; rejects with the HTTP status when the server refuses. */
export async function openSocket(
  port: number,
  headers: { readonly cookie?: string; readonly origin?: string; readonly host?: string },
  path = ENGINE_PATH,
): Promise<PageSocket> {
  const { origin = ownOrigin(port), ...others } = headers;
  const socket = new WebSocket(`ws://127.0.0.1:${String(port)}${path}`, {
    headers: { ...others, ...(origin === '' ? {} : { origin }) },
    perMessageDeflate: false,
  });
  const messages: EngineMessage[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (bytes: Buffer) => {
    messages.push(decodeMessage(bytes.toString('utf8')) as EngineMessage);
    for (const look of [...waiting]) look();
  });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('unexpected-response', (_request, response) => {
      reject(new Error(String(response.statusCode)));
    });
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  return {
    closed,
    send: (message) => socket.send(encodeMessage(message as never)),
    sendText: (text) => socket.send(text),
    close: () => socket.close(),
    next: <Kind extends EngineMessage['type']>(type: Kind) =>
      new Promise<Extract<EngineMessage, { type: Kind }>>((resolve) => {
        const look = (): void => {
          const index = messages.findIndex((one) => one.type === type);
          if (index < 0) return;
          waiting.delete(look);
          const [found] = messages.splice(index, 1);
          resolve(found as Extract<EngineMessage, { type: Kind }>);
        };
        waiting.add(look);
        look();
      }),
  };
}

/** Open it and say hello; ready for calls. */
export async function connectPage(port: number, session: BrowserSession): Promise<PageSocket> {
  const socket = await openSocket(port, { cookie: session.cookie });
  socket.send({ type: 'hello', token: session.token });
  await socket.next('welcome');
  return socket;
}
