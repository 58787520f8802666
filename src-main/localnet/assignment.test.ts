import { describe, expect, test } from 'vitest';
import type { ObjectId } from '#engine/model/ids.ts';
import { moveShards, shardRanges, shardWeights } from './assignment.ts';

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

describe('shardWeights', () => {
  test.each([
    { shardCount: 100, nodeCount: 16 },
    { shardCount: 1000, nodeCount: 16 },
    { shardCount: 13, nodeCount: 4 },
    { shardCount: 4, nodeCount: 1 },
    { shardCount: 7, nodeCount: 7 },
  ])('gives all of $shardCount shards to $nodeCount nodes, some to each', (shape) => {
    const weights = shardWeights(shape.shardCount, shape.nodeCount);
    expect(weights).toHaveLength(shape.nodeCount);
    expect(sum(weights)).toBe(shape.shardCount);
    expect(Math.min(...weights)).toBeGreaterThan(0);
    expect(shardRanges(weights).flat()).toEqual(
      Array.from({ length: shape.shardCount }, (_, shard) => shard),
    );
  });

  test('is slightly uneven by default', () => {
    const weights = shardWeights(100, 16);
    expect(new Set(weights).size).toBeGreaterThan(1);
    expect(Math.max(...weights) - Math.min(...weights)).toBeLessThanOrEqual(3);
  });
});

describe('moveShards', () => {
  const start = new Map<ObjectId, readonly number[]>([
    ['0xa' as ObjectId, [0, 1, 2]],
    ['0xb' as ObjectId, [3, 4]],
  ]);

  test('moves different shards, and keeps a partition', () => {
    const moved = moveShards(start, 2);
    expect([...moved.values()]).toEqual([
      [1, 2, 3],
      [0, 4],
    ]);
    expect([...moved.values()].flat().sort()).toEqual([0, 1, 2, 3, 4]);
  });

  test('moves nothing where there is one node', () => {
    const alone = new Map([['0xa' as ObjectId, [0, 1, 2, 3]]]);
    expect(moveShards(alone, 3)).toEqual(alone);
  });
});
