/**
 * @file Completes a plan: gas coins, budget by simulation, policy, signature.
 */
import { Transaction } from '@mysten/sui/transactions';
import { EngineError, hasCode } from '#engine/model/engine-error.ts';
import type { Network } from '#engine/model/network.ts';
import type { Account } from '../account.ts';
import { failureError } from '../aborts.ts';
import type { Coin, GasUsed } from '../rpc/chain-rpc.ts';
import { balanceLow, chooseCoins, sumOf } from './coins.ts';
import { readCoins } from './coin-plans.ts';
import type { Plan, PlanContext } from './plan.ts';
import { checkTransaction, type SpendingCaps } from './policy.ts';
import type { PreparedTransaction } from './prepared.ts';

const SUI_TYPE = '0x2::sui::SUI';
/** Gas coins are merged by paying, so a few more than needed heal. Sui takes at most 256. */
export const GAS_COINS = { coinsMax: 100, extraCoins: 15 };
/** Computation is charged in buckets; the next one is never more than this much above. */
const COMPUTATION_MARGIN_PERCENT = 25n;
/** What is written may grow between simulation and execution (a shared object, by others). */
const STORAGE_MARGIN_PERCENT = 10n;
/** A node refuses budgets below the price of the smallest bucket, 1,000 units. */
const COMPUTATION_UNITS_MIN = 1_000n;
/**
 * How long a transaction may execute, in Sui epochs (a day each on the public networks) after the
 * current one. `default` survives an epoch change on its way; `epoch` settles soonest.
 */
const EXPIRATION_EPOCHS = { default: 1n, epoch: 0n } as const;

export async function signPlan(
  context: PlanContext,
  plan: Plan,
  caps: SpendingCaps,
  parts: { readonly account: Account; readonly network: Network },
): Promise<Omit<PreparedTransaction, 'epoch' | 'atMs'>> {
  const { rpc, owner, signal } = context;
  const [suiCoins, gasPrice, expiresAfterSuiEpoch] = await Promise.all([
    readCoins(context, SUI_TYPE),
    rpc.readGasPrice(signal),
    readExpiration(context, parts.network),
  ]);
  const { gasCoins, budgetMax } = chooseGas(context, plan, suiCoins, gasPrice, caps);
  const build = (budget: bigint): Promise<Uint8Array> =>
    buildTransaction(plan, { sender: owner, gasCoins, gasPrice, budget, expiresAfterSuiEpoch });

  const simulated = await simulate(
    context,
    await build(budgetMax),
    budgetMax,
    caps,
    sumOf(suiCoins),
  );
  const budget = min(budgetMax, budgetOf(simulated, gasPrice));
  const bytes = await build(budget);
  const { digest, gasMistMax } = checkTransaction(bytes, {
    kind: plan.kind,
    sender: owner,
    systemObjectId: context.system.systemObjectId,
    callPackageId: context.system.callPackageId,
    epoch: context.system.epoch,
    walType: context.system.walType,
    exchange: plan.exchange,
    recipient: plan.recipient,
    tip: plan.tip,
    walCoins: plan.walCoins.map(({ objectId }) => objectId),
    objects: plan.objects,
    calls: plan.calls,
    quote: plan,
    caps,
    expiresAfterSuiEpoch,
  });
  return {
    kind: plan.kind,
    digest,
    bytes,
    signature: await parts.account.signTransaction(bytes),
    sender: owner,
    quote: {
      walFrost: plan.walFrost,
      suiMist: plan.suiMist,
      gasMistMax,
      gasMistExpected: simulated.netMist,
    },
    expiresAfterSuiEpoch,
  };
}

/** The gas coins, and the most that they and the cap allow for gas. */
function chooseGas(
  context: PlanContext,
  plan: Plan,
  suiCoins: readonly Coin[],
  gasPrice: bigint,
  caps: SpendingCaps,
): { readonly gasCoins: readonly Coin[]; readonly budgetMax: bigint } {
  const smallest = plan.suiMist + COMPUTATION_UNITS_MIN * gasPrice;
  // A tip comes out of the same cap as gas.
  const gasMax = plan.tip ? max(0n, caps.gasMist - plan.tip.mist) : caps.gasMist;
  const gasCoins =
    chooseCoins(suiCoins, plan.suiMist + caps.gasMist, GAS_COINS) ??
    chooseCoins(suiCoins, 0n, { coinsMax: GAS_COINS.coinsMax, extraCoins: GAS_COINS.coinsMax }) ??
    [];
  const held = sumOf(gasCoins);
  if (held < smallest) throw balanceLow('SUI', smallest, sumOf(suiCoins), context.owner);
  return { gasCoins, budgetMax: min(gasMax, held - plan.suiMist) };
}

/** What the transaction would cost; its failure as an error. */
async function simulate(
  context: PlanContext,
  bytes: Uint8Array,
  budget: bigint,
  caps: SpendingCaps,
  heldMist: bigint,
): Promise<GasUsed> {
  const outcome = await context.rpc.simulate(bytes, context.signal);
  if (outcome.status.kind === 'success') return outcome.gas;
  const error = failureError(outcome.status.failure);
  const isBudget = /^insufficient_?gas\b/i.test(outcome.status.failure.message);
  if (!isBudget || !hasCode(error, 'balance-low')) throw error;
  if (budget < caps.gasMist) throw balanceLow('SUI', budget + 1n, heldMist, context.owner);
  throw new EngineError(
    'cap-exceeded',
    `gas would cost more than the cap of ${String(budget)} MIST`,
    {
      context: { cap: String(budget) },
      cause: error,
    },
  );
}

/** Enough for what was simulated and a margin; what is not used is not charged. */
function budgetOf(gas: GasUsed, gasPrice: bigint): bigint {
  const computation =
    (gas.computationMist * (100n + COMPUTATION_MARGIN_PERCENT)) / 100n +
    COMPUTATION_UNITS_MIN * gasPrice;
  const deposit = gas.storageMist - gas.rebateMist;
  const storage = (deposit > 0n ? deposit : 0n) + (gas.storageMist * STORAGE_MARGIN_PERCENT) / 100n;
  return computation + storage;
}

async function readExpiration(context: PlanContext, network: Network): Promise<bigint | undefined> {
  const { expiration } = network.transactions;
  if (expiration === 'none') return undefined;
  return (await context.rpc.readSuiEpoch(context.signal)) + EXPIRATION_EPOCHS[expiration];
}

async function buildTransaction(
  plan: Plan,
  envelope: {
    readonly sender: string;
    readonly gasCoins: readonly Coin[];
    readonly gasPrice: bigint;
    readonly budget: bigint;
    readonly expiresAfterSuiEpoch: bigint | undefined;
  },
): Promise<Uint8Array> {
  const tx = new Transaction();
  plan.addCommands(tx);
  tx.setSender(envelope.sender);
  tx.setGasOwner(envelope.sender);
  tx.setGasPrice(envelope.gasPrice);
  tx.setGasBudget(envelope.budget);
  tx.setGasPayment(
    envelope.gasCoins.map(({ objectId, version, digest }) => ({
      objectId,
      version: String(version),
      digest,
    })),
  );
  tx.setExpiration(
    envelope.expiresAfterSuiEpoch === undefined
      ? { None: true }
      : { Epoch: String(envelope.expiresAfterSuiEpoch) },
  );
  // Without a client the SDK cannot resolve anything: what is not exact fails here.
  return await tx.build();
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
