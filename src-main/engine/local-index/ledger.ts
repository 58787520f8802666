/**
 * @file Transactions: journaled with their digest before they are submitted, the ledger afterwards.
 *
 * [Note: Never paid twice] A signed transaction stands here before a byte of it leaves the machine.
 * After a crash its digest is looked up on chain; only when it can no longer land is another one
 * made. Submitting the same signed bytes again executes at most once.
 */
import type { Database, Statement } from 'better-sqlite3';
import type { FolderId, PackId, TransactionDigest } from '../model/ids.ts';

/** prepared: signed, fate unknown. landed, failed: the chain says so. abandoned: can never land. */
export type TransactionState = 'prepared' | 'landed' | 'failed' | 'abandoned';

export interface TransactionRecord {
  readonly digest: TransactionDigest;
  readonly kind: string;
  readonly state: TransactionState;
  readonly packIds: readonly PackId[];
  /** The folders it was for, as far as it was for any. */
  readonly folderIds: readonly FolderId[];
  /** The signed transaction as sui/ serialized it. */
  readonly prepared: string;
  readonly quotedFrost: bigint;
  readonly quotedGasMist: bigint;
  /** SUI that is exchanged or sent, apart from gas. */
  readonly suiMist: bigint;
  readonly actualFrost: bigint | undefined;
  readonly actualGasMist: bigint | undefined;
  readonly atMs: number;
  readonly epoch: number;
}

interface Row {
  digest: string;
  kind: string;
  state: TransactionState;
  pack_ids: string;
  folder_ids: string;
  prepared: string;
  quoted_frost: bigint;
  quoted_gas_mist: bigint;
  sui_mist: bigint;
  actual_frost: bigint | null;
  actual_gas_mist: bigint | null;
  at_ms: bigint;
  epoch: bigint;
}

const read = (row: Row): TransactionRecord => ({
  digest: row.digest as TransactionDigest,
  kind: row.kind,
  state: row.state,
  packIds: JSON.parse(row.pack_ids) as PackId[],
  folderIds: JSON.parse(row.folder_ids) as FolderId[],
  prepared: row.prepared,
  quotedFrost: row.quoted_frost,
  quotedGasMist: row.quoted_gas_mist,
  suiMist: row.sui_mist,
  actualFrost: row.actual_frost ?? undefined,
  actualGasMist: row.actual_gas_mist ?? undefined,
  atMs: Number(row.at_ms),
  epoch: Number(row.epoch),
});

/** What was paid for storage and gas. */
export interface Spending {
  readonly walFrost: bigint;
  readonly gasMist: bigint;
}

/**
 * What was paid, as far as it is known. An exchange brings WAL in, and a transfer moves it on at a
 * person's word: neither is spending. What a registration sends is the tip of an upload relay, which
 * is. What is under way counts as quoted.
 */
const SPENDING = `SELECT
    coalesce(sum(CASE WHEN kind IN ('exchange', 'transfer') THEN 0
      WHEN state = 'prepared' THEN quoted_frost ELSE coalesce(actual_frost, 0) END), 0) AS frost,
    coalesce(sum(CASE WHEN state = 'prepared' THEN quoted_gas_mist
      ELSE coalesce(actual_gas_mist, 0) END
      + CASE WHEN kind = 'register' AND state IN ('prepared', 'landed') THEN sui_mist
        ELSE 0 END), 0) AS gas_mist
  FROM transactions`;

/**
 * [Note: Caps count what was signed] That a transaction failed, or can never land, is what an RPC
 * endpoint says, and so is what it cost. One that lies would have us pay for the same thing again
 * and again, each time from a full budget. So caps count the quote, whatever became of it.
 */
const COUNTED = `SELECT
    coalesce(sum(CASE WHEN kind IN ('exchange', 'transfer') THEN 0
      ELSE max(quoted_frost, coalesce(actual_frost, 0)) END), 0) AS frost,
    coalesce(sum(CASE WHEN state = 'landed' THEN actual_gas_mist ELSE quoted_gas_mist END
      + CASE WHEN kind = 'register' THEN sui_mist ELSE 0 END), 0) AS gas_mist
  FROM transactions`;

/** What was sent away: the other budget, counted in the same way. */
const SENDING = `SELECT
    coalesce(sum(CASE WHEN kind = 'transfer' THEN quoted_frost ELSE 0 END), 0) AS frost,
    coalesce(sum(CASE WHEN kind = 'transfer' THEN sui_mist ELSE 0 END), 0) AS gas_mist
  FROM transactions`;

interface SpendingRow {
  frost: bigint;
  gas_mist: bigint;
}

