/**
 * @file The bytes of docs/format.md, pinned: test/vectors/format-v1.json is a vault of release 1.
 *
 * Goal: no release changes a byte of what is written without a new format version, and every
 * release reads the vault. Method: build the golden vault with a second implementation of sealing
 * and compare; read the committed one with the product's codec, from the words on, as a restorer
 * does; let each codec open what the other sealed.
 *
 * `FLOE_WRITE_VECTORS=1` writes the file anew: only for a new format version, beside the old file.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ArchiveCodec } from '#engine/archive/archive-codec.ts';
import { readContent } from '#engine/archive/content.ts';
import { unwrapFolderKeys } from '#engine/archive/folder-key-wrap.ts';
import { folderPartsHash, openDevicePart, openFolderPart } from '#engine/archive/head.ts';
import { packLimits } from '#engine/archive/limits.ts';
import { IndexSegment, openPart, PackIndex, type IndexedPack } from '#engine/archive/pack-index.ts';
import { ENTRY_KIND } from '#engine/archive/pack-layout.ts';
import { packInMemory, readPackFooters } from '#engine/archive/pack-reader.ts';
import { openSnapshot } from '#engine/archive/snapshot.ts';
import { walkTree } from '#engine/archive/tree.ts';
import { archiveCodec } from '#engine/archive-codec.ts';
import { blake2b256 } from '#engine/codec/hash.ts';
import { deriveVaultKeys, parseWords, seedFromWords, verifySignature } from '#engine/codec/keys.ts';
import { computeBlobMetadata } from '#engine/codec/rs2.ts';
import { openChunk, sealChunks, SEAL_OVERHEAD_BYTES } from '#engine/codec/seal.ts';
import { displayPath, parseBlobId, type ChunkId, type SuiAddress } from '#engine/model/ids.ts';
import {
  buildGoldenVault,
  GOLDEN,
  GOLDEN_FOLDER_KEYS,
  goldenLargeFile,
  type GoldenVault,
} from '#test/support/golden-vault.ts';
import { referenceCodec } from '#test/support/reference-codec.ts';

const VECTORS = new URL('../vectors/format-v1.json', import.meta.url);

interface Vectors {
  readonly description: string;
  readonly words: string;
  readonly chainIdentifier: string;
  readonly shardCount: number;
  readonly limits: Record<string, ReturnType<typeof packLimits>>;
  readonly seed: string;
  readonly vaultId: string;
  readonly vaultKey: string;
  readonly headKey: string;
  readonly account: string;
  readonly blobId: string;
  readonly snapshotId: string;
  readonly rootTreeId: string;
  readonly pack: string;
  readonly snapshotRecord: string;
  readonly rootTree: string;
  readonly indexPart: string;
  readonly largeFileContent: string;
  readonly devicePart: string;
  readonly folderParts: readonly string[];
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

function vectorsOf(vault: GoldenVault): Vectors {
  const shardCounts = [4, 7, 10, 13, 31, 100, 300, 1000];
  return {
    description: 'A vault of format 1; docs/format.md says what each field is. Bytes are hex.',
    words: GOLDEN.words,
    chainIdentifier: GOLDEN.chainIdentifier,
    shardCount: GOLDEN.shardCount,
    limits: Object.fromEntries(shardCounts.map((count) => [String(count), packLimits(count)])),
    seed: hex(vault.seed),
    vaultId: vault.vaultId,
    vaultKey: hex(vault.vaultKey),
    headKey: hex(vault.headKey),
    account: vault.account,
    blobId: vault.blobId,
    snapshotId: vault.snapshotId,
    rootTreeId: vault.rootTreeId,
    pack: hex(vault.pack),
    snapshotRecord: hex(vault.snapshotRecord),
    rootTree: hex(vault.rootTree),
    indexPart: hex(vault.indexPart),
    largeFileContent: hex(vault.largeFileContent),
    devicePart: hex(vault.devicePart),
    folderParts: vault.folderParts.map(hex),
  };
}

const readVectors = (): Vectors => JSON.parse(readFileSync(VECTORS, 'utf8')) as Vectors;
/** Nonces of a test need not be random: nothing here is sealed twice with one key. */
const product = archiveCodec({
  bytes: (count) => createHash('shake256', { outputLength: count }).update('nonce').digest(),
});

