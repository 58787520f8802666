/**
 * @file Executed transactions and their events, in order. A transaction is a checkpoint.
 */
import type { ChainEvent } from '../chain.ts';
import type { ChainDatabase } from './database.ts';
import type { RecordedEvent, TransactionRecord } from './records.ts';

export interface StoredTransaction {
  readonly record: TransactionRecord;
  readonly checkpoint: number;
  readonly committedMs: number;
  /** Undefined for what the chain itself did. */
  readonly bytes: Uint8Array | undefined;
  /** Base64 each. */
  readonly signatures: readonly string[];
  readonly effects: Uint8Array;
}

export interface StoredEvent extends RecordedEvent {
  readonly sequence: number;
  readonly txDigest: string;
  readonly eventSeq: number;
  readonly sender: string;
  readonly committedMs: number;
}

interface TransactionRow {
  readonly checkpoint: number;
  readonly bytes: Buffer | null;
  readonly signatures: string;
  readonly effects: Buffer;
  readonly record: string;
  readonly committed_ms: number;
}

interface EventRow {
  readonly sequence: number;
  readonly tx_digest: string;
  readonly event_seq: number;
  readonly type: string;
  readonly sender: string;
  readonly package: string;
  readonly module: string;
  readonly contents: Buffer;
  readonly json: string;
  readonly committed_ms: number;
}

export interface EventQuery {
  /** Canonical type, or a prefix of it that ends in `::`. Undefined: all. */
  readonly type?: string | undefined;
  readonly sender?: string | undefined;
  readonly txDigest?: string | undefined;
  /** Exclusive start. */
  readonly after?: { readonly txDigest: string; readonly eventSeq: number } | undefined;
  readonly isDescending: boolean;
  readonly limit: number;
}

const EVENT_COLUMNS =
  'sequence, tx_digest, event_seq, type, sender, package, module, contents, json, committed_ms';
const TRANSACTION_COLUMNS = 'checkpoint, bytes, signatures, effects, record, committed_ms';

export class TransactionTable {
  readonly #database: ChainDatabase;
  readonly #insert;
  readonly #byDigest;
  readonly #byCheckpoint;
  readonly #latest;
  readonly #insertEvent;
  readonly #latestEvent;
  readonly #chainEvents;
  readonly #eventPlace;

