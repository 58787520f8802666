/**
 * @file Serves a home on its socket: 0600, a token first, then calls and events.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { EngineError } from '#engine/model/engine-error.ts';
import { digestOf, isSecret, openConversation, type Answering } from './conversation.ts';
import { receiveFrames, sendFrame } from './frames.ts';

const CONNECTIONS_MAX = 64;
/** How long a caller may take for its last answer when the engine ends. */
const FAREWELL_MS = 1_000;

export interface EngineServerOptions {
  readonly answering: Answering;
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

/**
 * Listen. The caller holds the home's lock, so whatever lies at the path is a dead engine's.
 *
 * @throws EngineError `home-unwritable` where no socket can be made
 */
export async function serveEngine(options: EngineServerOptions): Promise<EngineServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serveSocket(socket, options);
  });
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, options.socketPath);
  return {
    stopListening: () => void server.close(),
    close: () => closeServer(server, sockets),
  };
}

async function listen(server: Server, socketPath: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', (cause: NodeJS.ErrnoException) => {
    const context = { systemCode: cause.code ?? '' };
    reject(new EngineError('home-unwritable', 'no socket can be made there', { context, cause }));
  });
  // The socket is made before `listen` returns, so that nothing else is made under this mask.
  const before = process.umask(0o177);
  try {
    server.listen(socketPath, () => resolve(undefined));
  } finally {
    process.umask(before);
  }
  await promise;
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

function serveSocket(socket: Socket, { answering, token, onStop }: EngineServerOptions): void {
  const digest = digestOf(token);
  const conversation = openConversation(
    {
      send: (text) => {
        if (!socket.destroyed) sendFrame(socket, text);
      },
      waitingBytes: () => socket.writableLength,
      hangUp: () => socket.destroy(),
    },
    { answering, isToken: (text) => isSecret(text, digest), onStop },
  );
  // A caller that vanished shows up as `close` right after.
  socket.on('error', () => socket.destroy());
  socket.on('close', () => conversation.end());
  receiveFrames(socket, (text) => conversation.receive(text));
}
