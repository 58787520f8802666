/**
 * @file Free and taken TCP ports of this computer.
 */
import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { EngineError, hasCode } from '#engine/model/engine-error.ts';

/**
 * Where ports are chosen. From 32768 on systems give them to connections that go out, so that one
 * of those may have a port while whoever listens on it is away for a moment.
 */
const CHOSEN_MIN = 20_000;
const CHOSEN_MAX = 32_767;

/** Different ports that nobody listens on, for now: whoever is quick may still take one. */
export async function freePorts(host: string, count: number): Promise<number[]> {
  const servers = new Map<number, Server>();
  try {
    for (let tries = CHOSEN_MAX - CHOSEN_MIN; servers.size < count; tries -= 1) {
      const port = randomInt(CHOSEN_MIN, CHOSEN_MAX + 1);
      if (servers.has(port)) continue;
      try {
        servers.set(port, await listen(host, port));
      } catch (error) {
        if (tries <= 0 || !hasCode(error, 'port-taken')) throw error;
      }
    }
    return [...servers.keys()];
  } finally {
    await Promise.all([...servers.values()].map(close));
  }
}

/** Throws `port-taken` when somebody listens on the port. */
export async function requireFree(host: string, port: number): Promise<void> {
  await close(await listen(host, port));
}

export function portTaken(host: string, port: number): EngineError {
  return new EngineError('port-taken', `port ${String(port)} on ${host} is taken`, {
    context: { port },
  });
}

function listen(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? portTaken(host, port) : error);
    });
    server.listen({ host, port }, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
