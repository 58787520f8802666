/**
 * @file A storage node's disk: metadata and slivers as plain files.
 *
 *     <dir>/blobs/<blob ID>/metadata                BCS BlobMetadata
 *     <dir>/blobs/<blob ID>/<shard>-primary         BCS SliverData
 *     <dir>/blobs/<blob ID>/<shard>-secondary
 *     <dir>/incoming/                               files not yet complete, emptied at start
 *
 * A file is written under `incoming` and renamed into place, so whatever has its final name is
 * whole. [Note: No fsync] Nothing is forced to the disk: a killed process loses nothing, a power
 * cut may lose the last seconds, which recovery from other nodes repairs. `fsync: true` forces
 * every file before its rename.
 *
 * Calls are synchronous on purpose. A sliver is a single write into the page cache, cheaper than
 * the hops through libuv's pool, whose threads verify slivers at the same time.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { BlobId } from '#engine/model/ids.ts';
import type { SliverAxis } from '#engine/model/walrus.ts';

const METADATA_FILE = 'metadata';

/** A write came after the node was stopped or killed. */
export class StoreClosed extends Error {
  override readonly name = 'StoreClosed';
}

interface Holdings {
  hasMetadata: boolean;
  /** File names of the slivers that are there. */
  readonly slivers: Set<string>;
}

export class SliverStore {
  readonly #blobsDir: string;
  readonly #incomingDir: string;
  readonly #fsync: boolean;
  /** What is on disk, read from the directory when a blob is first asked for. */
  readonly #holdings = new Map<BlobId, Holdings>();
  #incomingCount = 0;
  #isClosed = false;

  constructor(dir: string, options: { readonly fsync: boolean }) {
    this.#blobsDir = join(dir, 'blobs');
    this.#incomingDir = join(dir, 'incoming');
    this.#fsync = options.fsync;
    rmSync(this.#incomingDir, { recursive: true, force: true });
    mkdirSync(this.#blobsDir, { recursive: true });
    mkdirSync(this.#incomingDir, { recursive: true });
  }

  hasMetadata(blobId: BlobId): boolean {
    return this.#find(blobId)?.hasMetadata ?? false;
  }

  metadata(blobId: BlobId): Uint8Array | undefined {
    return this.hasMetadata(blobId) ? this.#read(blobId, METADATA_FILE) : undefined;
  }

  putMetadata(blobId: BlobId, bytes: Uint8Array): void {
    this.#write(blobId, METADATA_FILE, bytes);
    this.#make(blobId).hasMetadata = true;
  }

  dropMetadata(blobId: BlobId): void {
    rmSync(join(this.#blobsDir, blobId, METADATA_FILE), { force: true });
    const holdings = this.#find(blobId);
    if (holdings) holdings.hasMetadata = false;
  }

  hasSliver(blobId: BlobId, shard: number, axis: SliverAxis): boolean {
    return this.#find(blobId)?.slivers.has(sliverFile(shard, axis)) ?? false;
  }

  sliver(blobId: BlobId, shard: number, axis: SliverAxis): Uint8Array | undefined {
    return this.hasSliver(blobId, shard, axis)
      ? this.#read(blobId, sliverFile(shard, axis))
      : undefined;
  }

  putSliver(blobId: BlobId, shard: number, axis: SliverAxis, bytes: Uint8Array): void {
    const file = sliverFile(shard, axis);
    this.#write(blobId, file, bytes);
    this.#make(blobId).slivers.add(file);
  }

  dropSliver(blobId: BlobId, shard: number, axis: SliverAxis): void {
    const file = sliverFile(shard, axis);
    rmSync(join(this.#blobsDir, blobId, file), { force: true });
    this.#find(blobId)?.slivers.delete(file);
  }

  /** Remove everything of one blob. */
  dropBlob(blobId: BlobId): void {
    rmSync(join(this.#blobsDir, blobId), { recursive: true, force: true });
    this.#holdings.delete(blobId);
  }

  /** Remove what shards hold, of all blobs. */
  dropShards(shards: readonly number[]): void {
    for (const blobId of this.blobIds()) {
      for (const shard of shards) {
        this.dropSliver(blobId, shard, 'primary');
        this.dropSliver(blobId, shard, 'secondary');
      }
    }
  }

  /** Every blob of which anything is stored. */
  blobIds(): readonly BlobId[] {
    return readdirSync(this.#blobsDir) as BlobId[];
  }

  /** Lose everything, as a replaced disk does. */
  wipe(): void {
    rmSync(this.#blobsDir, { recursive: true, force: true });
    mkdirSync(this.#blobsDir, { recursive: true });
    this.#holdings.clear();
  }

  /** Refuse to write from now on: the node is gone, whatever it was still doing. */
  close(): void {
    this.#isClosed = true;
  }

  /** Forget what is known about the files, which somebody else may have changed. */
  forget(): void {
    this.#holdings.clear();
  }

  /**
   * Flip one byte in the middle of every stored file of a kind, as a bad disk would.
   * Returns the number of files changed.
   */
  corrupt(what: SliverAxis | 'metadata', only?: BlobId): number {
    let count = 0;
    for (const blobId of only === undefined ? this.blobIds() : [only]) {
      const holdings = this.#find(blobId);
      if (!holdings) continue;
      const files =
        what === 'metadata'
          ? holdings.hasMetadata
            ? [METADATA_FILE]
            : []
          : [...holdings.slivers].filter((file) => file.endsWith(`-${what}`));
      for (const file of files) this.#flipByte(join(this.#blobsDir, blobId, file));
      count += files.length;
    }
    return count;
  }

  #flipByte(path: string): void {
    const bytes = readFileSync(path);
    const at = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
    const file = openSync(path, 'r+');
    try {
      writeSync(file, bytes, at, 1, at);
    } finally {
      closeSync(file);
    }
  }

  #find(blobId: BlobId): Holdings | undefined {
    const known = this.#holdings.get(blobId);
    if (known) return known;
    const dir = join(this.#blobsDir, blobId);
    // Only what exists is remembered: anybody may ask for any blob ID.
    if (!existsSync(dir)) return undefined;
    const files = readdirSync(dir);
    const holdings: Holdings = {
      hasMetadata: files.includes(METADATA_FILE),
      slivers: new Set(files.filter((file) => file !== METADATA_FILE)),
    };
    this.#holdings.set(blobId, holdings);
    return holdings;
  }

  #make(blobId: BlobId): Holdings {
    const found = this.#find(blobId);
    if (found) return found;
    const holdings: Holdings = { hasMetadata: false, slivers: new Set() };
    this.#holdings.set(blobId, holdings);
    return holdings;
  }

  #read(blobId: BlobId, file: string): Uint8Array | undefined {
    try {
      return readFileSync(join(this.#blobsDir, blobId, file));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  #write(blobId: BlobId, name: string, bytes: Uint8Array): void {
    if (this.#isClosed) throw new StoreClosed();
    const dir = join(this.#blobsDir, blobId);
    if (!this.#holdings.has(blobId)) mkdirSync(dir, { recursive: true });
    this.#incomingCount += 1;
    const incoming = join(this.#incomingDir, String(this.#incomingCount));
    const file = openSync(incoming, 'w');
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
      if (this.#fsync) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(incoming, join(dir, name));
  }
}

function sliverFile(shard: number, axis: SliverAxis): string {
  return `${String(shard)}-${axis}`;
}
