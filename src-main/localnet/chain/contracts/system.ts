/**
 * @file `walrus::system`: reserve, register, certify, extend, delete.
 */
import { assertMove } from '../move/abort.ts';
import type { Call, MoveFunction } from '../move/call.ts';
import type { FunctionDeclaration, StructDeclaration } from '../move/framework.ts';
import { primitive } from '../move/types.ts';
import { sites } from './abort-sites.ts';
import {
  accountOf,
  occupy,
  payForStorage,
  reserveWithoutPayment,
  writePrice,
} from './accounting.ts';
import { joinBalance, splitBalance } from './balance.ts';
import {
  assertCertifiedNotExpired,
  certifyBlob,
  deleteBlob,
  emitCertified,
  extendWithResource,
  newBlob,
} from './blob.ts';
import {
  readBlobMessage,
  readInvalidBlobIdMessage,
  verifyCertificate,
  type VerifyAggregate,
} from './certificate.ts';
import { encodedBlobLength } from './encoding.ts';
import { intoBalance } from './framework.ts';
import {
  stakingPoolLayout,
  stakingStateLayout,
  systemStateLayout,
  versionedLayout,
  type BlobStruct,
  type CoinStruct,
  type StorageStruct,
  type SystemStateStruct,
  type VersionedStruct,
} from './layouts.ts';

/** The contract version this chain has: the key of both inner states. */
export const CONTRACT_VERSION = 3n;

export const systemStructs: readonly StructDeclaration[] = [
  { name: 'walrus::system::System', abilities: ['key'], layout: () => versionedLayout },
  {
    name: 'walrus::system_state_inner::SystemStateInnerV1',
    abilities: ['store'],
    layout: () => systemStateLayout,
  },
  { name: 'walrus::staking::Staking', abilities: ['key'], layout: () => versionedLayout },
  {
    name: 'walrus::staking_inner::StakingInnerV1',
    abilities: ['store'],
    layout: () => stakingStateLayout,
  },
  {
    name: 'walrus::staking_pool::StakingPool',
    abilities: ['key', 'store'],
    layout: () => stakingPoolLayout,
  },
];

/** The state behind the System object given as argument `index`. */
export function systemState(call: Call, index: number): SystemStateStruct {
  const system = call.argument<VersionedStruct>(index);
  assertMove(system.version === CONTRACT_VERSION, sites.wrongSystemVersion);
  return call.fields.borrow<SystemStateStruct>(
    system.id,
    primitive('u64'),
    system.version,
    call.type('walrus::system_state_inner::SystemStateInnerV1'),
  );
}

function reserveRange(
  call: Call,
  state: SystemStateStruct,
  range: { readonly size: bigint; readonly start: number; readonly end: number },
  payment: CoinStruct,
): readonly unknown[] {
  const { epoch } = state.committee;
  const start = Math.max(range.start, epoch);
  assertMove(range.end > start, sites.emptyEpochRange);
  const endOffset = range.end - epoch;
  assertMove(endOffset <= state.future_accounting.length, sites.epochRangeTooFar);
  const period = { size: range.size, startOffset: start - epoch, endOffset };
  payForStorage(state, period, payment);
  return [reserveWithoutPayment(call, state, period)];
}

function reserveSpace(call: Call): readonly unknown[] {
  const state = systemState(call, 0);
  const epochsAhead = call.argument<number>(2);
  assertMove(epochsAhead > 0, sites.noEpochsAhead);
  assertMove(epochsAhead <= state.future_accounting.length, sites.tooManyEpochsAhead);
  const { epoch } = state.committee;
  return reserveRange(
    call,
    state,
    { size: call.argument<bigint>(1), start: epoch, end: epoch + epochsAhead },
    call.argument<CoinStruct>(3),
  );
}

function registerBlob(call: Call): readonly unknown[] {
  const state = systemState(call, 0);
  const shardCount = state.committee.n_shards;
  const blob = newBlob(
    call,
    {
      storage: call.argument<StorageStruct>(1),
      blobId: call.argument<bigint>(2),
      rootHash: call.argument<bigint>(3),
      size: call.argument<bigint>(4),
      encodingType: call.argument<number>(5),
      deletable: call.argument<boolean>(6),
    },
    state.committee.epoch,
    shardCount,
  );
  const price = writePrice(state, encodedBlobLength(blob.size, blob.encoding_type, shardCount));
  const payment = call.argument<CoinStruct>(7);
  payment.balance = splitBalance(payment.balance, price);
  const account = accountOf(state, 0);
  account.rewards_to_distribute = joinBalance(account.rewards_to_distribute, price);
  return [blob];
}

const certify =
  (verifyAggregate: VerifyAggregate): MoveFunction =>
  async (call) => {
    const { committee } = systemState(call, 0);
    const certificate = {
      signature: call.argument<Uint8Array>(2),
      signersBitmap: call.argument<Uint8Array>(3),
      message: call.argument<Uint8Array>(4),
    };
    await verifyCertificate(committee, certificate, 'quorum', verifyAggregate);
    const message = readBlobMessage(certificate.message, committee.epoch);
    certifyBlob(call, call.argument<BlobStruct>(1), committee.epoch, message);
    return [];
  };

