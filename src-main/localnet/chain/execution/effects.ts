/**
 * @file Effects and events in BCS, byte for byte as Sui writes them.
 */
import { bcs } from '@mysten/sui/bcs';
import { toBase58 } from '@mysten/sui/utils';
import { hashStruct, ownerLayoutValue } from '../move/object.ts';
import { parseMoveType, typeTagBytes, typeText } from '../move/types.ts';
import type { ObjectChange, Outcome } from './execute.ts';
import type { EmittedEvent } from './machine.ts';

const eventLayout = bcs.struct('Event', {
  packageId: bcs.Address,
  transactionModule: bcs.string(),
  sender: bcs.Address,
  type: bcs.StructTag,
  contents: bcs.byteVector(),
});
const eventsLayout = bcs.vector(eventLayout);

/** Digest of all events of a transaction; undefined when there are none. */
export function eventsDigest(events: readonly EmittedEvent[], sender: string): string | undefined {
  if (events.length === 0) return undefined;
  const bytes = eventsLayout
    .serialize(
      events.map((event) => ({
        packageId: event.packageId,
        transactionModule: event.module,
        sender,
        type: bcs.StructTag.parse(typeTagBytes(parseMoveType(typeText(event.type))).subarray(1)),
        contents: event.bytes,
      })),
    )
    .toBytes();
  return toBase58(hashStruct('TransactionEvents', bytes));
}

/** BCS of TransactionEffects V2. */
export function effectsBytes(outcome: Outcome, sender: string, suiEpoch: bigint): Uint8Array {
  const { failure, gasUsed } = outcome;
  const gasIndex = outcome.changes.findIndex(({ id }) => id === outcome.gasObjectId);
  return bcs.TransactionEffects.serialize({
    V2: {
      status:
        failure === undefined
          ? { Success: true }
          : { Failure: { error: failure.status, command: failure.command ?? null } },
      executedEpoch: suiEpoch,
      gasUsed: {
        computationCost: gasUsed.computationMist,
        storageCost: gasUsed.storageMist,
        storageRebate: gasUsed.rebateMist,
        nonRefundableStorageFee: gasUsed.nonRefundableMist,
      },
      transactionDigest: outcome.digest,
      gasObjectIndex: gasIndex < 0 ? null : gasIndex,
      eventsDigest: eventsDigest(outcome.events, sender) ?? null,
      dependencies: [...outcome.dependencies],
      lamportVersion: outcome.version,
      changedObjects: outcome.changes.map((change) => [change.id, changeValue(change)]),
      unchangedConsensusObjects: unchangedObjects(outcome),
      auxDataDigest: null,
    },
  }).toBytes();
}

/** The object that lists who may not receive regulated coins. */
export const DENY_LIST_ID = `0x${'403'.padStart(64, '0')}`;

type UnchangedKind =
  { readonly ReadOnlyRoot: [bigint, string] } | { readonly PerEpochConfig: true };

function unchangedObjects(outcome: Outcome): [string, UnchangedKind][] {
  const shared = outcome.readOnlyShared.map((object): [string, UnchangedKind] => [
    object.id,
    { ReadOnlyRoot: [object.version, object.digest] },
  ]);
  const denyList: [string, UnchangedKind][] = outcome.readsDenyList
    ? [[DENY_LIST_ID, { PerEpochConfig: true }]]
    : [];
  return [...shared, ...denyList];
}

const ID_OPERATIONS = {
  none: { None: true },
  created: { Created: true },
  deleted: { Deleted: true },
} as const;

function changeValue({ before, after, idOperation }: ObjectChange) {
  return {
    inputState:
      before === undefined
        ? { NotExist: true as const }
        : {
            Exist: [[before.version, before.digest], ownerLayoutValue(before.owner)] as [
              [bigint, string],
              ReturnType<typeof ownerLayoutValue>,
            ],
          },
    outputState:
      after === undefined
        ? { NotExist: true as const }
        : {
            ObjectWrite: [after.digest, ownerLayoutValue(after.owner)] as [
              string,
              ReturnType<typeof ownerLayoutValue>,
            ],
          },
    idOperation: ID_OPERATIONS[idOperation],
  };
}

export function effectsDigest(bytes: Uint8Array): string {
  return toBase58(hashStruct('TransactionEffects', bytes));
}
