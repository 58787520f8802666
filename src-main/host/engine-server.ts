/**
 * @file Serves an engine on the home's socket: 0600, a token first, then calls and events.
 *
 * Every request is parsed by the schema of its method before the engine sees it. A caller that
 * goes away takes its calls with it: their signals are aborted.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import * as v from 'valibot';
import type { EngineConnection } from '#contract/api.ts';
import { isEngineMethod, methods } from '#contract/methods.ts';
import {
  decodeMessage,
  encodeMessage,
  type ClientMessage,
  type EngineMessage,
} from '#contract/wire.ts';
import { EngineError, serializeError } from '#engine/model/engine-error.ts';
import { receiveFrames, sendFrame } from './frames.ts';

/** One caller needs one call and its cancel; this bounds a runaway one. */
const CALLS_PER_CONNECTION_MAX = 64;
const CONNECTIONS_MAX = 64;
/** A caller that has not taken this much misses events; answers are never dropped. */
const EVENT_BYTES_WAITING_MAX = 1_048_576;
/** How long a caller may take for its last answer when the engine ends. */
const FAREWELL_MS = 1_000;

const clientMessage = v.variant('type', [
  v.strictObject({ type: v.literal('hello'), token: v.string() }),
  v.strictObject({
    type: v.literal('call'),
    id: v.pipe(v.number(), v.safeInteger()),
    method: v.string(),
    request: v.unknown(),
  }),
  v.strictObject({ type: v.literal('cancel'), id: v.pipe(v.number(), v.safeInteger()) }),
  v.strictObject({ type: v.literal('stop') }),
]);

export interface EngineServerOptions {
  readonly connection: EngineConnection;
  readonly socketPath: string;
  readonly token: string;
  /** A caller asked the engine to stop. */
  readonly onStop: () => void;
}

export interface EngineServer {
  /** Take no more callers. Those that are there stay. */
  stopListening(): void;
  /** Hang up on everybody; resolves when all are gone. */
  close(): Promise<void>;
}

/** Listen. The caller holds the home's lock, so whatever lies at the path is a dead engine's. */
export async function serveEngine(options: EngineServerOptions): Promise<EngineServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serveSocket(socket, options);
  });
  server.maxConnections = CONNECTIONS_MAX;
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.socketPath, resolve);
    });
  } finally {
    process.umask(before);
  }
  return {
    stopListening: () => void server.close(),
    close: () => closeServer(server, sockets),
  };
}

/** Node's `close` alone waits for callers that may never leave. */
async function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  if (server.listening) server.close();
  const closed = [...sockets].map(
    (socket) =>
      new Promise<void>((resolve) => {
        socket.once('close', () => resolve());
        socket.end(() => socket.destroy());
      }),
  );
  const last = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, FAREWELL_MS);
  await Promise.all(closed);
  clearTimeout(last);
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function serveSocket(socket: Socket, options: EngineServerOptions): void {
  const running = new Map<number, AbortController>();
  let unsubscribe: (() => void) | undefined;
  const send = (message: EngineMessage): void => {
    if (!socket.destroyed) sendFrame(socket, encodeMessage(message));
  };
  // A caller that vanished shows up as `close` right after.
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    unsubscribe?.();
    for (const controller of running.values()) controller.abort();
  });
  receiveFrames(socket, (text) => {
    const message = parseMessage(text);
    if (message === undefined) {
      socket.destroy();
    } else if (unsubscribe === undefined) {
      const isKnown =
        message.type === 'hello' && timingSafeEqual(digest(message.token), digest(options.token));
      if (!isKnown) {
        socket.destroy();
        return;
      }
      unsubscribe = options.connection.subscribe((event) => {
        if (socket.writableLength < EVENT_BYTES_WAITING_MAX) send({ type: 'event', event });
      });
      send({ type: 'welcome', pid: process.pid });
    } else if (message.type === 'call') {
      if (running.size >= CALLS_PER_CONNECTION_MAX || running.has(message.id)) {
        socket.destroy();
        return;
      }
      const controller = new AbortController();
      running.set(message.id, controller);
      void answer(options.connection, message, controller.signal).then((reply) => {
        running.delete(message.id);
        send(reply);
      });
    } else if (message.type === 'cancel') {
      running.get(message.id)?.abort();
    } else if (message.type === 'stop') {
      options.onStop();
    }
  });
}

function parseMessage(text: string): ClientMessage | undefined {
  try {
    const parsed = v.safeParse(clientMessage, decodeMessage(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

async function answer(
  connection: EngineConnection,
  call: Extract<ClientMessage, { type: 'call' }>,
  signal: AbortSignal,
): Promise<EngineMessage> {
  try {
    if (!isEngineMethod(call.method)) {
      throw new EngineError('usage', `there is no method ${call.method}`);
    }
    const parsed = v.safeParse(methods[call.method], call.request);
    if (!parsed.success) {
      throw new EngineError('usage', `the request of ${call.method} is not valid`, {
        context: { issue: parsed.issues[0].message },
      });
    }
    const method = connection.api[call.method].bind(connection.api) as (
      request: unknown,
      options: { signal: AbortSignal },
    ) => Promise<unknown>;
    return { type: 'result', id: call.id, value: await method(parsed.output, { signal }) };
  } catch (error) {
    return { type: 'error', id: call.id, error: serializeError(error) };
  }
}
