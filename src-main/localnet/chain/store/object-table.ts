/**
 * @file Objects by id and by owner, now or a moment ago.
 */
import type { ObjectReader, Tombstone } from '../execution/objects.ts';
import { DELETED_DIGEST, WRAPPED_DIGEST, type Owner, type SuiObject } from '../move/object.ts';
import type { ChainDatabase } from './database.ts';

/** How long superseded versions stay readable, for answers by version and for imitated lag. */
const HISTORY_MS = 600_000;

interface Row {
  readonly id: string;
  readonly version: number;
  readonly state: 'live' | 'deleted' | 'wrapped';
  readonly type: string | null;
  readonly owner_kind: Owner['kind'] | null;
  readonly owner: string | null;
  readonly public_transfer: number | null;
  readonly contents: Buffer | null;
  readonly previous_transaction: string | null;
  readonly storage_rebate: string | null;
  readonly digest: string;
}

export interface OwnedQuery {
  readonly owner: string;
  /** Canonical type; with or without type arguments. Undefined: any. */
  readonly type?: string | undefined;
  /** Canonical `package::` or `package::module::` prefix instead of a type. */
  readonly typePrefix?: string | undefined;
  /** Ids after this one. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** All questions about objects, answered as of one instant. */
export interface ObjectView extends ObjectReader {
  owned(query: OwnedQuery): SuiObject[];
  atVersion(id: string, version: bigint): SuiObject | undefined;
}

const COLUMNS =
  'id, version, state, type, owner_kind, owner, public_transfer, contents, previous_transaction, storage_rebate, digest';
/** The current version as of @at; NULL means now. */
const AS_OF =
  '((@at IS NULL AND to_ms IS NULL) OR (from_ms <= @at AND (to_ms IS NULL OR to_ms > @at)))';

export class ObjectTable {
  readonly #current;
  readonly #get;
  readonly #atVersion;
  readonly #owned;
  readonly #supersede;
  readonly #insert;
  readonly #prune;

  constructor(database: ChainDatabase) {
    this.#current = database.prepare<[string], Row>(
      `SELECT ${COLUMNS} FROM object_version WHERE id = ? AND to_ms IS NULL`,
    );
    this.#get = database.prepare<{ id: string; at: number | null }, Row>(
      `SELECT ${COLUMNS} FROM object_version WHERE id = @id AND ${AS_OF} ORDER BY version DESC LIMIT 1`,
    );
    this.#atVersion = database.prepare<[string, number], Row>(
      `SELECT ${COLUMNS} FROM object_version WHERE id = ? AND version = ?`,
    );
    this.#owned = database.prepare<
      {
        owner: string;
        type: string | null;
        generic: string | null;
        after: string;
        limit: number;
        at: number | null;
      },
      Row
    >(
      `SELECT ${COLUMNS} FROM object_version
       WHERE state = 'live' AND owner = @owner AND id > @after AND ${AS_OF}
         AND (@type IS NULL OR type = @type OR type GLOB @generic)
       ORDER BY id LIMIT @limit`,
    );
    this.#supersede = database.prepare<[number, string]>(
      'UPDATE object_version SET to_ms = ? WHERE id = ? AND to_ms IS NULL',
    );
    this.#insert = database.prepare<Row & { from_ms: number }>(
      `INSERT INTO object_version (${COLUMNS}, from_ms) VALUES (@id, @version, @state, @type, @owner_kind, @owner, @public_transfer, @contents, @previous_transaction, @storage_rebate, @digest, @from_ms)`,
    );
    this.#prune = database.prepare<[number]>('DELETE FROM object_version WHERE to_ms < ?');
  }

  /** The objects as of `atMs`, or now. */
  view(atMs?: number): ObjectView {
    const at = atMs ?? null;
    const row = (id: string): Row | undefined =>
      at === null ? this.#current.get(id) : this.#get.get({ id, at });
    return {
      get: (id) => liveObject(row(id)),
      tombstone: (id) => tombstone(row(id)),
      atVersion: (id, version) => liveObject(this.#atVersion.get(id, Number(version))),
      owned: (query) =>
        this.#owned
          .all({
            owner: query.owner,
            type: query.type ?? query.typePrefix ?? null,
            generic:
              query.type !== undefined
                ? `${query.type}<*`
                : query.typePrefix !== undefined
                  ? `${query.typePrefix}*`
                  : null,
            after: query.after ?? '',
            limit: query.limit,
            at,
          })
          .flatMap((found) => liveObject(found) ?? []),
    };
  }

  write(object: SuiObject, nowMs: number): void {
    this.#supersede.run(nowMs, object.id);
    this.#insert.run({
      id: object.id,
      version: Number(object.version),
      state: 'live',
      type: object.type,
      owner_kind: object.owner.kind,
      owner: ownerText(object.owner),
      public_transfer: object.hasPublicTransfer ? 1 : 0,
      contents: Buffer.from(object.contents),
      previous_transaction: object.previousTransaction,
      storage_rebate: object.storageRebate.toString(),
      digest: object.digest,
      from_ms: nowMs,
    });
  }

  remove(id: string, version: bigint, kind: 'deleted' | 'wrapped', nowMs: number): void {
    this.#supersede.run(nowMs, id);
    this.#insert.run({
      id,
      version: Number(version),
      state: kind,
      type: null,
      owner_kind: null,
      owner: null,
      public_transfer: null,
      contents: null,
      previous_transaction: null,
      storage_rebate: null,
      digest: kind === 'deleted' ? DELETED_DIGEST : WRAPPED_DIGEST,
      from_ms: nowMs,
    });
  }

  /** Forget versions that were superseded long ago. */
  prune(nowMs: number): void {
    this.#prune.run(nowMs - HISTORY_MS);
  }
}

/** The owner column: an address, or a shared object's initial version. */
function ownerText(owner: Owner): string | null {
  switch (owner.kind) {
    case 'address':
    case 'object':
      return owner.address;
    case 'shared':
      return owner.initialVersion.toString();
    case 'immutable':
      return null;
  }
}

function readOwner(row: Row): Owner {
  const text = row.owner ?? '';
  switch (row.owner_kind) {
    case 'address':
      return { kind: 'address', address: text };
    case 'object':
      return { kind: 'object', address: text };
    case 'shared':
      return { kind: 'shared', initialVersion: BigInt(text) };
    case 'immutable':
    case null:
      return { kind: 'immutable' };
  }
}

function liveObject(row: Row | undefined): SuiObject | undefined {
  if (row?.state !== 'live' || row.type === null || row.contents === null) return undefined;
  return {
    id: row.id,
    version: BigInt(row.version),
    type: row.type,
    owner: readOwner(row),
    hasPublicTransfer: row.public_transfer === 1,
    contents: new Uint8Array(row.contents),
    previousTransaction: row.previous_transaction ?? '',
    storageRebate: BigInt(row.storage_rebate ?? '0'),
    digest: row.digest,
  };
}

function tombstone(row: Row | undefined): Tombstone | undefined {
  if (row === undefined || row.state === 'live') return undefined;
  return { kind: row.state, id: row.id, version: BigInt(row.version), digest: row.digest };
}
