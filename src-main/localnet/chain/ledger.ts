/**
 * @file The ledger: executes transactions one at a time and commits what they change.
 *
 * All changes of the chain go through here, those of the chain itself (genesis, epoch change,
 * funding) included. One transaction is one SQLite transaction: objects, record, events and what
 * storage nodes know of blobs change together or not at all.
 */
import { toBase58 } from '@mysten/sui/utils';
import type { ChainEvent } from './chain.ts';
import { checkTransaction, checkWithoutGas, type CheckContext } from './execution/check-inputs.ts';
import { effectsBytes } from './execution/effects.ts';
import {
  executeTransaction,
  type CheckedTransaction,
  type ObjectChange,
  type Outcome,
} from './execution/execute.ts';
import type { EmittedEvent } from './execution/machine.ts';
import { checkSignatures } from './execution/signatures.ts';
import { decodeTransaction, type Transaction } from './execution/transaction.ts';
import type { Framework } from './move/framework.ts';
import { blake2b256, transactionDigest } from './move/object.ts';
import { typeText } from './move/types.ts';
import { BlobTable } from './store/blob-table.ts';
import type { ChainDatabase } from './store/database.ts';
import { MetaTable } from './store/database.ts';
import { ObjectTable, type ObjectView } from './store/object-table.ts';
import { recordOutcome, type TransactionRecord } from './store/records.ts';
import { TransactionTable, type StoredTransaction } from './store/transaction-table.ts';
import { chainEvent } from './walrus/chain-events.ts';

/** Old object versions are removed every so many transactions. */
const PRUNE_INTERVAL = 64;
/** Who sends what the chain itself does. */
const SYSTEM_SENDER = `0x${'0'.repeat(64)}`;

export interface Simulation {
  readonly record: TransactionRecord;
  readonly outcome: Outcome;
  readonly effects: Uint8Array;
}

/** What a transaction of the chain itself changes. */
export interface SystemChanges {
  readonly changes: readonly ObjectChange[];
  readonly events: readonly EmittedEvent[];
}

export interface LedgerOptions {
  readonly database: ChainDatabase;
  readonly framework: Framework;
  readonly nowMs: () => number;
  readonly suiEpoch: () => bigint;
  readonly chainIdentifier: string;
  readonly packageTransactions: ReadonlyMap<string, string>;
}

