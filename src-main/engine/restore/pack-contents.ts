/**
 * @file The contents of a pack's chunks, read and opened in batches, ahead of whoever writes them.
 *
 * A pack of which much is wanted is read whole, and then already the next one; else its ranges are
 * read. The addon opens one batch while the one before is written.
 */
import type { FoundEntry } from '../archive/pack-index.ts';
import { openChunks } from '../codec/seal.ts';
import type { EngineError } from '../model/engine-error.ts';
import type { ChunkId } from '../model/ids.ts';
import { RestoreMemory, type Memory } from './memory.ts';
import type { PackReader } from './pack-reader.ts';
import { keysByEpoch, type OpenedSnapshot } from './snapshot-reader.ts';

/** Content that is opened in one call of the addon; one chunk may have up to as much beside it. */
const OPEN_BATCH_BYTES = 8 * 1024 * 1024;
/** A pack of which at least this share is wanted is read whole, else in ranges. */
const WHOLE_SHARE_MIN = 0.25;

export interface ChunkToOpen {
  readonly id: ChunkId;
  readonly place: FoundEntry;
  readonly plainBytes: number;
}

export interface PackToOpen<Chunk extends ChunkToOpen> {
  readonly place: FoundEntry;
  readonly chunks: ReadonlyMap<ChunkId, Chunk>;
}

/** Chunks whose contents, or the reasons why there are none, lie in memory. */
export interface OpenedBatch<Chunk extends ChunkToOpen> {
  readonly chunks: readonly Chunk[];
  readonly contents: readonly (Uint8Array | EngineError)[];
}

export interface PackContentsParts {
  readonly snapshot: OpenedSnapshot;
  readonly packs: PackReader;
  readonly signal: AbortSignal;
}

export class PackContents {
  readonly #parts: PackContentsParts;
  readonly #memory = new RestoreMemory();

  constructor(parts: PackContentsParts) {
    this.#parts = parts;
  }

  /** Open a pack whose turn has come. A batch holds until the next is asked for. */
  async *open<Chunk extends ChunkToOpen>(
    pack: PackToOpen<Chunk>,
    next: PackToOpen<Chunk> | undefined,
  ): AsyncGenerator<OpenedBatch<Chunk>> {
    const { packs, signal } = this.#parts;
    let opening: Promise<OpenedBatch<Chunk>> | undefined;
    try {
      const whole = isReadWhole(pack) ? await this.#memory.whole(pack, this.#readWhole) : undefined;
      // Its failure is met when it is its turn.
      if (next && isReadWhole(next)) void this.#memory.whole(next, this.#readWhole);
      for (const batch of batches(inOrder(pack))) {
        signal.throwIfAborted();
        const opened = await opening;
        // The addon opens the next batch while this one is written.
        opening = this.#openBatch(batch, whole);
        opening.catch(() => undefined);
        if (opened) yield opened;
      }
      const last = await opening;
      opening = undefined;
      if (last) yield last;
    } finally {
      // Until then the addon reads the pack.
      await opening?.catch(() => undefined);
      this.#memory.done(pack);
      packs.forget(pack.place.pack);
    }
  }

  readonly #readWhole = (
    { place }: { readonly place: FoundEntry },
    memory: Memory,
  ): Promise<Uint8Array> => this.#parts.packs.readWholeInto(place.pack, memory, this.#parts.signal);

  async #openBatch<Chunk extends ChunkToOpen>(
    chunks: readonly Chunk[],
    whole: Uint8Array | undefined,
  ): Promise<OpenedBatch<Chunk>> {
    const { snapshot, signal } = this.#parts;
    const { vaultId } = snapshot.signed.snapshot;
    const bytes = whole ?? Buffer.concat(await this.#readRanges(chunks));
    let nextBytes = 0;
    const packed = chunks.map(({ id, place, plainBytes }) => {
      const { sizeBytes } = place;
      const offsetBytes = whole ? place.offsetBytes : nextBytes;
      nextBytes += sizeBytes;
      return { id, offsetBytes, sizeBytes, plainBytes };
    });
    const contents = await openChunks(
      {
        vaultId,
        folderId: snapshot.folderId,
        bytes,
        chunks: packed,
        folderKeys: keysByEpoch(snapshot.folderKeys),
        into: this.#memory.contents(plainBytesOf(chunks)),
      },
      { signal },
    );
    return { chunks, contents };
  }

  async #readRanges(chunks: readonly ChunkToOpen[]): Promise<Uint8Array[]> {
    const { packs, signal } = this.#parts;
    const ranges: Uint8Array[] = [];
    for (const { place } of chunks) {
      ranges.push(await packs.readRange(place.pack, place.offsetBytes, place.sizeBytes, signal));
    }
    return ranges;
  }
}

/** The chunks in the order in which they lie. */
export const inOrder = <Chunk extends ChunkToOpen>({ chunks }: PackToOpen<Chunk>): Chunk[] =>
  [...chunks.values()].sort((one, other) => one.place.offsetBytes - other.place.offsetBytes);

function isReadWhole({ place, chunks }: PackToOpen<ChunkToOpen>): boolean {
  let wantedBytes = 0;
  for (const chunk of chunks.values()) wantedBytes += chunk.place.sizeBytes;
  return wantedBytes >= place.pack.sizeBytes * WHOLE_SHARE_MIN;
}

const plainBytesOf = (chunks: readonly ChunkToOpen[]): number =>
  chunks.reduce((sum, { plainBytes }) => sum + plainBytes, 0);

function* batches<Chunk extends ChunkToOpen>(chunks: readonly Chunk[]): Generator<Chunk[]> {
  let batch: Chunk[] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    batch.push(chunk);
    bytes += chunk.plainBytes;
    if (bytes >= OPEN_BATCH_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
  }
  if (batch.length > 0) yield batch;
}
