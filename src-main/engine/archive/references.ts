/**
 * @file What a tree node or a content list names, and in turn what that names: enough to find
 * everything that a snapshot needs without keeping trees.
 */
import { decodeItems, type Content } from './content.ts';
import { ByteReader, ByteWriter, hexBytes, toHex } from './encoding.ts';
import { decodeNode } from './tree.ts';
import type { TreeEntry } from './tree-entry.ts';
import type { ChunkId } from '#engine/model/ids.ts';

/** Something stored as a chunk. */
export interface Reference {
  readonly id: ChunkId;
  /** `data` names nothing further; a list is `depth` levels above the data. */
  readonly what: 'tree' | 'data' | { readonly depth: number };
}

/** Stored as one byte: the depth of a list, 0 for data, or this for a tree node. */
const TREE = 255;

/** What the plaintext of `parent` names. */
export function referencesOf(parent: Reference, plaintext: Uint8Array): Reference[] {
  if (parent.what === 'data') return [];
  if (parent.what !== 'tree') {
    return contentReferences({ depth: parent.what.depth - 1, items: decodeItems(plaintext) });
  }
  // A hostile name is left out wherever the tree is read; what it names is then needed by nobody.
  const node = decodeNode(plaintext, () => undefined);
  return 'entries' in node
    ? node.entries.flatMap(entryReferences)
    : node.children.map(({ id }) => ({ id, what: 'tree' as const }));
}

export function entryReferences(entry: TreeEntry): Reference[] {
  const found: Reference[] = [];
  if (entry.attributes?.kind === 'stored') {
    found.push(...contentReferences(entry.attributes.content));
  }
  if (entry.kind === 'directory') found.push({ id: entry.treeId, what: 'tree' });
  if (entry.kind === 'file') {
    if (entry.content) found.push(...contentReferences(entry.content));
    if (entry.extents?.kind === 'stored') found.push(...contentReferences(entry.extents.content));
  }
  return found;
}

const contentReferences = ({ depth, items }: Content): Reference[] =>
  items.map(({ id }) => ({ id, what: depth === 0 ? 'data' : { depth } }));

/** References as the local index keeps them. */
export function encodeReferences(references: readonly Reference[]): Uint8Array {
  const writer = new ByteWriter(references.length * 33 + 1);
  for (const { id, what } of references) {
    writer.u8(what === 'tree' ? TREE : what === 'data' ? 0 : what.depth).bytes(hexBytes(id));
  }
  return writer.finish();
}

export function decodeReferences(bytes: Uint8Array): Reference[] {
  const reader = new ByteReader(bytes, 'references');
  const references: Reference[] = [];
  while (reader.remaining > 0) {
    const kind = reader.u8();
    const id = toHex(reader.bytes(32)) as ChunkId;
    references.push({ id, what: kind === TREE ? 'tree' : kind === 0 ? 'data' : { depth: kind } });
  }
  return references;
}
