/**
 * @file A small vault whose every byte is known: what test/vectors/format-v1.json holds.
 *
 * Built from fixed words, keys, times and nonces on a network of 4 shards. It has one of
 * everything the format knows: a small file, a large one, an empty one, a sparse one, links, an
 * empty directory, an old key epoch, a tombstone.
 */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { encodeContent, storeContent, type Content } from '#engine/archive/content.ts';
import { wrapFolderKeys } from '#engine/archive/folder-key-wrap.ts';
import {
  folderPartsHash,
  sealDevicePart,
  sealFolderPart,
  type SnapshotLocation,
} from '#engine/archive/head.ts';
import { packLimits } from '#engine/archive/limits.ts';
import { IndexSegment, sealPart, SELF } from '#engine/archive/pack-index.ts';
import { ENTRY_KIND } from '#engine/archive/pack-layout.ts';
import { PackWriter, type PackOwner } from '#engine/archive/pack-writer.ts';
import { sealSnapshot, signSnapshot } from '#engine/archive/snapshot.ts';
import type { Snapshot } from '#engine/archive/snapshot-record.ts';
import { openTreeSplitter, storeDirectory } from '#engine/archive/tree.ts';
import type { TreeEntry } from '#engine/archive/tree-entry.ts';
import { blake2b256 } from '#engine/codec/hash.ts';
import { deriveVaultKeys, parseWords, seedFromWords } from '#engine/codec/keys.ts';
import { computeBlobMetadata } from '#engine/codec/rs2.ts';
import type { FolderKeys } from '#engine/model/folder-keys.ts';
import {
  rawPath,
  type ChunkId,
  type DeviceId,
  type FolderId,
  type ObjectId,
  type RawPath,
  type SuiAddress,
} from '#engine/model/ids.ts';
import type { ReferenceCodec } from './reference-codec.ts';

export const GOLDEN = {
  words: `${'abandon '.repeat(23)}art`,
  chainIdentifier: '4c78adac',
  shardCount: 4,
  folderId: '20'.repeat(16) as FolderId,
  deviceId: '30'.repeat(16) as DeviceId,
  blobObjectId: `0x${'40'.repeat(32)}` as ObjectId,
  signerSeed: '50'.repeat(32),
} as const;

const filled = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
export const GOLDEN_FOLDER_KEYS: FolderKeys = {
  chunkIdKey: filled(0x61),
  gearKey: filled(0x62),
  epochs: [
    { keyEpoch: 0, key: filled(0x63) },
    { keyEpoch: 1, key: filled(0x64) },
  ],
};

const LARGE_FILE_CHUNKS = 40;
/** Content of the large file: 40 pieces of 100 bytes, piece i holding the byte i. */
export const goldenLargeFile = (): Uint8Array =>
  Uint8Array.from({ length: LARGE_FILE_CHUNKS * 100 }, (_, index) => Math.floor(index / 100));

export interface GoldenVault {
  readonly seed: Uint8Array;
  readonly vaultId: string;
  readonly vaultKey: Uint8Array;
  readonly headKey: Uint8Array;
  readonly account: SuiAddress;
  readonly pack: Uint8Array;
  readonly blobId: string;
  readonly snapshotId: string;
  readonly snapshotRecord: Uint8Array;
  readonly rootTree: Uint8Array;
  readonly rootTreeId: ChunkId;
  readonly indexPart: Uint8Array;
  readonly largeFileContent: Uint8Array;
  readonly devicePart: Uint8Array;
  readonly folderParts: readonly Uint8Array[];
  readonly location: SnapshotLocation;
}

