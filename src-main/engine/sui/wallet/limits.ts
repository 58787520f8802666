/** @file How much fits into one transaction. */
import assert from 'node:assert/strict';

// The four limits below keep the largest transaction, with all its coins, within Sui's 1,024
// commands, 2,048 inputs and 128 KiB; programs.test.ts builds each.
/** Blobs of one registration. */
export const BLOBS_REGISTERED_MAX = 100;
/** Blobs of one certification, which leaves half of the bytes to the head. */
export const BLOBS_CERTIFIED_MAX = 200;
/** Blobs of one extension. */
export const BLOBS_EXTENDED_MAX = 200;
/** Blobs that are shared in one transaction; Sui lets one make 2,048 objects. */
export const BLOBS_SHARED_MAX = 200;
/** Blobs of one deletion. */
export const BLOBS_DELETED_MAX = 200;
/** A head field is one constant of the transaction; Sui allows 16 KiB for each. */
export const HEAD_FIELD_BYTES_MAX = 16_000;
/** Coins of WAL of one payment, and how many more it merges on the way. */
export const WAL_COINS = { coinsMax: 100, extraCoins: 15 };
/** Coins of one merge. */
export const COINS_MERGED_MAX = 400;
/** Coins that are looked at. */
export const COINS_LISTED_MAX = 2_000;

/** Callers split what is more; see the limits above. */
export function limit(count: number, max: number, what: string, min = 1): void {
  assert(
    count >= min && count <= max,
    `${String(count)} ${what} in one transaction, ${String(min)} to ${String(max)} are allowed`,
  );
}
