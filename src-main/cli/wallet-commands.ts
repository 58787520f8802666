/** @file wallet: address, balances, history, caps, sending away; export-key. */
import { createInterface } from 'node:readline/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { EXIT } from '#contract/errors.ts';
import type { CurrencyRate, LedgerEntry, SpendingCaps } from '#contract/storage-api.ts';
import { EngineError } from '#engine/model/engine-error.ts';
import { chosenCaps, type CapOptions } from './caps.ts';
import { runCommand, withEngine, type CommandContext } from './context.ts';
import { coinsOption } from './options.ts';
import { writeTextFile } from './storage-commands.ts';
import { coinText, costText, countText, momentText, tableLines } from './text.ts';

/** Entries of the history that are printed unless told otherwise. */
const HISTORY_LISTED = 20;
const HISTORY_LISTED_MAX = 10_000;
const CONFIRMATION_CHARACTERS = 6;

export function addWalletCommands(program: Command): void {
  const wallet = program
    .command('wallet')
    .description('the address that pays for storage, what it holds and what it has spent')
    .addHelpText(
      'after',
      `
Examples:
  $ floe wallet                                  address and balance
  $ floe wallet history --csv ledger.csv         every transaction, quoted and paid
  $ floe wallet fund                             coins of a test network
  $ floe wallet caps --day-wal 20 --epoch-wal 60
  $ floe wallet rate EUR --wal 0.12 --sui 0.95   your own rate, for your own sums
  $ floe wallet withdraw 0x... --wal 1.5         asks you to type the address's end
`,
    )
    .action(async (_options: unknown, command: Command) =>
      runCommand(command, async (context) =>
        withEngine(context, async ({ api }) => {
          const status = await api.wallet({}, context);
          context.print(status, [
            `Address  ${status.address}`,
            `Holds    ${coinText(status.walFrost)} WAL and ${coinText(status.suiMist)} SUI`,
            `Spent    ${coinText(status.spent.walFrost)} WAL and ${coinText(status.spent.gasMist)} SUI`,
            ...tableLines(
              status.transactions
                .slice(-HISTORY_LISTED)
                .map((transaction) => [
                  momentText(transaction.atMs),
                  transaction.kind,
                  transaction.state,
                  `${coinText(transaction.actualFrost ?? transaction.quotedFrost)} WAL`,
                  transaction.digest,
                ]),
            ),
          ]);
          return EXIT.ok;
        }),
      ),
    );
  addHistory(wallet);
  addFund(wallet);
  addCaps(wallet);
  addRate(wallet);
  addWithdraw(wallet);
  addExportKey(wallet);
}

function addHistory(wallet: Command): void {
  wallet
    .command('history')
    .description('every transaction: what was quoted, what was paid, for which folder')
    .option('--limit <n>', 'how many, newest first', rows, HISTORY_LISTED)
    .option('--csv <file>', 'write all of them as a table')
    .action(async (options: { limit: number; csv?: string }, command: Command) =>
      runCommand(command, async (context) =>
        withEngine(context, async ({ api }) => {
          if (options.csv !== undefined) {
            const { text } = await api.exportText({ what: 'ledger', format: 'csv' }, context);
            await writeTextFile(options.csv, text);
          }
          const ledger = await api.ledger({ offset: 0, limit: options.limit }, context);
          context.print(
            { ...ledger, ...(options.csv === undefined ? {} : { written: options.csv }) },
            [
              ...tableLines(ledger.entries.map(historyRow)),
              `${String(ledger.entries.length)} of ${countText(ledger.total, 'transaction')}.`,
              ...(options.csv === undefined ? [] : [`Written: ${options.csv}`]),
            ],
          );
          return EXIT.ok;
        }),
      ),
    );
}

const historyRow = (entry: LedgerEntry): string[] => [
  momentText(entry.atMs),
  `epoch ${String(entry.epoch)}`,
  entry.kind,
  entry.state,
  entry.folderName ?? '-',
  `quoted ${coinText(entry.quoted.walFrost)} WAL${tipText(entry)}`,
  entry.actual
    ? `paid ${costText(entry.actual)}${entry.state === 'landed' ? tipText(entry) : ''}`
    : 'not settled',
  entry.digest,
];

/** What a registration sends is the tip of an upload relay. */
const tipText = ({ kind, suiMist }: LedgerEntry): string =>
  kind === 'register' && suiMist > 0n ? `, tip ${coinText(suiMist)} SUI` : '';

function addFund(wallet: Command): void {
  wallet
    .command('fund')
    .description('ask a test network for coins, and exchange some SUI for WAL')
    .action(async (_options: unknown, command: Command) =>
      runCommand(command, async (context) =>
        withEngine(context, async ({ api }) => {
          const funding = await api.requestTestFunds({}, context);
          context.print(funding, [`${funding.address} holds ${costText(funding.balance)}.`]);
          return EXIT.ok;
        }),
      ),
    );
}

