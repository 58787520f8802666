/**
 * @file What a person asks of the money itself: balance, test coins, sending it away, and the list
 * of everything that was paid.
 */
import type { Cost, Funding, LedgerEntry } from '#contract/storage-api.ts';
import type { EngineParts } from './engine-parts.ts';
import { ensureFunds, GAS_RESERVE_MIST } from './funds.ts';
import type { TransactionRecord } from './local-index/ledger.ts';
import { EngineError } from './model/engine-error.ts';
import { parseSuiAddress, type SuiAddress, type TransactionDigest } from './model/ids.ts';
import { coinText } from './money-text.ts';
import { sendingLeft } from './spending.ts';

const COIN = 1_000_000_000n;
/** What a request for test coins exchanges, where the network has an exchange. */
const TEST_FUNDS_FROST = COIN;
/** How much of the address is typed again before anything is sent there. */
const CONFIRMATION_CHARACTERS = 6;

export async function funding(
  parts: EngineParts,
  needed: Cost | undefined,
  signal: AbortSignal,
): Promise<Funding> {
  const { chain, account, options } = parts;
  const { network } = options;
  const { walFrost, suiMist } = await chain.balances(account.address, signal);
  const short = (amount: bigint, held: bigint): bigint => (amount > held ? amount - held : 0n);
  return {
    address: account.address,
    balance: { walFrost, gasMist: suiMist },
    missing: {
      walFrost: short(needed?.walFrost ?? 0n, walFrost),
      gasMist: short((needed?.gasMist ?? 0n) + GAS_RESERVE_MIST, suiMist),
    },
    hasFaucet: network.faucet !== undefined,
    hasExchange: network.walrus.exchangeObjectIds.length > 0,
  };
}

/**
 * Ask the faucet, and exchange some of the SUI for WAL.
 *
 * @throws EngineError `balance-low` where the network has neither
 */
export async function requestTestFunds(parts: EngineParts, signal: AbortSignal): Promise<Funding> {
  const { chain, wallet, river, options, account } = parts;
  const { network } = options;
  if (!network.faucet && network.walrus.exchangeObjectIds.length === 0) {
    throw new EngineError('balance-low', `${network.name} gives no test coins`, {
      context: { address: account.address },
    });
  }
  await river.refresh(signal);
  const { payments } = river;
  await payments.settlePending(signal);
  if (network.faucet) await chain.requestFromFaucet(account.address, signal);
  if (network.walrus.exchangeObjectIds.length > 0) {
    const { walFrost } = await chain.balances(account.address, signal);
    const fundsParts = { chain, wallet, network, payments: () => payments };
    await ensureFunds(fundsParts, walFrost + TEST_FUNDS_FROST, signal);
  }
  return funding(parts, undefined, signal);
}

/**
 * Send coins to another address.
 *
 * @throws EngineError `usage` for an address that is none or was not repeated, `balance-low`,
 *   `cap-exceeded`
 */
export async function withdraw(
  parts: EngineParts,
  request: {
    readonly to: string;
    readonly asset: 'WAL' | 'SUI';
    readonly amount: bigint;
    readonly confirmation: string;
  },
  signal: AbortSignal,
): Promise<{ readonly digest: TransactionDigest }> {
  const { river, wallet } = parts;
  const { asset, amount } = request;
  const recipient = confirmedRecipient(request.to, request.confirmation);
  if (recipient === wallet.address) {
    throw new EngineError('usage', 'this is the address that the coins lie on already');
  }
  const system = await river.refresh(signal);
  await river.payments.settlePending(signal);
  const left = sendingLeft(parts.index, {
    epoch: system.epoch,
    atMs: parts.options.clock.nowMs(),
  });
  refuseOverCap(asset, amount, asset === 'SUI' ? left.gasMist : left.walFrost);
  const outcome = await river.payments.pay(
    [],
    () =>
      wallet.prepareTransfer(
        {
          recipient,
          mist: asset === 'SUI' ? amount : 0n,
          frost: asset === 'WAL' ? amount : 0n,
        },
        { signal, caps: { walFrost: left.walFrost, suiMist: left.gasMist } },
      ),
    signal,
  );
  if (!outcome) throw new EngineError('internal', 'a transfer of nothing');
  return { digest: outcome.digest };
}

/** See [Note: Raised caps wait] in spending.ts. */
function refuseOverCap(asset: string, amount: bigint, left: bigint): void {
  if (amount <= left) return;
  throw new EngineError(
    'cap-exceeded',
    `the caps leave ${coinText(left)} ${asset} to send now, not ${coinText(amount)}`,
    { context: { amount: String(amount), cap: String(left) } },
  );
}

function confirmedRecipient(text: string, confirmation: string): SuiAddress {
  let recipient: SuiAddress;
  try {
    recipient = parseSuiAddress(text);
  } catch (error) {
    throw new EngineError('usage', `${text} is no address`, { cause: error });
  }
  if (confirmation.toLowerCase() !== recipient.slice(-CONFIRMATION_CHARACTERS)) {
    throw new EngineError(
      'usage',
      `the confirmation must repeat the last ${String(CONFIRMATION_CHARACTERS)} characters of the address`,
    );
  }
  return recipient;
}

export function ledgerEntries(
  { index }: EngineParts,
  request: { readonly offset: number; readonly limit: number },
): { readonly entries: readonly LedgerEntry[]; readonly total: number } {
  const names = new Map(index.folders.all().map(({ folderId, name }) => [folderId, name]));
  return {
    entries: index.ledger
      .page(request.offset, request.limit)
      .map((record) => entryOf(record, names)),
    total: index.ledger.count(),
  };
}

function entryOf(record: TransactionRecord, names: ReadonlyMap<string, string>): LedgerEntry {
  const { digest, kind, state, atMs, epoch, folderIds, suiMist } = record;
  const { quotedFrost, quotedGasMist, actualFrost, actualGasMist } = record;
  const folders = folderIds.flatMap((folderId) => names.get(folderId) ?? []);
  return {
    digest,
    kind,
    state,
    atMs,
    epoch,
    folderName: folders.length === 0 ? undefined : folders.join(', '),
    quoted: { walFrost: quotedFrost, gasMist: quotedGasMist },
    actual:
      actualFrost === undefined
        ? undefined
        : { walFrost: actualFrost, gasMist: actualGasMist ?? 0n },
    suiMist,
  };
}
