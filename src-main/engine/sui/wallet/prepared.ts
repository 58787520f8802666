/**
 * @file What the wallet hands out between deciding and sending.
 */
import type { SuiAddress, TransactionDigest } from '#engine/model/ids.ts';
import type { ReadCaps, SpendingCaps, TransactionKind } from './policy.ts';

/** What a transaction may cost and is expected to. */
export interface Quote {
  readonly walFrost: bigint;
  /** SUI that is exchanged or transferred, apart from gas. */
  readonly suiMist: bigint;
  /** The gas budget: never more than this. */
  readonly gasMistMax: bigint;
  /** What the simulation cost; below zero when more storage deposit returns than is paid. */
  readonly gasMistExpected: bigint;
}

/** A signed transaction that was not sent yet. Plain data: the journal may keep all of it. */
export interface PreparedTransaction {
  readonly kind: TransactionKind;
  readonly digest: TransactionDigest;
  readonly bytes: Uint8Array;
  /** base64. */
  readonly signature: string;
  readonly sender: SuiAddress;
  readonly quote: Quote;
  /** The last Sui epoch in which it can execute, if it says so. */
  readonly expiresAfterSuiEpoch: bigint | undefined;
  /** The storage network's epoch when it was made. */
  readonly epoch: number;
  /** When it was made, by the chain's clock where the endpoint tells it. Unix ms. */
  readonly atMs: number;
}

/** What is needed to send a transaction again. */
export type StoredTransaction = Pick<PreparedTransaction, 'digest' | 'bytes' | 'signature'>;

/** A transaction, unless all that was asked for is done already. */
export interface Prepared<Skipped> {
  readonly transaction: PreparedTransaction | undefined;
  /** What was left out because the chain shows it done. */
  readonly skipped: readonly Skipped[];
}

export type LowerCaps = (moment: Parameters<ReadCaps>[0]) => Partial<SpendingCaps>;

export interface CallOptions {
  /**
   * Lower than the wallet's caps for this one; what is absent stays as it is. A function is asked in
   * the account's turn, as the wallet's own are, and may refuse.
   */
  readonly caps?: Partial<SpendingCaps> | LowerCaps | undefined;
  readonly signal?: AbortSignal | undefined;
}
