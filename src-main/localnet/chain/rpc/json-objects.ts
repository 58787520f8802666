/**
 * @file Objects, coins and dynamic fields as JSON-RPC shows them.
 */
import { coinBalance } from '../execution/finish.ts';
import type { Framework } from '../move/framework.ts';
import { dynamicFieldId, type SuiObject } from '../move/object.ts';
import { parseMoveType, shortTypeText, type MoveType } from '../move/types.ts';
import { recordOwner, type RecordedOwner } from '../store/records.ts';
import type { ObjectView } from '../store/object-table.ts';
import { jsonValue } from '../store/json-value.ts';
import { invalidParams } from './json-error.ts';
import { objectJson, readDynamicField } from './proto-object.ts';

export interface ObjectOptions {
  readonly showType?: boolean;
  readonly showOwner?: boolean;
  readonly showBcs?: boolean;
  readonly showContent?: boolean;
  readonly showPreviousTransaction?: boolean;
  readonly showStorageRebate?: boolean;
}

/** Text with the framework's short addresses. */
export const shortType = (type: string): string => shortTypeText(parseMoveType(type));

export function ownerJson(owner: RecordedOwner): unknown {
  switch (owner.kind) {
    case 'address':
      return { AddressOwner: owner.address };
    case 'object':
      return { ObjectOwner: owner.address };
    case 'shared':
      return { Shared: { initial_shared_version: Number(owner.initialVersion) } };
    case 'immutable':
      return 'Immutable';
  }
}

/** `{data}`, or `{error}` for an object that isn't there. */
export function objectResponse(
  id: string,
  view: ObjectView,
  options: ObjectOptions,
  framework: Framework,
): object {
  const object = view.get(id);
  if (object !== undefined) return { data: objectData(object, options, framework) };
  const tombstone = view.tombstone(id);
  if (tombstone === undefined) return { error: { code: 'notExists', object_id: id } };
  return {
    error: {
      code: 'deleted',
      object_id: id,
      version: Number(tombstone.version),
      digest: tombstone.digest,
    },
  };
}

export function objectData(
  object: SuiObject,
  options: ObjectOptions,
  framework: Framework,
): object {
  const type = shortType(object.type);
  const { hasPublicTransfer } = object;
  return {
    objectId: object.id,
    version: object.version.toString(),
    digest: object.digest,
    ...(options.showType === true ? { type } : {}),
    ...(options.showOwner === true ? { owner: ownerJson(recordOwner(object.owner)) } : {}),
    ...(options.showPreviousTransaction === true
      ? { previousTransaction: object.previousTransaction }
      : {}),
    ...(options.showStorageRebate === true
      ? { storageRebate: object.storageRebate.toString() }
      : {}),
    ...(options.showContent === true
      ? {
          content: {
            dataType: 'moveObject',
            type,
            hasPublicTransfer,
            fields: objectJson(object, framework),
          },
        }
      : {}),
    ...(options.showBcs === true
      ? {
          bcs: {
            dataType: 'moveObject',
            type,
            hasPublicTransfer,
            version: Number(object.version),
            bcsBytes: Buffer.from(object.contents).toString('base64'),
          },
        }
      : {}),
  };
}

export function coinJson(coin: SuiObject, coinType: string): object {
  return {
    coinType: shortType(coinType),
    coinObjectId: coin.id,
    version: coin.version.toString(),
    digest: coin.digest,
    balance: coinBalance(coin).toString(),
    previousTransaction: coin.previousTransaction,
  };
}

/** One line of suix_getDynamicFields; undefined for a child that isn't a field. */
export function dynamicFieldJson(object: SuiObject, framework: Framework): object | undefined {
  const field = readDynamicField(object, framework);
  if (field === undefined) return undefined;
  return {
    name: { type: shortType(field.keyType), value: jsonValue(field.key) },
    bcsEncoding: 'base64',
    bcsName: Buffer.from(field.keyBytes).toString('base64'),
    type: 'DynamicField',
    objectType: shortType(field.valueType),
    objectId: object.id,
    version: Number(object.version),
    digest: object.digest,
  };
}

/** The id of the field of `parent` under a key given as JSON. */
export function namedFieldId(
  parent: string,
  name: { readonly type: string; readonly value: unknown },
  framework: Framework,
): string {
  const type = parseMoveType(name.type);
  const key = framework.layout(type).serialize(keyValue(type, name.value)).toBytes();
  return dynamicFieldId(parent, type, key);
}

function keyValue(type: MoveType, json: unknown): unknown {
  if (type.kind === 'primitive') {
    const isBig = ['u64', 'u128', 'u256'].includes(type.name);
    if (isBig && (typeof json === 'string' || typeof json === 'number')) return BigInt(json);
    if (type.name.startsWith('u')) return Number(json);
    return json;
  }
  if (type.kind === 'vector') {
    if (typeof json === 'string') return new TextEncoder().encode(json);
    if (Array.isArray(json)) {
      const items = json.map((item: unknown) => keyValue(type.element, item));
      return type.element.kind === 'primitive' && type.element.name === 'u8'
        ? new Uint8Array(items as number[])
        : items;
    }
    throw invalidParams('the key of a dynamic field must be a list');
  }
  return json;
}
