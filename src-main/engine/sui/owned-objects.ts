/**
 * @file Walks the pages of an owner's objects, with an end to everything.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import type { SuiAddress } from '#engine/model/ids.ts';
import type { ChainObject, ChainRpc, Coin } from './rpc/chain-rpc.ts';

/**
 * Objects of one type, in the node's order. Anyone can send objects to an address, so there can be
 * more than an owner ever made: beyond `itemsMax` it is an error rather than an endless walk.
 */
export async function* listOwned(
  rpc: ChainRpc,
  request: { readonly owner: SuiAddress; readonly type: string; readonly itemsMax: number },
  signal?: AbortSignal,
): AsyncGenerator<ChainObject> {
  const { owner, type, itemsMax } = request;
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await rpc.listOwnedObjects(
      { owner, type, ...(cursor === undefined ? {} : { cursor }) },
      signal,
    );
    for (const object of page.items) {
      count += 1;
      if (count > itemsMax) {
        throw new EngineError(
          'rpc-invalid-answer',
          `${owner} owns over ${String(itemsMax)} objects`,
          {
            context: { owner, type },
          },
        );
      }
      yield object;
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** Coins of one type, at most `coinsMax`: whoever sends us dust does not keep us from paying. */
export async function listCoins(
  rpc: ChainRpc,
  request: { readonly owner: SuiAddress; readonly coinType: string; readonly coinsMax: number },
  signal?: AbortSignal,
): Promise<readonly Coin[]> {
  const { owner, coinType, coinsMax } = request;
  const coins: Coin[] = [];
  let cursor: string | undefined;
  do {
    const page = await rpc.listCoins(
      { owner, coinType, ...(cursor === undefined ? {} : { cursor }) },
      signal,
    );
    coins.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined && coins.length < coinsMax);
  return coins;
}