/** Build the vault. `codec` decides nonces and compression. */
export async function buildGoldenVault(codec: ReferenceCodec): Promise<GoldenVault> {
  const seed = await seedFromWords(parseWords(GOLDEN.words));
  const { vaultId, vaultKey, headKey } = deriveVaultKeys(seed, GOLDEN.chainIdentifier);
  const limits = packLimits(GOLDEN.shardCount);
  const writer = new PackWriter({
    codec,
    vaultId,
    packClass: 'deletable',
    shardCount: GOLDEN.shardCount,
  });
  const store = openStore(codec, writer, vaultId);
  const tree = await storeTree(codec, store, limits.chunk.maxBytes);

  // The index names every chunk; its own part and the snapshot lie in the same pack.
  const segment = IndexSegment.of(store.placed.map((entry) => ({ ...entry, pack: SELF })));
  const [part] = [...segment.parts(10_000)];
  const owner = store.owner(1);
  const { id: partId, sealed: sealedPart } = await sealPart(part!, {
    codec,
    vaultId,
    folderId: GOLDEN.folderId,
    keyEpoch: owner.keyEpoch,
    key: owner.key,
    chunkIdKey: GOLDEN_FOLDER_KEYS.chunkIdKey,
  });
  const indexEntry = { kind: ENTRY_KIND.index, id: partId, sealed: sealedPart };
  const indexPlace = writer.add(owner, indexEntry, 'max')!;

  const signer = openSigner();
  const snapshot: Snapshot = {
    vaultId,
    folderId: GOLDEN.folderId,
    folderName: 'Fotos – 2026',
    originPath: rawPath('/home/someone/Fotos'),
    excludes: ['*.tmp', 'cache/'],
    packClass: 'deletable',
    deviceId: GOLDEN.deviceId,
    deviceName: 'laptop',
    sequence: 2,
    parents: [
      {
        deviceId: GOLDEN.deviceId,
        sequence: 1,
        snapshotId: '51'.repeat(32) as Snapshot['parents'][0]['snapshotId'],
      },
    ],
    root: { treeId: tree.rootTreeId, mode: 0o755, mtimeNs: 1_790_000_000_000_000_001n },
    wrappedKeys: [
      {
        memberId: undefined,
        sealed: await wrapFolderKeys(GOLDEN_FOLDER_KEYS, {
          codec,
          vaultId,
          vaultKey,
          folderId: GOLDEN.folderId,
        }),
      },
    ],
    keyEpoch: 1,
    segments: [
      {
        parts: [
          {
            pack: SELF,
            offsetBytes: indexPlace.offsetBytes,
            sizeBytes: indexPlace.sizeBytes,
            id: partId,
            packCount: part!.packCount,
            entryCount: part!.entryCount,
            firstId: part!.firstId,
          },
        ],
      },
    ],
    chainEpoch: 7,
    createdAtMs: 1_795_000_000_000,
    totals: {
      fileCount: 5,
      directoryCount: 2,
      symlinkCount: 1,
      sizeBytes: 1_004_027,
      unreadCount: 0,
    },
    vault: { createdAtMs: 1_790_000_000_000, shardCount: 4, chunk: limits.chunk },
    signer: signer.publicKey,
  };
  const signed = await signSnapshot(snapshot, { codec, sign: signer.sign });
  const sealedSnapshot = await sealSnapshot(signed, { codec, vaultKey });
  const snapshotPlace = writer.add(
    { folderId: undefined, keyEpoch: 0, key: vaultKey },
    {
      kind: ENTRY_KIND.snapshot,
      id: signed.snapshotId as unknown as ChunkId,
      sealed: sealedSnapshot,
    },
    'max',
  )!;
  const pack = Uint8Array.from((await writer.close()).bytes);
  const { blobId } = await computeBlobMetadata(pack, GOLDEN.shardCount);

  const location: SnapshotLocation = {
    snapshotId: signed.snapshotId,
    blobId,
    blobObjectId: GOLDEN.blobObjectId,
    offsetBytes: snapshotPlace.offsetBytes,
    sizeBytes: snapshotPlace.sizeBytes,
    packBytes: pack.length,
    packClass: 'deletable',
  };
  const seal = { codec, vaultId, headKey, account: signer.account };
  const folder = { folderId: GOLDEN.folderId, sequence: 2, snapshot: location };
  const removed = { removedAtMs: 1_796_000_000_000, chainEpoch: 8 };
  const folderParts = [
    await sealFolderPart(folder, 1, seal),
    await sealFolderPart({ ...folder, folderId: '21'.repeat(16) as FolderId, removed }, 2, seal),
  ];
  const devicePart = await sealDevicePart(
    {
      vaultId,
      deviceId: GOLDEN.deviceId,
      deviceName: 'laptop',
      accountIndex: 0,
      sequence: 3,
      versionVector: [{ deviceId: '31'.repeat(16) as DeviceId, sequence: 9 }],
      folderCount: 2,
      foldersHash: folderPartsHash(codec, folderParts),
      condemned: [{ blobId, epoch: 7 }],
      vault: snapshot.vault,
      chainEpoch: 7,
      writtenAtMs: 1_795_000_001_000,
    },
    seal,
  );
  return {
    seed,
    vaultId,
    vaultKey,
    headKey,
    account: signer.account,
    pack,
    blobId,
    snapshotId: signed.snapshotId,
    snapshotRecord: signed.plaintext,
    rootTree: store.plaintexts.get(tree.rootTreeId)!,
    rootTreeId: tree.rootTreeId,
    indexPart: part!.plaintext,
    largeFileContent: encodeContent(tree.largeFile),
    devicePart,
    folderParts,
    location,
  };
}

