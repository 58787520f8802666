/**
 * @file Takes sealed chunks and records, fills packs with them, and journals each full pack.
 *
 *     seal → [ pack → spool → journal `sealed` ] → river
 *
 * One pack is open at a time. A pack is in the spool before its journal row exists, and with the
 * row come its chunks and the entries whose content is complete with it: what the local index
 * knows of a file is never ahead of what the spool holds.
 */
import type { OwnedEntry, PackOwner, SealedPack } from '../archive/pack-writer.ts';
import { PackWriter } from '../archive/pack-writer.ts';
import type { ArchiveCodec } from '../archive/archive-codec.ts';
import type { PackLimits } from '../archive/limits.ts';
import type { EntryKind, PackClass } from '../archive/pack-layout.ts';
import type { KnownEntry } from '../local-index/entry-table.ts';
import type { LocalIndex } from '../local-index/local-index.ts';
import type { ChunkId, FolderId, PackId, RawPath, VaultId } from '../model/ids.ts';
import type { Random } from '../ports/ports.ts';
import type { Spool } from './spool.ts';

export interface PackStreamOptions {
  readonly codec: ArchiveCodec;
  readonly vaultId: VaultId;
  readonly folderId: FolderId;
  readonly packClass: PackClass;
  readonly shardCount: number;
  readonly limits: PackLimits;
  readonly index: LocalIndex;
  readonly spool: Spool;
  readonly random: Random;
  readonly hash: (bytes: Uint8Array) => Uint8Array;
  /** Who owns what the folder seals now. */
  readonly owner: PackOwner;
  /** A pack is sealed and journaled. Resolves when there is room for another one. */
  readonly onSealed: (packId: PackId, sizeBytes: number) => Promise<void>;
}

const PACK_ID_BYTES = 16;

export class PackStream {
  readonly #options: PackStreamOptions;
  /** As large as the largest pack; taken when there is something to pack. */
  #buffer: Uint8Array | undefined;
  #writer: PackWriter | undefined;
  #packId: PackId;
  #entries: KnownEntry[] = [];
  #sealedBytes = 0;

  constructor(options: PackStreamOptions) {
    this.#options = options;
    this.#packId = this.#newPackId();
  }

  /** The ID that the open pack will have in the journal. */
  get openPackId(): PackId {
    return this.#packId;
  }

  /** Payload bytes of all packs closed so far. */
  get sealedBytes(): number {
    return this.#sealedBytes;
  }

  get isEmpty(): boolean {
    return this.#writer?.isEmpty ?? true;
  }

  /** Add something of the folder; a full pack is closed first. */
  async add(kind: EntryKind, id: ChunkId, sealed: Uint8Array): Promise<OwnedEntry> {
    const { owner } = this.#options;
    const added = this.#open().add(owner, { kind, id, sealed });
    if (added) return added;
    await this.#closePack(undefined, undefined);
    const second = this.#open().add(owner, { kind, id, sealed }, 'max');
    if (!second) throw new RangeError('an empty pack takes any entry');
    return second;
  }

  /** Whether all of these fit into the open pack, which then may grow to its greatest size. */
  fits(sealedSizesBytes: readonly number[]): boolean {
    return this.#open().fits(sealedSizesBytes, 'max');
  }

  /** Add to the open pack what ends a commit; `fits` has said that it does. */
  addLast(owner: PackOwner, kind: EntryKind, id: ChunkId, sealed: Uint8Array): OwnedEntry {
    const added = this.#open().add(owner, { kind, id, sealed }, 'max');
    if (!added) throw new RangeError('what ends a commit was measured before');
    return added;
  }

  /** The entry's content is complete: it is remembered with the pack that is open now. */
  remember(entry: KnownEntry): void {
    this.#entries.push(entry);
  }

  /** What the open pack holds so far. */
  openEntries(): readonly OwnedEntry[] {
    return this.#writer?.entries ?? [];
  }

  /** Close the open pack although it is not full, if there is anything in it. */
  async flush(): Promise<void> {
    if (!this.isEmpty || this.#entries.length > 0) {
      await this.#closePack(undefined, undefined);
    }
  }

  /**
   * Close the pack that carries the snapshot. `commitOf` gets the sealed pack and gives the record
   * that publishing needs; `alongside` is written in the same transaction as the journal row.
   */
  async commit(commitOf: (pack: SealedPack) => string, alongside: () => void): Promise<void> {
    await this.#closePack(commitOf, alongside);
  }

  async #closePack(
    commitOf: ((pack: SealedPack) => string) | undefined,
    alongside: (() => void) | undefined,
  ): Promise<void> {
    const { folderId, index, spool, hash, onSealed } = this.#options;
    const entries = this.#entries;
    this.#entries = [];
    if (this.isEmpty) {
      // Nothing new was sealed: all of the content is in earlier packs.
      index.atomically(() => rememberEntries(index, folderId, entries));
      return;
    }
    const pack = await this.#open().close();
    const packId = this.#packId;
    await spool.write(packId, pack.bytes);
    index.atomically(() => {
      index.journal.addSealed(
        {
          packId,
          permanent: pack.packClass === 'permanent',
          sizeBytes: pack.bytes.length,
          sealedHash: hash(pack.bytes),
          commitRecord: commitOf?.(pack),
        },
        pack.entries
          .filter((entry) => entry.folderId === folderId)
          .map((entry) => ({
            folderId,
            chunkId: entry.id,
            kind: entry.kind,
            offsetBytes: entry.offsetBytes,
            sizeBytes: entry.sizeBytes,
          })),
      );
      rememberEntries(index, folderId, entries);
      alongside?.();
    });
    this.#sealedBytes += pack.bytes.length;
    const sizeBytes = pack.bytes.length;
    this.#writer = undefined;
    this.#packId = this.#newPackId();
    await onSealed(packId, sizeBytes);
  }

  #newPackId(): PackId {
    return Buffer.from(this.#options.random.bytes(PACK_ID_BYTES)).toString('hex') as PackId;
  }

  #open(): PackWriter {
    const { codec, vaultId, packClass, shardCount, limits } = this.#options;
    this.#buffer ??= new Uint8Array(limits.paddedBytesMax);
    this.#writer ??= new PackWriter({
      ...{ codec, vaultId, packClass, shardCount, limits },
      buffer: this.#buffer,
    });
    return this.#writer;
  }
}

/** Write entries; the directories above them must be built anew by whoever scans next. */
function rememberEntries(
  index: LocalIndex,
  folderId: FolderId,
  entries: readonly KnownEntry[],
): void {
  const stale = new Set<RawPath>();
  for (const entry of entries) {
    index.entries.put(folderId, entry);
    for (let slash = entry.path.length; slash > 0;) {
      slash = entry.path.lastIndexOf('/', slash - 1);
      const parent = entry.path.slice(0, Math.max(slash, 0)) as RawPath;
      if (stale.has(parent)) break;
      stale.add(parent);
    }
  }
  index.entries.markStale(folderId, stale);
}
