/** @file The grid shows each shard once, with its storage node. */
import { describe, expect, test } from 'vitest';
import type { NodeActivity } from '#contract/task-api.ts';
import { cellsByNode } from './shard-cells.ts';
import { packSteps, stepsDone } from './steps.ts';

const node = (nodeId: string, shards: readonly number[]): NodeActivity => ({
  nodeId,
  name: nodeId,
  address: `${nodeId}:9185`,
  shards,
  state: 'ok',
  latencyMs: 4,
  lastSuccessAtMs: 0,
  lastProblem: undefined,
});

describe('the sliver grid', () => {
  test('groups shards by storage node, in order of their first shard', () => {
    const groups = cellsByNode(
      [node('b', [4, 2]), node('a', [0, 1, 3]), node('idle', [])],
      '10110',
    );
    expect(groups.map(({ nodeId, storedCount }) => [nodeId, storedCount])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect(groups[1]?.cells).toEqual([
      { shard: 2, isStored: true },
      { shard: 4, isStored: false },
    ]);
  });

  test('is empty before anything is stored', () => {
    expect(cellsByNode([node('a', [0, 1])], '')[0]?.storedCount).toBe(0);
  });
});

describe('a pack', () => {
  test('has all seven steps behind it when it is published', () => {
    expect(stepsDone('published')).toBe(packSteps.length);
    expect(stepsDone('sealed')).toBe(2);
  });
});
