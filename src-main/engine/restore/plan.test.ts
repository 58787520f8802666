/** Trees as their author wrote them, honest or not. */
import { expect, test } from 'vitest';
import { openTreeSplitter, storeDirectory } from '../archive/tree.ts';
import type { TreeEntry } from '../archive/tree-entry.ts';
import { blake3, keyedBlake3 } from '../codec/hash.ts';
import { rawPath, type ChunkId } from '../model/ids.ts';
import { planTree } from './plan.ts';
import { selectionOf } from './selection.ts';

const chunks = new Map<ChunkId, Uint8Array>();
const splitter = openTreeSplitter({ keyedBlake3 }, new Uint8Array(32), 256 * 1024);
const store = (entries: readonly TreeEntry[]): Promise<ChunkId> =>
  storeDirectory(entries, {
    splitter,
    put: async (_kind, plaintext) => {
      const id = Buffer.from(blake3(plaintext)).toString('hex') as ChunkId;
      chunks.set(id, plaintext);
      return id;
    },
  });

test('a tree that doubles on every level has an end', async () => {
  let treeId = await store([]);
  for (let level = 0; level < 60; level += 1) {
    treeId = await store(
      ['a', 'b'].map((name) => ({
        kind: 'directory' as const,
        name: rawPath(name),
        mode: 0o755,
        mtimeNs: 0n,
        treeId,
      })),
    );
  }
  const walk = async (): Promise<void> => {
    const tree = planTree(treeId, {
      get: async (id) => chunks.get(id)!,
      selection: selectionOf({}),
      onProblem: () => undefined,
      signal: new AbortController().signal,
      entriesMax: 10_000,
    });
    for await (const directory of tree) expect(directory.entries.length).toBeLessThanOrEqual(2);
  };
  await expect(walk()).rejects.toMatchObject({ code: 'pack-damaged' });
});
