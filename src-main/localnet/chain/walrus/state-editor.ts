/**
 * @file Edits contract state without a transaction: what genesis, epoch changes and funding do.
 *
 * State is parsed on first use, changed in place, and written back if it differs.
 */
import { bcs } from '@mysten/sui/bcs';
import {
  stakingPoolLayout,
  stakingStateLayout,
  systemStateLayout,
  type StakingPoolStruct,
  type StakingStateStruct,
  type SystemStateStruct,
} from '../contracts/layouts.ts';
import type { ObjectChange } from '../execution/execute.ts';
import type { EmittedEvent } from '../execution/machine.ts';
import type { ObjectReader } from '../execution/objects.ts';
import type { SystemChanges } from '../ledger.ts';
import type { Framework } from '../move/framework.ts';
import { address, u64, type AnyLayout } from '../move/layouts.ts';
import { storageCostMist, withDigest, type Owner, type SuiObject } from '../move/object.ts';
import { typeText, type MoveType } from '../move/types.ts';
import { innerStateId, type WalrusIds } from './network-ids.ts';

const systemFieldLayout = bcs.struct('Field', { id: address, name: u64, value: systemStateLayout });
const stakingFieldLayout = bcs.struct('Field', {
  id: address,
  name: u64,
  value: stakingStateLayout,
});

/** Layouts of the inner states' field objects. */
export const innerStateLayouts = { system: systemFieldLayout, staking: stakingFieldLayout };

interface Edit {
  readonly before: SuiObject;
  readonly layout: AnyLayout;
  readonly value: unknown;
}

export interface EditorPlace {
  readonly digest: string;
  readonly version: bigint;
}

export class StateEditor {
  readonly #framework: Framework;
  readonly #reader: ObjectReader;
  readonly #ids: WalrusIds;
  readonly #place: EditorPlace;
  readonly #edits = new Map<string, Edit>();
  readonly #created: SuiObject[] = [];
  readonly #events: EmittedEvent[] = [];

  constructor(options: {
    readonly framework: Framework;
    readonly reader: ObjectReader;
    readonly ids: WalrusIds;
    readonly place: EditorPlace;
  }) {
    this.#framework = options.framework;
    this.#reader = options.reader;
    this.#ids = options.ids;
    this.#place = options.place;
  }

  get system(): SystemStateStruct {
    return this.#edit<{ value: SystemStateStruct }>(
      innerStateId(this.#ids.system),
      systemFieldLayout,
    ).value;
  }

  get staking(): StakingStateStruct {
    return this.#edit<{ value: StakingStateStruct }>(
      innerStateId(this.#ids.staking),
      stakingFieldLayout,
    ).value;
  }

  pool(nodeId: string): StakingPoolStruct {
    return this.#edit<StakingPoolStruct>(nodeId, stakingPoolLayout);
  }

  /** A new object. */
  create(id: string, type: MoveType, owner: Owner, value: unknown): void {
    this.#created.push(
      this.#object({
        id,
        type: typeText(type),
        owner,
        hasPublicTransfer: this.#framework.abilities(type).has('store'),
        contents: this.#layout(type).serialize(value).toBytes(),
      }),
    );
  }

  /** Emit an event of `walrus::events`. */
  emit(name: string, value: object): void {
    const type = this.#framework.type(`walrus::events::${name}`);
    this.#events.push({
      packageId: this.#framework.addressOf('walrus'),
      module: 'staking',
      type,
      value,
      bytes: this.#framework.layout(type).serialize(value).toBytes(),
    });
  }

  finish(): SystemChanges {
    const changes: ObjectChange[] = this.#created.map((after) => ({
      id: after.id,
      before: undefined,
      after,
      idOperation: 'created',
    }));
    for (const { before, layout, value } of this.#edits.values()) {
      const contents = layout.serialize(value).toBytes();
      if (Buffer.compare(contents, before.contents) !== 0)
        changes.push(this.#rewrite(before, contents));
    }
    for (const parent of [this.#ids.system, this.#ids.staking]) {
      const isChanged = changes.some(({ id }) => id === innerStateId(parent));
      const object = this.#reader.get(parent);
      if (isChanged && object !== undefined) changes.push(this.#rewrite(object, object.contents));
    }
    return { changes, events: this.#events };
  }

  #edit<Value>(id: string, layout: AnyLayout): Value {
    const known = this.#edits.get(id);
    if (known !== undefined) return known.value as Value;
    const before = this.#reader.get(id);
    if (before === undefined) throw new TypeError(`the chain has no object ${id}`);
    const value: unknown = layout.parse(before.contents);
    this.#edits.set(id, { before, layout, value });
    return value as Value;
  }

  #rewrite(before: SuiObject, contents: Uint8Array): ObjectChange {
    const after = this.#object({ ...before, contents });
    return { id: before.id, before, after, idOperation: 'none' };
  }

  #object(
    draft: Pick<SuiObject, 'id' | 'type' | 'owner' | 'hasPublicTransfer' | 'contents'>,
  ): SuiObject {
    return withDigest({
      id: draft.id,
      version: this.#place.version,
      type: draft.type,
      owner: draft.owner,
      hasPublicTransfer: draft.hasPublicTransfer,
      contents: draft.contents,
      previousTransaction: this.#place.digest,
      storageRebate: storageCostMist(draft.type, draft.contents.length),
    });
  }

  #layout(type: MoveType): AnyLayout {
    const isField = type.kind === 'struct' && type.name === 'Field';
    if (!isField) return this.#framework.layout(type);
    const [key, value] = type.typeArguments;
    if (key === undefined || value === undefined) throw new TypeError('a field has two types');
    return bcs.struct('Field', {
      id: address,
      name: this.#framework.layout(key),
      value: this.#framework.layout(value),
    });
  }
}

/** The value of an object, read only. */
export function readValue<Value>(reader: ObjectReader, id: string, layout: AnyLayout): Value {
  const object = reader.get(id);
  if (object === undefined) throw new TypeError(`the chain has no object ${id}`);
  return layout.parse(object.contents) as Value;
}
