/**
 * @file Executed transactions as JSON-RPC shows them.
 */
import { bcs } from '@mysten/sui/bcs';
import { DELETED_DIGEST, WRAPPED_DIGEST } from '../move/object.ts';
import type { RecordedChange, TransactionRecord } from '../store/records.ts';
import { ownerJson, shortType } from './json-objects.ts';
import type { ToldTransaction } from './proto-record.ts';

export interface TransactionOptions {
  readonly showRawInput?: boolean;
  readonly showEffects?: boolean;
  readonly showRawEffects?: boolean;
  readonly showEvents?: boolean;
  readonly showObjectChanges?: boolean;
  readonly showBalanceChanges?: boolean;
}

/** SuiTransactionBlockResponse. */
export function transactionResponse(told: ToldTransaction, options: TransactionOptions): object {
  const { record } = told;
  return {
    digest: record.digest,
    ...(options.showRawInput === true ? { rawTransaction: rawTransaction(told) } : {}),
    ...(options.showEffects === true ? { effects: effectsJson(record) } : {}),
    ...(options.showEvents === true ? { events: eventsJson(record) } : {}),
    ...(options.showObjectChanges === true ? { objectChanges: objectChanges(record) } : {}),
    ...(options.showBalanceChanges === true ? { balanceChanges: balanceChangesJson(record) } : {}),
    ...(options.showRawEffects === true ? { rawEffects: [...told.effects] } : {}),
    ...(told.committedMs === undefined ? {} : { timestampMs: String(told.committedMs) }),
    ...(told.checkpoint === undefined ? {} : { checkpoint: String(told.checkpoint) }),
    confirmedLocalExecution: true,
  };
}

/** Base64 of BCS SenderSignedData: one transaction with its intent and signatures. */
function rawTransaction(told: ToldTransaction): string {
  if (told.bytes === undefined) return '';
  const signatures = bcs
    .vector(bcs.byteVector())
    .serialize(told.signatures.map((signature) => Buffer.from(signature, 'base64')))
    .toBytes();
  return Buffer.concat([Buffer.from([1, 0, 0, 0]), told.bytes, signatures]).toString('base64');
}

type Kind =
  | 'created'
  | 'createdAndWrapped'
  | 'mutated'
  | 'unwrapped'
  | 'deleted'
  | 'wrapped'
  | 'unwrappedThenDeleted';

/** In which list of the effects a change stands. */
function changeKind({ before, after, idOperation }: RecordedChange): Kind {
  if (before !== undefined && after !== undefined) return 'mutated';
  if (after !== undefined) return idOperation === 'created' ? 'created' : 'unwrapped';
  if (before !== undefined) return idOperation === 'deleted' ? 'deleted' : 'wrapped';
  return idOperation === 'created' ? 'createdAndWrapped' : 'unwrappedThenDeleted';
}

export function effectsJson(record: TransactionRecord): object {
  const { failure, gasUsed } = record;
  const lists = changeLists(record);
  const shared = sharedObjects(record);
  const gasObject = record.changes.find(({ id }) => id === record.gasObjectId);
  return {
    messageVersion: 'v1',
    status:
      failure === undefined
        ? { status: 'success' }
        : { status: 'failure', error: failure.description },
    executedEpoch: record.suiEpoch,
    gasUsed: {
      computationCost: gasUsed.computation,
      storageCost: gasUsed.storage,
      storageRebate: gasUsed.rebate,
      nonRefundableStorageFee: gasUsed.nonRefundable,
    },
    modifiedAtVersions: record.changes.flatMap(({ id, before }) =>
      before === undefined ? [] : [{ objectId: id, sequenceNumber: before.version }],
    ),
    ...(shared.length === 0 ? {} : { sharedObjects: shared }),
    transactionDigest: record.digest,
    ...lists,
    gasObject:
      gasObject === undefined
        ? {
            owner: { AddressOwner: `0x${'0'.repeat(64)}` },
            reference: {
              objectId: `0x${'0'.repeat(64)}`,
              version: Number(record.version),
              digest: '11111111111111111111111111111111',
            },
          }
        : written(gasObject, record),
    ...(record.eventsDigest === undefined ? {} : { eventsDigest: record.eventsDigest }),
    dependencies: record.dependencies,
    ...(failure?.abort === undefined
      ? {}
      : {
          abortError: {
            module_id: `${failure.abort.address}::${failure.abort.module}`,
            function: failure.abort.function,
            error_code: Number(failure.abort.code),
          },
        }),
  };
}

/** Shared inputs as they were before: the changed ones by id, then the ones only read. */
function sharedObjects(record: TransactionRecord): object[] {
  const changed = record.changes.flatMap(({ id, before }) =>
    before?.owner.kind === 'shared' ? [{ id, ...before }] : [],
  );
  return [...changed, ...record.readOnlyShared].map(({ id, version, digest }) => ({
    objectId: id,
    version: Number(version),
    digest,
  }));
}

function changeLists(record: TransactionRecord): Partial<Record<Kind, object[]>> {
  const lists: Partial<Record<Kind, object[]>> = {};
  for (const change of record.changes) {
    const kind = changeKind(change);
    // Known only in the effects' BCS.
    if (kind === 'createdAndWrapped') continue;
    const line =
      change.after === undefined ? gone(change.id, kind, record) : written(change, record);
    (lists[kind] ??= []).push(line);
  }
  return lists;
}

function written({ id, after }: RecordedChange, record: TransactionRecord): object {
  return {
    owner: after === undefined ? null : ownerJson(after.owner),
    reference: { objectId: id, version: Number(record.version), digest: after?.digest },
  };
}

const gone = (id: string, kind: Kind, record: TransactionRecord): object => ({
  objectId: id,
  version: Number(record.version),
  digest: kind === 'wrapped' ? WRAPPED_DIGEST : DELETED_DIGEST,
});

/**
 * What was mutated and created. Objects that are gone or came out of others are in the effects
 * only, as recorded from a full node.
 */
export function objectChanges(record: TransactionRecord): object[] {
  const of = (kind: 'mutated' | 'created') =>
    record.changes
      .filter((change) => changeKind(change) === kind)
      .map(({ id, before, after }) => ({
        type: kind,
        sender: record.sender,
        owner: after === undefined ? null : ownerJson(after.owner),
        objectType: shortType(after?.type ?? ''),
        objectId: id,
        version: record.version,
        ...(before === undefined ? {} : { previousVersion: before.version }),
        digest: after?.digest,
      }));
  return [...of('mutated'), ...of('created')];
}

export function balanceChangesJson(record: TransactionRecord): object[] {
  return record.balanceChanges.map((change) => ({
    owner: { AddressOwner: change.owner },
    coinType: shortType(change.coinType),
    amount: change.amount,
  }));
}

export function eventsJson(record: TransactionRecord): object[] {
  return record.events.map((event, index) => ({
    id: { txDigest: record.digest, eventSeq: String(index) },
    packageId: event.packageId,
    transactionModule: event.module,
    sender: record.sender,
    type: shortType(event.type),
    parsedJson: event.json,
    bcsEncoding: 'base64',
    bcs: event.contents,
  }));
}
