/**
 * @file Every transaction of the engine goes through here: journaled, submitted, settled, applied.
 *
 * See [Note: Never paid twice] in local-index/ledger.ts. What a landed transaction means for the
 * journal is told by one function per kind, and that function runs whether the transaction landed
 * a moment ago or before a crash: there is no second code path.
 */
import type { LocalIndex } from '../local-index/local-index.ts';
import type { TransactionRecord } from '../local-index/ledger.ts';
import type { FolderId, PackId } from '../model/ids.ts';
import { requireSuccess } from '../sui/aborts.ts';
import type { TransactionOutcome } from '../sui/rpc/chain-rpc.ts';
import type { PreparedTransaction, StoredTransaction } from '../sui/wallet/prepared.ts';
import type { Wallet } from '../sui/wallet/wallet.ts';

/** What a landed transaction of one kind means: reads what it needs, then gives the writes. */
export type OnLanded = (
  record: Pick<TransactionRecord, 'packIds'>,
  outcome: TransactionOutcome,
  signal: AbortSignal | undefined,
) => Promise<() => void>;

export interface PaymentsOptions {
  readonly wallet: Wallet;
  readonly index: LocalIndex;
  readonly walType: () => string;
  readonly onLanded: Readonly<Record<string, OnLanded>>;
}

export class Payments {
  readonly #options: PaymentsOptions;

  constructor(options: PaymentsOptions) {
    this.#options = options;
  }

  /**
   * Find out what became of every transaction whose fate is open, and apply those that landed. One
   * that failed is only noted: what it was to do is still due, and is tried anew by whoever is due
   * to do it. To be called before anything new is paid for.
   */
  async settlePending(signal?: AbortSignal): Promise<void> {
    const { index, wallet } = this.#options;
    for (const record of index.ledger.pending()) {
      const settlement = await wallet.conclude(stored(record), signal);
      if (settlement.kind === 'cannot-land') {
        index.ledger.recordSettled(record.digest, 'abandoned', { frost: 0n, gasMist: 0n });
      } else {
        await this.#apply(record, settlement.outcome, signal);
      }
    }
  }

  /**
   * Pay. `prepare` decides and signs; undefined means that there is nothing left to do.
   *
   * @throws EngineError when the chain refused or aborted it: nothing but gas was spent then. Any
   *   other failure leaves its fate open for `settlePending`.
   */
  async pay(
    packIds: readonly PackId[],
    prepare: () => Promise<PreparedTransaction | undefined>,
    signal?: AbortSignal,
  ): Promise<TransactionOutcome | undefined> {
    const { index, wallet } = this.#options;
    const prepared = await prepare();
    if (prepared === undefined) return undefined;
    const { digest, kind, bytes, signature, quote, atMs, epoch } = prepared;
    try {
      index.ledger.recordPrepared({
        digest,
        kind,
        packIds,
        folderIds: foldersOf(index, packIds),
        prepared: JSON.stringify({ bytes: Buffer.from(bytes).toString('base64'), signature }),
        quotedFrost: quote.walFrost,
        quotedGasMist: quote.gasMistMax,
        suiMist: quote.suiMist,
        atMs,
        epoch,
      });
    } catch (error) {
      wallet.discard(prepared);
      throw error;
    }
    const outcome = await wallet.submit(prepared, signal);
    await this.#apply({ digest, kind, packIds }, outcome, signal);
    // Its code says what to do about it: a price that moved is quoted again, for instance.
    return requireSuccess(outcome);
  }

  async #apply(
    record: Pick<TransactionRecord, 'digest' | 'kind' | 'packIds'>,
    outcome: TransactionOutcome,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { index, onLanded } = this.#options;
    const { digest, kind } = record;
    const actual = this.#cost(outcome);
    if (outcome.status.kind !== 'success') {
      index.ledger.recordSettled(digest, 'failed', actual);
      return;
    }
    const write = await onLanded[kind]?.(record, outcome, signal);
    index.atomically(() => {
      // Whoever paid and whoever settled what was pending may both have waited for the answer.
      if (index.ledger.find(digest)?.state === 'landed') return;
      index.ledger.recordSettled(digest, 'landed', actual);
      write?.();
    });
  }

  #cost(outcome: TransactionOutcome): { frost: bigint; gasMist: bigint } {
    const { wallet, walType } = this.#options;
    const frost = outcome.balanceChanges
      .filter((change) => change.owner === wallet.address && change.coinType === walType())
      .reduce((sum, change) => sum - change.amount, 0n);
    const { computationMist, storageMist, rebateMist } = outcome.gas;
    return { frost, gasMist: computationMist + storageMist - rebateMist };
  }
}

function foldersOf(index: LocalIndex, packIds: readonly PackId[]): FolderId[] {
  return [...new Set(packIds.flatMap((packId) => index.journal.foldersOf(packId)))];
}

function stored(record: TransactionRecord): StoredTransaction {
  const { bytes, signature } = JSON.parse(record.prepared) as { bytes: string; signature: string };
  return {
    digest: record.digest,
    bytes: new Uint8Array(Buffer.from(bytes, 'base64')),
    signature,
  };
}
