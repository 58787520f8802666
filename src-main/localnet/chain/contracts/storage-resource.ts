/**
 * @file `walrus::storage_resource`: bought space over a range of epochs, cut and joined.
 */
import { assertMove } from '../move/abort.ts';
import type { Call } from '../move/call.ts';
import type { FunctionDeclaration, StructDeclaration } from '../move/framework.ts';
import { sites } from './abort-sites.ts';
import { checkedU64 } from './balance.ts';
import { storageLayout, type StorageStruct } from './layouts.ts';

export const storageStructs: readonly StructDeclaration[] = [
  {
    name: 'walrus::storage_resource::Storage',
    abilities: ['key', 'store'],
    layout: () => storageLayout,
  },
];

export function createStorage(
  call: Call,
  startEpoch: number,
  endEpoch: number,
  size: bigint,
): StorageStruct {
  assertMove(startEpoch < endEpoch, sites.storageRange);
  return { id: call.newId(), start_epoch: startEpoch, end_epoch: endEpoch, storage_size: size };
}

function splitByEpoch(call: Call): readonly unknown[] {
  const storage = call.argument<StorageStruct>(0);
  const epoch = call.argument<number>(1);
  assertMove(epoch > storage.start_epoch && epoch < storage.end_epoch, sites.splitEpochOutside);
  const rest = { ...storage, id: call.newId(), start_epoch: epoch };
  storage.end_epoch = epoch;
  return [rest];
}

/** The original keeps `split_size`, the new one gets the rest. */
function splitBySize(call: Call): readonly unknown[] {
  const storage = call.argument<StorageStruct>(0);
  const size = call.argument<bigint>(1);
  assertMove(storage.storage_size >= size, sites.splitSizeTooLarge);
  const rest = { ...storage, id: call.newId(), storage_size: storage.storage_size - size };
  storage.storage_size = size;
  return [rest];
}

export function fusePeriods(call: Call, first: StorageStruct, second: StorageStruct): void {
  call.deleteId(second.id);
  assertMove(first.storage_size === second.storage_size, sites.fusePeriodsSize);
  if (first.end_epoch === second.start_epoch) {
    first.end_epoch = second.end_epoch;
  } else {
    assertMove(first.start_epoch === second.end_epoch, sites.fusePeriodsEpochs);
    first.start_epoch = second.start_epoch;
  }
}

function fuseAmount(call: Call, first: StorageStruct, second: StorageStruct): void {
  call.deleteId(second.id);
  assertMove(
    first.start_epoch === second.start_epoch && first.end_epoch === second.end_epoch,
    sites.fuseAmountEpochs,
  );
  first.storage_size = checkedU64(first.storage_size + second.storage_size);
}

function fuse(call: Call, first: StorageStruct, second: StorageStruct): void {
  const join = first.start_epoch === second.start_epoch ? fuseAmount : fusePeriods;
  join(call, first, second);
}

const onTwo =
  (join: (call: Call, first: StorageStruct, second: StorageStruct) => void) =>
  (call: Call): undefined => {
    join(call, call.argument<StorageStruct>(0), call.argument<StorageStruct>(1));
  };

const STORAGE = 'walrus::storage_resource::Storage';

export const storageFunctions: readonly FunctionDeclaration[] = [
  {
    module: 'walrus::storage_resource',
    signature: `split_by_epoch(&mut ${STORAGE}, u32, &mut TxContext): ${STORAGE}`,
    run: splitByEpoch,
  },
  {
    module: 'walrus::storage_resource',
    signature: `split_by_size(&mut ${STORAGE}, u64, &mut TxContext): ${STORAGE}`,
    run: splitBySize,
  },
  {
    module: 'walrus::storage_resource',
    signature: `fuse_periods(&mut ${STORAGE}, ${STORAGE})`,
    run: onTwo(fusePeriods),
  },
  {
    module: 'walrus::storage_resource',
    signature: `fuse_amount(&mut ${STORAGE}, ${STORAGE})`,
    run: onTwo(fuseAmount),
  },
  {
    module: 'walrus::storage_resource',
    signature: `fuse(&mut ${STORAGE}, ${STORAGE})`,
    run: onTwo(fuse),
  },
  {
    module: 'walrus::storage_resource',
    signature: `destroy(${STORAGE})`,
    run: (call) => {
      call.deleteId(call.argument<StorageStruct>(0).id);
      return [];
    },
  },
];