  constructor(database: ChainDatabase) {
    this.#database = database;
    this.#insert = database.prepare<TransactionRow & { digest: string }>(
      `INSERT INTO executed_transaction (${TRANSACTION_COLUMNS}, digest) VALUES (@checkpoint, @bytes, @signatures, @effects, @record, @committed_ms, @digest)`,
    );
    this.#byDigest = database.prepare<[string], TransactionRow>(
      `SELECT ${TRANSACTION_COLUMNS} FROM executed_transaction WHERE digest = ?`,
    );
    this.#byCheckpoint = database.prepare<[number], TransactionRow>(
      `SELECT ${TRANSACTION_COLUMNS} FROM executed_transaction WHERE checkpoint = ?`,
    );
    this.#latest = database.prepare<[], { checkpoint: number | null }>(
      'SELECT max(checkpoint) AS checkpoint FROM executed_transaction',
    );
    this.#insertEvent = database.prepare<
      EventRow & { checkpoint: number; chain_event: string | null }
    >(
      `INSERT INTO event (${EVENT_COLUMNS}, checkpoint, chain_event) VALUES (@sequence, @tx_digest, @event_seq, @type, @sender, @package, @module, @contents, @json, @committed_ms, @checkpoint, @chain_event)`,
    );
    this.#latestEvent = database.prepare<[], { sequence: number | null }>(
      'SELECT max(sequence) AS sequence FROM event',
    );
    this.#chainEvents = database.prepare<[number, number], { chain_event: string }>(
      'SELECT chain_event FROM event WHERE sequence > ? AND chain_event IS NOT NULL ORDER BY sequence LIMIT ?',
    );
    this.#eventPlace = database.prepare<[string, number], { sequence: number }>(
      'SELECT sequence FROM event WHERE tx_digest = ? AND event_seq = ?',
    );
  }

  /** Checkpoint of the newest transaction; -1 before the first. */
  latestCheckpoint(): number {
    return this.#latest.get()?.checkpoint ?? -1;
  }

  latestEventSequence(): number {
    return this.#latestEvent.get()?.sequence ?? 0;
  }

  insert(transaction: StoredTransaction): void {
    this.#insert.run({
      checkpoint: transaction.checkpoint,
      digest: transaction.record.digest,
      bytes: transaction.bytes === undefined ? null : Buffer.from(transaction.bytes),
      signatures: JSON.stringify(transaction.signatures),
      effects: Buffer.from(transaction.effects),
      record: JSON.stringify(transaction.record),
      committed_ms: transaction.committedMs,
    });
  }

  insertEvent(event: StoredEvent, checkpoint: number, chainEvent: ChainEvent | undefined): void {
    this.#insertEvent.run({
      sequence: event.sequence,
      tx_digest: event.txDigest,
      event_seq: event.eventSeq,
      type: event.type,
      sender: event.sender,
      package: event.packageId,
      module: event.module,
      contents: Buffer.from(event.contents, 'base64'),
      json: JSON.stringify(event.json),
      committed_ms: event.committedMs,
      checkpoint,
      chain_event: chainEvent === undefined ? null : chainEventText(chainEvent),
    });
  }

  byDigest(digest: string): StoredTransaction | undefined {
    return stored(this.#byDigest.get(digest));
  }

  byCheckpoint(checkpoint: number): StoredTransaction | undefined {
    return stored(this.#byCheckpoint.get(checkpoint));
  }

  chainEventsSince(sequence: number, limit: number): ChainEvent[] {
    return this.#chainEvents
      .all(sequence, limit)
      .map(({ chain_event }) => readChainEvent(chain_event));
  }

  queryEvents(query: EventQuery): StoredEvent[] {
    const start =
      query.after === undefined
        ? undefined
        : this.#eventPlace.get(query.after.txDigest, query.after.eventSeq)?.sequence;
    const order = query.isDescending ? 'DESC' : 'ASC';
    const statement = this.#database.prepare<Record<string, unknown>, EventRow>(
      `SELECT ${EVENT_COLUMNS} FROM event
       WHERE (@type IS NULL OR type = @type OR (substr(@type, -2) = '::' AND type GLOB @type || '*'))
         AND (@sender IS NULL OR sender = @sender)
         AND (@txDigest IS NULL OR tx_digest = @txDigest)
         AND (@start IS NULL OR sequence ${query.isDescending ? '<' : '>'} @start)
       ORDER BY sequence ${order} LIMIT @limit`,
    );
    return statement
      .all({
        type: query.type ?? null,
        sender: query.sender ?? null,
        txDigest: query.txDigest ?? null,
        start: start ?? null,
        limit: query.limit,
      })
      .map(storedEvent);
  }
}

function stored(row: TransactionRow | undefined): StoredTransaction | undefined {
  if (row === undefined) return undefined;
  return {
    checkpoint: row.checkpoint,
    bytes: row.bytes === null ? undefined : new Uint8Array(row.bytes),
    signatures: JSON.parse(row.signatures) as string[],
    effects: new Uint8Array(row.effects),
    record: JSON.parse(row.record) as TransactionRecord,
    committedMs: row.committed_ms,
  };
}

const storedEvent = (row: EventRow): StoredEvent => ({
  sequence: row.sequence,
  txDigest: row.tx_digest,
  eventSeq: row.event_seq,
  type: row.type,
  sender: row.sender,
  packageId: row.package,
  module: row.module,
  contents: row.contents.toString('base64'),
  json: JSON.parse(row.json) as unknown,
  committedMs: row.committed_ms,
});

const chainEventText = (event: ChainEvent): string =>
  JSON.stringify(event, (_key, value: unknown) =>
    typeof value === 'bigint' ? { bigint: value.toString() } : value,
  );

const readChainEvent = (text: string): ChainEvent =>
  JSON.parse(text, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && 'bigint' in value
      ? BigInt(String(value.bigint))
      : value,
  ) as ChainEvent;
