/**
 * @file `wal_exchange::wal_exchange`: SUI for WAL and back, at a fixed rate.
 */
import { assertMove } from '../move/abort.ts';
import type { Call } from '../move/call.ts';
import type { FunctionDeclaration, StructDeclaration } from '../move/framework.ts';
import { sites } from './abort-sites.ts';
import { checkedU64, joinBalance, splitBalance } from './balance.ts';
import { intoBalance } from './framework.ts';
import { exchangeLayout, type CoinStruct, type ExchangeStruct } from './layouts.ts';

export const exchangeStructs: readonly StructDeclaration[] = [
  {
    name: 'exchange::wal_exchange::Exchange',
    abilities: ['key', 'store'],
    layout: () => exchangeLayout,
  },
];

function allForWal(call: Call, exchange: ExchangeStruct, sui: CoinStruct): CoinStruct {
  const wal = checkedU64((sui.balance * exchange.rate.wal) / exchange.rate.sui);
  assertMove(exchange.wal >= wal, sites.exchangeFunds);
  exchange.sui = joinBalance(exchange.sui, intoBalance(call, sui));
  exchange.wal -= wal;
  return { id: call.newId(), balance: wal };
}

function allForSui(call: Call, exchange: ExchangeStruct, wal: CoinStruct): CoinStruct {
  const sui = checkedU64((wal.balance * exchange.rate.sui) / exchange.rate.wal);
  assertMove(exchange.sui >= sui, sites.exchangeFundsSui);
  exchange.wal = joinBalance(exchange.wal, intoBalance(call, wal));
  exchange.sui -= sui;
  return { id: call.newId(), balance: sui };
}

function splitOff(call: Call, coin: CoinStruct, amount: bigint): CoinStruct {
  coin.balance = splitBalance(coin.balance, amount);
  return { id: call.newId(), balance: amount };
}

const EXCHANGE = '&mut exchange::wal_exchange::Exchange';
const SUI = 'sui::coin::Coin<sui::sui::SUI>';
const WAL = 'sui::coin::Coin<wal::wal::WAL>';
const MODULE = 'exchange::wal_exchange';

export const exchangeFunctions: readonly FunctionDeclaration[] = [
  {
    module: MODULE,
    signature: `exchange_all_for_wal(${EXCHANGE}, ${SUI}, &mut TxContext): ${WAL}`,
    run: (call) => [
      allForWal(call, call.argument<ExchangeStruct>(0), call.argument<CoinStruct>(1)),
    ],
  },
  {
    module: MODULE,
    signature: `exchange_for_wal(${EXCHANGE}, &mut ${SUI}, u64, &mut TxContext): ${WAL}`,
    run: (call) => {
      const coin = call.argument<CoinStruct>(1);
      const amount = call.argument<bigint>(2);
      assertMove(coin.balance >= amount, sites.exchangeInputSui);
      return [allForWal(call, call.argument<ExchangeStruct>(0), splitOff(call, coin, amount))];
    },
  },
  {
    module: MODULE,
    signature: `exchange_all_for_sui(${EXCHANGE}, ${WAL}, &mut TxContext): ${SUI}`,
    run: (call) => [
      allForSui(call, call.argument<ExchangeStruct>(0), call.argument<CoinStruct>(1)),
    ],
  },
  {
    module: MODULE,
    signature: `exchange_for_sui(${EXCHANGE}, &mut ${WAL}, u64, &mut TxContext): ${SUI}`,
    run: (call) => {
      const coin = call.argument<CoinStruct>(1);
      const amount = call.argument<bigint>(2);
      assertMove(coin.balance >= amount, sites.exchangeInputWal);
      return [allForSui(call, call.argument<ExchangeStruct>(0), splitOff(call, coin, amount))];
    },
  },
];
