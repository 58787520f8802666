/**
 * @file Where the trees of a folder's snapshots are read from, for looking into them.
 *
 * Of what this device has published, the local index knows the root trees and where their nodes
 * lie: neither the heads nor the snapshots themselves are asked for. Whatever it does not know, or
 * what cannot be read there any more, comes by way of the catalog.
 */
import type { GetChunk } from './archive/content.ts';
import type { SignedSnapshot } from './archive/snapshot.ts';
import type { VaultRecord } from './archive/vault-record.ts';
import type { CommitRecord } from './backup/commit-record.ts';
import type { VersionSource } from './browse/file-versions.ts';
import { isUnreadable } from './catalog.ts';
import { openChunk } from './codec/seal.ts';
import type { EngineParts } from './engine-parts.ts';
import { findFolder, openFolderKeys } from './folders.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import type { SnapshotRow } from './local-index/snapshot-table.ts';
import { hasCode } from './model/engine-error.ts';
import { openSnapshotOf } from './restoring.ts';
import { keysByEpoch, type OpenedSnapshot } from './restore/snapshot-reader.ts';

/** A snapshot that can be looked into. */
export interface SnapshotSource extends VersionSource {
  readonly folderName: string;
  readonly totals: { readonly fileCount: number; readonly sizeBytes: number };
  /** The snapshot before it on its device. */
  readonly parentId: string | undefined;
}

interface Asked {
  readonly folder: string;
  readonly snapshot?: string;
}

/** Snapshots opened by way of the catalog; each holds its pack index. */
const OPENED_KEPT_MAX = 4;

export class TreeSources {
  readonly #parts: EngineParts;
  readonly #opened = new Map<string, OpenedSnapshot>();

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /**
   * The newest snapshot of a folder, or the one whose ID begins with `snapshot`.
   *
   * @throws EngineError `folder-unknown`, `snapshot-unknown`
   */
  async open(asked: Asked, signal: AbortSignal): Promise<SnapshotSource> {
    const folder = this.#localFolder(asked.folder);
    const rows = folder ? this.#rowsOf(folder) : [];
    const { snapshot } = asked;
    const matching =
      snapshot === undefined
        ? rows.slice(-1)
        : rows.filter(({ snapshotId }) => snapshotId.startsWith(snapshot));
    const [row] = matching;
    if (folder && row && matching.length === 1) return this.#nearSource(folder, row, signal);
    const opened = await this.#openFar(asked, signal);
    return farSource(opened.signed, async (id, chunkSignal) => opened.getChunk(id, chunkSignal));
  }

  /** Every snapshot of a folder that is known or found, oldest first. */
  async all(name: string, signal: AbortSignal): Promise<SnapshotSource[]> {
    const folder = this.#localFolder(name);
    const rows = folder ? this.#rowsOf(folder) : [];
    if (folder && rows.length > 0) {
      return Promise.all(rows.map((row) => this.#nearSource(folder, row, signal)));
    }
    const { catalog } = this.#parts;
    const newest = await catalog.newestOf(name, signal);
    const { folderId } = newest.signed.snapshot;
    return (await catalog.all(signal))
      .filter(({ signed }) => signed.snapshot.folderId === folderId)
      .toReversed()
      .map(({ signed }) => {
        const asked = { folder: folderId, snapshot: signed.snapshotId };
        return farSource(signed, async (id, chunkSignal) =>
          (await this.#openFar(asked, signal)).getChunk(id, chunkSignal),
        );
      });
  }

  /** Let go of what is kept in memory. */
  clear(): void {
    this.#opened.clear();
  }

  #localFolder(name: string): FolderRecord | undefined {
    try {
      return findFolder(this.#parts, name);
    } catch (error) {
      if (!hasCode(error, 'folder-unknown')) throw error;
      return undefined;
    }
  }

  /** Oldest first, without those that the next commit leaves out. */
  #rowsOf({ folderId }: FolderRecord): SnapshotRow[] {
    const rows = this.#parts.index.snapshots.all(folderId);
    return rows.filter(({ isForgotten }) => !isForgotten).toReversed();
  }

  async #nearSource(
    folder: FolderRecord,
    row: SnapshotRow,
    signal: AbortSignal,
  ): Promise<SnapshotSource> {
    const commit = JSON.parse(row.record) as CommitRecord;
    const near = await this.#nearChunks(folder);
    const asked = { folder: folder.folderId, snapshot: row.snapshotId };
    const rows = this.#rowsOf(folder);
    return {
      snapshotId: row.snapshotId,
      atMs: row.atMs,
      folderName: folder.name,
      rootTree: commit.rootTree,
      totals: commit.totals,
      parentId: rows.findLast(({ sequence }) => sequence < row.sequence)?.snapshotId,
      getChunk: async (id, chunkSignal) => {
        try {
          const bytes = await near(id, chunkSignal);
          if (bytes) return bytes;
        } catch (error) {
          if (!isUnreadable(error)) throw error;
        }
        return (await this.#openFar(asked, signal)).getChunk(id, chunkSignal);
      },
    };
  }

  /** Chunks by the places that the journal knows; undefined for one that it doesn't. */
  async #nearChunks(
    folder: FolderRecord,
  ): Promise<(...given: Parameters<GetChunk>) => Promise<Uint8Array | undefined>> {
    const { index, packs, options } = this.#parts;
    const { folderId } = folder;
    const { vaultId } = options.vaultKeys;
    const folderKeys = keysByEpoch(await openFolderKeys(this.#parts, folder));
    const record = index.readFact('vault-record');
    if (record === undefined) return async () => undefined;
    const plainBytesMax = (JSON.parse(record) as VaultRecord).chunk.maxBytes;
    return async (id, signal) => {
      const place = index.journal.placeOf(folderId, id);
      if (place?.pack.blobId === undefined) return undefined;
      const { blobId, blobObjectId, permanent, sizeBytes } = place.pack;
      const bytes = await packs.readRange(
        { blobId, blobObjectId, sizeBytes, packClass: permanent ? 'permanent' : 'deletable' },
        place.offsetBytes,
        place.sizeBytes,
        signal,
      );
      return openChunk({ vaultId, folderId, folderKeys, plainBytesMax, chunk: { id, bytes } });
    };
  }

  async #openFar(asked: Asked, signal: AbortSignal): Promise<OpenedSnapshot> {
    const known = asked.snapshot === undefined ? undefined : this.#opened.get(asked.snapshot);
    if (known) return known;
    const opened = await openSnapshotOf(this.#parts, asked, signal);
    this.#opened.set(opened.signed.snapshotId, opened);
    for (const oldest of this.#opened.keys()) {
      if (this.#opened.size <= OPENED_KEPT_MAX) break;
      this.#opened.delete(oldest);
    }
    return opened;
  }
}

function farSource({ snapshotId, snapshot }: SignedSnapshot, getChunk: GetChunk): SnapshotSource {
  const { deviceId, parents } = snapshot;
  return {
    snapshotId,
    atMs: snapshot.createdAtMs,
    folderName: snapshot.folderName,
    rootTree: snapshot.root.treeId,
    totals: snapshot.totals,
    parentId: parents.find((parent) => parent.deviceId === deviceId)?.snapshotId,
    getChunk,
  };
}
