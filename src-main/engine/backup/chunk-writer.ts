/**
 * @file From plaintext to sealed chunks in the open pack: cut, name, skip what is stored, seal.
 *
 * Works through whole buffers, so that the native addon is called twice for thousands of files:
 * once to cut and name, once to seal what is new.
 */
import type { ContentItem } from '../archive/content.ts';
import type { EntryKind } from '../archive/pack-layout.ts';
import { ENTRY_KIND } from '../archive/pack-layout.ts';
import type { Chunker, CutChunk } from '../codec/chunk.ts';
import { keyedBlake3 } from '../codec/hash.ts';
import { NONCE_BYTES, sealChunks, sealedBytesMax } from '../codec/seal.ts';
import type { FolderKeys } from '../model/folder-keys.ts';
import type { ChunkId, FolderId, VaultId } from '../model/ids.ts';
import type { Random } from '../ports/ports.ts';
import type { PackStream } from './pack-stream.ts';

/** zstd's fastest ordinary level: the next ones cost twice the time for a few percent. */
export const COMPRESSION_LEVEL = 1;

/** Memory for sealed chunks is taken in these steps, since hardly two batches are of one size. */
const MEMORY_STEP_BYTES = 1024 * 1024;

export interface ChunkWriterOptions {
  readonly vaultId: VaultId;
  readonly folderId: FolderId;
  readonly keys: FolderKeys;
  readonly chunker: Chunker;
  readonly stream: PackStream;
  readonly random: Random;
  /** Chunks that lie in packs which may be used: read when the first chunk is to be stored. */
  readonly readKnown: () => Set<ChunkId>;
}

export class ChunkWriter {
  readonly #options: ChunkWriterOptions;
  /** Grows as chunks are sealed. */
  #known: Set<ChunkId> | undefined;
  #newBytes = 0;
  /** For sealed chunks on their way into a pack; as large as the most that were sealed at once. */
  #memory: Uint8Array | undefined;

  constructor(options: ChunkWriterOptions) {
    this.#options = options;
  }

  /** Plaintext bytes of chunks that were not stored before. */
  get newBytes(): number {
    return this.#newBytes;
  }

  /** Store whole files that lie end to end in `bytes`; gives the content of each. */
  async storeFiles(bytes: Uint8Array, fileSizesBytes: readonly number[]): Promise<ContentItem[][]> {
    const cut = await this.#options.chunker.cutFiles(bytes, fileSizesBytes);
    await this.#storeNew(bytes, cut.flat(), ENTRY_KIND.chunk);
    return cut.map((chunks) => chunks.map(({ id, sizeBytes }) => ({ id, sizeBytes })));
  }

  /** Store a piece of plaintext as one chunk of the given kind. */
  async put(kind: EntryKind, plaintext: Uint8Array): Promise<ChunkId> {
    const id = Buffer.from(keyedBlake3(this.#options.keys.chunkIdKey, plaintext)).toString(
      'hex',
    ) as ChunkId;
    await this.#storeNew(plaintext, [{ id, offsetBytes: 0, sizeBytes: plaintext.length }], kind);
    return id;
  }

  /** Begin a file that arrives in pieces. */
  openFile(): FileChunks {
    return new FileChunks(this.#options.chunker, (bytes, chunks) =>
      this.#storeNew(bytes, chunks, ENTRY_KIND.chunk),
    );
  }

  async #storeNew(bytes: Uint8Array, chunks: readonly CutChunk[], kind: EntryKind): Promise<void> {
    const { readKnown, keys, vaultId, folderId, stream, random } = this.#options;
    const known = (this.#known ??= readKnown());
    const fresh: CutChunk[] = [];
    for (const chunk of chunks) {
      if (known.has(chunk.id)) continue;
      known.add(chunk.id);
      fresh.push(chunk);
    }
    const newest = keys.epochs.at(-1);
    if (fresh.length === 0 || newest === undefined) return;
    const memory = this.#takeMemory(sealedBytesMax(fresh));
    const sealed = await sealChunks({
      bytes,
      pieces: fresh,
      folderKey: newest.key,
      keyEpoch: newest.keyEpoch,
      vaultId,
      folderId,
      nonces: random.bytes(NONCE_BYTES * fresh.length),
      compressionLevel: COMPRESSION_LEVEL,
      into: memory,
    });
    for (const [index, chunk] of fresh.entries()) {
      await stream.add(kind, chunk.id, sealed[index] ?? new Uint8Array(0));
      this.#newBytes += chunk.sizeBytes;
    }
    this.#memory = memory;
  }

  /** What was used before, unless somebody else is using it. */
  #takeMemory(sizeBytes: number): Uint8Array {
    const memory = this.#memory;
    this.#memory = undefined;
    if (memory !== undefined && memory.length >= sizeBytes) return memory;
    return new Uint8Array(Math.ceil(sizeBytes / MEMORY_STEP_BYTES) * MEMORY_STEP_BYTES);
  }
}

/** The chunks of one large file, in order. What a chunk border needs waits for the next piece. */
export class FileChunks {
  readonly #chunker: Chunker;
  readonly #store: (bytes: Uint8Array, chunks: readonly CutChunk[]) => Promise<void>;
  readonly #items: ContentItem[] = [];
  /** What waits for the next piece stands at the start; used again for every piece. */
  #memory: Uint8Array = new Uint8Array(0);
  #restBytes = 0;

  constructor(
    chunker: Chunker,
    store: (bytes: Uint8Array, chunks: readonly CutChunk[]) => Promise<void>,
  ) {
    this.#chunker = chunker;
    this.#store = store;
  }

  /** Take the next bytes. They may be reused once this resolves. */
  async add(bytes: Uint8Array): Promise<void> {
    await this.#cut(bytes, false);
  }

  /** The file has ended: its chunks in order. */
  async finish(): Promise<readonly ContentItem[]> {
    await this.#cut(new Uint8Array(0), true);
    return this.#items;
  }

  async #cut(bytes: Uint8Array, isLast: boolean): Promise<void> {
    const allBytes = this.#restBytes + bytes.length;
    if (this.#memory.length < allBytes) {
      const larger = new Uint8Array(allBytes);
      larger.set(this.#memory.subarray(0, this.#restBytes));
      this.#memory = larger;
    }
    this.#memory.set(bytes, this.#restBytes);
    const all = this.#memory.subarray(0, allBytes);
    const { chunks, consumedBytes } = await this.#chunker.cutStream(all, isLast);
    await this.#store(all, chunks);
    for (const { id, sizeBytes } of chunks) this.#items.push({ id, sizeBytes });
    this.#memory.copyWithin(0, consumedBytes, allBytes);
    this.#restBytes = allBytes - consumedBytes;
  }
}