interface PlacedChunk {
  readonly kind: number;
  readonly id: ChunkId;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** Stores chunks in the pack, each once. */
function openStore(codec: ReferenceCodec, writer: PackWriter, vaultId: GoldenVault['vaultId']) {
  const placed: PlacedChunk[] = [];
  const plaintexts = new Map<ChunkId, Uint8Array>();
  const owner = (keyEpoch: number): PackOwner => ({
    folderId: GOLDEN.folderId,
    keyEpoch,
    key: GOLDEN_FOLDER_KEYS.epochs[keyEpoch]!.key,
  });
  const put = async (kind: number, plaintext: Uint8Array, keyEpoch = 1): Promise<ChunkId> => {
    const hash = codec.keyedBlake3(GOLDEN_FOLDER_KEYS.chunkIdKey, plaintext);
    const id = Buffer.from(hash).toString('hex') as ChunkId;
    if (plaintexts.has(id)) return id;
    plaintexts.set(id, plaintext);
    const sealed = codec.sealChunk({
      ...owner(keyEpoch),
      vaultId: vaultId as never,
      folderId: GOLDEN.folderId,
      chunkId: id,
      plaintext,
    });
    placed.push(writer.add(owner(keyEpoch), { kind, id, sealed }, 'max')!);
    return id;
  };
  return { placed, plaintexts, owner, put };
}

async function storeTree(
  codec: ReferenceCodec,
  store: ReturnType<typeof openStore>,
  chunkBytesMax: number,
): Promise<{ rootTreeId: ChunkId; largeFile: Content }> {
  const splitter = openTreeSplitter(codec, GOLDEN_FOLDER_KEYS.gearKey, chunkBytesMax);
  const options = { splitter, put: (kind: number, bytes: Uint8Array) => store.put(kind, bytes) };
  const hello = Buffer.from('hello, walrus\n', 'ascii');
  // The small file was sealed before the last rotation of keys.
  const helloId = await store.put(ENTRY_KIND.chunk, hello, 0);
  const large = goldenLargeFile();
  const pieces: { id: ChunkId; sizeBytes: number }[] = [];
  for (let at = 0; at < large.length; at += 100) {
    const piece = large.subarray(at, at + 100);
    pieces.push({ id: await store.put(ENTRY_KIND.chunk, piece), sizeBytes: 100 });
  }
  const largeFile = await storeContent(pieces, options.put);
  const common = { mode: 0o644, mtimeNs: 1_790_000_000_123_456_789n };
  const helloContent = { depth: 0, items: [{ id: helloId, sizeBytes: hello.length }] };
  const entries: TreeEntry[] = [
    {
      ...common,
      kind: 'file',
      name: rawPath('hello.txt'),
      sizeBytes: hello.length,
      content: helloContent,
      hardLinkGroup: 1n,
      userId: 1000,
      groupId: 1000,
      userName: rawPath('someone'),
      groupName: rawPath('users'),
      attributes: {
        kind: 'inline',
        value: [{ name: rawPath('user.note'), value: Uint8Array.of(1, 2) }],
      },
    },
    {
      ...common,
      kind: 'file',
      name: rawPath('again.txt'),
      sizeBytes: hello.length,
      content: helloContent,
      hardLinkGroup: 1n,
    },
    { ...common, kind: 'file', name: rawPath('empty'), sizeBytes: 0, mtimeNs: -1n },
    {
      ...common,
      kind: 'file',
      name: rawPath('large.bin'),
      sizeBytes: large.length,
      content: largeFile,
    },
    {
      ...common,
      kind: 'file',
      name: '\xff\xfe not UTF-8' as RawPath,
      sizeBytes: 1_000_000,
      content: helloContent,
      extents: { kind: 'inline', value: [{ offsetBytes: 65_536, sizeBytes: hello.length }] },
    },
    {
      ...common,
      kind: 'symlink',
      name: rawPath('link'),
      mode: 0o777,
      target: rawPath('../elsewhere'),
    },
    {
      ...common,
      kind: 'directory',
      name: rawPath('empty directory'),
      mode: 0o700,
      treeId: await storeDirectory([], options),
      totals: { fileCount: 0, sizeBytes: 0 },
    },
  ];
  entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  return { rootTreeId: await storeDirectory(entries, options), largeFile };
}

/** The device's account key, from a fixed seed (PKCS #8 of RFC 8410), and its Sui address. */
function openSigner(): {
  publicKey: Uint8Array;
  account: SuiAddress;
  sign: (message: Uint8Array) => Uint8Array;
} {
  const privateKey = createPrivateKey({
    key: Buffer.from(`302e020100300506032b657004220420${GOLDEN.signerSeed}`, 'hex'),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = new Uint8Array(
    createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(12),
  );
  const address = blake2b256(Buffer.concat([Buffer.of(0), publicKey]));
  return {
    publicKey,
    account: `0x${Buffer.from(address).toString('hex')}` as SuiAddress,
    sign: (message) => new Uint8Array(sign(undefined, message, privateKey)),
  };
}
