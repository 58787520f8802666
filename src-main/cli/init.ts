/** @file init: a new vault, or an existing one from its words. */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { EXIT } from '#contract/errors.ts';
import { EngineError } from '#engine/model/engine-error.ts';
import { resolveNetwork } from '#host/network-choice.ts';
import { setUpVault, type SetupReport } from '#host/setup.ts';
import { runCommand, type CommandContext } from './context.ts';

interface InitOptions {
  readonly network: string;
  readonly wordsFile?: string;
  readonly new?: boolean;
  readonly kitFile?: string;
  readonly printWords?: boolean;
  readonly localnet?: string;
}

const WORDS_ASKED_BACK = 3;

export function addInitCommand(program: Command): void {
  program
    .command('init')
    .description('a new vault, or an existing one from its 24 words')
    .option('--network <name|file>', 'local, testnet, mainnet or a network file', 'local')
    .option('--words-file <file>', 'the 24 words of an existing vault')
    .option('--new', 'make a new vault even if the words open nothing on this network')
    .option('--kit-file <file>', 'save the recovery kit here; it is read again before init ends')
    .option('--print-words', 'show the words of a new vault with --json (implied on local)')
    .option(
      '--localnet <dir>',
      'folder of the local network (else FLOE_LOCALNET, else the system’s place)',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ floe init
  $ floe init --network testnet --kit-file ~/floe-kit.txt
  $ floe --home /tmp/blank init --words-file words.txt`,
    )
    .action(async (options: InitOptions, command: Command) =>
      runCommand(command, async (context) => {
        const network = await resolveNetwork(options.network, options.localnet);
        const words =
          options.wordsFile === undefined ? undefined : await readWords(options.wordsFile);
        const report = await setUpVault({
          home: context.home,
          network,
          words,
          mayStartEmpty: options.new === true || words === undefined,
          kitFile: options.kitFile,
          passphraseFile: context.passphraseFile,
          confirmWords: canAsk(context) ? askWordsBack : undefined,
          signal: context.signal,
        });
        const showsWords = report.isTryOut || (context.isJson && options.printWords === true);
        print(context, report, showsWords);
        return EXIT.ok;
      }),
    );
}

async function readWords(file: string): Promise<string> {
  try {
    return file === '-' ? await readStandardInput() : await readFile(file, 'utf8');
  } catch (error) {
    throw new EngineError('usage', `the words file cannot be read: ${file}`, { cause: error });
  }
}

async function readStandardInput(): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of process.stdin) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

/** Whether a person sits at a terminal. */
export const canAsk = (context: CommandContext): boolean =>
  !context.isJson && process.stdin.isTTY && process.stderr.isTTY;

/** Show the words once, then ask for three of them. Gives whether they were typed right. */
export async function askWordsBack(
  words: readonly string[],
  chosen: readonly number[],
): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    terminal.write('');
    process.stderr.write(`${wordGrid(words).join('\n')}\n\n`);
    process.stderr.write('Write them down now. They are shown once, and they are everything:\n');
    process.stderr.write(
      'whoever has them has your files. Never type them into anything but Floe.\n\n',
    );
    await terminal.question('Press Enter when you have them. ');
    process.stderr.write('\u001b[2J\u001b[H');
    for (const index of chosen.slice(0, WORDS_ASKED_BACK)) {
      const typed = await terminal.question(`Word ${String(index + 1)}: `);
      if (typed.trim().toLowerCase() !== words[index]) return false;
    }
    return true;
  } finally {
    terminal.close();
  }
}

/** The words in four columns with their numbers. */
function wordGrid(words: readonly string[]): string[] {
  const rows = Math.ceil(words.length / 4);
  return Array.from({ length: rows }, (_row, row) =>
    Array.from({ length: 4 }, (_column, column) => {
      const index = column * rows + row;
      return `${String(index + 1).padStart(2)}. ${(words[index] ?? '').padEnd(10)}`;
    })
      .join(' ')
      .trimEnd(),
  );
}

function print(context: CommandContext, report: SetupReport, showsWords: boolean): void {
  const { words, ...rest } = report;
  const found = report.folders.map((folder) => folder.name);
  context.print({ ...rest, ...(showsWords && words ? { words: words.join(' ') } : {}) }, [
    words === undefined
      ? `This vault is known on ${report.networkName}: ${found.length === 0 ? 'no folder yet' : found.join(', ')}`
      : `A new vault on ${report.networkName}.`,
    ...(words !== undefined && report.isTryOut
      ? [
          '',
          ...wordGrid(words),
          '',
          'These 24 words bring everything back. On this try-out network they lie in the home, too.',
        ]
      : []),
    ...(report.kitFile === undefined ? [] : [`The recovery kit is in ${report.kitFile}`]),
    `Address  ${report.address}`,
    words === undefined && found.length > 0
      ? `Next: floe restore ${found[0] ?? ''} --to DIR`
      : 'Next: floe add DIR',
  ]);
}
