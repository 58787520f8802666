/**
 * @file Which node holds which shards: at the start, and when some move.
 */
import type { ObjectId } from '#engine/model/ids.ts';
import type { ShardAssignment } from './chain/chain.ts';

/** Below this many shards a node does not give one away: the difference would not be slight. */
const SHARDS_TO_GIVE_MIN = 3;

/**
 * How many shards each node gets: as even as possible, then slightly uneven, since real weights
 * are. In every four nodes the first gives one shard to the second.
 */
export function shardWeights(shardCount: number, nodeCount: number): readonly number[] {
  const base = Math.floor(shardCount / nodeCount);
  const weights = Array.from(
    { length: nodeCount },
    (_, index) => base + (index < shardCount % nodeCount ? 1 : 0),
  );
  for (let giver = 0; giver + 1 < nodeCount; giver += 4) {
    const weight = weights[giver] ?? 0;
    // The first nodes already have one more where the division leaves a rest.
    if (weight < SHARDS_TO_GIVE_MIN || weight !== weights[giver + 1]) continue;
    weights[giver] = weight - 1;
    weights[giver + 1] = weight + 1;
  }
  return weights;
}

/** Contiguous ranges in node order. */
export function shardRanges(weights: readonly number[]): readonly (readonly number[])[] {
  let next = 0;
  return weights.map((weight) => {
    const range = Array.from({ length: weight }, (_, offset) => next + offset);
    next += weight;
    return range;
  });
}

/**
 * Move shards one by one from the node with most to the one with fewest. What a node gives away
 * is what it has had longest, so that no shard comes straight back.
 */
export function moveShards(
  current: ReadonlyMap<ObjectId, readonly number[]>,
  count: number,
): ShardAssignment {
  const next = new Map([...current].map(([nodeId, shards]) => [nodeId, [...shards]]));
  for (let moved = 0; moved < count; moved += 1) {
    const ranked = [...next.values()].sort((a, b) => a.length - b.length);
    const fewest = ranked[0];
    const most = ranked.at(-1);
    if (!fewest || !most || fewest === most) break;
    const shard = most.shift();
    if (shard !== undefined) fewest.push(shard);
  }
  return new Map([...next].map(([nodeId, shards]) => [nodeId, shards.sort((a, b) => a - b)]));
}