export class Ledger {
  readonly framework: Framework;
  readonly objects: ObjectTable;
  readonly transactions: TransactionTable;
  readonly blobs: BlobTable;
  readonly meta: MetaTable;
  readonly #options: LedgerOptions;
  readonly #listeners = new Set<(event: ChainEvent) => void>();
  /** The end of the queue of transactions. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.framework = options.framework;
    this.objects = new ObjectTable(options.database);
    this.transactions = new TransactionTable(options.database);
    this.blobs = new BlobTable(options.database);
    this.meta = new MetaTable(options.database);
  }

  get suiEpoch(): bigint {
    return this.#options.suiEpoch();
  }

  get chainIdentifier(): string {
    return this.#options.chainIdentifier;
  }

  get nowMs(): number {
    return this.#options.nowMs();
  }

  subscribe(listener: (event: ChainEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Execute a signed transaction (BCS TransactionData). The same transaction again returns the
   * first outcome. Throws InputRefused for one that isn't executed.
   */
  async execute(bytes: Uint8Array, signatures: readonly string[]): Promise<StoredTransaction> {
    const transaction = decodeTransaction(bytes);
    const digest = transactionDigest(bytes);
    await checkSignatures(bytes, transaction, signatures);
    return this.#enqueue(async () => {
      const known = this.transactions.byDigest(digest);
      if (known !== undefined) return known;
      const reader = this.objects.view();
      const checked = checkTransaction(transaction, digest, this.#context(reader));
      const outcome = await executeTransaction(checked, this.framework, reader);
      return this.#commit(outcome, checked, { bytes, signatures });
    });
  }

  /** Everything that `execute` checks but the signatures. Throws InputRefused. */
  async check(bytes: Uint8Array): Promise<void> {
    const transaction = decodeTransaction(bytes);
    await this.#enqueue(async () => {
      const context = this.#context(this.objects.view());
      checkTransaction(transaction, transactionDigest(bytes), context);
    });
  }

  /**
   * What a transaction would do, against `reader` (the current objects by default). With an empty
   * gas payment an imaginary coin pays.
   */
  async simulate(
    transaction: Transaction,
    digest: string,
    reader: ObjectView = this.objects.view(),
  ): Promise<Simulation> {
    const context = {
      ...this.#context(reader),
      oldVersion: (id: string, version: bigint) => reader.atVersion(id, version),
    };
    const check = transaction.gas.payment.length === 0 ? checkWithoutGas : checkTransaction;
    const checked = check(transaction, digest, context);
    const outcome = await executeTransaction(checked, this.framework, reader);
    const effects = effectsBytes(outcome, transaction.sender, this.suiEpoch);
    const record = this.#record(outcome, checked, effects);
    return { record, outcome, effects };
  }

  /**
   * Change the chain without a sender. `work` gets the digest of the new transaction and the
   * version to write.
   */
  async runSystem(
    label: string,
    work: (place: { readonly digest: string; readonly version: bigint }) => SystemChanges,
    /** Called within the same SQLite transaction, after the objects were written. */
    alsoWrite: () => void = () => undefined,
  ): Promise<StoredTransaction> {
    return this.#enqueue(async () => {
      const checkpoint = this.transactions.latestCheckpoint() + 1;
      const name = `${this.chainIdentifier} ${String(checkpoint)} ${label}`;
      const digest = toBase58(blake2b256(new TextEncoder().encode(name)));
      const version = this.#highestVersion() + 1n;
      const { changes, events } = work({ digest, version });
      const outcome: Outcome = {
        digest,
        failure: undefined,
        gasUsed: { computationMist: 0n, storageMist: 0n, rebateMist: 0n, nonRefundableMist: 0n },
        version,
        changes: [...changes].sort((left, right) => (left.id < right.id ? -1 : 1)),
        gasObjectId: '',
        readOnlyShared: [],
        readsDenyList: false,
        events,
        dependencies: [],
      };
      return this.#commit(outcome, undefined, { bytes: undefined, signatures: [] }, alsoWrite);
    });
  }

  /** Wait for everything that was begun. */
  async settle(): Promise<void> {
    await this.#enqueue(async () => undefined);
  }

  #enqueue<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  #context(reader: ObjectView): CheckContext {
    return {
      framework: this.framework,
      reader,
      packageTransactions: this.#options.packageTransactions,
      suiEpoch: this.suiEpoch,
      chainIdentifier: this.chainIdentifier,
    };
  }

  #record(
    outcome: Outcome,
    checked: CheckedTransaction | undefined,
    effects: Uint8Array,
  ): TransactionRecord {
    return recordOutcome(outcome, {
      sender: checked?.transaction.sender ?? SYSTEM_SENDER,
      suiEpoch: this.suiEpoch,
      effects,
    });
  }

  #commit(
    outcome: Outcome,
    checked: CheckedTransaction | undefined,
    signed: { readonly bytes: Uint8Array | undefined; readonly signatures: readonly string[] },
    alsoWrite: () => void = () => undefined,
  ): StoredTransaction {
    const sender = checked?.transaction.sender ?? SYSTEM_SENDER;
    const effects = effectsBytes(outcome, sender, this.suiEpoch);
    const stored: StoredTransaction = {
      record: this.#record(outcome, checked, effects),
      checkpoint: this.transactions.latestCheckpoint() + 1,
      committedMs: this.nowMs,
      effects,
      ...signed,
    };
    const events = this.#options.database.transaction(() => {
      const written = this.#write(outcome, stored);
      alsoWrite();
      return written;
    })();
    for (const event of events) {
      for (const listener of this.#listeners) listener(event);
    }
    return stored;
  }

  #write(outcome: Outcome, stored: StoredTransaction): ChainEvent[] {
    for (const change of outcome.changes) this.#writeChange(change, outcome.version);
    this.transactions.insert(stored);
    if (outcome.version > this.#highestVersion()) {
      this.meta.set('highest-version', outcome.version.toString());
    }
    if (stored.checkpoint % PRUNE_INTERVAL === 0) this.objects.prune(this.nowMs);
    return outcome.events.flatMap((event, index) => this.#writeEvent(event, index, stored) ?? []);
  }

  #writeChange({ id, before, after, idOperation }: ObjectChange, version: bigint): void {
    if (after !== undefined) {
      this.objects.write(after, this.nowMs);
    } else if (before !== undefined || idOperation === 'deleted') {
      const kind = idOperation === 'deleted' ? 'deleted' : 'wrapped';
      this.objects.remove(id, version, kind, this.nowMs);
    }
  }

  #writeEvent(
    event: EmittedEvent,
    eventSeq: number,
    stored: StoredTransaction,
  ): ChainEvent | undefined {
    const recorded = stored.record.events[eventSeq];
    if (recorded === undefined) throw new TypeError('the record lacks an event');
    const sequence = this.transactions.latestEventSequence() + 1;
    const place = {
      sequence,
      txDigest: stored.record.digest,
      eventSeq,
      checkpoint: stored.checkpoint,
    };
    const isWalrus = typeText(event.type).startsWith(
      `${this.framework.addressOf('walrus')}::events::`,
    );
    const name = event.type.kind === 'struct' ? event.type.name : '';
    const told = isWalrus ? chainEvent(name, event.value, place) : undefined;
    this.transactions.insertEvent(
      {
        ...recorded,
        sequence,
        txDigest: stored.record.digest,
        eventSeq,
        sender: stored.record.sender,
        committedMs: stored.committedMs,
      },
      stored.checkpoint,
      told,
    );
    if (told !== undefined) this.blobs.apply(told);
    return told;
  }

  #highestVersion(): bigint {
    return BigInt(this.meta.get('highest-version') ?? '0');
  }
}
