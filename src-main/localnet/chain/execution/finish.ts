/**
 * @file From the machine's final state to what changes on chain.
 *
 * Knows Sui's bookkeeping: which objects count as created, mutated, wrapped, unwrapped, deleted.
 */
import type { CoinStruct } from '../contracts/layouts.ts';
import type { Framework } from '../move/framework.ts';
import { coinLayout } from '../contracts/layouts.ts';
import { storageCostMist, SUI_COIN, type Owner, type SuiObject } from '../move/object.ts';
import { typeText, type MoveType } from '../move/types.ts';
import type { Machine } from './machine.ts';
import type { InputSlot, Values } from './values.ts';

/** An object as the transaction leaves it, before it has a version. */
export interface ObjectDraft {
  readonly id: string;
  readonly type: string;
  readonly owner: Owner | { readonly kind: 'newly-shared' };
  readonly hasPublicTransfer: boolean;
  readonly contents: Uint8Array;
}

export type IdOperation = 'none' | 'created' | 'deleted';

/** One line of the effects. */
export interface DraftChange {
  readonly id: string;
  readonly before: SuiObject | undefined;
  readonly after: ObjectDraft | undefined;
  readonly idOperation: IdOperation;
}

/** The gas coin and the coins that were merged into it. */
export interface GasCoins {
  readonly first: SuiObject;
  readonly others: readonly SuiObject[];
  /** Sum of all, before anything was charged. */
  readonly totalMist: bigint;
}

export const coinBalance = (coin: SuiObject): bigint => coinLayout.parse(coin.contents).balance;

/** What happens to objects when the commands failed: inputs get a new version, nothing else. */
export function failedChanges(inputs: readonly InputSlot[], gas: GasCoins): DraftChange[] {
  return [
    ...touchedInputs(inputs).map((object) => unchangedContents(object)),
    gasChange(gas, gas.totalMist),
    ...gas.others.map(removed),
  ];
}

/** What happens to objects when all commands ran. `budgetMist` was held back from the gas coin. */
export function succeededChanges(
  machine: Machine,
  values: Values,
  gas: GasCoins,
  budgetMist: bigint,
): DraftChange[] {
  const final = finalObjects(machine, values);
  const before = new Map(touchedInputs(values.inputs).map((object) => [object.id, object]));
  const gasValue = values.gas?.value?.data as CoinStruct | undefined;
  const writtenGas = machine.written.get(gas.first.id);
  const changes: DraftChange[] = gas.others.map(removed);
  if (writtenGas === undefined) {
    changes.push(gasChange(gas, (gasValue?.balance ?? 0n) + budgetMist));
  } else {
    const coin = writtenGas.value as CoinStruct;
    coin.balance += budgetMist;
    before.set(gas.first.id, gas.first);
    final.set(gas.first.id, draftOf(machine.framework, writtenGas));
  }
  for (const object of before.values()) {
    const after = final.get(object.id);
    const isDeleted = machine.deleted.has(object.id);
    changes.push({
      id: object.id,
      before: object,
      after,
      idOperation: after === undefined && isDeleted ? 'deleted' : 'none',
    });
  }
  for (const after of final.values()) {
    if (before.has(after.id)) continue;
    const idOperation = machine.created.has(after.id) ? 'created' : 'none';
    changes.push({ id: after.id, before: undefined, after, idOperation });
  }
  const fieldChanges = changedFields(machine);
  return [
    ...changes,
    ...fieldChanges,
    ...createdInside(machine, final, fieldChanges),
    ...deletedInside(machine, before),
  ];
}

/** Objects that were made and put into others at once. */
function createdInside(
  machine: Machine,
  final: ReadonlyMap<string, ObjectDraft>,
  fieldChanges: readonly DraftChange[],
): DraftChange[] {
  const fields = new Set(fieldChanges.map(({ id }) => id));
  return [...machine.created]
    .filter((id) => !final.has(id) && !fields.has(id) && !machine.deleted.has(id))
    .map((id) => ({ id, before: undefined, after: undefined, idOperation: 'created' }));
}

/** Objects that were inside others and are gone for good. */
function deletedInside(machine: Machine, before: ReadonlyMap<string, SuiObject>): DraftChange[] {
  return [...machine.deleted]
    .filter((id) => !before.has(id) && !machine.created.has(id))
    .map((id) => ({ id, before: undefined, after: undefined, idOperation: 'deleted' }));
}

function finalObjects(machine: Machine, values: Values): Map<string, ObjectDraft> {
  const { framework } = machine;
  const final = new Map<string, ObjectDraft>();
  for (const input of values.inputs) {
    if (input.kind !== 'object' || input.access === 'read-only' || input.value === undefined) {
      continue;
    }
    const { object, value } = input;
    final.set(
      object.id,
      draftOf(framework, {
        id: object.id,
        type: value.type,
        value: value.data,
        owner: object.owner,
      }),
    );
  }
  for (const written of machine.written.values()) {
    final.set(written.id, draftOf(framework, written));
  }
  return final;
}

function draftOf(
  framework: Framework,
  object: {
    readonly id: string;
    readonly type: MoveType;
    readonly value: unknown;
    readonly owner: ObjectDraft['owner'];
  },
): ObjectDraft {
  return {
    id: object.id,
    type: typeText(object.type),
    owner: object.owner,
    hasPublicTransfer: framework.abilities(object.type).has('store'),
    contents: framework.layout(object.type).serialize(object.value).toBytes(),
  };
}

function changedFields(machine: Machine): DraftChange[] {
  const changes: DraftChange[] = [];
  for (const [id, state] of machine.fieldStates()) {
    const { original, field } = state;
    if (field === undefined) {
      if (original !== undefined) changes.push(removed(original));
      continue;
    }
    const contents = machine.fieldLayout(state.type).serialize(field).toBytes();
    const isSame = original !== undefined && Buffer.compare(original.contents, contents) === 0;
    if (isSame && !state.isReplaced) continue;
    changes.push({
      id,
      before: original,
      after: {
        id,
        type: typeText(state.type),
        owner: { kind: 'object', address: state.parent },
        hasPublicTransfer: false,
        contents,
      },
      idOperation: original === undefined ? 'created' : 'none',
    });
  }
  return changes;
}

const removed = (object: SuiObject): DraftChange => ({
  id: object.id,
  before: object,
  after: undefined,
  idOperation: 'deleted',
});

const unchangedContents = (object: SuiObject): DraftChange => ({
  id: object.id,
  before: object,
  after: object,
  idOperation: 'none',
});

const gasChange = (gas: GasCoins, balance: bigint): DraftChange => ({
  id: gas.first.id,
  before: gas.first,
  after: {
    id: gas.first.id,
    type: SUI_COIN,
    owner: gas.first.owner,
    hasPublicTransfer: true,
    contents: coinLayout.serialize({ id: gas.first.id, balance }).toBytes(),
  },
  idOperation: 'none',
});

/** Inputs that a transaction rewrites whatever it does. */
function touchedInputs(inputs: readonly InputSlot[]): SuiObject[] {
  return inputs.flatMap((input) =>
    input.kind === 'object' && input.access !== 'read-only' ? [input.object] : [],
  );
}

/** MIST that storing everything written costs. */
export function storageMist(changes: readonly DraftChange[]): bigint {
  return changes.reduce(
    (sum, { after }) =>
      after === undefined ? sum : sum + storageCostMist(after.type, after.contents.length),
    0n,
  );
}

/** The rebates of everything rewritten or removed. */
export function rebateMist(changes: readonly DraftChange[]): bigint {
  return changes.reduce((sum, { before }) => sum + (before?.storageRebate ?? 0n), 0n);
}
