/**
 * @file Which folders and snapshots a vault has, wherever they were written.
 *
 * The heads name each folder's newest snapshot. Older ones are in this device's local index, or
 * are found by the footers of the blobs that the vault's accounts own: a pack lists its snapshots
 * under the vault key. What was found once is remembered.
 */
import type { ErrorCode } from '#contract/errors.ts';
import { ENTRY_KIND, type PackClass } from './archive/pack-layout.ts';
import { readPackFooters } from './archive/pack-reader.ts';
import type { FolderPart, SnapshotLocation } from './archive/head.ts';
import type { SignedSnapshot } from './archive/snapshot.ts';
import { ACCOUNT_GAP, readAllHeads, type Head, type HeadReader } from './heads.ts';
import { EngineError } from './model/engine-error.ts';
import type { BlobId, FolderId, ObjectId, SnapshotId } from './model/ids.ts';
import type { BlobObject } from './model/walrus.ts';
import type { Clock } from './ports/ports.ts';
import type { PackReader } from './restore/pack-reader.ts';
import {
  readSnapshot,
  readSnapshotRecord,
  type OpenedSnapshot,
  type SnapshotReaderParts,
} from './restore/snapshot-reader.ts';

/** How often all accounts are looked at, and how many beyond the last used one in between. */
const SCAN_INTERVAL_MS = 10 * 60_000;
const NEXT_ACCOUNTS = 2;

/** A snapshot with its place. */
export interface CatalogSnapshot {
  readonly location: SnapshotLocation;
  readonly signed: SignedSnapshot;
  /** Whether a head names it as the newest of its folder and device. */
  readonly isHead: boolean;
  readonly isRemoved: boolean;
  /** The newest snapshot whose pack index names this one, and all that it reaches. */
  readonly newest?: SnapshotLocation | undefined;
}

/** What a head names and nobody can read now. */
export interface UnreadSnapshot {
  readonly part: FolderPart;
  readonly error: EngineError;
}

export interface CatalogParts extends HeadReader {
  readonly reader: SnapshotReaderParts;
  readonly packs: PackReader;
  readonly clock: Clock;
  /** Whether this device is about to leave the snapshot out of the history. */
  readonly isForgotten: (snapshotId: SnapshotId) => boolean;
}

export class Catalog {
  readonly #parts: CatalogParts;
  readonly #records = new Map<SnapshotId, SignedSnapshot>();
  /** What the footer of a blob has listed; packs never change. */
  readonly #scanned = new Map<BlobId, readonly SnapshotLocation[]>();
  /** When all accounts were looked at. */
  #scannedAtMs = -Infinity;
  /** What the pack index of a newest snapshot names. */
  readonly #histories = new Map<SnapshotId, readonly SnapshotLocation[]>();

  constructor(parts: CatalogParts) {
    this.#parts = parts;
  }

