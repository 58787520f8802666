/**
 * @file The faucet: Sui's own HTTP API, coins out of nothing.
 *
 * `POST /v2/gas` with `{"FixedAmountRequest": {"recipient": "0x..."}}`. WAL comes through the
 * exchange, as on testnet.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseSuiAddress, type SuiAddress } from '#engine/model/ids.ts';
import type { Chain } from '../chain.ts';
import { listen, readBody, reply, type RpcServer } from './http.ts';

/** What one request gives: five coins of 200 SUI, as Sui's local faucet does. */
const COIN_COUNT = 5;
const COIN_MIST = 200_000_000_000n;

/** Serve until closed. Rejects with the socket's error when the port is taken. */
export async function serveFaucet(options: {
  readonly chain: Chain;
  /** 0: any free port. */
  readonly port: number;
  readonly host?: string;
}): Promise<RpcServer> {
  const server = createServer((request, response) => {
    answer(request, response, options.chain).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      replyJson(response, 500, failure(message));
    });
  });
  return listen(server, options.port, options.host ?? '127.0.0.1', 'http');
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  chain: Chain,
): Promise<void> {
  if (request.method === 'OPTIONS') {
    reply(response, 200, 'text/plain', '');
    return;
  }
  const isGas = request.url === '/v2/gas' || request.url === '/gas';
  if (request.method === 'GET' && request.url === '/') {
    reply(response, 200, 'text/plain', 'OK');
    return;
  }
  if (request.method !== 'POST' || !isGas) {
    reply(response, 404, 'text/plain', '');
    return;
  }
  const recipient = readRecipient(await readBody(request));
  if (recipient === undefined) {
    replyJson(response, 400, failure('the recipient is not an address'));
    return;
  }
  const coinsSent: object[] = [];
  for (let index = 0; index < COIN_COUNT; index += 1) {
    const { txDigest, coinIds } = await chain.fund(recipient, { mist: COIN_MIST });
    coinsSent.push({ amount: Number(COIN_MIST), id: coinIds[0], transferTxDigest: txDigest });
  }
  replyJson(response, 201, { status: 'Success', coins_sent: coinsSent });
}

const failure = (internal: string): object => ({
  status: { Failure: { internal } },
  coins_sent: null,
});

function replyJson(response: ServerResponse, status: number, body: object): void {
  reply(response, status, 'application/json', JSON.stringify(body));
}

function readRecipient(body: Buffer | undefined): SuiAddress | undefined {
  try {
    const json = JSON.parse(body?.toString('utf8') ?? '') as {
      FixedAmountRequest?: { recipient?: unknown };
    };
    return parseSuiAddress(String(json.FixedAmountRequest?.recipient));
  } catch {
    return undefined;
  }
}
