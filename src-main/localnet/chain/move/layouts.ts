/**
 * @file BCS layouts of the primitives, with amounts as bigint and bytes as Uint8Array.
 *
 * Struct values are plain mutable objects with the contract's own field names, so that the
 * modules in contracts/ read like the contracts.
 */
import { bcs, type BcsType } from '@mysten/sui/bcs';

/** A layout whose value type is only known by its Move type. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- BcsType is invariant in its value
export type AnyLayout = BcsType<any, any>;

const big = (layout: BcsType<string, string | number | bigint>) =>
  layout.transform({
    input: (value: bigint) => value,
    output: (value) => BigInt(value),
  });

export const u64 = big(bcs.u64());
export const u128 = big(bcs.u128());
export const u256 = big(bcs.u256());
export const address = bcs.Address;
export const bytes = bcs.byteVector();

/** The largest u64. Move arithmetic aborts beyond it. */
export const U64_MAX = (1n << 64n) - 1n;

const LITTLE_ENDIAN_RADIX = 256n;

/** The number whose 32 little-endian bytes these are. */
export function u256FromBytes(value: Uint8Array): bigint {
  let number = 0n;
  for (let index = value.length - 1; index >= 0; index -= 1) {
    number = number * LITTLE_ENDIAN_RADIX + BigInt(value[index] ?? 0);
  }
  return number;
}

/** The 32 little-endian bytes of a number. */
export function u256ToBytes(value: bigint): Uint8Array {
  const result = new Uint8Array(32);
  let rest = value;
  for (let index = 0; index < 32; index += 1) {
    result[index] = Number(rest % LITTLE_ENDIAN_RADIX);
    rest /= LITTLE_ENDIAN_RADIX;
  }
  return result;
}
