/**
 * @file Layouts of the events in `walrus::events`. Field order is the contract's.
 */
import { bcs } from '@mysten/sui/bcs';
import type { StructDeclaration } from '../move/framework.ts';
import { address, u256, u64, type AnyLayout } from '../move/layouts.ts';

const u32 = bcs.u32();
const shards = bcs.vector(bcs.u16());

const layouts: Readonly<Record<string, AnyLayout>> = {
  BlobRegistered: bcs.struct('BlobRegistered', {
    epoch: u32,
    blob_id: u256,
    size: u64,
    encoding_type: bcs.u8(),
    end_epoch: u32,
    deletable: bcs.bool(),
    object_id: address,
  }),
  BlobCertified: bcs.struct('BlobCertified', {
    epoch: u32,
    blob_id: u256,
    end_epoch: u32,
    deletable: bcs.bool(),
    object_id: address,
    is_extension: bcs.bool(),
  }),
  BlobDeleted: bcs.struct('BlobDeleted', {
    epoch: u32,
    blob_id: u256,
    end_epoch: u32,
    object_id: address,
    was_certified: bcs.bool(),
  }),
  InvalidBlobID: bcs.struct('InvalidBlobID', { epoch: u32, blob_id: u256 }),
  EpochChangeStart: bcs.struct('EpochChangeStart', { epoch: u32 }),
  EpochChangeDone: bcs.struct('EpochChangeDone', { epoch: u32 }),
  ShardsReceived: bcs.struct('ShardsReceived', { epoch: u32, shards }),
  EpochParametersSelected: bcs.struct('EpochParametersSelected', { next_epoch: u32 }),
  PricesUpdated: bcs.struct('PricesUpdated', {
    epoch: u32,
    storage_price: u64,
    write_price: u64,
  }),
};

export const eventStructs: readonly StructDeclaration[] = Object.entries(layouts).map(
  ([name, layout]) => ({
    name: `walrus::events::${name}`,
    abilities: ['copy', 'drop'],
    layout: () => layout,
  }),
);
