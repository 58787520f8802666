/**
 * @file An RPC endpoint that can lie about time: it passes requests on to a real one, and answers
 * from what it remembers once it is frozen.
 */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface RpcProxy {
  readonly url: string;
  /** Answer what was asked before as it was answered then; reads only know the past. */
  freeze(): void;
  /** Keep the answers of now when frozen, instead of the newest ones. */
  rememberHeads(): void;
  thaw(): void;
  /** Reset every connection. */
  refuse(): void;
  /** Answer nobody from now on, and let them wait. */
  hold(): void;
  /** Resolves when the first waits so. */
  held(): Promise<void>;
  /** Do something once, before the next transaction is passed on; it is not, after `refuse`. */
  beforeExecution(work: () => Promise<void>): void;
  /** Pass the next transaction on, and reset every connection before its answer is told. */
  loseExecution(): void;
  /** Say another time of day than the machine that asks. */
  shiftClock(ms: number): void;
  close(): Promise<void>;
}

export async function openRpcProxy(target: string): Promise<RpcProxy> {
  const remembered = new Map<string, Answer>();
  let mode: 'pass' | 'frozen' | 'refuse' | 'hold' = 'pass';
  let isRemembering = true;
  let shiftMs = 0;
  let beforeExecution: (() => Promise<void>) | undefined;
  let isExecutionLost = false;
  const held = Promise.withResolvers<void>();
  const server = createServer((incoming, outgoing) => {
    void answer(incoming, outgoing);
  });
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    if (isRefusing()) {
      incoming.socket.destroy();
      return;
    }
    if (isHolding()) {
      held.resolve();
      return;
    }
    const body = await readAll(incoming);
    const key = `${incoming.url ?? ''} ${body.toString('base64')}`;
    const isExecution = incoming.url?.endsWith('/ExecuteTransaction') === true;
    if (isExecution) {
      const work = beforeExecution;
      beforeExecution = undefined;
      await work?.();
      if (isRefusing()) {
        incoming.socket.destroy();
        return;
      }
    }
    const old = mode === 'frozen' ? remembered.get(key) : undefined;
    try {
      const given = old ?? (await forward(target, incoming, body));
      if (isExecution && isExecutionLost) {
        isExecutionLost = false;
        refuse();
        return;
      }
      if (mode === 'pass' && isRemembering) remembered.set(key, given);
      const shifted = new Date(Date.now() + shiftMs).toUTCString();
      const headers = shiftMs === 0 ? given.headers : { ...given.headers, date: shifted };
      outgoing.writeHead(given.status, headers).end(given.body);
    } catch {
      incoming.socket.destroy();
    }
  };
  const isHolding = (): boolean => mode === 'hold';
  const isRefusing = (): boolean => mode === 'refuse';
  const refuse = (): void => {
    mode = 'refuse';
    server.closeAllConnections();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    freeze: () => {
      mode = 'frozen';
    },
    rememberHeads: () => {
      isRemembering = false;
    },
    thaw: () => {
      mode = 'pass';
      isRemembering = true;
    },
    refuse,
    hold: () => {
      mode = 'hold';
    },
    held: () => held.promise,
    beforeExecution: (work) => {
      beforeExecution = work;
    },
    loseExecution: () => {
      isExecutionLost = true;
    },
    shiftClock: (ms) => {
      shiftMs = ms;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

async function forward(target: string, incoming: IncomingMessage, body: Buffer): Promise<Answer> {
  const headers = without(incoming.headers, ['host', 'connection']);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(incoming.url ?? '/', target),
      { method: incoming.method ?? 'POST', headers },
      (response) => {
        const kept = without(response.headers, ['connection', 'transfer-encoding']);
        readAll(response)
          .then((bytes) =>
            resolve({ status: response.statusCode ?? 500, headers: kept, body: bytes }),
          )
          .catch(reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function without(
  headers: IncomingMessage['headers'],
  names: readonly string[],
): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}
