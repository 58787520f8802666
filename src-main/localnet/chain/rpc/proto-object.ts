/**
 * @file Objects and dynamic fields as protobuf messages.
 */
import { bcs } from '@mysten/sui/bcs';
import { GrpcTypes } from '@mysten/sui/grpc';
import { coinBalance } from '../execution/finish.ts';
import type { Framework } from '../move/framework.ts';
import { address } from '../move/layouts.ts';
import { coinContentType, objectBytes, type SuiObject } from '../move/object.ts';
import { parseMoveType, typeText, type MoveType } from '../move/types.ts';
import { recordOwner } from '../store/records.ts';
import { jsonValue } from '../store/json-value.ts';
import { protoJson } from './proto-json.ts';
import { ownerMessage } from './proto-record.ts';

/** Which fields a client asked for. */
export class ReadMask {
  readonly #names: ReadonlySet<string>;

  /** `fallback` are the fields of a request without a mask. */
  constructor(mask: { readonly paths: readonly string[] } | undefined, fallback: string[]) {
    const paths = mask === undefined || mask.paths.length === 0 ? fallback : mask.paths;
    this.#names = new Set(paths.map((path) => path.split('.')[0] ?? ''));
  }

  has(name: string): boolean {
    return this.#names.has(name) || this.#names.has('*');
  }
}

export const OBJECT_MASK = ['object_id', 'version', 'digest'];

export function objectMessage(
  object: SuiObject,
  mask: ReadMask,
  framework: Framework,
): GrpcTypes.Object {
  const isCoin = coinContentType(object.type) !== undefined;
  return GrpcTypes.Object.create({
    ...(mask.has('bcs') ? { bcs: { name: 'Object', value: objectBytes(object) } } : {}),
    ...(mask.has('object_id') ? { objectId: object.id } : {}),
    ...(mask.has('version') ? { version: object.version } : {}),
    ...(mask.has('digest') ? { digest: object.digest } : {}),
    ...(mask.has('owner') ? { owner: ownerMessage(recordOwner(object.owner)) } : {}),
    ...(mask.has('object_type') ? { objectType: object.type } : {}),
    ...(mask.has('has_public_transfer') ? { hasPublicTransfer: object.hasPublicTransfer } : {}),
    ...(mask.has('contents') ? { contents: { name: object.type, value: object.contents } } : {}),
    ...(mask.has('previous_transaction')
      ? { previousTransaction: object.previousTransaction }
      : {}),
    ...(mask.has('storage_rebate') ? { storageRebate: object.storageRebate } : {}),
    ...(mask.has('json') ? { json: protoJson(objectJson(object, framework)) } : {}),
    ...(mask.has('balance') && isCoin ? { balance: coinBalance(object) } : {}),
  });
}

/** The object's fields as JSON. */
export function objectJson(object: SuiObject, framework: Framework): unknown {
  const type = parseMoveType(object.type);
  const value: unknown =
    fieldTypes(type) === undefined
      ? framework.layout(type).parse(object.contents)
      : parseField(object, framework);
  return jsonValue(value);
}

/** Key and value type of a dynamic field's object; undefined for other types. */
function fieldTypes(type: MoveType): { key: MoveType; value: MoveType } | undefined {
  if (type.kind !== 'struct' || type.module !== 'dynamic_field' || type.name !== 'Field') {
    return undefined;
  }
  const [key, value] = type.typeArguments;
  return key === undefined || value === undefined ? undefined : { key, value };
}

function parseField(object: SuiObject, framework: Framework): { name: unknown; value: unknown } {
  const types = fieldTypes(parseMoveType(object.type));
  if (types === undefined) throw new TypeError(`${object.id} is not a dynamic field`);
  return bcs
    .struct('Field', {
      id: address,
      name: framework.layout(types.key),
      value: framework.layout(types.value),
    })
    .parse(object.contents);
}

/** A dynamic field with key and value in BCS. */
export interface DynamicField {
  readonly object: SuiObject;
  readonly keyType: string;
  readonly valueType: string;
  readonly key: unknown;
  readonly keyBytes: Uint8Array;
  readonly valueBytes: Uint8Array;
}

export function readDynamicField(
  object: SuiObject,
  framework: Framework,
): DynamicField | undefined {
  const types = fieldTypes(parseMoveType(object.type));
  if (types === undefined) return undefined;
  const field = parseField(object, framework);
  return {
    object,
    keyType: typeText(types.key),
    valueType: typeText(types.value),
    key: field.name,
    keyBytes: framework.layout(types.key).serialize(field.name).toBytes(),
    valueBytes: framework.layout(types.value).serialize(field.value).toBytes(),
  };
}

export function dynamicFieldMessage(
  field: DynamicField,
  parent: string,
  mask: ReadMask,
  framework: Framework,
): GrpcTypes.DynamicField {
  return GrpcTypes.DynamicField.create({
    kind: GrpcTypes.DynamicField_DynamicFieldKind.FIELD,
    parent,
    fieldId: field.object.id,
    name: { name: field.keyType, value: field.keyBytes },
    valueType: field.valueType,
    ...(mask.has('value') ? { value: { name: field.valueType, value: field.valueBytes } } : {}),
    ...(mask.has('field_object')
      ? {
          fieldObject: objectMessage(field.object, new ReadMask({ paths: ['*'] }, []), framework),
        }
      : {}),
  });
}
