/**
 * @file Reads what a pack holds from its end: trailer, then footers, then any entry by its place.
 *
 * The usual way to an entry is the pack index, which needs none of this. Footers are read when the
 * local index is rebuilt, when packs are checked, and when a head is lost: the footer under the
 * vault key lists the pack's snapshots, so a vault's blobs alone are enough to find everything.
 */
import type { FolderKeys } from '#engine/model/folder-keys.ts';
import type { FolderId, VaultId } from '#engine/model/ids.ts';
import { openBoundRecord, readSealedHeader, type ArchiveCodec } from './archive-codec.ts';
import { bytesEqual, damaged } from './encoding.ts';
import {
  decodeFooter,
  decodeFooterSizes,
  decodeTrailerEnd,
  FOOTER_BYTES_MAX,
  footerPlace,
  TRAILER_FIXED_BYTES,
  trailerBytes,
  type PackClass,
  type PackedEntry,
} from './pack-layout.ts';

/** A pack that can be read in ranges. `read` gives exactly the bytes asked for, or throws. */
export interface PackSource {
  readonly sizeBytes: number;
  read(offsetBytes: number, sizeBytes: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/** The keys a reader holds. */
export interface PackKeys {
  readonly vaultId: VaultId;
  /** Absent for a reader that was given single folders only. */
  readonly vaultKey?: Uint8Array | undefined;
  readonly folders: readonly { readonly folderId: FolderId; readonly keys: FolderKeys }[];
}

export interface PackFooter {
  /** Absent for the vault's own footer. */
  readonly folderId: FolderId | undefined;
  readonly entries: readonly PackedEntry[];
}

export interface PackContents {
  readonly packClass: PackClass;
  readonly footers: readonly PackFooter[];
  /** Footers of folders whose keys the reader doesn't have. */
  readonly foreignFooterCount: number;
}

/** Read with the trailer in one go: holds the footers of most packs. */
const TAIL_BYTES = 65_536;

/**
 * Read and open the footers of a pack.
 *
 * Throws `pack-damaged` when the trailer or a footer of ours doesn't hold, `format-unknown` for a
 * pack of a newer release. A footer under an unknown key is counted, not an error.
 */
export async function readPackFooters(
  source: PackSource,
  options: {
    readonly codec: ArchiveCodec;
    readonly keys: PackKeys;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<PackContents> {
  const { signal } = options;
  if (source.sizeBytes < TRAILER_FIXED_BYTES) throw damaged('this is no pack');
  const tailBytes = Math.min(source.sizeBytes, TAIL_BYTES);
  const tail = await source.read(source.sizeBytes - tailBytes, tailBytes, signal);
  const end = decodeTrailerEnd(tail.subarray(tailBytes - TRAILER_FIXED_BYTES), source.sizeBytes);
  const neededBytes = end.footersBytes + trailerBytes(end.footerCount);
  const start = source.sizeBytes - neededBytes;
  const needed =
    neededBytes <= tailBytes
      ? tail.subarray(tailBytes - neededBytes)
      : await source.read(start, neededBytes, signal);
  const sizes = decodeFooterSizes(
    needed.subarray(end.footersBytes, neededBytes - TRAILER_FIXED_BYTES),
    end.footersBytes,
  );

  const footers: PackFooter[] = [];
  let offset = 0;
  for (const size of sizes) {
    const sealed = needed.subarray(offset, offset + size);
    const footer = await openFooter(sealed, {
      ...options,
      packClass: end.packClass,
      contentBytes: end.contentBytes,
    });
    if (footer) footers.push(footer);
    offset += size;
  }
  return {
    packClass: end.packClass,
    footers,
    foreignFooterCount: sizes.length - footers.length,
  };
}

/** Open one footer, or undefined if it is sealed under none of the keys. */
async function openFooter(
  sealed: Uint8Array,
  place: {
    readonly codec: ArchiveCodec;
    readonly keys: PackKeys;
    readonly packClass: PackClass;
    readonly contentBytes: number;
  },
): Promise<PackFooter | undefined> {
  const header = readSealedHeader(sealed);
  const { codec, keys } = place;
  for (const candidate of candidates(keys, header.keyEpoch)) {
    // The commitment tells whose footer this is without trying to decrypt.
    const commitment = codec.recordCommitment(candidate.key, 'footer');
    if (!bytesEqual(commitment, header.commitment)) continue;
    const plaintext = await openBoundRecord(sealed, {
      codec,
      purpose: 'footer',
      vaultId: keys.vaultId,
      ...candidate,
      place: footerPlace(place),
      plainBytesMax: FOOTER_BYTES_MAX,
    });
    return {
      folderId: candidate.folderId,
      entries: decodeFooter(plaintext, place.contentBytes),
    };
  }
  return undefined;
}

function* candidates(
  keys: PackKeys,
  keyEpoch: number,
): Generator<{ readonly folderId: FolderId | undefined; readonly key: Uint8Array }> {
  if (keys.vaultKey && keyEpoch === 0) yield { folderId: undefined, key: keys.vaultKey };
  for (const { folderId, keys: folderKeys } of keys.folders) {
    const key = folderKeys.epochs.find((epoch) => epoch.keyEpoch === keyEpoch)?.key;
    if (key) yield { folderId, key };
  }
}

/** A pack that is in memory. */
export function packInMemory(bytes: Uint8Array): PackSource {
  return {
    sizeBytes: bytes.length,
    async read(offsetBytes, sizeBytes) {
      if (offsetBytes + sizeBytes > bytes.length) throw damaged('a pack is cut short');
      return bytes.subarray(offsetBytes, offsetBytes + sizeBytes);
    },
  };
}
