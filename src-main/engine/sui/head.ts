/**
 * @file Where an account keeps its head: fields of a `0x2::bag::Bag` that it owns.
 *
 * Field u64 0 holds the device part, field i the part of folder i, each as `vector<u8>`. What the
 * bytes mean, and whether they are ours at all, is the caller's matter: anyone can send a bag to
 * an address, so every bag owned is only a candidate until its bytes authenticate.
 */
import { bcs } from '@mysten/sui/bcs';
import { deriveDynamicFieldID, normalizeStructTag } from '@mysten/sui/utils';
import { EngineError } from '#engine/model/engine-error.ts';
import { parseObjectId, type ObjectId, type SuiAddress } from '#engine/model/ids.ts';
import { Bag, BagField, parseStruct } from './move-structs.ts';
import { listOwned } from './owned-objects.ts';
import type { ChainRpc, ObjectRef } from './rpc/chain-rpc.ts';

export const BAG_TYPE = normalizeStructTag('0x2::bag::Bag');
const FIELD_TYPE = normalizeStructTag('0x2::dynamic_field::Field<u64, vector<u8>>');
/** Sending this many bags to hide a head would cost the sender about 20 SUI. */
const BAGS_MAX = 10_000;

/** A bag that may hold a head. */
export interface HeadBag extends ObjectRef {
  readonly fieldCount: number;
}

/** The bags of one account: at least one. */
export interface AccountHead {
  readonly owner: SuiAddress;
  readonly bags: readonly HeadBag[];
}

/** Undefined for an account that owns no bag. Bags in order of their IDs. */
export async function readHead(
  rpc: ChainRpc,
  owner: SuiAddress,
  signal?: AbortSignal,
): Promise<AccountHead | undefined> {
  const bags: HeadBag[] = [];
  const request = { owner, type: BAG_TYPE, itemsMax: BAGS_MAX };
  for await (const object of listOwned(rpc, request, signal)) {
    const { id, size } = parseStruct(Bag, object.contents, object.objectId);
    if (id !== object.objectId) throw invalidField(object.objectId);
    const { objectId, version, digest } = object;
    bags.push({ objectId, version, digest, fieldCount: Number(size) });
  }
  bags.sort((a, b) => (a.objectId < b.objectId ? -1 : 1));
  return bags.length === 0 ? undefined : { owner, bags };
}

/** The fields of a bag with these keys; a key without a field of Floe's type is left out. */
export async function readHeadFields(
  rpc: ChainRpc,
  bag: ObjectId,
  keys: readonly number[],
  signal?: AbortSignal,
): Promise<Map<number, Uint8Array>> {
  const fieldIds = keys.map((key) => headFieldId(bag, key));
  const objects = await rpc.readObjects(fieldIds, signal);
  const fields = new Map<number, Uint8Array>();
  objects.forEach((object, index) => {
    const key = keys[index];
    // A bag that a stranger made may hold any type; what Floe stores is always this one.
    if (!object || key === undefined || object.type !== FIELD_TYPE) return;
    const field = parseStruct(BagField, object.contents, object.objectId);
    const isOfBag = object.owner.kind === 'object' && object.owner.objectId === bag;
    if (!isOfBag || field.name !== String(key)) throw invalidField(object.objectId);
    fields.set(key, new Uint8Array(field.value));
  });
  return fields;
}

/** The object ID of field `key` of a bag. */
export function headFieldId(bag: ObjectId, key: number): ObjectId {
  const name = bcs.u64().serialize(key).toBytes();
  return parseObjectId(deriveDynamicFieldID(bag, 'u64', name));
}

function invalidField(objectId: ObjectId): EngineError {
  return new EngineError('rpc-invalid-answer', `object ${objectId} is not what its ID says`, {
    context: { objectId },
  });
}
