/** @file wallet: address, balances, history; export-key. */
import type { Command } from 'commander';
import { EXIT } from '#contract/errors.ts';
import { runCommand, withEngine } from './context.ts';
import { coinText, momentText, tableLines } from './text.ts';

export function addWalletCommands(program: Command): void {
  const wallet = program
    .command('wallet')
    .description('the address that pays for storage, what it holds and what it has spent')
    .action(async (_options: unknown, command: Command) =>
      runCommand(command, async (context) =>
        withEngine(context, async ({ api }) => {
          const status = await api.wallet({}, context);
          context.print(status, [
            `Address  ${status.address}`,
            `Holds    ${coinText(status.walFrost)} WAL and ${coinText(status.suiMist)} SUI`,
            `Spent    ${coinText(status.spent.walFrost)} WAL and ${coinText(status.spent.gasMist)} SUI`,
            ...tableLines(
              status.transactions.map((transaction) => [
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
