/**
 * @file The state of one transaction while it runs: new ids, written objects, dynamic fields,
 * events. Nothing here touches the chain; finish.ts reads the outcome off.
 */
import { bcs } from '@mysten/sui/bcs';
import { sites } from '../contracts/abort-sites.ts';
import { abort } from '../move/abort.ts';
import type { DynamicFields } from '../move/call.ts';
import type { Framework } from '../move/framework.ts';
import { address, type AnyLayout } from '../move/layouts.ts';
import {
  createdObjectId,
  dynamicFieldId,
  fieldType,
  type Owner,
  type SuiObject,
} from '../move/object.ts';
import { parseMoveType, typeText, type MoveType } from '../move/types.ts';
import type { ObjectReader } from './objects.ts';

/** An object that the transaction leaves behind. */
export interface WrittenObject {
  readonly id: string;
  readonly type: MoveType;
  readonly value: unknown;
  /** A shared one gets its initial version when the transaction's version is known. */
  readonly owner: Owner | { readonly kind: 'newly-shared' };
}

export interface EmittedEvent {
  readonly packageId: string;
  readonly module: string;
  readonly type: MoveType;
  readonly value: object;
  readonly bytes: Uint8Array;
}

interface FieldStruct {
  readonly id: string;
  readonly name: unknown;
  value: unknown;
}

/** A dynamic field as the transaction sees it. */
interface FieldState {
  readonly parent: string;
  readonly type: MoveType;
  /** As it was before; undefined when this transaction made it. */
  readonly original: SuiObject | undefined;
  /** Undefined once removed. */
  field: FieldStruct | undefined;
  /** Removed and added again: it gets a new version even if nothing differs. */
  readonly isReplaced: boolean;
}

export class Machine {
  readonly framework: Framework;
  readonly sender: string;
  /** Ids made by this transaction. */
  readonly created = new Set<string>();
  readonly deleted = new Set<string>();
  readonly written = new Map<string, WrittenObject>();
  readonly events: EmittedEvent[] = [];
  readonly fields: DynamicFields;
  readonly #fieldStates = new Map<string, FieldState>();
  readonly #reader: ObjectReader;
  readonly #digest: string;

  constructor(options: {
    readonly framework: Framework;
    readonly reader: ObjectReader;
    readonly sender: string;
    readonly digest: string;
  }) {
    this.framework = options.framework;
    this.sender = options.sender;
    this.#reader = options.reader;
    this.#digest = options.digest;
    this.fields = {
      has: (parent, keyType, key) => this.#find(parent, keyType, key).state?.field !== undefined,
      borrow: (parent, keyType, key, valueType) =>
        this.#borrow(parent, keyType, key, valueType).value as never,
      add: (parent, keyType, key, valueType, value) => {
        this.#add(parent, keyType, key, valueType, value);
      },
      remove: (parent, keyType, key, valueType) =>
        this.#remove(parent, keyType, key, valueType) as never,
    };
  }

  newId(): string {
    const id = createdObjectId(this.#digest, this.created.size);
    this.created.add(id);
    return id;
  }

  deleteId(id: string): void {
    this.deleted.add(id);
  }

  write(object: WrittenObject): void {
    this.written.set(object.id, object);
  }

  emit(place: { packageId: string; module: string }, type: MoveType, value: object): void {
    const bytes = this.framework.layout(type).serialize(value).toBytes();
    this.events.push({ ...place, type, value, bytes });
  }

  /** Every dynamic field that was looked at. */
  fieldStates(): IterableIterator<[string, Readonly<FieldState>]> {
    return this.#fieldStates.entries();
  }

  fieldLayout(type: MoveType): AnyLayout {
    if (type.kind !== 'struct') throw new TypeError('a field is a struct');
    const [key, value] = type.typeArguments;
    if (key === undefined || value === undefined) throw new TypeError('a field has two types');
    return bcs.struct('Field', {
      id: address,
      name: this.framework.layout(key),
      value: this.framework.layout(value),
    });
  }

  #find(parent: string, keyType: MoveType, key: unknown) {
    const keyBytes = this.framework.layout(keyType).serialize(key).toBytes();
    const id = dynamicFieldId(parent, keyType, keyBytes);
    const known = this.#fieldStates.get(id);
    if (known !== undefined) return { id, state: known };
    const object = this.#reader.get(id);
    if (object === undefined) return { id, state: undefined };
    const type = parseMoveType(object.type);
    const field = this.fieldLayout(type).parse(object.contents) as FieldStruct;
    const state: FieldState = { parent, type, original: object, field, isReplaced: false };
    this.#fieldStates.set(id, state);
    return { id, state };
  }

  #borrow(parent: string, keyType: MoveType, key: unknown, valueType: MoveType): FieldStruct {
    const { state } = this.#find(parent, keyType, key);
    if (state?.field === undefined) return abort(sites.fieldMissing);
    if (typeText(state.type) !== typeText(fieldType(keyType, valueType))) abort(sites.fieldType);
    return state.field;
  }

  #add(parent: string, keyType: MoveType, key: unknown, valueType: MoveType, value: unknown): void {
    const { id, state } = this.#find(parent, keyType, key);
    if (state?.field !== undefined) abort(sites.fieldTaken);
    this.#fieldStates.set(id, {
      parent,
      type: fieldType(keyType, valueType),
      original: state?.original,
      field: { id, name: key, value },
      isReplaced: state?.original !== undefined,
    });
  }

  #remove(parent: string, keyType: MoveType, key: unknown, valueType: MoveType): unknown {
    const { id } = this.#find(parent, keyType, key);
    const field = this.#borrow(parent, keyType, key, valueType);
    const state = this.#fieldStates.get(id);
    if (state !== undefined) state.field = undefined;
    return field.value;
  }
}
