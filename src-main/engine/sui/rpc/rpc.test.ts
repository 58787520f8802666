import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ErrorCode } from '#contract/errors.ts';
import { parseObjectId, parseSuiAddress, type TransactionDigest } from '#engine/model/ids.ts';
import type { RpcTransport } from '#engine/model/network.ts';
import {
  recordedTransaction,
  silentLogger,
  startRecordedChain,
  type RecordedChain,
  type ScriptedAnswer,
} from '#test/support/recorded-chain.ts';
import { scriptedClock, type ScriptedClock } from '#test/support/scripted-clock.ts';
import { openRpc } from './transports.ts';

let node: RecordedChain;
let clock: ScriptedClock;
beforeEach(async () => {
  node = await startRecordedChain();
  clock = scriptedClock();
});
afterEach(() => node.close());

const open = (url: string, transport: RpcTransport = 'json-rpc') =>
  openRpc({ transport, url }, { clock, logger: silentLogger });

const bytes = (): Uint8Array =>
  Buffer.from(recordedTransaction('certify deletable (blob K)').txBytes, 'base64');

describe('a request', () => {
  test('that gets no answer is repeated after growing waits', async () => {
    node.on('suix_getReferenceGasPrice', (_, call) => (call < 3 ? 'reset' : 'recorded'));
    expect(await open(node.url).readGasPrice()).toBe(1000n);
    expect(clock.waitsMs).toEqual([250, 500, 1000]);
  });

  test('that never gets an answer fails after four tries', async () => {
    node.on('suix_getReferenceGasPrice', () => 'reset');
    await expect(open(node.url).readGasPrice()).rejects.toMatchObject({ code: 'rpc-unreachable' });
    expect(node.count('suix_getReferenceGasPrice')).toBe(4);
  });

  test('that hangs is given up when its time is over', async () => {
    let isAsked: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    node.on('suix_getReferenceGasPrice', (_, call) => {
      if (call === 0) isAsked();
      return call === 0 ? 'hang' : 'recorded';
    });
    const reading = open(node.url).readGasPrice();
    await asked;
    clock.expireLimits();
    expect(await reading).toBe(1000n);
  });

  test('ends at once when the caller gives up', async () => {
    let isAsked: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    node.on('suix_getReferenceGasPrice', () => {
      isAsked();
      return 'hang';
    });
    const caller = new AbortController();
    const reading = open(node.url).readGasPrice(caller.signal);
    await asked;
    caller.abort();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('to a server that is not there says which', async () => {
    const { url } = node;
    await node.close();
    await expect(open(url).readGasPrice()).rejects.toMatchObject({
      code: 'rpc-unreachable',
      context: { endpoint: `json-rpc ${new URL(url).host}` },
    });
    node = await startRecordedChain();
  });

  test.each<{ name: string; answer: ScriptedAnswer; code: ErrorCode; tries: number }>([
    { name: 'HTTP 404', answer: { status: 404 }, code: 'rpc-invalid-answer', tries: 1 },
    { name: 'HTTP 429', answer: { status: 429 }, code: 'rpc-unreachable', tries: 4 },
    { name: 'HTTP 503', answer: { status: 503 }, code: 'rpc-unreachable', tries: 4 },
    {
      name: 'busy',
      answer: { error: { code: -32604, message: 'too many requests' } },
      code: 'rpc-unreachable',
      tries: 4,
    },
    {
      name: 'no such method',
      answer: { error: { code: -32601, message: 'Method not found' } },
      code: 'rpc-invalid-answer',
      tries: 1,
    },
    {
      name: 'a price that is no number',
      answer: { result: 'free' },
      code: 'rpc-invalid-answer',
      tries: 1,
    },
    { name: 'a negative price', answer: { result: '-1' }, code: 'rpc-invalid-answer', tries: 1 },
  ])('answered with $name is $code', async ({ answer, code, tries }) => {
    node.on('suix_getReferenceGasPrice', () => answer);
    await expect(open(node.url).readGasPrice()).rejects.toMatchObject({ code });
    expect(node.count('suix_getReferenceGasPrice')).toBe(tries);
  });

  test('answered with more than any answer can be is refused', async () => {
    const server = await serve((_, reply) =>
      reply(200, 'application/json', 'x'.repeat(40 * 1024 * 1024)),
    );
    await expect(open(server).readGasPrice()).rejects.toMatchObject({ code: 'rpc-invalid-answer' });
  });
});

describe('a transaction', () => {
  test('that the node would not take is refused, and not sent again', async () => {
    node.on('sui_executeTransactionBlock', () => ({
      error: { code: -32002, message: 'Transaction validator signing failed' },
    }));
    await expect(open(node.url).execute(bytes(), 'AA==')).rejects.toMatchObject({
      code: 'transaction-refused',
    });
    expect(node.count('sui_executeTransactionBlock')).toBe(1);
  });

  test('whose answer is lost is sent again as the same bytes', async () => {
    node.on('sui_executeTransactionBlock', (_, call) => (call === 0 ? 'reset' : 'recorded'));
    const outcome = await open(node.url).execute(bytes(), 'AA==');
    expect(outcome.status).toEqual({ kind: 'success' });
    const sent = node.requests.filter(({ method }) => method === 'sui_executeTransactionBlock');
    expect(sent[0]?.params).toEqual(sent[1]?.params);
  });

  test('answered with the outcome of another is not believed', async () => {
    node.on('sui_executeTransactionBlock', () => ({
      result: {
        digest: recordedTransaction('exchange_all_for_wal').digest,
        effects: { status: { status: 'success' } },
      },
    }));
    await expect(open(node.url).execute(bytes(), 'AA==')).rejects.toMatchObject({
      code: 'rpc-invalid-answer',
    });
  });

  test('that the node does not know is undefined', async () => {
    const digest = '11111111111111111111111111111112' as TransactionDigest;
    expect(await open(node.url).findTransaction(digest)).toBeUndefined();
  });

  test.each<{ name: string; transport: RpcTransport }>([
    { name: 'JSON-RPC', transport: 'json-rpc' },
    { name: 'gRPC-web', transport: 'grpc-web' },
  ])('looked up at an endpoint without $name is not taken for absent', async ({ transport }) => {
    // A Sui 1.55 node answers 404 to the gRPC services of this SDK.
    const url = await serve((_, reply) => reply(404, 'text/plain', ''));
    const digest = '11111111111111111111111111111112' as TransactionDigest;
    await expect(open(url, transport).findTransaction(digest)).rejects.toMatchObject({
      code: 'rpc-invalid-answer',
    });
  });
});

describe('GraphQL', () => {
  interface Query {
    readonly query: string;
    readonly variables: Readonly<Record<string, unknown>>;
  }
  const startGraphQl = async (data: unknown): Promise<{ url: string; queries: Query[] }> => {
    const queries: Query[] = [];
    const url = await serve((body, reply) => {
      queries.push(JSON.parse(body) as Query);
      reply(200, 'application/json', JSON.stringify({ data }));
    });
    return { url, queries };
  };

  test('asks for objects by ID with their contents', async () => {
    const { url, queries } = await startGraphQl({ multiGetObjects: [] });
    const objectId = parseObjectId('0x5');
    expect(await open(url, 'graphql').readObjects([objectId])).toEqual([undefined]);
    expect(queries[0]?.query).toContain('multiGetObjects');
    expect(queries[0]?.variables).toMatchObject({
      objectKeys: [{ address: objectId }],
      includeContent: true,
      includePreviousTransaction: true,
    });
  });

  test('asks for owned objects by type', async () => {
    const objects = { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };
    const { url, queries } = await startGraphQl({ address: { objects } });
    const owner = parseSuiAddress('0x5');
    await open(url, 'graphql').listOwnedObjects({ owner, type: '0x2::bag::Bag' });
    expect(queries[0]?.variables).toMatchObject({ owner, filter: { type: '0x2::bag::Bag' } });
  });

  test('executes with bytes and signature', async () => {
    const { url, queries } = await startGraphQl({ executeTransaction: null });
    await expect(open(url, 'graphql').execute(bytes(), 'c2ln')).rejects.toMatchObject({
      code: 'rpc-invalid-answer',
    });
    expect(queries[0]?.query).toContain('executeTransaction');
    expect(queries[0]?.variables).toMatchObject({
      transactionDataBcs: Buffer.from(bytes()).toString('base64'),
      signatures: ['c2ln'],
      includeEffects: true,
    });
  });

  test('simulates the finished bytes', async () => {
    const { url, queries } = await startGraphQl({ simulateTransaction: null });
    await expect(open(url, 'graphql').simulate(bytes())).rejects.toMatchObject({
      code: 'rpc-invalid-answer',
    });
    expect(queries[0]?.variables).toMatchObject({
      transaction: { bcs: { value: Buffer.from(bytes()).toString('base64') } },
      doGasSelection: false,
      checksEnabled: true,
    });
  });

  test.each([
    {
      name: 'the chain',
      data: { checkpoint: { digest: '9pdZJ529vDmE4VszZnLkdfRFtFWgh5dQ9qxEDQMMuyg3' } },
      ask: 'readChainIdentifier' as const,
      answer: '831120da',
    },
    {
      name: 'the epoch',
      data: { epoch: { epochId: 12 } },
      ask: 'readSuiEpoch' as const,
      answer: 12n,
    },
    {
      name: 'the checkpoint',
      data: { checkpoint: { sequenceNumber: 77 } },
      ask: 'readLatestCheckpoint' as const,
      answer: 77n,
    },
    {
      name: 'the gas price',
      data: { epoch: { referenceGasPrice: '1000' } },
      ask: 'readGasPrice' as const,
      answer: 1000n,
    },
  ])('reads $name', async ({ data, ask, answer }) => {
    const { url } = await startGraphQl(data);
    expect(await open(url, 'graphql')[ask]()).toBe(answer);
  });

  test('reports an error that the endpoint reports', async () => {
    const url = await serve((_, reply) =>
      reply(200, 'application/json', JSON.stringify({ data: null, errors: [{ message: 'no' }] })),
    );
    await expect(open(url, 'graphql').execute(bytes(), 'c2ln')).rejects.toMatchObject({
      code: 'transaction-refused',
    });
    await expect(open(url, 'graphql').readGasPrice()).rejects.toMatchObject({
      code: 'rpc-invalid-answer',
    });
  });
});

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server that answers every request by a function of its body. */
async function serve(
  answer: (body: string, reply: (status: number, type: string, text: string) => void) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      answer(Buffer.concat(parts).toString(), (status, type, text) => {
        response.writeHead(status, { 'content-type': type }).end(text);
      });
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}
