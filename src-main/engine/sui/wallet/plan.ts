/** @file A plan: a transaction as a value, before gas and signature. */
import type { Transaction } from '@mysten/sui/transactions';
import type { ObjectId, SuiAddress } from '#engine/model/ids.ts';
import type { ChainRpc, Coin } from '../rpc/chain-rpc.ts';
import type { SystemState } from '../system.ts';
import type { KnownVersions } from './known-versions.ts';
import type { TransactionKind } from './policy.ts';
import type { Tip } from './tip.ts';

export interface PlanContext {
  readonly rpc: ChainRpc;
  readonly system: SystemState;
  readonly owner: SuiAddress;
  readonly versions: KnownVersions;
  readonly signal: AbortSignal | undefined;
}

/** A transaction but for its gas. */
export interface Plan {
  readonly kind: TransactionKind;
  readonly walFrost: bigint;
  /** SUI split off the gas coin. */
  readonly suiMist: bigint;
  readonly walCoins: readonly Coin[];
  /** Every other object that it uses, but for System and the exchange. */
  readonly objects: readonly ObjectId[];
  /** How often it calls each Move function at most, by name. */
  readonly calls: Readonly<Record<string, number>>;
  readonly exchange?: { readonly objectId: ObjectId; readonly packageId: ObjectId };
  readonly recipient?: SuiAddress;
  /** Set for a registration that pays an upload relay. */
  readonly tip?: Tip;
  addCommands(tx: Transaction): void;
}

export type Planned<Skipped = never> = Promise<{
  readonly plan: Plan | undefined;
  readonly skipped: readonly Skipped[];
}>;

/** Nothing of what was asked is left out. */
export function whole(plan: Plan): { readonly plan: Plan; readonly skipped: readonly never[] } {
  return { plan, skipped: [] };
}
