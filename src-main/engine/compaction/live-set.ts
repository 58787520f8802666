/**
 * @file Which chunks are needed: everything that is reached from the trees that are kept.
 *
 * Nodes are content-addressed, so each is visited once, however many snapshots share it, and what
 * it names is remembered: an older tree is read from the network only the first time.
 */
import { decodeReferences, encodeReferences, referencesOf } from '../archive/references.ts';
import type { Reference } from '../archive/references.ts';
import type { ReferenceTable } from '../local-index/reference-table.ts';
import type { ChunkId } from '../model/ids.ts';

export interface LiveSetOptions {
  readonly roots: Iterable<Reference>;
  readonly references: Pick<ReferenceTable, 'find' | 'put'>;
  /** The plaintext of a tree node or content list. */
  readonly readNode: (id: ChunkId, signal: AbortSignal) => Promise<Uint8Array>;
  readonly signal: AbortSignal;
}

/** The IDs of all chunks, tree nodes and content lists that the roots reach, themselves included. */
export async function findLive(options: LiveSetOptions): Promise<Set<ChunkId>> {
  const { roots, signal } = options;
  const live = new Set<ChunkId>();
  const pending = [...roots];
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (live.has(next.id)) continue;
    live.add(next.id);
    if (next.what === 'data') continue;
    signal.throwIfAborted();
    for (const named of await namedBy(next, options)) {
      if (!live.has(named.id)) pending.push(named);
    }
  }
  return live;
}

async function namedBy(
  node: Reference,
  { references, readNode, signal }: LiveSetOptions,
): Promise<readonly Reference[]> {
  const known = references.find(node.id);
  if (known) return decodeReferences(known);
  const named = referencesOf(node, await readNode(node.id, signal));
  references.put(node.id, encodeReferences(named));
  return named;
}
