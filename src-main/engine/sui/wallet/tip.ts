/**
 * @file The tip of an upload relay: paid in the transaction that registers the blob, since the
 * relay looks for it there.
 *
 * The first input ties the tip to one blob and to a nonce that only we know; no command uses it.
 */
import type { Transaction } from '@mysten/sui/transactions';
import type { SuiAddress } from '#engine/model/ids.ts';
import type { Plan } from './plan.ts';

export interface Tip {
  readonly recipient: SuiAddress;
  readonly mist: bigint;
  /** 72 bytes: SHA-256 of the blob, SHA-256 of the nonce, length of the blob. */
  readonly authPackage: Uint8Array;
}

/** The same plan, with the tip before everything else. */
export function withTip(plan: Plan, tip: Tip): Plan {
  return {
    ...plan,
    suiMist: plan.suiMist + tip.mist,
    tip,
    addCommands: (tx) => {
      addTip(tx, tip);
      plan.addCommands(tx);
    },
  };
}

function addTip(tx: Transaction, { recipient, mist, authPackage }: Tip): void {
  tx.pure(authPackage);
  const [coin] = tx.splitCoins(tx.gas, [tx.pure.u64(mist)]);
  tx.transferObjects([coin], tx.pure.address(recipient));
}
