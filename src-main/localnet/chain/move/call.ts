/**
 * @file What the body of a Move function gets: its arguments, and the effects it may have.
 */
import type { MoveType } from './types.ts';

/** Dynamic fields, children of an object by a typed key. Keys and values are layout values. */
export interface DynamicFields {
  has(parent: string, keyType: MoveType, key: unknown): boolean;
  /** The value itself: changing it changes the field. Aborts when there is none. */
  borrow<Value>(parent: string, keyType: MoveType, key: unknown, valueType: MoveType): Value;
  /** Aborts when the key is taken. */
  add(parent: string, keyType: MoveType, key: unknown, valueType: MoveType, value: unknown): void;
  /** Aborts when there is none. */
  remove<Value>(parent: string, keyType: MoveType, key: unknown, valueType: MoveType): Value;
}

/** One call of a Move function. Aborts are thrown (abort.ts). */
export interface Call {
  readonly typeArguments: readonly MoveType[];
  readonly sender: string;
  readonly fields: DynamicFields;
  /** Parse a type written with package names. */
  type(text: string): MoveType;
  /** The value of an argument. One passed by reference may be changed in place. */
  argument<Value>(index: number): Value;
  /** `object::new`. */
  newId(): string;
  /** `id.delete()`. */
  deleteId(id: string): void;
  /** Emit an event; `type` is written with package names. */
  emit(type: string, value: object): void;
  /** `transfer::share_object` of a new object. */
  share(type: string, value: { readonly id: string }): void;
  /** Give an object to an address. */
  transfer(type: MoveType, value: { readonly id: string }, recipient: string): void;
}

/** The results, in the order of the signature's return types; undefined for none. */
export type MoveFunction = (
  call: Call,
) => readonly unknown[] | undefined | Promise<readonly unknown[] | undefined>;
