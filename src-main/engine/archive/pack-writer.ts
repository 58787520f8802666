/**
 * @file Gathers sealed chunks and records into a pack. One pack becomes one Walrus blob.
 *
 *     source → chunk → seal → [ pack ] → encode → register → upload → certify
 *
 * A pack is written front to back, once, and never changed; pack-layout.ts draws it. The writer
 * knows at every moment how large the pack would be if it were closed now, footers included, and
 * refuses what would exceed its budget.
 *
 * Owns the decision when a pack is full. Knows nothing of Walrus, of files, or of whether a chunk
 * is new: the caller asks the local index before it calls `add`.
 */
import { strict as assert } from 'node:assert';
import { EngineError } from '#engine/model/engine-error.ts';
import type { ChunkId, FolderId, VaultId } from '#engine/model/ids.ts';
import { SEAL_OVERHEAD_BYTES, sealBoundRecord, type ArchiveCodec } from './archive-codec.ts';
import { packLimits, paddedPackBytes, type PackLimits } from './limits.ts';
import {
  encodeFooter,
  encodeTrailer,
  FOOTER_FIXED_BYTES,
  FOOTER_LINE_BYTES_MAX,
  footerLineBytes,
  footerPlace,
  PACK_ENTRIES_MAX,
  PACK_ENTRIES_TARGET,
  PACK_FOOTERS_MAX,
  trailerBytes,
  type EntryKind,
  type PackClass,
  type PackedEntry,
} from './pack-layout.ts';

/** Whose footer lists an entry, with the key that seals the footer. */
export interface PackOwner {
  /** Absent for the vault itself. */
  readonly folderId: FolderId | undefined;
  /** 0 for the vault key. */
  readonly keyEpoch: number;
  /** 32 bytes: the folder key of that epoch, or the vault key. */
  readonly key: Uint8Array;
}

/** Sealed bytes to be packed. */
export interface NewEntry {
  readonly kind: EntryKind;
  readonly id: ChunkId;
  readonly sealed: Uint8Array;
}

/** A line of the finished pack, with its owner: what the local index keeps. */
export interface OwnedEntry extends PackedEntry {
  readonly folderId: FolderId | undefined;
}

/** A closed pack: the payload of one blob. */
export interface SealedPack {
  readonly packClass: PackClass;
  /** The whole payload, padding included: a view of the writer's buffer. */
  readonly bytes: Uint8Array;
  /** How much of it is not padding. */
  readonly usedBytes: number;
  readonly entries: readonly OwnedEntry[];
}

/** The byte budget that an entry may use: data stops at the target, what ends a commit at the max. */
export type Budget = 'target' | 'max';

interface Footer {
  owner: PackOwner;
  readonly entries: PackedEntry[];
  linesBytes: number;
  endBytes: number;
}

export class PackWriter {
  readonly #codec: ArchiveCodec;
  readonly #vaultId: VaultId;
  readonly #packClass: PackClass;
  readonly #shardCount: number;
  readonly #limits: PackLimits;
  readonly #buffer: Uint8Array;
  readonly #footers = new Map<FolderId | undefined, Footer>();
  #contentBytes = 0;
  #entryCount = 0;
  #footersBytes = 0;
  #isClosed = false;

