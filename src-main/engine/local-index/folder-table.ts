/** @file The folders that this device protects, or has protected. */
import type { Database, Statement } from 'better-sqlite3';
import type { HorizonPolicy } from '#contract/storage-api.ts';
import type { FolderId } from '../model/ids.ts';

export interface FolderRecord {
  readonly folderId: FolderId;
  /** Unique in the vault. */
  readonly name: string;
  /** Absolute path of the root, as the file system names it. */
  readonly root: string;
  /** Whether its packs are permanent: nobody can delete them before their end epoch. */
  readonly permanent: boolean;
  /** Ignore patterns beside the `.floeignore` files. */
  readonly excludes: readonly string[];
  /** The folder's keys, sealed under the vault key: archive/ knows the bytes. */
  readonly wrappedKeys: Uint8Array;
  /** The field of this account's head that belongs to the folder: 1 and up. */
  readonly headSlot: number;
  /** No longer protected; its snapshots stay until they lapse. */
  readonly removed: boolean;
  /** The device number of the root's file system when last seen: an unmounted drive changes it. */
  readonly rootDevice: string | undefined;
  readonly lastSyncAtMs: number | undefined;
  /** What keeps it from being protected, if anything: JSON of a serialized error, or its code. */
  readonly lastProblem: string | undefined;
  /** When it is synced by itself. */
  readonly schedule: FolderSchedule;
  /** How long it is kept; undefined is the network's default. */
  readonly horizon: HorizonPolicy | undefined;
}

export interface FolderSchedule {
  /** Commit delay; absent: the engine's own choice. */
  readonly commitEveryMs?: number;
  /** Local hours in which a sync may begin, as [from, to) in minutes of the day. */
  readonly hours?: readonly (readonly [number, number])[];
  /** What its commits may cost in 30 days at least; absent: the engine's own choice. */
  readonly fixedCostCapFrost?: bigint;
}

interface Row {
  folder_id: string;
  name: string;
  root: string;
  permanent: number;
  excludes: string;
  wrapped_keys: Buffer;
  head_slot: number;
  removed: number;
  root_device: string | null;
  last_sync_at_ms: number | null;
  last_problem: string | null;
  schedule: string;
  horizon: string | null;
}

const read = (row: Row): FolderRecord => ({
  folderId: row.folder_id as FolderId,
  name: row.name,
  root: row.root,
  permanent: row.permanent === 1,
  excludes: JSON.parse(row.excludes) as string[],
  wrappedKeys: row.wrapped_keys,
  headSlot: row.head_slot,
  removed: row.removed === 1,
  rootDevice: row.root_device ?? undefined,
  lastSyncAtMs: row.last_sync_at_ms ?? undefined,
  lastProblem: row.last_problem ?? undefined,
  schedule: readSchedule(row.schedule),
  horizon: row.horizon === null ? undefined : readHorizon(row.horizon),
});

/** JSON has no bigint: the cap is decimal text there. */
function readSchedule(text: string): FolderSchedule {
  const { fixedCostCapFrost: cap, ...rest } = JSON.parse(text) as Omit<
    FolderSchedule,
    'fixedCostCapFrost'
  > & { readonly fixedCostCapFrost?: string };
  return cap === undefined ? rest : { ...rest, fixedCostCapFrost: BigInt(cap) };
}

function scheduleText({ fixedCostCapFrost: cap, ...rest }: FolderSchedule): string {
  return JSON.stringify(cap === undefined ? rest : { ...rest, fixedCostCapFrost: String(cap) });
}

/** JSON has no undefined, so a date that is not there is left out. */
const readHorizon = (text: string): HorizonPolicy => {
  const { untilMs, ...rest } = JSON.parse(text) as HorizonPolicy;
  return { ...rest, untilMs };
};

export class FolderTable {
  readonly #all: Statement<[], Row>;
  readonly #one: Statement<[string], Row>;
  readonly #insert: Statement;
  readonly #state: Statement;
  readonly #remove: Statement;
  readonly #settings: Statement;
  readonly #slot: Statement<[], { slot: number }>;
  readonly #horizon: Statement;
  /** Problems that a full disk could not take: told until the next sync has ended. */
  readonly #unkept = new Map<FolderId, string>();

  constructor(database: Database) {
    this.#all = database.prepare('SELECT * FROM folders ORDER BY head_slot');
    this.#one = database.prepare('SELECT * FROM folders WHERE folder_id = ?');
    this.#insert = database.prepare(
      `INSERT INTO folders (folder_id, name, root, permanent, excludes, wrapped_keys, head_slot)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#state = database.prepare(
      `UPDATE folders SET root_device = coalesce(?, root_device),
       last_sync_at_ms = coalesce(?, last_sync_at_ms), last_problem = ? WHERE folder_id = ?`,
    );
    this.#settings = database.prepare(
      'UPDATE folders SET excludes = ?, schedule = ? WHERE folder_id = ?',
    );
    this.#remove = database.prepare('UPDATE folders SET removed = 1 WHERE folder_id = ?');
    this.#horizon = database.prepare('UPDATE folders SET horizon = ? WHERE folder_id = ?');
    this.#slot = database.prepare('SELECT coalesce(max(head_slot), 0) + 1 AS slot FROM folders');
  }

  /** All folders, removed ones included, oldest first. */
  all(): FolderRecord[] {
    return this.#all.all().map((row) => this.#withProblem(read(row)));
  }

  find(folderId: FolderId): FolderRecord | undefined {
    const row = this.#one.get(folderId);
    return row && this.#withProblem(read(row));
  }

  /** The next free field of the head; never given twice, so that an old field is never reused. */
  nextHeadSlot(): number {
    return this.#slot.get()?.slot ?? 1;
  }

  add(
    folder: Omit<
      FolderRecord,
      'removed' | 'rootDevice' | 'lastSyncAtMs' | 'lastProblem' | 'schedule' | 'horizon'
    >,
  ): void {
    this.#insert.run(
      folder.folderId,
      folder.name,
      folder.root,
      folder.permanent ? 1 : 0,
      JSON.stringify(folder.excludes),
      folder.wrappedKeys,
      folder.headSlot,
    );
  }

  /** Record how the last sync ended. `problem` undefined clears it. */
  recordSync(
    folderId: FolderId,
    outcome: {
      readonly rootDevice?: string;
      readonly syncedAtMs?: number;
      readonly problem: string | undefined;
    },
  ): void {
    if (outcome.problem !== undefined) this.#unkept.set(folderId, outcome.problem);
    this.#state.run(
      outcome.rootDevice ?? null,
      outcome.syncedAtMs ?? null,
      outcome.problem ?? null,
      folderId,
    );
    this.#unkept.delete(folderId);
  }

  #withProblem(folder: FolderRecord): FolderRecord {
    const lastProblem = this.#unkept.get(folder.folderId);
    return lastProblem === undefined ? folder : { ...folder, lastProblem };
  }

  /** What the person has set of a folder; from the next scan on. */
  changeSettings(
    folderId: FolderId,
    settings: { readonly excludes: readonly string[]; readonly schedule: FolderSchedule },
  ): void {
    this.#settings.run(
      JSON.stringify(settings.excludes),
      scheduleText(settings.schedule),
      folderId,
    );
  }

  recordHorizon(folderId: FolderId, horizon: HorizonPolicy): void {
    this.#horizon.run(JSON.stringify(horizon), folderId);
  }

  markRemoved(folderId: FolderId): void {
    this.#remove.run(folderId);
  }
}
