/** @file The sliver grid's cells: one for each shard, grouped by storage node. Pure. */
import type { NodeActivity } from '#contract/task-api.ts';

export interface NodeCells {
  readonly nodeId: string;
  readonly name: string;
  readonly state: NodeActivity['state'];
  readonly cells: readonly { readonly shard: number; readonly isStored: boolean }[];
  readonly storedCount: number;
}

/** Nodes in the order of their first shard, so that the picture stays the same between two answers. */
export function cellsByNode(nodes: readonly NodeActivity[], shards: string): readonly NodeCells[] {
  return nodes
    .filter((node) => node.shards.length > 0)
    .map((node) => {
      const cells = [...node.shards]
        .sort((a, b) => a - b)
        .map((shard) => ({ shard, isStored: shards[shard] === '1' }));
      const storedCount = cells.filter(({ isStored }) => isStored).length;
      return { nodeId: node.nodeId, name: node.name, state: node.state, cells, storedCount };
    })
    .sort((a, b) => (a.cells[0]?.shard ?? 0) - (b.cells[0]?.shard ?? 0));
}
