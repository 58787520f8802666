/**
 * @file Asks a faucet for SUI, on networks that have one.
 *
 * Sui's own API: `POST /v2/gas` with `FixedAmountRequest`; the answer lists the coins sent.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import { parseSuiAddress, type SuiAddress } from '#engine/model/ids.ts';
import type { Network } from '#engine/model/network.ts';
import type { Clock } from '#engine/ports/ports.ts';
import { openBoundedFetch } from './rpc/bounded-fetch.ts';

/** Ask for the faucet's fixed amount and return how much was sent, in MIST. */
export async function requestFromFaucet(
  network: Network,
  recipient: SuiAddress,
  ports: { readonly clock: Clock; readonly fetch?: typeof fetch | undefined },
  signal?: AbortSignal,
): Promise<bigint> {
  if (!network.faucet) {
    throw new EngineError('balance-low', `the network ${network.name} has no faucet`, {
      context: { address: recipient },
    });
  }
  const boundedFetch = openBoundedFetch({
    fetch: ports.fetch ?? fetch,
    clock: ports.clock,
    endpointName: `faucet ${new URL(network.faucet.url).host}`,
    failures: new WeakMap(),
  });
  const response = await boundedFetch(network.faucet.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ FixedAmountRequest: { recipient: parseSuiAddress(recipient) } }),
    ...(signal ? { signal } : {}),
  });
  const answer: unknown = await response.json().catch(() => undefined);
  const coins = member(answer, 'coins_sent');
  if (member(answer, 'status') !== 'Success' || !Array.isArray(coins)) {
    throw new EngineError('rpc-invalid-answer', 'the faucet did not send anything', {
      context: { address: recipient },
    });
  }
  return coins.reduce((sum: bigint, coin) => sum + BigInt(Number(member(coin, 'amount') ?? 0)), 0n);
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
