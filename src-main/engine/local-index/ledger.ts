/**
 * @file Transactions: journaled with their digest before they are submitted, the ledger afterwards.
 *
 * [Note: Never paid twice] A signed transaction stands here before a byte of it leaves the machine.
 * After a crash its digest is looked up on chain; only when it can no longer land is another one
 * made. Submitting the same signed bytes again executes at most once.
 */
import type { Database, Statement } from 'better-sqlite3';
import type { PackId, TransactionDigest } from '../model/ids.ts';

/** prepared: signed, fate unknown. landed, failed: the chain says so. abandoned: can never land. */
export type TransactionState = 'prepared' | 'landed' | 'failed' | 'abandoned';

export interface TransactionRecord {
  readonly digest: TransactionDigest;
  readonly kind: string;
  readonly state: TransactionState;
  readonly packIds: readonly PackId[];
  /** The signed transaction as sui/ serialized it. */
  readonly prepared: string;
  readonly quotedFrost: bigint;
  readonly quotedGasMist: bigint;
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
  prepared: string;
  quoted_frost: bigint;
  quoted_gas_mist: bigint;
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
  prepared: row.prepared,
  quotedFrost: row.quoted_frost,
  quotedGasMist: row.quoted_gas_mist,
  actualFrost: row.actual_frost ?? undefined,
  actualGasMist: row.actual_gas_mist ?? undefined,
  atMs: Number(row.at_ms),
  epoch: Number(row.epoch),
});

export class Ledger {
  readonly #insert: Statement;
  readonly #settle: Statement;
  readonly #pending: Statement<[], Row>;
  readonly #all: Statement<[], Row>;

  constructor(database: Database) {
    // Planned again from the same coins, an abandoned transaction is the same to the last byte.
    this.#insert = database.prepare(
      `INSERT INTO transactions (digest, ordinal, kind, state, pack_ids, prepared, quoted_frost,
         quoted_gas_mist, at_ms, epoch)
       VALUES (?, (SELECT coalesce(max(ordinal), 0) + 1 FROM transactions), ?, 'prepared', ?, ?, ?, ?, ?, ?)
       ON CONFLICT (digest) DO UPDATE SET
         state = 'prepared', pack_ids = excluded.pack_ids, prepared = excluded.prepared,
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
  }

  recordPrepared(
    transaction: Omit<TransactionRecord, 'state' | 'actualFrost' | 'actualGasMist'>,
  ): void {
    this.#insert.run(
      transaction.digest,
      transaction.kind,
      JSON.stringify(transaction.packIds),
      transaction.prepared,
      transaction.quotedFrost,
      transaction.quotedGasMist,
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
}
