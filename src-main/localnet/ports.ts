/**
 * @file Free and taken TCP ports of this computer.
 */
import { createServer, type Server } from 'node:net';
import { EngineError } from '#engine/model/engine-error.ts';

/** Different ports that nobody listens on, for now: whoever is quick may still take one. */
export async function freePorts(host: string, count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, async () => listen(host, 0)));
  const ports = servers.map((server) => {
    const address = server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  });
  await Promise.all(servers.map(close));
  return ports;
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
