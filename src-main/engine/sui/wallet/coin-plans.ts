/** @file Plans that move coins: an exchange, a transfer, a merge; and the coins that pay for others. */
import assert from 'node:assert/strict';
import { EngineError } from '#engine/model/engine-error.ts';
import type { ObjectId, SuiAddress } from '#engine/model/ids.ts';
import { Exchange, parseStruct } from '../move-structs.ts';
import { listCoins } from '../owned-objects.ts';
import type { Coin } from '../rpc/chain-rpc.ts';
import { balanceLow, chooseCoins, sumOf } from './coins.ts';
import { WAL_COINS, COINS_MERGED_MAX, COINS_LISTED_MAX } from './limits.ts';
import { whole, type PlanContext, type Planned } from './plan.ts';
import { addExchange, addMerge, addTransfer } from './programs.ts';

export async function planExchange(
  context: PlanContext,
  exchangeIds: readonly ObjectId[],
  mist: bigint,
): Planned {
  const { owner } = context;
  const objects = await context.rpc.readObjects(exchangeIds, context.signal);
  for (const object of objects) {
    if (object?.owner.kind !== 'shared') continue;
    const [packageId, ...rest] = object.type.split('::');
    if (packageId === undefined || rest.join('::') !== 'wal_exchange::Exchange') continue;
    const { wal, rate } = parseStruct(Exchange, object.contents, object.objectId);
    const frost = (mist * BigInt(rate.wal)) / BigInt(rate.sui);
    if (frost === 0n || BigInt(wal) < frost) continue;
    const exchange = {
      objectId: object.objectId,
      packageId: packageId as ObjectId,
      initialSharedVersion: object.owner.initialSharedVersion,
    };
    return whole({
      kind: 'exchange',
      walFrost: 0n,
      suiMist: mist,
      walCoins: [],
      objects: [],
      calls: { exchange_all_for_wal: 1 },
      exchange,
      addCommands: (tx) => addExchange(tx, exchange, mist, owner),
    });
  }
  throw new EngineError('balance-low', 'no exchange of this network can give that much WAL', {
    context: { address: owner, mist: String(mist), exchanges: exchangeIds.length },
  });
}

export async function planTransfer(
  context: PlanContext,
  request: { readonly recipient: SuiAddress; readonly mist: bigint; readonly frost: bigint },
): Planned {
  const { recipient, mist, frost } = request;
  assert(mist >= 0n && frost >= 0n && mist + frost > 0n, 'a transfer of nothing');
  const walCoins = frost > 0n ? await chooseWal(context, frost) : [];
  const { walType } = context.system;
  return whole({
    kind: 'transfer',
    walFrost: frost,
    suiMist: mist,
    walCoins,
    objects: [],
    calls: { destroy_zero: 1 },
    recipient,
    addCommands: (tx) => addTransfer(tx, { walType, mist, frost, walCoins, recipient }),
  });
}

export async function planMerge(context: PlanContext): Planned {
  const coins = (await readCoins(context, context.system.walType)).slice(0, COINS_MERGED_MAX);
  if (coins.length < 2) return { plan: undefined, skipped: [] };
  return whole({
    kind: 'merge',
    walFrost: 0n,
    suiMist: 0n,
    walCoins: coins,
    objects: [],
    calls: {},
    addCommands: (tx) => addMerge(tx, coins),
  });
}

/** The account's coins of a type, none of them older than we know. */
export function readCoins(context: PlanContext, coinType: string): Promise<readonly Coin[]> {
  const { rpc, owner, versions, signal } = context;
  return versions.readUpToDate(
    () => listCoins(rpc, { owner, coinType, coinsMax: COINS_LISTED_MAX }, signal),
    (coins) => coins,
    signal,
  );
}

/** Coins that pay so much; as few as will do. */
export async function chooseWal(context: PlanContext, needed: bigint): Promise<readonly Coin[]> {
  const coins = await readCoins(context, context.system.walType);
  const chosen = chooseCoins(coins, needed, WAL_COINS);
  if (!chosen || chosen.length === 0) throw balanceLow('WAL', needed, sumOf(coins), context.owner);
  return chosen;
}
