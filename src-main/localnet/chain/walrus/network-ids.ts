/**
 * @file Where the Walrus objects of this chain are.
 */
import { primitive, type MoveType } from '../move/types.ts';
import { createdObjectId, dynamicFieldId, u64Bytes } from '../move/object.ts';
import type { PackageIds } from '../move/framework.ts';
import { CONTRACT_VERSION } from '../contracts/system.ts';

/** Ids that all follow from the genesis digest. Kept in the state as JSON. */
export interface WalrusIds {
  readonly packages: PackageIds;
  readonly system: string;
  readonly staking: string;
  readonly exchange: string;
  /** Parents of the dynamic fields that this chain doesn't fill. */
  readonly denyListSizes: string;
  readonly pools: string;
  readonly activeSet: string;
  readonly nextEpochPublicKeys: string;
  readonly exchangeAdmin: string;
}

/** All ids of a new chain. */
export function deriveWalrusIds(genesisDigest: string): WalrusIds {
  let index = 0;
  const next = (): string => {
    const id = createdObjectId(genesisDigest, index);
    index += 1;
    return id;
  };
  return {
    packages: { walrus: next(), wal: next(), exchange: next() },
    system: next(),
    staking: next(),
    exchange: next(),
    denyListSizes: next(),
    pools: next(),
    activeSet: next(),
    nextEpochPublicKeys: next(),
    exchangeAdmin: next(),
  };
}

/** Ids for one node: its pool and what hangs on it. Far from those of deriveWalrusIds. */
export function deriveNodeIds(genesisDigest: string, nodeIndex: number) {
  const first = 1_000 + nodeIndex * 10;
  const id = (offset: number): string => createdObjectId(genesisDigest, first + offset);
  return { pool: id(0), metadata: id(1), exchangeRates: id(2), extraFields: id(3), owner: id(4) };
}

const INNER_KEY_TYPE: MoveType = primitive('u64');

/** The object that holds the inner state of System or Staking. */
export const innerStateId = (parent: string): string =>
  dynamicFieldId(parent, INNER_KEY_TYPE, u64Bytes(CONTRACT_VERSION));
