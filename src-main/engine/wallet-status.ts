/** @file What the wallet holds, and what it has spent. */
import type { WalletStatus } from '#contract/api.ts';
import { spentSoFar, type EngineParts } from './engine-parts.ts';

export async function walletStatus(
  { index, chain, account, options }: EngineParts,
  signal?: AbortSignal,
): Promise<WalletStatus> {
  const { walFrost, suiMist, walCoins } = await chain.balances(account.address, signal);
  return {
    address: account.address,
    accountIndex: options.accountIndex,
    walFrost,
    suiMist,
    walCoinCount: walCoins,
    spent: spentSoFar(index),
    transactions: index.ledger.all().map((record) => ({
      digest: record.digest,
      kind: record.kind,
      state: record.state,
      atMs: record.atMs,
      quotedFrost: record.quotedFrost,
      quotedGasMist: record.quotedGasMist,
      actualFrost: record.actualFrost,
      actualGasMist: record.actualGasMist,
    })),
  };
}
