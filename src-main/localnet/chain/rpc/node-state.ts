/**
 * @file The chain as one full node answers for it: perhaps a little behind.
 */
import { coinBalance } from '../execution/finish.ts';
import type { Ledger } from '../ledger.ts';
import { blake2b256, coinContentType, type SuiObject } from '../move/object.ts';
import { toBase58 } from '@mysten/sui/utils';
import { normalizeType } from '../move/types.ts';
import type { ObjectView } from '../store/object-table.ts';
import type { StoredTransaction } from '../store/transaction-table.ts';
import type { RpcFaults } from './faults.ts';

/** Coins that are added up for one balance; nobody has more here. */
const COINS_MAX = 100_000;

export interface Checkpoint {
  readonly sequence: number;
  readonly digest: string;
  readonly timestampMs: number;
  readonly transactions: readonly string[];
}

export class NodeState {
  readonly ledger: Ledger;
  readonly #faults: RpcFaults;

  constructor(ledger: Ledger, faults: RpcFaults) {
    this.ledger = ledger;
    this.#faults = faults;
  }

  /** Objects as this node sees them. */
  objects(): ObjectView {
    return this.ledger.objects.view(this.#horizonMs());
  }

  /** Undefined for one that this node hasn't seen yet. */
  transaction(digest: string): StoredTransaction | undefined {
    return this.#visible(this.ledger.transactions.byDigest(digest));
  }

  latestCheckpoint(): Checkpoint {
    let sequence = this.ledger.transactions.latestCheckpoint();
    while (sequence > 0 && this.checkpoint(sequence) === undefined) sequence -= 1;
    return (
      this.checkpoint(sequence) ?? {
        sequence: 0,
        digest: this.ledger.chainIdentifier,
        timestampMs: this.ledger.nowMs,
        transactions: [],
      }
    );
  }

  checkpoint(sequence: number): Checkpoint | undefined {
    const transaction = this.#visible(this.ledger.transactions.byCheckpoint(sequence));
    if (transaction === undefined) return undefined;
    return {
      sequence,
      digest: this.#checkpointDigest(sequence),
      timestampMs: transaction.committedMs,
      transactions: [transaction.record.digest],
    };
  }

  /** Every coin of one type. */
  coins(owner: string, coinType: string): SuiObject[] {
    return this.objects()
      .owned({ owner, type: coinObjectType(coinType), limit: COINS_MAX })
      .filter((object) => coinContentType(object.type) !== undefined);
  }

  balance(owner: string, coinType: string): { readonly total: bigint; readonly count: number } {
    const coins = this.coins(owner, coinType);
    return {
      total: coins.reduce((sum, coin) => sum + coinBalance(coin), 0n),
      count: coins.length,
    };
  }

  /** Every coin type that an address has, with its sum. */
  balances(owner: string): Map<string, { total: bigint; count: number }> {
    const sums = new Map<string, { total: bigint; count: number }>();
    const coins = this.objects().owned({
      owner,
      type: normalizeType('0x2::coin::Coin'),
      limit: COINS_MAX,
    });
    for (const coin of coins) {
      const type = coinContentType(coin.type);
      if (type === undefined) continue;
      const sum = sums.get(type) ?? { total: 0n, count: 0 };
      sums.set(type, { total: sum.total + coinBalance(coin), count: sum.count + 1 });
    }
    return sums;
  }

  /** The genesis digest is the chain's identifier; the others only have to differ. */
  #checkpointDigest(sequence: number): string {
    const { chainIdentifier } = this.ledger;
    if (sequence === 0) return chainIdentifier;
    const name = `${chainIdentifier} checkpoint ${String(sequence)}`;
    return toBase58(blake2b256(new TextEncoder().encode(name)));
  }

  #horizonMs(): number | undefined {
    const { lagMs } = this.#faults;
    return lagMs > 0 ? this.ledger.nowMs - lagMs : undefined;
  }

  #visible(transaction: StoredTransaction | undefined): StoredTransaction | undefined {
    const horizonMs = this.#horizonMs();
    if (transaction === undefined || horizonMs === undefined) return transaction;
    return transaction.committedMs <= horizonMs ? transaction : undefined;
  }
}

/** The type of coins of `coinType`, which may be written with short addresses. */
const coinObjectType = (coinType: string): string => normalizeType(`0x2::coin::Coin<${coinType}>`);

/** What wallets show of the two coins of this chain; undefined for others. */
export function coinMetadata(ledger: Ledger, coinType: string) {
  const type = normalizeType(coinType);
  if (type === normalizeType('0x2::sui::SUI')) {
    return { decimals: 9, name: 'Sui', symbol: 'SUI', description: '' };
  }
  if (type === normalizeType(`${ledger.framework.addressOf('wal')}::wal::WAL`)) {
    return {
      decimals: 9,
      name: 'WAL Token',
      symbol: 'WAL',
      description: 'The native token for the Walrus Protocol.',
    };
  }
  return undefined;
}
