import { describe, expect, test } from 'vitest';
import { parseObjectId } from '#engine/model/ids.ts';
import type { Coin } from '../rpc/chain-rpc.ts';
import { chooseCoins, sumOf } from './coins.ts';

const coin = (id: number, balance: bigint): Coin => ({
  objectId: parseObjectId(`0x${id.toString(16)}`),
  version: 1n,
  digest: 'd',
  balance,
});
const coins = [coin(1, 5n), coin(2, 100n), coin(3, 40n), coin(4, 40n), coin(5, 0n)];

describe('chooseCoins', () => {
  test.each([
    { name: 'a small amount takes the largest coin', needed: 60n, extraCoins: 0, balances: [100n] },
    {
      name: 'an amount on the edge takes no further coin',
      needed: 100n,
      extraCoins: 0,
      balances: [100n],
    },
    {
      name: 'one above the edge takes the next',
      needed: 101n,
      extraCoins: 0,
      balances: [100n, 40n],
    },
    {
      name: 'further coins are merged on the way',
      needed: 60n,
      extraCoins: 2,
      balances: [100n, 40n, 40n],
    },
    {
      name: 'everything there is may be needed',
      needed: 185n,
      extraCoins: 0,
      balances: [100n, 40n, 40n, 5n],
    },
    { name: 'nothing needs one coin all the same', needed: 0n, extraCoins: 0, balances: [100n] },
  ])('$name', ({ needed, extraCoins, balances }) => {
    const chosen = chooseCoins(coins, needed, { coinsMax: 10, extraCoins });
    expect(chosen?.map(({ balance }) => balance)).toEqual(balances);
  });

  test('gives up when the coins do not suffice', () => {
    expect(chooseCoins(coins, 186n, { coinsMax: 10, extraCoins: 0 })).toBeUndefined();
  });

  test('gives up when too many coins would be needed', () => {
    expect(chooseCoins(coins, 150n, { coinsMax: 2, extraCoins: 5 })).toBeUndefined();
  });

  test('is the same whatever the order', () => {
    const limits = { coinsMax: 10, extraCoins: 1 };
    const [a, b] = [coins, coins.toReversed()].map((list) => chooseCoins(list, 120n, limits));
    expect(a).toEqual(b);
    expect(sumOf(a ?? [])).toBe(180n);
  });
});
