import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { parseSuiAddress } from '#engine/model/ids.ts';
import { recordedNetwork, recordedObjects } from '#test/support/recorded-chain.ts';
import { scriptedClock } from '#test/support/scripted-clock.ts';
import { requestFromFaucet } from './faucet.ts';

const recipient = parseSuiAddress('0xf00d');
let server: Server | undefined;
afterEach(() => server?.close());

async function startFaucet(
  status: number,
  body: unknown,
): Promise<{ url: string; bodies: string[] }> {
  const bodies: string[] = [];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () => {
      bodies.push(`${String(request.method)} ${String(request.url)} ${text}`);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/v2/gas`,
    bodies,
  };
}

const networkWith = (url: string | undefined) => ({
  ...recordedNetwork('http://127.0.0.1:1'),
  faucet: url === undefined ? undefined : { url },
});

describe('requestFromFaucet', () => {
  test('asks as Sui’s faucet wants it and adds up what was sent', async () => {
    const { status, body } = recordedObjects.context.faucetAnswer;
    const faucet = await startFaucet(status, body);
    const sent = await requestFromFaucet(networkWith(faucet.url), recipient, {
      clock: scriptedClock(),
    });
    expect(sent).toBe(1_000_000_000_000n);
    expect(faucet.bodies).toEqual([
      `POST /v2/gas {"FixedAmountRequest":{"recipient":"${recipient}"}}`,
    ]);
  });

  test.each([
    { name: 'that is exhausted', status: 429, body: {}, code: 'rpc-unreachable' },
    {
      name: 'that reports a failure',
      status: 200,
      body: { status: { Failure: {} } },
      code: 'rpc-invalid-answer',
    },
  ])('a faucet $name is $code', async ({ status, body, code }) => {
    const faucet = await startFaucet(status, body);
    const sending = requestFromFaucet(networkWith(faucet.url), recipient, {
      clock: scriptedClock(),
    });
    await expect(sending).rejects.toMatchObject({ code });
  });

  test('a network without a faucet needs somebody who pays', async () => {
    const sending = requestFromFaucet(networkWith(undefined), recipient, {
      clock: scriptedClock(),
    });
    await expect(sending).rejects.toMatchObject({ code: 'balance-low' });
  });
});
