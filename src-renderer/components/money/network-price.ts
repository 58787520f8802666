/** @file What keeping a gigabyte costs on a network, before there is a folder to quote. Pure. */
import type { NetworkOffer } from '#contract/home-api.ts';

const GIGABYTE = 1_000_000_000;
const MEBIBYTE = 1_048_576;
const MONTH_MS = 30 * 86_400_000;
/** Floe's packs on a large network; the metadata of a blob is paid for with each. */
const PACK_BYTES = 128_000_000;
const METADATA_BYTES_PER_SHARD_PAIR = 64;

/**
 * FROST a month for a gigabyte, with the coding and the metadata in it. An estimate: a folder's quote
 * counts its own blobs.
 */
export function monthlyFrostPerGigabyte(facts: NonNullable<NetworkOffer['facts']>): bigint {
  const shards = facts.shardCount;
  const faulty = Math.floor((shards - 1) / 3);
  const coding = shards / (shards - 2 * faulty) + shards / (shards - faulty);
  const metadata = (shards * shards * METADATA_BYTES_PER_SHARD_PAIR) / PACK_BYTES;
  const mebibytes = (GIGABYTE * (coding + metadata)) / MEBIBYTE;
  const epochs = MONTH_MS / facts.epochDurationMs;
  return BigInt(Math.round(mebibytes * epochs * Number(facts.storageFrostPerMib)));
}