  /**
   * `buffer` may be that of an earlier pack which nobody needs any more; it holds at least
   * `packLimits(shardCount).paddedBytesMax` bytes. A fresh one costs memory only as it fills.
   */
  constructor(options: {
    readonly codec: ArchiveCodec;
    readonly vaultId: VaultId;
    readonly packClass: PackClass;
    readonly shardCount: number;
    readonly limits?: PackLimits;
    readonly buffer?: Uint8Array;
  }) {
    this.#codec = options.codec;
    this.#vaultId = options.vaultId;
    this.#packClass = options.packClass;
    this.#shardCount = options.shardCount;
    this.#limits = options.limits ?? packLimits(options.shardCount);
    const capacity = paddedPackBytes(this.#limits.packBytesMax, options.shardCount);
    this.#buffer = options.buffer ?? new Uint8Array(capacity);
    assert(this.#buffer.length >= capacity, 'the buffer holds the largest pack');
  }

  get isEmpty(): boolean {
    return this.#footers.size === 0;
  }

  get packClass(): PackClass {
    return this.#packClass;
  }

  /** What was added so far. */
  get entries(): readonly OwnedEntry[] {
    return [...this.#footers.values()].flatMap(({ owner, entries }) =>
      entries.map((entry) => ({ ...entry, folderId: owner.folderId })),
    );
  }

  /** The pack's size if it were closed now, without padding, at most: footers may compress. */
  get usedBytes(): number {
    return this.#contentBytes + this.#footersBytes + trailerBytes(this.#footers.size);
  }

  /** Whether data should go to the next pack. */
  get isFull(): boolean {
    return (
      this.usedBytes >= this.#limits.packBytesTarget || this.#entryCount >= PACK_ENTRIES_TARGET
    );
  }

  /**
   * Whether entries of the given sealed sizes fit together, at whatever price their lines have.
   * For deciding that a whole commit goes into this pack.
   */
  fits(sealedSizesBytes: readonly number[], budget: Budget): boolean {
    const footersMax = Math.min(sealedSizesBytes.length, 2) * SEALED_FOOTER_BYTES_MAX;
    const content = sealedSizesBytes.reduce((sum, size) => sum + size + FOOTER_LINE_BYTES_MAX, 0);
    return (
      this.usedBytes + content + footersMax <= this.#budget(budget) &&
      this.#entryCount + sealedSizesBytes.length <= entriesMax(budget)
    );
  }

  /**
   * Append an entry and return its place; undefined if the pack would exceed the budget, which
   * means: close this pack and add to the next. Throws `blob-too-large` for an entry that no pack
   * of this network can hold.
   */
  add(owner: PackOwner, entry: NewEntry, budget: Budget = 'target'): OwnedEntry | undefined {
    assert(!this.#isClosed, 'a closed pack never changes');
    const sizeBytes = entry.sealed.length;
    const footer = this.#footers.get(owner.folderId);
    const gapBytes = this.#contentBytes - (footer?.endBytes ?? 0);
    const lineBytes = footerLineBytes(gapBytes, entry.kind, sizeBytes);
    const footerBytes = footer ? 0 : SEALED_FOOTER_BYTES_MAX;
    const added = sizeBytes + lineBytes + footerBytes;
    const isTooMuch =
      this.usedBytes + added > this.#budget(budget) ||
      this.#entryCount >= entriesMax(budget) ||
      this.#hasTooManyFooters(footer);
    if (isTooMuch) {
      if (this.isEmpty) throw tooLarge(sizeBytes, this.#budget(budget));
      return undefined;
    }
    const packed = { kind: entry.kind, id: entry.id, offsetBytes: this.#contentBytes, sizeBytes };
    this.#buffer.set(entry.sealed, this.#contentBytes);
    this.#contentBytes += sizeBytes;
    this.#entryCount += 1;
    this.#list(owner, packed, lineBytes);
    return { ...packed, folderId: owner.folderId };
  }

  /** Seal the footers, pad, and hand the pack over. */
  async close(): Promise<SealedPack> {
    assert(!this.#isClosed && !this.isEmpty, 'a pack is closed once, and not empty');
    this.#isClosed = true;
    const footers = [...this.#footers.values()];
    const sealed = await Promise.all(footers.map((footer) => this.#sealFooter(footer)));
    const trailer = encodeTrailer({
      packClass: this.#packClass,
      contentBytes: this.#contentBytes,
      footerSizesBytes: sealed.map((footer) => footer.length),
    });
    const tailBytes = sealed.reduce((sum, footer) => sum + footer.length, trailer.length);
    const usedBytes = this.#contentBytes + tailBytes;
    const packBytes = paddedPackBytes(usedBytes, this.#shardCount);
    let offset = packBytes - tailBytes;
    // The buffer may have carried another pack.
    this.#buffer.fill(0, this.#contentBytes, offset);
    for (const part of [...sealed, trailer]) {
      this.#buffer.set(part, offset);
      offset += part.length;
    }
    return {
      packClass: this.#packClass,
      bytes: this.#buffer.subarray(0, packBytes),
      usedBytes,
      entries: footers.flatMap(({ owner, entries }) =>
        entries.map((entry) => ({ ...entry, folderId: owner.folderId })),
      ),
    };
  }

  async #sealFooter({ owner, entries, linesBytes }: Footer): Promise<Uint8Array> {
    const sealed = await sealBoundRecord(encodeFooter(entries), {
      codec: this.#codec,
      purpose: 'footer',
      vaultId: this.#vaultId,
      ...owner,
      place: footerPlace({ packClass: this.#packClass, contentBytes: this.#contentBytes }),
    });
    const plannedBytes = linesBytes + FOOTER_FIXED_BYTES + SEAL_OVERHEAD_BYTES;
    assert(sealed.length <= plannedBytes, 'a sealed footer is not larger than planned');
    return sealed;
  }

  #list(owner: PackOwner, packed: PackedEntry, lineBytes: number): void {
    let footer = this.#footers.get(owner.folderId);
    if (!footer) {
      footer = { owner, entries: [], linesBytes: 0, endBytes: 0 };
      this.#footers.set(owner.folderId, footer);
      this.#footersBytes += FOOTER_FIXED_BYTES + SEAL_OVERHEAD_BYTES;
    }
    // After a rotation within one pack, the footer is sealed under the newest key.
    if (owner.keyEpoch > footer.owner.keyEpoch) footer.owner = owner;
    footer.entries.push(packed);
    footer.linesBytes += lineBytes;
    footer.endBytes = packed.offsetBytes + packed.sizeBytes;
    this.#footersBytes += lineBytes;
  }

  #hasTooManyFooters(footer: Footer | undefined): boolean {
    return footer === undefined && this.#footers.size >= PACK_FOOTERS_MAX;
  }

  #budget(budget: Budget): number {
    return budget === 'target' ? this.#limits.packBytesTarget : this.#limits.packBytesMax;
  }
}

/** What a footer takes beside its lines, its line of the trailer included. */
const SEALED_FOOTER_BYTES_MAX =
  FOOTER_FIXED_BYTES + SEAL_OVERHEAD_BYTES + trailerBytes(1) - trailerBytes(0);
const entriesMax = (budget: Budget): number =>
  budget === 'target' ? PACK_ENTRIES_TARGET : PACK_ENTRIES_MAX;

function tooLarge(sizeBytes: number, budgetBytes: number): EngineError {
  return new EngineError('blob-too-large', 'the entry fits in no pack of this network', {
    context: { sizeBytes, budgetBytes },
  });
}