  /**
   * The heads of all devices. A device that is new has the account after the last; only now and
   * then, or when it is to be `thorough`, all accounts are looked at in which one could be.
   */
  async heads(signal?: AbortSignal, isThorough = false): Promise<Head[]> {
    const nowMs = this.#parts.clock.monotonicMs();
    const isDue = isThorough || nowMs - this.#scannedAtMs >= SCAN_INTERVAL_MS;
    const heads = await readAllHeads(this.#parts, signal, isDue ? ACCOUNT_GAP : NEXT_ACCOUNTS);
    if (isDue) this.#scannedAtMs = nowMs;
    return heads;
  }

  /**
   * The newest snapshot of every folder of every device, but for folders in `except`. One that
   * cannot be read, because its storage has ended for instance, keeps no other from being found.
   */
  async newest(
    signal?: AbortSignal,
    except: ReadonlySet<FolderId> = new Set(),
  ): Promise<{ readonly found: CatalogSnapshot[]; readonly unread: UnreadSnapshot[] }> {
    const found: CatalogSnapshot[] = [];
    const unread: UnreadSnapshot[] = [];
    const parts = (await this.heads(signal)).flatMap(({ folders }) => folders);
    for (const { part } of parts.filter((folder) => !except.has(folder.part.folderId))) {
      try {
        const signed = await this.record(part.snapshot, signal);
        const isRemoved = part.removed !== undefined;
        found.push({ location: part.snapshot, signed, isHead: true, isRemoved });
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        unread.push({ part, error });
      }
    }
    return { found, unread };
  }

  /** Every snapshot of the vault's history that can still be read, newest first. */
  async all(signal?: AbortSignal): Promise<CatalogSnapshot[]> {
    const found = new Map<SnapshotId, CatalogSnapshot>();
    const heads = await this.heads(signal);
    const { found: newest, unread } = await this.newest(signal);
    for (const snapshot of newest) found.set(snapshot.signed.snapshotId, snapshot);
    const told = new Set<FolderId>();
    for (const { location, signed } of newest) {
      if (signed.snapshot.pinned === undefined) continue;
      told.add(signed.snapshot.folderId);
      for (const older of await this.#history(location, signal)) {
        if (found.has(older.snapshotId) || this.#parts.isForgotten(older.snapshotId)) continue;
        const record = await this.recordIfReadable(older, signal);
        if (!record) continue;
        const flags = { isHead: false, isRemoved: false, newest: location };
        found.set(older.snapshotId, { location: older, signed: record, ...flags });
      }
    }
    // Where no pack index tells the history, the blobs themselves do.
    const isTold = unread.length === 0 && newest.every(({ signed }) => isHistorian(signed));
    for (const head of isTold ? [] : heads) {
      for await (const blob of this.#parts.chain.ownedBlobObjects(head.address, signal)) {
        for (const location of await this.#scan(blob, signal)) {
          if (found.has(location.snapshotId)) continue;
          const signed = await this.recordIfReadable(location, signal);
          if (!signed || told.has(signed.snapshot.folderId)) continue;
          found.set(location.snapshotId, { location, signed, isHead: false, isRemoved: false });
        }
      }
    }
    return [...found.values()].sort(
      (one, other) => other.signed.snapshot.createdAtMs - one.signed.snapshot.createdAtMs,
    );
  }

  /** The older snapshots that the pack index of a newest one names. */
  async #history(
    location: SnapshotLocation,
    signal: AbortSignal | undefined,
  ): Promise<readonly SnapshotLocation[]> {
    const known = this.#histories.get(location.snapshotId);
    if (known) return known;
    const opened = await this.open({ location }, signal).catch((error: unknown) => {
      if (!isUnreadable(error)) throw error;
      return undefined;
    });
    if (!opened) return [];
    const history = historyOf(opened);
    this.#histories.set(location.snapshotId, history);
    return history;
  }

  /**
   * The folder called `name`: by its name, or the start of its ID. Gives the newest snapshot.
   *
   * @throws EngineError `folder-unknown`; what keeps folders from being read, when the one that
   *   is meant may be among them
   */
  async newestOf(name: string, signal?: AbortSignal): Promise<CatalogSnapshot> {
    const { found, unread } = await this.newest(signal);
    const byName = found.filter(({ signed }) => signed.snapshot.folderName === name);
    const candidates =
      byName.length > 0 ? byName : found.filter(({ signed }) => isCalled(signed.snapshot, name));
    const [newest] = candidates.sort(
      (one, other) => other.signed.snapshot.createdAtMs - one.signed.snapshot.createdAtMs,
    );
    if (newest) return newest;
    const [other] = unread;
    if (!other)
      throw new EngineError('folder-unknown', `no folder of this vault is called ${name}`);
    throw new EngineError(
      other.error.code,
      `no folder that can be read is called ${name}; ${String(unread.length)} cannot be read: ${other.error.message}`,
      { cause: other.error },
    );
  }

  /**
   * The snapshot of a folder whose ID begins with `prefix`.
   *
   * @throws EngineError `snapshot-unknown`, also when several begin so
   */
  async find(name: string, prefix: string, signal?: AbortSignal): Promise<CatalogSnapshot> {
    const matching = (await this.all(signal)).filter(
      ({ signed }) => signed.snapshotId.startsWith(prefix) && isCalled(signed.snapshot, name),
    );
    const [only] = matching;
    if (matching.length === 1 && only) return only;
    throw new EngineError(
      'snapshot-unknown',
      matching.length === 0
        ? `no snapshot of ${name} begins with ${prefix}`
        : `${String(matching.length)} snapshots of ${name} begin with ${prefix}`,
    );
  }

  /** A snapshot with its pack index and keys, ready to be read. */
  async open(
    { location, newest }: Pick<CatalogSnapshot, 'location' | 'newest'>,
    signal?: AbortSignal,
  ): Promise<OpenedSnapshot> {
    const { reader } = this.#parts;
    const opened = newest && (await readSnapshot(newest, reader, signal));
    return readSnapshot(location, reader, signal, opened);
  }

  /** The record of a snapshot that a head names. */
  async record(location: SnapshotLocation, signal?: AbortSignal): Promise<SignedSnapshot> {
    const known = this.#records.get(location.snapshotId);
    if (known) return known;
    const signed = await readSnapshotRecord(location, this.#parts.reader, signal);
    this.#records.set(location.snapshotId, signed);
    return signed;
  }

  /** The same; undefined when it cannot be read now. */
  async recordIfReadable(
    location: SnapshotLocation,
    signal?: AbortSignal,
  ): Promise<SignedSnapshot | undefined> {
    try {
      return await this.record(location, signal);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return undefined;
    }
  }

  async #scan(blob: BlobObject, signal?: AbortSignal): Promise<readonly SnapshotLocation[]> {
    const known = this.#scanned.get(blob.blobId);
    if (known) return known;
    if (blob.certifiedEpoch === undefined) return [];
    const packClass: PackClass = blob.deletable ? 'deletable' : 'permanent';
    const pack = { ...blob, blobObjectId: blob.blobObjectId, packClass };
    try {
      const { footers } = await readPackFooters(
        {
          sizeBytes: blob.sizeBytes,
          read: (offset, size, readSignal) =>
            this.#parts.packs.readRange(pack, offset, size, readSignal),
        },
        {
          codec: this.#parts.codec,
          keys: {
            vaultId: this.#parts.keys.vaultId,
            vaultKey: this.#parts.keys.vaultKey,
            folders: [],
          },
          signal,
        },
      );
      const locations = footers
        .filter(({ folderId }) => folderId === undefined)
        .flatMap(({ entries }) => entries)
        .filter(({ kind }) => kind === ENTRY_KIND.snapshot)
        .map(({ id, offsetBytes, sizeBytes }) => ({
          snapshotId: id as unknown as SnapshotId,
          blobId: blob.blobId,
          blobObjectId: blob.blobObjectId,
          offsetBytes,
          sizeBytes,
          packBytes: blob.sizeBytes,
          packClass,
        }));
      this.#scanned.set(blob.blobId, locations);
      return locations;
    } catch (error) {
      // Not a pack of ours, or out of reach now: neither keeps the others from being listed.
      if (!isUnreadable(error)) throw error;
      return [];
    }
  }
}

const isHistorian = ({ snapshot }: SignedSnapshot): boolean => snapshot.pinned !== undefined;

/** The older snapshots that an opened one keeps in its history, with their places. */
export function historyOf(opened: OpenedSnapshot): SnapshotLocation[] {
  const locations: SnapshotLocation[] = [];
  for (const { id, kind, pack, offsetBytes, sizeBytes } of opened.index.entries()) {
    if (kind !== ENTRY_KIND.snapshot && kind !== ENTRY_KIND.movedSnapshot) continue;
    locations.push({
      snapshotId: id as unknown as SnapshotId,
      blobId: pack.blobId,
      blobObjectId: pack.blobObjectId ?? NO_OBJECT,
      offsetBytes,
      sizeBytes,
      packBytes: pack.sizeBytes,
      packClass: pack.packClass,
    });
  }
  return locations;
}

/** Not known when the index was written; the blob ID finds the pack all the same. */
const NO_OBJECT = `0x${'00'.repeat(32)}` as ObjectId;

/** Failures that concern one blob; the others may be readable all the same. */
const UNREADABLE: readonly ErrorCode[] = [
  'blob-blocked',
  'blob-expired',
  'blob-inconsistent',
  'encoding-invalid-input',
  'format-unknown',
  'pack-damaged',
  'slivers-insufficient',
];

/** Whether this failure concerns one blob, or one pack, alone. */
export const isUnreadable = (error: unknown): error is EngineError =>
  error instanceof EngineError && UNREADABLE.includes(error.code);

function isCalled(snapshot: { folderName: string; folderId: FolderId }, name: string): boolean {
  const isIdPrefix = /^[0-9a-f]{4,32}$/.test(name) && snapshot.folderId.startsWith(name);
  return snapshot.folderName === name || isIdPrefix;
}
