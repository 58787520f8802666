/**
 * @file The parts of `0x1` and `0x2` that transactions on this chain call.
 */
import { bcs } from '@mysten/sui/bcs';
import { abort, assertMove } from '../move/abort.ts';
import type { Call } from '../move/call.ts';
import type { FunctionDeclaration, StructDeclaration } from '../move/framework.ts';
import { address, u64, type AnyLayout } from '../move/layouts.ts';
import { sites } from './abort-sites.ts';
import { joinBalance, splitBalance } from './balance.ts';
import { bagLayout, coinLayout, type BagStruct, type CoinStruct } from './layouts.ts';

const first = (layouts: readonly AnyLayout[]): AnyLayout => {
  const layout = layouts[0];
  if (layout === undefined) throw new TypeError('a type argument is missing');
  return layout;
};

export const frameworkStructs: readonly StructDeclaration[] = [
  {
    name: 'std::option::Option',
    abilities: ['copy', 'drop', 'store'],
    layout: (content) => bcs.option(first(content)),
  },
  { name: 'std::string::String', abilities: ['copy', 'drop', 'store'], layout: () => bcs.string() },
  { name: 'std::ascii::String', abilities: ['copy', 'drop', 'store'], layout: () => bcs.string() },
  { name: 'sui::object::ID', abilities: ['copy', 'drop', 'store'], layout: () => address },
  { name: 'sui::balance::Balance', abilities: ['store'], layout: () => u64 },
  { name: 'sui::coin::Coin', abilities: ['key', 'store'], layout: () => coinLayout },
  { name: 'sui::bag::Bag', abilities: ['key', 'store'], layout: () => bagLayout },
];

const COIN = 'sui::coin::Coin<T>';

function splitCoin(call: Call): readonly unknown[] {
  const coin = call.argument<CoinStruct>(0);
  const amount = call.argument<bigint>(1);
  coin.balance = splitBalance(coin.balance, amount);
  return [{ id: call.newId(), balance: amount }];
}

function joinCoin(call: Call): undefined {
  const coin = call.argument<CoinStruct>(0);
  const other = call.argument<CoinStruct>(1);
  call.deleteId(other.id);
  coin.balance = joinBalance(coin.balance, other.balance);
}

/** Take a coin apart: `coin::into_balance`. */
export function intoBalance(call: Call, coin: CoinStruct): bigint {
  call.deleteId(coin.id);
  return coin.balance;
}

const coinFunctions: readonly FunctionDeclaration[] = [
  {
    module: 'sui::coin',
    signature: `destroy_zero<T>(${COIN})`,
    run: (call) => {
      const coin = call.argument<CoinStruct>(0);
      call.deleteId(coin.id);
      if (coin.balance !== 0n) abort(sites.balanceNotZero);
      return [];
    },
  },
  {
    module: 'sui::coin',
    signature: `zero<T>(&mut TxContext): ${COIN}`,
    run: (call) => [{ id: call.newId(), balance: 0n }],
  },
  {
    module: 'sui::coin',
    signature: `value<T>(&${COIN}): u64`,
    run: (call) => [call.argument<CoinStruct>(0).balance],
  },
  {
    module: 'sui::coin',
    signature: `split<T>(&mut ${COIN}, u64, &mut TxContext): ${COIN}`,
    run: splitCoin,
  },
  { module: 'sui::coin', signature: `join<T>(&mut ${COIN}, ${COIN})`, run: joinCoin },
  {
    module: 'sui::coin',
    signature: `into_balance<T>(${COIN}): sui::balance::Balance<T>`,
    run: (call) => [intoBalance(call, call.argument<CoinStruct>(0))],
  },
  {
    module: 'sui::coin',
    signature: `from_balance<T>(sui::balance::Balance<T>, &mut TxContext): ${COIN}`,
    run: (call) => [{ id: call.newId(), balance: call.argument<bigint>(0) }],
  },
  {
    module: 'sui::balance',
    signature: 'destroy_zero<T>(sui::balance::Balance<T>)',
    run: (call) => {
      if (call.argument<bigint>(0) !== 0n) abort(sites.balanceNotZero);
      return [];
    },
  },
];

const bagFunctions: readonly FunctionDeclaration[] = [
  {
    module: 'sui::bag',
    signature: 'new(&mut TxContext): sui::bag::Bag',
    run: (call) => [{ id: call.newId(), size: 0n }],
  },
  {
    module: 'sui::bag',
    signature: 'add<K: copy + drop + store, V: store>(&mut sui::bag::Bag, K, V)',
    run: (call) => {
      const bag = call.argument<BagStruct>(0);
      const [key, value] = bagTypes(call);
      call.fields.add(bag.id, key, call.argument(1), value, call.argument(2));
      bag.size += 1n;
      return [];
    },
  },
  {
    module: 'sui::bag',
    signature: 'remove<K: copy + drop + store, V: store>(&mut sui::bag::Bag, K): V',
    run: (call) => {
      const bag = call.argument<BagStruct>(0);
      const [key, value] = bagTypes(call);
      const removed = call.fields.remove(bag.id, key, call.argument(1), value);
      bag.size -= 1n;
      return [removed];
    },
  },
  {
    module: 'sui::bag',
    signature: 'contains<K: copy + drop + store>(&sui::bag::Bag, K): bool',
    run: (call) => {
      const key = call.typeArguments[0];
      if (key === undefined) throw new TypeError('bag without a key type');
      return [call.fields.has(call.argument<BagStruct>(0).id, key, call.argument(1))];
    },
  },
  {
    module: 'sui::bag',
    signature: 'length(&sui::bag::Bag): u64',
    run: (call) => [call.argument<BagStruct>(0).size],
  },
  {
    module: 'sui::bag',
    signature: 'is_empty(&sui::bag::Bag): bool',
    run: (call) => [call.argument<BagStruct>(0).size === 0n],
  },
  {
    module: 'sui::bag',
    signature: 'destroy_empty(sui::bag::Bag)',
    run: (call) => {
      const bag = call.argument<BagStruct>(0);
      assertMove(bag.size === 0n, sites.bagNotEmpty);
      call.deleteId(bag.id);
      return [];
    },
  },
];

function bagTypes(call: Call) {
  const [key, value] = call.typeArguments;
  if (key === undefined || value === undefined) throw new TypeError('bag without types');
  return [key, value] as const;
}

const transferFunctions: readonly FunctionDeclaration[] = [
  {
    module: 'sui::transfer',
    signature: 'public_transfer<T: key + store>(T, address)',
    run: (call) => {
      const type = call.typeArguments[0];
      if (type === undefined) throw new TypeError('transfer without a type');
      call.transfer(type, call.argument<{ id: string }>(0), call.argument<string>(1));
      return [];
    },
  },
];

export const frameworkFunctions: readonly FunctionDeclaration[] = [
  ...coinFunctions,
  ...bagFunctions,
  ...transferFunctions,
];
