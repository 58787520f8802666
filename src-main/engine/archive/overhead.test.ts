/**
 * @file What is stored beside the data: at most 1 % of it and 300 bytes a file.
 *
 * Goal: the bound of docs/format.md holds where it is tightest, for many small files, for large
 * files, and on the smallest network. Method: store data that doesn't compress with everything a
 * commit holds, and subtract it from the packs.
 */
import { describe, expect, test } from 'vitest';
import type { ChunkId, FolderId, RawPath, VaultId } from '#engine/model/ids.ts';
import { referenceCodec } from '#test/support/reference-codec.ts';
import { storeContent, type ContentItem } from './content.ts';
import { packLimits } from './limits.ts';
import {
  IndexSegment,
  sealPart,
  segmentPartBytesMax,
  SELF,
  type IndexEntry,
} from './pack-index.ts';
import { ENTRY_KIND } from './pack-layout.ts';
import { PackWriter } from './pack-writer.ts';
import { openTreeSplitter, storeDirectory } from './tree.ts';
import type { FileEntry } from './tree-entry.ts';

const codec = referenceCodec();
const vaultId = '11'.repeat(16) as VaultId;
const folderId = '22'.repeat(16) as FolderId;
const key = new Uint8Array(32).fill(3);
const owner = { folderId, keyEpoch: 0, key };

/** Bytes that don't compress. */
const noise = (label: string, sizeBytes: number): Uint8Array => {
  const block = codec.blake3(Buffer.from(label));
  const bytes = new Uint8Array(sizeBytes);
  // A different pseudo-random word every four bytes; cheap, and opaque to zstd.
  let state = new DataView(block.buffer, block.byteOffset).getUint32(0) | 1;
  for (let at = 0; at < sizeBytes; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
};

/** Everything that a commit stores for the given files, in bytes of packs. */
async function storedBytes(
  files: readonly { readonly name: string; readonly chunkSizes: readonly number[] }[],
  shardCount: number,
): Promise<number> {
  const limits = packLimits(shardCount);
  const placed: IndexEntry[] = [];
  let closedBytes = 0;
  const openPack = (): PackWriter =>
    new PackWriter({ codec, vaultId, packClass: 'deletable', shardCount });
  let writer = openPack();
  const add = async (kind: number, id: ChunkId, sealed: Uint8Array): Promise<void> => {
    let entry = writer.add(owner, { kind, id, sealed });
    if (!entry) {
      closedBytes += (await writer.close()).usedBytes;
      writer = openPack();
      entry = writer.add(owner, { kind, id, sealed });
    }
    placed.push({ ...entry!, pack: SELF });
  };
  const put = async (kind: number, plaintext: Uint8Array): Promise<ChunkId> => {
    const id = Buffer.from(codec.blake3(plaintext)).toString('hex') as ChunkId;
    await add(kind, id, codec.sealChunk({ ...owner, vaultId, chunkId: id, plaintext }));
    return id;
  };

  const entries: FileEntry[] = [];
  for (const { name, chunkSizes } of files) {
    const items: ContentItem[] = [];
    for (const [index, sizeBytes] of chunkSizes.entries()) {
      const id = await put(ENTRY_KIND.chunk, noise(`${name} ${String(index)}`, sizeBytes));
      items.push({ id, sizeBytes });
    }
    entries.push({
      kind: 'file',
      name: name as RawPath,
      mode: 0o644,
      mtimeNs: 1_790_000_000_000_000_000n + BigInt(noise(name, 8).reduce((a, b) => a * 200 + b, 0)),
      sizeBytes: items.reduce((sum, item) => sum + item.sizeBytes, 0),
      content: await storeContent(items, put),
      userId: 1000,
      groupId: 1000,
      userName: 'someone' as RawPath,
      groupName: 'someone' as RawPath,
    });
  }
  const splitter = openTreeSplitter(codec, key, limits.chunk.maxBytes);
  await storeDirectory(entries, { splitter, put });
  for (const part of IndexSegment.of([...placed]).parts(segmentPartBytesMax(limits.packBytesMax))) {
    const { id, sealed } = await sealPart(part, { codec, vaultId, ...owner, chunkIdKey: key });
    await add(ENTRY_KIND.index, id, sealed);
  }
  return closedBytes + (await writer.close()).usedBytes;
}

describe('what is stored beside the data', () => {
  test.each([
    {
      name: 'of 2,000 files of 1 KiB with names like a camera gives',
      shardCount: 100,
      files: Array.from({ length: 2000 }, (_, index) => ({
        name: `IMG_20261120_${String(100_000 + index)}.jpg`,
        chunkSizes: [1024],
      })),
    },
    {
      name: 'of large files cut to the average of a small network',
      shardCount: 4,
      files: ['a.iso', 'b.iso'].map((name) => ({
        name,
        chunkSizes: Array<number>(200).fill(22_064),
      })),
    },
  ])('$name is at most 1 % and 300 bytes a file', async ({ files, shardCount }) => {
    const dataBytes = files
      .flatMap(({ chunkSizes }) => chunkSizes)
      .reduce((sum, sizeBytes) => sum + sizeBytes, 0);
    const beside = (await storedBytes(files, shardCount)) - dataBytes;
    expect(beside).toBeLessThanOrEqual(0.01 * dataBytes + 300 * files.length);
  });
});