const invalidate =
  (verifyAggregate: VerifyAggregate): MoveFunction =>
  async (call) => {
    const { committee } = systemState(call, 0);
    const certificate = {
      signature: call.argument<Uint8Array>(1),
      signersBitmap: call.argument<Uint8Array>(2),
      message: call.argument<Uint8Array>(3),
    };
    await verifyCertificate(committee, certificate, 'one-correct-node', verifyAggregate);
    const blobId = readInvalidBlobIdMessage(certificate.message, committee.epoch);
    call.emit('walrus::events::InvalidBlobID', { epoch: committee.epoch, blob_id: blobId });
    return [blobId];
  };

/** `system_state_inner::extend_blob`. */
export function extendBlob(
  call: Call,
  state: SystemStateStruct,
  blob: BlobStruct,
  epochs: number,
  payment: CoinStruct,
): void {
  const { epoch } = state.committee;
  assertCertifiedNotExpired(blob, epoch);
  const startOffset = blob.storage.end_epoch - epoch;
  const endOffset = startOffset + epochs;
  assertMove(epochs > 0, sites.extendByNothing);
  assertMove(endOffset <= state.future_accounting.length, sites.extendTooFar);
  const period = { size: blob.storage.storage_size, startOffset, endOffset };
  payForStorage(state, period, payment);
  occupy(state, period, sites.extendStorageExceeded);
  blob.storage.end_epoch += epochs;
  emitCertified(call, blob, true);
}

function addSubsidy(call: Call): undefined {
  const state = systemState(call, 0);
  const subsidy = intoBalance(call, call.argument<CoinStruct>(1));
  const epochs = call.argument<number>(2);
  assertMove(epochs > 0 && epochs <= state.future_accounting.length, sites.subsidyNoEpochs);
  const share = subsidy / BigInt(epochs);
  for (let ahead = 0; ahead < epochs; ahead += 1) {
    const account = accountOf(state, ahead);
    account.rewards_to_distribute = joinBalance(account.rewards_to_distribute, share);
  }
  const current = accountOf(state, 0);
  const rest = subsidy % BigInt(epochs);
  current.rewards_to_distribute = joinBalance(current.rewards_to_distribute, rest);
}

const SYSTEM = 'walrus::system::System';
const STORAGE = 'walrus::storage_resource::Storage';
const BLOB = 'walrus::blob::Blob';
const WAL = 'sui::coin::Coin<wal::wal::WAL>';
const BYTES = 'vector<u8>';

/** The module's functions, checking certificates with `verifyAggregate`. */
export function systemFunctions(verifyAggregate: VerifyAggregate): FunctionDeclaration[] {
  const declare = (signature: string, run: MoveFunction): FunctionDeclaration => ({
    module: 'walrus::system',
    signature,
    run,
  });
  return [
    declare(
      `reserve_space(&mut ${SYSTEM}, u64, u32, &mut ${WAL}, &mut TxContext): ${STORAGE}`,
      reserveSpace,
    ),
    declare(
      `reserve_space_for_epochs(&mut ${SYSTEM}, u64, u32, u32, &mut ${WAL}, &mut TxContext): ${STORAGE}`,
      (call) =>
        reserveRange(
          call,
          systemState(call, 0),
          { size: call.argument(1), start: call.argument(2), end: call.argument(3) },
          call.argument<CoinStruct>(4),
        ),
    ),
    declare(
      `register_blob(&mut ${SYSTEM}, ${STORAGE}, u256, u256, u64, u8, bool, &mut ${WAL}, &mut TxContext): ${BLOB}`,
      registerBlob,
    ),
    declare(
      `certify_blob(&${SYSTEM}, &mut ${BLOB}, ${BYTES}, ${BYTES}, ${BYTES})`,
      certify(verifyAggregate),
    ),
    declare(
      `invalidate_blob_id(&${SYSTEM}, ${BYTES}, ${BYTES}, ${BYTES}): u256`,
      invalidate(verifyAggregate),
    ),
    declare(`delete_blob(&${SYSTEM}, ${BLOB}): ${STORAGE}`, (call) => [
      deleteBlob(call, call.argument<BlobStruct>(1), systemState(call, 0).committee.epoch),
    ]),
    declare(`extend_blob(&mut ${SYSTEM}, &mut ${BLOB}, u32, &mut ${WAL})`, (call) => {
      extendBlob(
        call,
        systemState(call, 0),
        call.argument<BlobStruct>(1),
        call.argument<number>(2),
        call.argument<CoinStruct>(3),
      );
      return [];
    }),
    declare(`extend_blob_with_resource(&${SYSTEM}, &mut ${BLOB}, ${STORAGE})`, (call) => {
      const { epoch } = systemState(call, 0).committee;
      extendWithResource(
        call,
        call.argument<BlobStruct>(1),
        call.argument<StorageStruct>(2),
        epoch,
      );
      return [];
    }),
    declare(`add_subsidy(&mut ${SYSTEM}, ${WAL}, u32)`, addSubsidy),
    declare(`epoch(&${SYSTEM}): u32`, (call) => [systemState(call, 0).committee.epoch]),
    declare(`n_shards(&${SYSTEM}): u16`, (call) => [systemState(call, 0).committee.n_shards]),
    declare(`total_capacity_size(&${SYSTEM}): u64`, (call) => [
      systemState(call, 0).total_capacity_size,
    ]),
    declare(`used_capacity_size(&${SYSTEM}): u64`, (call) => [
      systemState(call, 0).used_capacity_size,
    ]),
  ];
}