describe('format 1', () => {
  test('is written byte for byte as it always was', async () => {
    const codec = referenceCodec({ compress: false, nonceSeed: 'golden' });
    const built = vectorsOf(await buildGoldenVault(codec));
    if (process.env['FLOE_WRITE_VECTORS'] === '1') {
      writeFileSync(VECTORS, `${JSON.stringify(built, undefined, 2)}\n`);
    }
    expect(built).toEqual(readVectors());
  });

  test.each([
    { name: 'the product', codec: product },
    { name: 'the second implementation', codec: referenceCodec() },
  ])('is read by $name from words, head and blob alone', async ({ codec }) => {
    const files = await restore(readVectors(), codec);
    const hello = Buffer.from('hello, walrus\n').toString('hex');
    expect(files).toEqual({
      'again.txt': hello,
      empty: '',
      'empty directory': 'directory',
      'hello.txt': hello,
      'large.bin': hex(goldenLargeFile()),
      link: '→ ../elsewhere',
      '\ufffd\ufffd not UTF-8': hello,
    });
  });

  test('has a vault footer that finds the snapshot when no head is left', async () => {
    const vectors = readVectors();
    const contents = await readPackFooters(packInMemory(unhex(vectors.pack)), {
      codec: product,
      keys: { vaultId: vectors.vaultId as never, vaultKey: unhex(vectors.vaultKey), folders: [] },
    });
    expect(contents.footers).toMatchObject([
      { folderId: undefined, entries: [{ kind: ENTRY_KIND.snapshot, id: vectors.snapshotId }] },
    ]);
    expect(contents.foreignFooterCount).toBe(1);
  });

  test('is sealed and compressed by the product so that the second implementation opens it', async () => {
    const vectors = readVectors();
    const reference = referenceCodec();
    const plaintext = Buffer.from('the same words again and again, '.repeat(100));
    const key = GOLDEN_FOLDER_KEYS.epochs[1]!.key;
    const id = hex(reference.keyedBlake3(GOLDEN_FOLDER_KEYS.chunkIdKey, plaintext)) as ChunkId;
    const [sealed] = await sealChunks({
      bytes: plaintext,
      pieces: [{ id, offsetBytes: 0, sizeBytes: plaintext.length }],
      folderKey: key,
      keyEpoch: 1,
      vaultId: vectors.vaultId as never,
      folderId: GOLDEN.folderId,
      nonces: new Uint8Array(24).fill(9),
      compressionLevel: 3,
      into: new Uint8Array(plaintext.length + SEAL_OVERHEAD_BYTES),
    });
    expect(sealed!.length).toBeLessThan(300);
    const seal = {
      key,
      keyEpoch: 1,
      vaultId: vectors.vaultId as never,
      folderId: GOLDEN.folderId,
      chunkId: id,
    };
    expect(hex(reference.openChunk({ ...seal, sealed: sealed! }))).toBe(hex(plaintext));

    const record = {
      key,
      keyEpoch: 5,
      purpose: 'index' as const,
      associatedData: Uint8Array.of(1, 2, 3),
      plaintext,
    };
    const fromProduct = await product.sealRecord(record);
    const fromReference = await reference.sealRecord(record);
    for (const [opener, bytes] of [
      [reference, fromProduct],
      [product, fromReference],
    ] as const) {
      const opened = await opener.openRecord({ ...record, sealed: bytes, plainBytesMax: 10_000 });
      expect(hex(opened)).toBe(hex(plaintext));
    }
    expect(product.recordCommitment(key, 'index')).toEqual(
      new Uint8Array(Buffer.from(reference.recordCommitment(key, 'index'))),
    );
  });
});

/** The reading order of docs/format.md, with nothing but words, the head's fields and the blob. */
async function restore(vectors: Vectors, codec: ArchiveCodec): Promise<Record<string, string>> {
  const seed = await seedFromWords(parseWords(vectors.words));
  const { vaultId, vaultKey, headKey } = deriveVaultKeys(seed, vectors.chainIdentifier);
  const seal = { codec, vaultId, headKey, account: vectors.account as SuiAddress };
  const folderParts = vectors.folderParts.map(unhex);
  const device = await openDevicePart(unhex(vectors.devicePart), seal);
  expect(device?.foldersHash).toEqual(folderPartsHash(codec, folderParts));
  const folder = await openFolderPart(folderParts[0]!, 1, seal);
  const { snapshot: location } = folder!;
  expect((await openFolderPart(folderParts[1]!, 2, seal))?.removed).toBeDefined();

  const pack = unhex(vectors.pack);
  const { blobId } = await computeBlobMetadata(pack, vectors.shardCount);
  expect(blobId).toBe(location.blobId);
  const self: IndexedPack = {
    blobId: parseBlobId(vectors.blobId),
    blobObjectId: location.blobObjectId,
    sizeBytes: location.packBytes,
    packClass: location.packClass,
  };
  const at = (place: { offsetBytes: number; sizeBytes: number }): Uint8Array =>
    pack.subarray(place.offsetBytes, place.offsetBytes + place.sizeBytes);
  const addressOf = (signer: Uint8Array): string =>
    `0x${hex(blake2b256(Buffer.concat([Buffer.of(0), signer])))}`;
  const { snapshot } = await openSnapshot(at(location), {
    codec,
    vaultId,
    vaultKey,
    snapshotId: location.snapshotId,
    self,
    verify: (signer, message, signature) =>
      addressOf(signer) === vectors.account && verifySignature(signer, message, signature),
  });

  const { folderId } = snapshot;
  const keys = await unwrapFolderKeys(snapshot.wrappedKeys[0]!.sealed, {
    codec,
    vaultId,
    vaultKey,
    folderId,
  });
  expect(keys).toEqual(GOLDEN_FOLDER_KEYS);
  const folderKeys = new Map(keys.epochs.map((epoch) => [epoch.keyEpoch, epoch.key]));
  const part = snapshot.segments[0]!.parts[0]!;
  const plaintext = await openPart(at(part), {
    codec,
    vaultId,
    folderId,
    key: folderKeys.get(snapshot.keyEpoch)!,
    id: part.id,
  });
  const index = new PackIndex([IndexSegment.fromParts([{ plaintext, self }])]);
  const get = async (id: ChunkId): Promise<Uint8Array> => {
    const place = index.find(id);
    expect(place?.pack).toEqual(self);
    const chunk = { id, bytes: at(place!) };
    const opened = await openChunk({ vaultId, folderId, chunk, folderKeys, plainBytesMax: 88_256 });
    expect(hex(codec.keyedBlake3(keys.chunkIdKey, opened))).toBe(id);
    return opened;
  };

  const files: Record<string, string> = {};
  for await (const { path, entry } of walkTree(snapshot.root.treeId, { get })) {
    const content: string[] = [];
    if (entry.kind === 'file' && entry.content) {
      for await (const item of readContent(entry.content, get))
        content.push(hex(await get(item.id)));
    }
    files[displayPath(path)] =
      entry.kind === 'file'
        ? content.join('')
        : entry.kind === 'symlink'
          ? `→ ${entry.target}`
          : 'directory';
  }
  return files;
}
