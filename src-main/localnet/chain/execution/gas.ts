/**
 * @file What a transaction costs.
 *
 * Computation is flat, as recorded: Sui's lowest buckets. Storage is exact: what was written is
 * paid by its size, what was there before is paid back but for one percent.
 */
import type { Framework } from '../move/framework.ts';
import type { Command } from './transaction.ts';

export interface GasUsed {
  readonly computationMist: bigint;
  readonly storageMist: bigint;
  readonly rebateMist: bigint;
  readonly nonRefundableMist: bigint;
}

export const REFERENCE_GAS_PRICE = 1_000n;
/** The least and the most that a transaction may offer, MIST. */
export const BUDGET_MIST_MIN = 1_000n * REFERENCE_GAS_PRICE;
export const BUDGET_MIST_MAX = 50_000_000_000_000n;
/** Coins that one transaction may pay gas with. */
export const GAS_COINS_MAX = 256;
/** What the smaller and the larger calls need at any price: gas units. */
const UNITS_SMALL = 1_000n;
const UNITS_WALRUS = 2_000n;

/**
 * Computation in MIST: calls into the Walrus package cost the second bucket. A transaction that
 * fails before its first call costs the first.
 */
export function computationMist(
  commands: readonly Command[],
  framework: Framework,
  price: bigint,
  failedCommand: number | undefined,
): bigint {
  const reached = failedCommand === undefined ? commands : commands.slice(0, failedCommand + 1);
  const walrus = framework.addressOf('walrus');
  const callsWalrus = reached.some(
    (command) => command.kind === 'move-call' && command.package === walrus,
  );
  return (callsWalrus ? UNITS_WALRUS : UNITS_SMALL) * price;
}

const REBATE_BASIS_POINTS = 9_900n;
const BASIS_POINTS = 10_000n;

/** What is paid back of the rebates of all objects that were rewritten or removed. */
export function splitRebate(total: bigint): { rebateMist: bigint; nonRefundableMist: bigint } {
  const rebateMist = (total * REBATE_BASIS_POINTS + BASIS_POINTS / 2n) / BASIS_POINTS;
  return { rebateMist, nonRefundableMist: total - rebateMist };
}

/** What leaves the gas coin; negative when the rebate is larger than the cost. */
export const netMist = (gas: GasUsed): bigint =>
  gas.computationMist + gas.storageMist - gas.rebateMist;

/** Gas units that an estimate leaves as a margin. */
const MARGIN_UNITS = 1_000n;

/** A budget that a transaction which used `gas` in a simulation will not exceed. */
export function estimateBudget(gas: GasUsed, price: bigint): bigint {
  const computation = gas.computationMist + MARGIN_UNITS * price;
  const total = computation + gas.storageMist - gas.rebateMist;
  return total > computation ? total : computation;
}