export class Ledger {
  readonly #insert: Statement;
  readonly #settle: Statement;
  readonly #pending: Statement<[], Row>;
  readonly #all: Statement<[], Row>;
  readonly #one: Statement<[string], Row>;
  readonly #page: Statement<[number, number], Row>;
  readonly #count: Statement<[], { count: number }>;
  readonly #spent: Record<'inAll' | 'since' | 'inEpoch', Statement<number[], SpendingRow>>;
  readonly #sent: Record<'since' | 'inEpoch', Statement<number[], SpendingRow>>;

  constructor(database: Database) {
    // Planned again from the same coins, an abandoned transaction is the same to the last byte.
    this.#insert = database.prepare(
      `INSERT INTO transactions (digest, ordinal, kind, state, pack_ids, folder_ids, prepared,
         quoted_frost, quoted_gas_mist, sui_mist, at_ms, epoch)
       VALUES (?, (SELECT coalesce(max(ordinal), 0) + 1 FROM transactions), ?, 'prepared', ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (digest) DO UPDATE SET
         state = 'prepared', pack_ids = excluded.pack_ids, folder_ids = excluded.folder_ids,
         prepared = excluded.prepared,
         actual_frost = NULL, actual_gas_mist = NULL
       WHERE state IN ('prepared', 'abandoned')`,
    );
    this.#settle = database.prepare(
      `UPDATE transactions SET state = ?, actual_frost = ?, actual_gas_mist = ?,
         prepared = '' WHERE digest = ?`,
    );
    this.#pending = database
      .prepare<[], Row>("SELECT * FROM transactions WHERE state = 'prepared' ORDER BY ordinal")
      .safeIntegers(true);
    this.#all = database
      .prepare<[], Row>('SELECT * FROM transactions ORDER BY ordinal')
      .safeIntegers(true);
    this.#one = database
      .prepare<[string], Row>('SELECT * FROM transactions WHERE digest = ?')
      .safeIntegers(true);
    this.#page = database
      .prepare<[number, number], Row>(
        'SELECT * FROM transactions ORDER BY ordinal DESC LIMIT ? OFFSET ?',
      )
      .safeIntegers(true);
    this.#count = database.prepare('SELECT count(*) AS count FROM transactions');
    const sums = (of: string, where: string): Statement<number[], SpendingRow> =>
      database.prepare<number[], SpendingRow>(`${of} ${where}`).safeIntegers(true);
    this.#spent = {
      inAll: sums(SPENDING, ''),
      since: sums(COUNTED, 'WHERE at_ms > ?'),
      inEpoch: sums(COUNTED, 'WHERE epoch = ?'),
    };
    this.#sent = {
      since: sums(SENDING, 'WHERE at_ms > ?'),
      inEpoch: sums(SENDING, 'WHERE epoch = ?'),
    };
  }

  recordPrepared(
    transaction: Omit<TransactionRecord, 'state' | 'actualFrost' | 'actualGasMist'>,
  ): void {
    this.#insert.run(
      transaction.digest,
      transaction.kind,
      JSON.stringify(transaction.packIds),
      JSON.stringify(transaction.folderIds),
      transaction.prepared,
      transaction.quotedFrost,
      transaction.quotedGasMist,
      transaction.suiMist,
      transaction.atMs,
      transaction.epoch,
    );
  }

  recordSettled(
    digest: TransactionDigest,
    state: Exclude<TransactionState, 'prepared'>,
    actual: { readonly frost: bigint; readonly gasMist: bigint },
  ): void {
    this.#settle.run(state, actual.frost, actual.gasMist, digest);
  }

  /** Transactions whose fate is unknown, oldest first: settled before anything new is signed. */
  pending(): TransactionRecord[] {
    return this.#pending.all().map(read);
  }

  all(): TransactionRecord[] {
    return this.#all.all().map(read);
  }

  find(digest: TransactionDigest): TransactionRecord | undefined {
    const row = this.#one.get(digest);
    return row && read(row);
  }

  /** Newest first. */
  page(offset: number, limit: number): TransactionRecord[] {
    return this.#page.all(limit, offset).map(read);
  }

  count(): number {
    return this.#count.get()?.count ?? 0;
  }

  /** What was spent in all; or what caps count after a moment, or in a Walrus epoch. */
  spent(span: { readonly sinceMs: number } | { readonly epoch: number } | 'in-all'): Spending {
    const row =
      span === 'in-all'
        ? this.#spent.inAll.get()
        : 'epoch' in span
          ? this.#spent.inEpoch.get(span.epoch)
          : this.#spent.since.get(span.sinceMs);
    return { walFrost: row?.frost ?? 0n, gasMist: row?.gas_mist ?? 0n };
  }

  /** What was sent to other addresses, WAL and SUI, gas apart. */
  sent(span: { readonly sinceMs: number } | { readonly epoch: number }): Spending {
    const row =
      'epoch' in span ? this.#sent.inEpoch.get(span.epoch) : this.#sent.since.get(span.sinceMs);
    return { walFrost: row?.frost ?? 0n, gasMist: row?.gas_mist ?? 0n };
  }
}
