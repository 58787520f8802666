/**
 * @file What a person asks of the money itself: balance, test coins, sending it away, and the list
 * of everything that was paid.
 */
import type { Cost, Funding, LedgerEntry } from '#contract/storage-api.ts';
import type { EngineParts } from './engine-parts.ts';
import { ensureFunds, GAS_RESERVE_MIST } from './funds.ts';
import type { TransactionRecord } from './local-index/ledger.ts';
import type { LocalIndex } from './local-index/local-index.ts';
import { EngineError } from './model/engine-error.ts';
import { parseSuiAddress, type SuiAddress, type TransactionDigest } from './model/ids.ts';
import { coinText } from './money-text.ts';
import { sendingLeft } from './spending.ts';
import type { LowerCaps } from './sui/wallet/prepared.ts';

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
 * [Note: Asked for again] Whoever gets no answer asks again, and must not send twice: by then the
 * first transaction may have landed, with the next sync for instance. So its digest is kept under
 * what was asked for until its answer has been given; the same request is answered with it.
 *
 * @throws EngineError `usage` for an address that is none or was not repeated, `balance-low`,
 *   `cap-exceeded`, `withdrawal-unanswered` when nobody knows whether they were sent
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
): Promise<Withdrawal> {
  const { index, wallet } = parts;
  const { asset, amount } = request;
  const recipient = confirmedRecipient(request.to, request.confirmation);
  if (recipient === wallet.address) {
    throw new EngineError('usage', 'this is the address that the coins lie on already');
  }
  const fact = `withdrawal-${asset}-${String(amount)}-${recipient}`;
  try {
    const withdrawal = await send(parts, { recipient, asset, amount, fact }, signal);
    // Whoever has left has not heard it.
    if (!signal.aborted) index.writeFact(fact, '');
    return withdrawal;
  } catch (error) {
    if (askedBefore(index, fact)?.state !== 'prepared') throw error;
    throw new EngineError(
      'withdrawal-unanswered',
      `the network has not said whether ${coinText(amount)} ${asset} were sent: they may be, also later. Whoever asks for the same again does not send twice`,
      { cause: error },
    );
  }
}

interface Withdrawal {
  readonly digest: TransactionDigest;
  readonly wasSentBefore: boolean;
}

interface Transfer {
  readonly recipient: SuiAddress;
  readonly asset: 'WAL' | 'SUI';
  readonly amount: bigint;
  /** Where the digest is kept until the answer has been given. */
  readonly fact: string;
}

/** What became of the same request, as long as it has got no answer. */
function askedBefore(index: LocalIndex, fact: string): TransactionRecord | undefined {
  const digest = index.readFact(fact);
  return digest ? index.ledger.find(digest as TransactionDigest) : undefined;
}

async function send(
  parts: EngineParts,
  { recipient, asset, amount, fact }: Transfer,
  signal: AbortSignal,
): Promise<Withdrawal> {
  const { index, river, wallet, options } = parts;
  await river.refresh(signal);
  await river.payments.settlePending(signal);
  const before = askedBefore(index, fact);
  if (before?.state === 'landed') return { digest: before.digest, wasSentBefore: true };
  const readCaps: LowerCaps = (moment) => {
    const left = sendingLeft(index, options.clock, moment);
    refuseOverCap(asset, amount, asset === 'SUI' ? left.gasMist : left.walFrost);
    return { walFrost: left.walFrost, suiMist: left.gasMist };
  };
  const outcome = await river.payments.pay(
    [],
    async () => {
      const prepared = await wallet.prepareTransfer(
        {
          recipient,
          mist: asset === 'SUI' ? amount : 0n,
          frost: asset === 'WAL' ? amount : 0n,
        },
        { signal, caps: readCaps },
      );
      index.writeFact(fact, prepared.digest);
      return prepared;
    },
    signal,
  );
  if (!outcome) throw new EngineError('internal', 'a transfer of nothing');
  return { digest: outcome.digest, wasSentBefore: false };
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
