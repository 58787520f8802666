/**
 * @file Objects as Sui keeps them: owner, version, contents, and what follows from these
 * (digest, storage size, derived ids).
 */
import { blake2b } from '@noble/hashes/blake2.js';
import { bcs } from '@mysten/sui/bcs';
import { fromBase58, fromHex, toBase58, toHex } from '@mysten/sui/utils';
import {
  FRAMEWORK_ADDRESS,
  parseMoveType,
  struct,
  typeTagBytes,
  typeText,
  type MoveType,
} from './types.ts';

export type Owner =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'object'; readonly address: string }
  | { readonly kind: 'shared'; readonly initialVersion: bigint }
  | { readonly kind: 'immutable' };

export interface SuiObject {
  readonly id: string;
  readonly version: bigint;
  /** Canonical text. */
  readonly type: string;
  readonly owner: Owner;
  readonly hasPublicTransfer: boolean;
  readonly contents: Uint8Array;
  /** Digest of the transaction that wrote this version. */
  readonly previousTransaction: string;
  readonly storageRebate: bigint;
  readonly digest: string;
}

/** Digests that stand for an object that is no more. */
export const DELETED_DIGEST = toBase58(new Uint8Array(32).fill(99));
export const WRAPPED_DIGEST = toBase58(new Uint8Array(32).fill(88));

export const blake2b256 = (data: Uint8Array): Uint8Array => blake2b(data, { dkLen: 32 });

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function u64Bytes(value: bigint | number): Uint8Array {
  return bcs.u64().serialize(value).toBytes();
}

export const suiType: MoveType = struct(FRAMEWORK_ADDRESS, 'sui', 'SUI');
export const coinType = (of: MoveType): MoveType => struct(FRAMEWORK_ADDRESS, 'coin', 'Coin', [of]);
export const SUI_COIN = typeText(coinType(suiType));

/** The type of what a coin type's text holds, or undefined for other types. */
export function coinContentType(type: string): string | undefined {
  const prefix = `${FRAMEWORK_ADDRESS}::coin::Coin<`;
  return type.startsWith(prefix) ? type.slice(prefix.length, -1) : undefined;
}

function moveObjectType(type: string) {
  if (type === SUI_COIN) return { GasCoin: true } as const;
  const content = coinContentType(type);
  if (content !== undefined) return { Coin: content } as const;
  const tag = bcs.TypeTag.parse(typeTagBytes(parseMoveType(type)));
  return { Other: structTag(tag) } as const;
}

function structTag(tag: string) {
  const parsed = parseMoveType(tag);
  if (parsed.kind !== 'struct') throw new TypeError(`not a struct: ${tag}`);
  return bcs.StructTag.parse(typeTagBytes(parsed).subarray(1));
}

export function ownerLayoutValue(owner: Owner) {
  switch (owner.kind) {
    case 'address':
      return { AddressOwner: owner.address } as const;
    case 'object':
      return { ObjectOwner: owner.address } as const;
    case 'shared':
      return { Shared: { initialSharedVersion: owner.initialVersion } } as const;
    case 'immutable':
      return { Immutable: true } as const;
  }
}

/** BCS of the whole object, which its digest covers. */
export function objectBytes(object: Omit<SuiObject, 'digest'>): Uint8Array {
  return bcs.Object.serialize({
    data: {
      Move: {
        type: moveObjectType(object.type),
        hasPublicTransfer: object.hasPublicTransfer,
        version: object.version,
        contents: object.contents,
      },
    },
    owner: ownerLayoutValue(object.owner),
    previousTransaction: object.previousTransaction,
    storageRebate: object.storageRebate,
  }).toBytes();
}

/** The object with its digest. */
export function withDigest(object: Omit<SuiObject, 'digest'>): SuiObject {
  return { ...object, digest: toBase58(hashStruct('Object', objectBytes(object))) };
}

/** Sui's hash of a BCS value: the type's name is hashed before it. */
export function hashStruct(name: string, value: Uint8Array): Uint8Array {
  return blake2b256(concat(text(`${name}::`), value));
}

export function transactionDigest(bytes: Uint8Array): string {
  return toBase58(hashStruct('TransactionData', bytes));
}

/** Owner, previous transaction and rebate, as Sui's own structs occupy memory. */
const OBJECT_OVERHEAD_BYTES = 40 + 32 + 8;
/** has_public_transfer and version. */
const MOVE_OBJECT_OVERHEAD_BYTES = 1 + 8;
/** 76 gas units of 100 MIST a byte. */
const STORAGE_MIST_PER_BYTE = 7_600n;

/** What keeping an object costs, in MIST: 7600 a byte of its metered size. */
export function storageCostMist(type: string, contentBytes: number): bigint {
  const typeBytes = bcs.MoveObjectType.serialize(moveObjectType(type)).toBytes().length;
  const size = contentBytes + typeBytes + MOVE_OBJECT_OVERHEAD_BYTES + OBJECT_OVERHEAD_BYTES;
  return BigInt(size) * STORAGE_MIST_PER_BYTE;
}

/** The id of the `index`-th object that a transaction creates. */
export function createdObjectId(digest: string, index: number): string {
  const hash = blake2b256(concat(new Uint8Array([0xf1]), fromBase58(digest), u64Bytes(index)));
  return `0x${toHex(hash)}`;
}

/** The id of a dynamic field's object: parent, key and the key's type. */
export function dynamicFieldId(parent: string, keyType: MoveType, key: Uint8Array): string {
  const hash = blake2b256(
    concat(
      new Uint8Array([0xf0]),
      fromHex(parent),
      u64Bytes(key.length),
      key,
      typeTagBytes(keyType),
    ),
  );
  return `0x${toHex(hash)}`;
}

export const fieldType = (key: MoveType, value: MoveType): MoveType =>
  struct(FRAMEWORK_ADDRESS, 'dynamic_field', 'Field', [key, value]);
