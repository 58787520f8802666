/**
 * @file Which coins pay.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import type { Coin } from '../rpc/chain-rpc.ts';

/**
 * The largest coins that together hold `needed`, and then up to `extraCoins` more, which a payment
 * merges on the way: a fragmented account heals as it is used. Undefined where `coinsMax` coins do
 * not suffice. The same coins always give the same choice.
 */
export function chooseCoins(
  coins: readonly Coin[],
  needed: bigint,
  limits: { readonly coinsMax: number; readonly extraCoins: number },
): readonly Coin[] | undefined {
  const largestFirst = coins.toSorted((a, b) => {
    if (a.balance !== b.balance) return a.balance > b.balance ? -1 : 1;
    return a.objectId < b.objectId ? -1 : 1;
  });
  let held = 0n;
  let count = 0;
  while (held < needed && count < Math.min(largestFirst.length, limits.coinsMax)) {
    held += largestFirst[count]?.balance ?? 0n;
    count += 1;
  }
  if (held < needed) return undefined;
  // A payment of nothing still needs a coin to be made with.
  const taken = Math.min(Math.max(count, 1) + limits.extraCoins, limits.coinsMax);
  return largestFirst.slice(0, taken);
}

export const sumOf = (coins: readonly Coin[]): bigint =>
  coins.reduce((sum, { balance }) => sum + balance, 0n);

/** `what` is the currency, amounts are in its smallest unit. */
export function balanceLow(
  what: 'WAL' | 'SUI',
  needed: bigint,
  held: bigint,
  address: string,
): EngineError {
  return new EngineError(
    'balance-low',
    `${address} holds ${String(held)} of ${what} (smallest units), ${String(needed)} are needed`,
    { context: { address, currency: what, needed: String(needed), held: String(held) } },
  );
}
