/**
 * @file Arithmetic on balances, with the framework's aborts.
 */
import { abort, MoveArithmeticError } from '../move/abort.ts';
import { U64_MAX } from '../move/layouts.ts';
import { sites } from './abort-sites.ts';

/** What is left of `balance` after `amount` was split off (`balance::split`). */
export function splitBalance(balance: bigint, amount: bigint): bigint {
  if (balance < amount) abort(sites.balanceSplit);
  return balance - amount;
}

/** `balance::join`. */
export function joinBalance(balance: bigint, amount: bigint): bigint {
  const sum = balance + amount;
  if (sum > U64_MAX) abort(sites.balanceOverflow);
  return sum;
}

/** A u64, or the arithmetic error that Move raises. */
export function checkedU64(value: bigint): bigint {
  if (value < 0n || value > U64_MAX) throw new MoveArithmeticError('u64 overflow');
  return value;
}