function addCaps(wallet: Command): void {
  wallet
    .command('caps')
    .description('the most that is spent in one transaction, one day, one epoch')
    .option('--transaction-wal <amount>', 'in one transaction', coinsOption)
    .option('--transaction-sui <amount>', 'gas of one transaction', coinsOption)
    .option('--day-wal <amount>', 'in 24 hours', coinsOption)
    .option('--day-sui <amount>', 'gas in 24 hours', coinsOption)
    .option('--epoch-wal <amount>', 'in one epoch', coinsOption)
    .option('--epoch-sui <amount>', 'gas in one epoch', coinsOption)
    .addHelpText(
      'after',
      `
What you send away (floe wallet withdraw) has a budget of its own, as large. A lower cap holds at
once, a higher one after ten minutes; whoever only lowers them calls off a raise that still waits.
`,
    )
    .action(async (options: CapOptions, command: Command) =>
      runCommand(command, async (context) =>
        withEngine(context, async ({ api }) => {
          const before = await api.storage({}, context);
          const isChange = Object.keys(options).length > 0;
          if (isChange) await api.setCaps({ caps: chosenCaps(before, options) }, context);
          const { caps, capsToCome, spent } = isChange ? await api.storage({}, context) : before;
          context.print({ caps, ...(capsToCome ? { capsToCome } : {}), spent }, [
            ...capLines(caps),
            `Spent: ${costText(spent.today)} in 24 hours, ${costText(spent.thisEpoch)} in this epoch.`,
            ...(capsToCome
              ? ['', `From ${momentText(capsToCome.fromMs)} on:`, ...capLines(capsToCome.caps)]
              : []),
          ]);
          return EXIT.ok;
        }),
      ),
    );
}

const capLines = ({ perTransaction, perDay, perEpoch }: SpendingCaps): string[] =>
  tableLines([
    ['A transaction', costText(perTransaction)],
    ['24 hours', costText(perDay)],
    ['An epoch', costText(perEpoch)],
  ]);

function addRate(wallet: Command): void {
  wallet
    .command('rate')
    .description('your own rate of exchange, shown beside amounts; Floe asks nobody for one')
    .argument('[currency]', 'EUR, for instance')
    .option('--wal <rate>', 'what one WAL is worth', decimal)
    .option('--sui <rate>', 'what one SUI is worth', decimal)
    .option('--none', 'forget the rate')
    .action(
      async (
        currency: string | undefined,
        options: { wal?: number; sui?: number; none?: boolean },
        command: Command,
      ) =>
        runCommand(command, async (context) =>
          withEngine(context, async ({ api }) => {
            const rate = chosenRate(currency, options);
            if (rate !== 'unchanged') await api.setRate({ rate }, context);
            const { rate: now } = await api.storage({}, context);
            context.print({ rate: now ?? null }, [
              now
                ? `1 WAL is ${String(now.perWal)} ${now.currency}, 1 SUI is ${String(now.perSui)} ${now.currency}.`
                : 'No rate is set.',
            ]);
            return EXIT.ok;
          }),
        ),
    );
}

function chosenRate(
  currency: string | undefined,
  { wal, sui, none }: { wal?: number; sui?: number; none?: boolean },
): CurrencyRate | undefined | 'unchanged' {
  if (none === true) return undefined;
  if (currency === undefined) return 'unchanged';
  if (wal === undefined || sui === undefined) {
    throw new EngineError('usage', 'a rate needs both --wal and --sui');
  }
  return { currency, perWal: wal, perSui: sui };
}

function addWithdraw(wallet: Command): void {
  wallet
    .command('withdraw')
    .description('send WAL or SUI to another address; nobody can bring it back')
    .argument('<address>')
    .option('--wal <amount>', 'WAL to send', coinsOption)
    .option('--sui <amount>', 'SUI to send', coinsOption)
    .option('--confirm <text>', "the address's last six characters, instead of typing them")
    .action(
      async (
        to: string,
        options: { wal?: bigint; sui?: bigint; confirm?: string },
        command: Command,
      ) =>
        runCommand(command, async (context) =>
          withEngine(context, async ({ api }) => {
            const { wal, sui } = options;
            const amount = wal ?? sui;
            if (amount === undefined || (wal !== undefined && sui !== undefined)) {
              throw new EngineError('usage', 'give either --wal or --sui');
            }
            const asset = wal === undefined ? 'SUI' : 'WAL';
            const confirmation =
              options.confirm ?? (await askConfirmation(context, to, amount, asset));
            const sent = await api.withdraw({ to, asset, amount, confirmation }, context);
            const what = `${coinText(amount)} ${asset} to ${to}`;
            const said = sent.wasSentBefore
              ? `Sent before, by the request that got no answer: ${what}. Nothing was sent again.`
              : `Sent ${what}.`;
            context.print(sent, [said, sent.digest]);
            return EXIT.ok;
          }),
        ),
    );
}

async function askConfirmation(
  context: CommandContext,
  to: string,
  amount: bigint,
  asset: string,
): Promise<string> {
  if (context.isJson || !process.stdin.isTTY || !process.stderr.isTTY) {
    throw new EngineError(
      'usage',
      `without a terminal --confirm must repeat the address's last ${String(CONFIRMATION_CHARACTERS)} characters`,
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    process.stderr.write(`Sending ${coinText(amount)} ${asset} to ${to}\n`);
    const typed = await terminal.question(
      `Type its last ${String(CONFIRMATION_CHARACTERS)} characters to confirm: `,
    );
    return typed.trim();
  } finally {
    terminal.close();
  }
}

function addExportKey(wallet: Command): void {
  wallet
    .command('export-key')
    .description("print this device's private key, for use with other Sui software")
    .action(async (_options: unknown, command: Command) =>
      runCommand(command, async (context) =>
        withEngine(context, async ({ api }) => {
          const { key } = await api.exportKey({}, context);
          context.note('Whoever has this key can spend what the address holds.');
          context.print({ key }, [key]);
          return EXIT.ok;
        }),
      ),
    );
}

function rows(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || value > HISTORY_LISTED_MAX) {
    throw new InvalidArgumentError(`a number from 1 to ${String(HISTORY_LISTED_MAX)} is needed`);
  }
  return value;
}

function decimal(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError('a number like 0.12 is needed');
  }
  return value;
}
