/**
 * @file The few facts that a storage node remembers besides blobs: which shards it holds, as of
 * which epoch. One small JSON file, replaced whole.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ShardStatus } from './shard-table.ts';

export interface NodeState {
  /** The last epoch whose start was handled. */
  readonly epoch: number;
  readonly shards: readonly (readonly [number, ShardStatus])[];
}

const FILE = 'state.json';

/** Undefined before the first start. */
export function readNodeState(dir: string): NodeState | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, FILE), 'utf8')) as NodeState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function writeNodeState(dir: string, state: NodeState): void {
  const incoming = join(dir, `${FILE}.new`);
  writeFileSync(incoming, JSON.stringify(state), { mode: 0o600 });
  renameSync(incoming, join(dir, FILE));
}
