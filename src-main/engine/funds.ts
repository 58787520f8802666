/**
 * @file Makes sure that the next payment can be made, before it is prepared.
 *
 * On networks with an exchange (test networks) missing WAL is bought with SUI; on networks with a
 * faucet missing SUI is asked for. On others the person hears exactly what is missing.
 */
import type { Payments } from './backup/payments.ts';
import type { EngineParts } from './engine-parts.ts';
import { EngineError } from './model/engine-error.ts';
import type { Network } from './model/network.ts';
import type { Balances, Chain } from './sui/chain.ts';
import { WAL_COINS } from './sui/wallet/limits.ts';
import type { Wallet } from './sui/wallet/wallet.ts';
import { coinText } from './money-text.ts';

const COIN = 1_000_000_000n;
/** Kept for gas: several hundred transactions. */
export const GAS_RESERVE_MIST = COIN / 10n;
/** Exchanged at once, so that not every pack brings an exchange with it. */
const EXCHANGE_LUMP_MIST = 5n * COIN;
const FAUCET_REQUESTS_MAX = 5;
/** What a plan counts on where a faucet is: more than the caps allow to be spent. */
const FAUCET_MIST_ASSUMED = 1_000_000n * COIN;

export interface FundsParts {
  readonly chain: Chain;
  readonly wallet: Wallet;
  readonly network: Network;
  readonly payments: () => Payments;
}

/** What can be paid in WAL: what is there, and what the network's exchange and faucet give. */
export async function availableFrost(
  { chain, wallet, options }: Pick<EngineParts, 'chain' | 'wallet' | 'options'>,
  signal?: AbortSignal,
): Promise<bigint> {
  const { network } = options;
  const { walFrost, suiMist } = await chain.balances(wallet.address, signal);
  if (network.walrus.exchangeObjectIds.length === 0) return walFrost;
  // A faucet gives as much as is asked for, as often.
  const faucetMist = network.faucet ? FAUCET_MIST_ASSUMED : 0n;
  const spare = suiMist + faucetMist - GAS_RESERVE_MIST;
  return walFrost + (spare > 0n ? spare : 0n);
}

/**
 * Have at least `walFrost` WAL and gas in the wallet.
 *
 * @throws EngineError `balance-low` saying what is missing, and where to send it
 */
export async function ensureFunds(
  parts: FundsParts,
  walFrost: bigint,
  signal?: AbortSignal,
): Promise<void> {
  const { chain, wallet, network, payments } = parts;
  const hasExchange = network.walrus.exchangeObjectIds.length > 0;
  let balances = await chain.balances(wallet.address, signal);
  const missingFrost = walFrost - balances.walFrost;
  const neededMist = GAS_RESERVE_MIST + (hasExchange && missingFrost > 0n ? missingFrost : 0n);
  for (let request = 0; balances.suiMist < neededMist; request += 1) {
    if (!network.faucet || request === FAUCET_REQUESTS_MAX) break;
    await chain.requestFromFaucet(wallet.address, signal);
    balances = await chain.balances(wallet.address, signal);
  }
  if (missingFrost > 0n && hasExchange && balances.suiMist >= neededMist) {
    const spare = balances.suiMist - GAS_RESERVE_MIST;
    const lump = missingFrost > EXCHANGE_LUMP_MIST ? missingFrost : EXCHANGE_LUMP_MIST;
    const mist = lump < spare ? lump : spare;
    await payments().pay([], () => wallet.prepareExchange(mist, signal ? { signal } : {}), signal);
    balances = await chain.balances(wallet.address, signal);
  }
  refuseIfLow(wallet, balances, walFrost);
  await mergeIfFragmented(parts, balances, signal);
}

/** A payment names at most so many coins; more of them than that are merged before. */
async function mergeIfFragmented(
  { wallet, payments }: FundsParts,
  balances: Balances,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (balances.walCoins <= WAL_COINS.coinsMax) return;
  await payments().pay([], () => wallet.prepareMerge(signal ? { signal } : {}), signal);
}

function refuseIfLow(wallet: Wallet, balances: Balances, walFrost: bigint): void {
  const lacksWal = balances.walFrost < walFrost;
  // A little gas is enough for one transaction; the reserve is only what we would like to have.
  const lacksGas = balances.suiMist < GAS_RESERVE_MIST / 10n;
  if (!lacksWal && !lacksGas) return;
  const what = lacksWal
    ? `holds ${coinText(balances.walFrost)} WAL; this needs ${coinText(walFrost)}`
    : `holds ${coinText(balances.suiMist)} SUI, too little for gas`;
  throw new EngineError('balance-low', `the wallet ${what}. Send it to ${wallet.address}`, {
    context: {
      address: wallet.address,
      walFrost: balances.walFrost.toString(),
      neededFrost: walFrost.toString(),
      suiMist: balances.suiMist.toString(),
    },
  });
}
