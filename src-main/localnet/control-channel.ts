/**
 * @file How other processes reach a running local network: HTTP on loopback, with a token that
 * only the directory's owner can read. No unix socket, since a directory's path may be longer than
 * a socket's may.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { SerializedError } from '#contract/errors.ts';
import { deserializeError, EngineError, serializeError } from '#engine/model/engine-error.ts';
import type { ControlArguments } from './control-commands.ts';
import { HOST } from './settings.ts';

const FILE = 'control.json';
const TOKEN_BYTES = 32;
const REQUEST_BYTES_MAX = 65_536;

interface ControlFile {
  readonly port: number;
  readonly token: string;
  readonly pid: number;
}

/** Runs a command and gives its result as JSON. */
export type RunCommand = (name: string, given: ControlArguments) => Promise<object>;

/** Listen until closed. `run` is called for each authorized request. */
export async function serveControl(
  dir: string,
  run: RunCommand,
): Promise<{ close(): Promise<void> }> {
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  const server = createServer((incoming, outgoing) => {
    answer(incoming, token, run)
      .catch((error: unknown) => ({ error: serializeError(error) }))
      .then((body) => {
        outgoing.setHeader('content-type', 'application/json');
        outgoing.end(JSON.stringify(body));
      })
      .catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: HOST, port: 0 }, resolve);
  });
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const file: ControlFile = { port, token, pid: process.pid };
  const incoming = join(dir, `${FILE}.new`);
  writeFileSync(incoming, JSON.stringify(file), { mode: 0o600 });
  renameSync(incoming, join(dir, FILE));
  return {
    close: async () => {
      rmSync(join(dir, FILE), { force: true });
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await closed;
    },
  };
}

async function answer(incoming: IncomingMessage, token: string, run: RunCommand): Promise<object> {
  const given = Buffer.from(incoming.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw new EngineError('usage', 'not the token of this local network');
  }
  const { command, given: args } = JSON.parse(await readText(incoming)) as {
    command: string;
    given: ControlArguments;
  };
  return { result: await run(command, args) };
}

async function readText(stream: IncomingMessage, bytesMax?: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > (bytesMax ?? REQUEST_BYTES_MAX)) throw new EngineError('usage', 'too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Ask the local network of a directory. Throws `localnet-not-running`, and whatever the command
 * throws.
 */
export async function callLocalnet(
  dir: string,
  command: string,
  given: ControlArguments = {},
): Promise<Record<string, unknown>> {
  const file = readControlFile(dir);
  const body = JSON.stringify({ command, given });
  const text = await new Promise<string>((resolve, reject) => {
    const outgoing = request({
      host: HOST,
      port: file.port,
      method: 'POST',
      agent: false,
      headers: {
        authorization: `Bearer ${file.token}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    });
    outgoing.on('error', (error) => reject(notRunning(dir, error)));
    outgoing.on('response', (response) => {
      readText(response, Infinity).then(resolve, reject);
    });
    outgoing.end(body);
  });
  const parsed = JSON.parse(text) as {
    readonly result?: Record<string, unknown>;
    readonly error?: SerializedError;
  };
  if (parsed.error) throw deserializeError(parsed.error);
  return parsed.result ?? {};
}

function readControlFile(dir: string): ControlFile {
  try {
    return JSON.parse(readFileSync(join(dir, FILE), 'utf8')) as ControlFile;
  } catch (error) {
    throw notRunning(dir, error);
  }
}

function notRunning(dir: string, cause: unknown): EngineError {
  return new EngineError('localnet-not-running', `no local network is running in ${dir}`, {
    cause,
  });
}
