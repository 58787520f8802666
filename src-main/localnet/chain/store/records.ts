/**
 * @file What is kept of an executed transaction, ready for every way the RPC tells it.
 */
import { effectsDigest, eventsDigest } from '../execution/effects.ts';
import type { ObjectChange, Outcome } from '../execution/execute.ts';
import { coinBalance } from '../execution/finish.ts';
import type { EmittedEvent } from '../execution/machine.ts';
import { coinContentType, type Owner, type SuiObject } from '../move/object.ts';
import { typeText } from '../move/types.ts';
import { jsonValue } from './json-value.ts';

/** Owner with text for numbers, since records are JSON. */
export type RecordedOwner =
  | { readonly kind: 'address' | 'object'; readonly address: string }
  | { readonly kind: 'shared'; readonly initialVersion: string }
  | { readonly kind: 'immutable' };

export interface RecordedVersion {
  readonly version: string;
  readonly digest: string;
  readonly owner: RecordedOwner;
  readonly type: string;
}

export interface RecordedChange {
  readonly id: string;
  readonly before?: RecordedVersion;
  readonly after?: RecordedVersion;
  readonly idOperation: ObjectChange['idOperation'];
}

export interface RecordedFailure {
  /** As JSON-RPC prints it. */
  readonly description: string;
  readonly text: string;
  /** Name of the status in sui-types. */
  readonly status: string;
  readonly command?: number;
  readonly abort?: {
    readonly address: string;
    readonly module: string;
    readonly function: string;
    readonly functionIndex: number;
    readonly instruction: number;
    readonly code: string;
  };
}

export interface RecordedEvent {
  readonly packageId: string;
  readonly module: string;
  readonly type: string;
  readonly json: unknown;
  /** Base64. */
  readonly contents: string;
}

export interface BalanceChange {
  readonly owner: string;
  readonly coinType: string;
  /** Signed decimal. */
  readonly amount: string;
}

export interface TransactionRecord {
  readonly digest: string;
  readonly sender: string;
  readonly suiEpoch: string;
  readonly failure?: RecordedFailure;
  readonly gasUsed: {
    readonly computation: string;
    readonly storage: string;
    readonly rebate: string;
    readonly nonRefundable: string;
  };
  readonly version: string;
  readonly changes: readonly RecordedChange[];
  readonly gasObjectId: string;
  readonly readOnlyShared: readonly {
    readonly id: string;
    readonly version: string;
    readonly digest: string;
    readonly type: string;
  }[];
  readonly readsDenyList: boolean;
  readonly dependencies: readonly string[];
  readonly events: readonly RecordedEvent[];
  readonly eventsDigest?: string;
  readonly effectsDigest: string;
  readonly balanceChanges: readonly BalanceChange[];
}

/** The record of an outcome. */
export function recordOutcome(
  outcome: Outcome,
  context: {
    readonly sender: string;
    readonly suiEpoch: bigint;
    readonly effects: Uint8Array;
  },
): TransactionRecord {
  const digest = eventsDigest(outcome.events, context.sender);
  return {
    digest: outcome.digest,
    sender: context.sender,
    suiEpoch: context.suiEpoch.toString(),
    ...(outcome.failure === undefined ? {} : { failure: recordFailure(outcome.failure) }),
    gasUsed: {
      computation: outcome.gasUsed.computationMist.toString(),
      storage: outcome.gasUsed.storageMist.toString(),
      rebate: outcome.gasUsed.rebateMist.toString(),
      nonRefundable: outcome.gasUsed.nonRefundableMist.toString(),
    },
    version: outcome.version.toString(),
    changes: outcome.changes.map(recordChange),
    gasObjectId: outcome.gasObjectId,
    readOnlyShared: outcome.readOnlyShared.map((object) => ({
      id: object.id,
      version: object.version.toString(),
      digest: object.digest,
      type: object.type,
    })),
    readsDenyList: outcome.readsDenyList,
    dependencies: outcome.dependencies,
    events: outcome.events.map(recordEvent),
    ...(digest === undefined ? {} : { eventsDigest: digest }),
    effectsDigest: effectsDigest(context.effects),
    balanceChanges: balanceChanges(outcome.changes),
  };
}

function recordFailure(failure: NonNullable<Outcome['failure']>): RecordedFailure {
  const { abort } = failure;
  return {
    description: failure.description,
    text: failure.text,
    status: Object.keys(failure.status)[0] ?? 'InvariantViolation',
    ...(failure.command === undefined ? {} : { command: failure.command }),
    ...(abort === undefined
      ? {}
      : {
          abort: {
            address: abort.address,
            module: abort.module,
            function: abort.function,
            functionIndex: abort.functionIndex,
            instruction: abort.instruction,
            code: abort.code.toString(),
          },
        }),
  };
}

function recordChange(change: ObjectChange): RecordedChange {
  return {
    id: change.id,
    ...(change.before === undefined ? {} : { before: recordVersion(change.before) }),
    ...(change.after === undefined ? {} : { after: recordVersion(change.after) }),
    idOperation: change.idOperation,
  };
}

function recordVersion(object: SuiObject): RecordedVersion {
  return {
    version: object.version.toString(),
    digest: object.digest,
    owner: recordOwner(object.owner),
    type: object.type,
  };
}

export function recordOwner(owner: Owner): RecordedOwner {
  return owner.kind === 'shared'
    ? { kind: 'shared', initialVersion: owner.initialVersion.toString() }
    : owner;
}

function recordEvent(event: EmittedEvent): RecordedEvent {
  return {
    packageId: event.packageId,
    module: event.module,
    type: typeText(event.type),
    json: jsonValue(event.value),
    contents: Buffer.from(event.bytes).toString('base64'),
  };
}

/** What each address gained or lost of each coin type; zero is left out. */
export function balanceChanges(changes: readonly ObjectChange[]): BalanceChange[] {
  const sums = new Map<string, bigint>();
  const add = (object: SuiObject | undefined, sign: bigint): void => {
    if (object?.owner.kind !== 'address') return;
    const coinType = coinContentType(object.type);
    if (coinType === undefined) return;
    const key = `${object.owner.address} ${coinType}`;
    sums.set(key, (sums.get(key) ?? 0n) + sign * coinBalance(object));
  };
  for (const { before, after } of changes) {
    add(before, -1n);
    add(after, 1n);
  }
  return [...sums]
    .filter(([, amount]) => amount !== 0n)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, amount]) => {
      const [owner = '', coinType = ''] = key.split(/ (.*)/s);
      return { owner, coinType, amount: amount.toString() };
    });
}
