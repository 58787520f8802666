/**
 * @file `walrus::encoding`: how large a blob is once encoded, and what its ID is.
 */
import { primarySourceCount, secondarySourceCount } from '#engine/model/walrus.ts';
import { assertMove, MoveArithmeticError } from '../move/abort.ts';
import { u256FromBytes } from '../move/layouts.ts';
import { blake2b256 } from '../move/object.ts';
import { sites } from './abort-sites.ts';
import { blobIdDerivationLayout } from './layouts.ts';

/** RS2, the only encoding that is registered. */
const ENCODING_RS2 = 1;
const U16_MAX = 65_535n;

/** Encoded size in bytes, metadata included: n((p + s) symbol + 64 n + 32). */
export function encodedBlobLength(
  unencodedBytes: bigint,
  encodingType: number,
  shardCount: number,
): bigint {
  assertMove(encodingType === ENCODING_RS2, sites.encodingType);
  const primary = BigInt(primarySourceCount(shardCount));
  const secondary = BigInt(secondarySourceCount(shardCount));
  const length = unencodedBytes === 0n ? 1n : unencodedBytes;
  const symbol = (length - 1n) / (primary * secondary) + 1n;
  const even = symbol + (symbol % 2n);
  if (even > U16_MAX) throw new MoveArithmeticError('symbol size does not fit in u16');
  const shards = BigInt(shardCount);
  return shards * ((primary + secondary) * even + 64n * shards + 32n);
}

/** The blob ID as the contract's u256. */
export function deriveBlobId(rootHash: bigint, encodingType: number, size: bigint): bigint {
  const bytes = blobIdDerivationLayout
    .serialize({ encoding_type: encodingType, size, root_hash: rootHash })
    .toBytes();
  return u256FromBytes(blake2b256(bytes));
}
