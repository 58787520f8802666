/** @file The codec as engine/walrus takes it, for tests that do not compose a whole engine. */
import * as bls from '#engine/codec/bls.ts';
import * as rs2 from '#engine/codec/rs2.ts';
import type { SliverCodec } from '#engine/walrus/sliver-codec.ts';

export const sliverCodec: SliverCodec = {
  readMetadata: rs2.readMetadata,
  decodeBlob: rs2.decodeBlob,
  splitRecoverySymbols: rs2.splitRecoverySymbols,
  verifyRecoverySymbol: rs2.verifyRecoverySymbol,
  shardOfPair: rs2.shardOfPair,
  pairOfShard: rs2.pairOfShard,
  verify: bls.verify,
  verifyAggregate: bls.verifyAggregate,
  aggregate: bls.aggregate,
};
