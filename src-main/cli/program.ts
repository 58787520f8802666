/**
 * @file The command line: arguments in, EngineApi calls, text or JSON out.
 *
 * Every command works without a terminal, and with `--json` prints exactly one object on stdout.
 */
import { Command, CommanderError } from 'commander';
import { EXIT } from '#contract/errors.ts';
import { VERSION } from '#contract/version.ts';
import { addBlobCommands } from './blob.ts';
import { addDemoCommand } from './demo.ts';
import { addEngineCommands } from './engine-commands.ts';
import { addGuardianCommands } from './guardian-commands.ts';
import { addInitCommand } from './init.ts';
import { addLocalnetCommands } from './localnet.ts';
import { addMoveCommand } from './move.ts';
import { addRestoreCommands } from './restore-commands.ts';
import { addSettingsCommand } from './settings.ts';
import { addStartCommand } from './start.ts';
import { addRetentionCommands } from './retention-commands.ts';
import { addPolicyCommand } from './policy-command.ts';
import { addStorageCommands } from './storage-commands.ts';
import { jsonText } from './text.ts';
import { addUiCommand } from './ui.ts';
import { addWalletCommands } from './wallet-commands.ts';

const EXIT_CODES_HELP = `
Exit codes: 0 ok, 1 defect, 2 usage, 3 published but some files unread, 4 not protected yet,
5 network or nodes, 6 funds or cap, 7 secrets or words, 8 damage, 9 home in use, 130 interrupted.

Examples:
  $ floe init                              a vault on the try-out network on this computer
  $ floe init --network testnet --kit-file ~/floe-kit.txt
  $ floe add ~/Documents                   choose a folder
  $ floe sync                              protect it now
  $ floe daemon                            keep it protected
  $ floe restore Documents --to ~/back     get it back, here or on a blank machine
`;

function buildProgram(): Command {
  const program = new Command('floe')
    .description('Keeps folders on Walrus: encrypted here, stored there, back from 24 words.')
    .version(VERSION)
    .option(
      '--home <dir>',
      "where Floe keeps its own files (else FLOE_HOME, else the system's place)",
    )
    .option(
      '--passphrase-file <file>',
      'passphrase of the sealed words (else FLOE_PASSPHRASE_FILE)',
    )
    .option('--json', 'one JSON object on stdout')
    .addHelpText('after', EXIT_CODES_HELP)
    .showHelpAfterError('(floe --help shows what there is)')
    .exitOverride();
  addInitCommand(program);
  addEngineCommands(program);
  addRestoreCommands(program);
  addStorageCommands(program);
  addPolicyCommand(program);
  addRetentionCommands(program);
  addWalletCommands(program);
  addSettingsCommand(program);
  addGuardianCommands(program);
  addBlobCommands(program);
  addLocalnetCommands(program);
  addMoveCommand(program);
  addStartCommand(program);
  addUiCommand(program);
  addDemoCommand(program);
  return program;
}

/** Usage errors end with exit code 2; help and version with 0. */
function usageExit(error: CommanderError): number {
  if (error.exitCode === 0) return EXIT.ok;
  if (process.argv.includes('--json')) {
    const message = error.message.replace(/^error: /, '');
    process.stdout.write(
      `${jsonText({ error: { code: 'usage', message, next: 'Run the command with --help.', context: {} } })}\n`,
    );
  }
  return EXIT.usage;
}

/** Subcommands inherit `exitOverride` only when told so. */
function overrideExits(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) overrideExits(child);
}

const program = buildProgram();
overrideExits(program);
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = usageExit(error);
}
