/** @file Fills the interface that walrus/ needs of the codec. */
import * as bls from './codec/bls.ts';
import * as rs2 from './codec/rs2.ts';
import type { SliverCodec } from './walrus/sliver-codec.ts';

export const sliverCodec: SliverCodec = {
  // What walrus/ was given by `readMetadata` comes back as it was.
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
