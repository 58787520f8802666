/** @file share, guardian: archives that another machine keeps alive without a key to them. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { EXIT } from '#contract/errors.ts';
import type { Guardian, GuardianReport } from '#engine/guarding.ts';
import { EngineError } from '#engine/model/engine-error.ts';
import { openGuardian } from '#host/guardian.ts';
import { resolveNetwork } from '#host/network-choice.ts';
import { runCommand, withEngine, type CommandContext } from './context.ts';
import { writeTextFile } from './storage-commands.ts';
import { coinText, costText, countText, dateText } from './text.ts';

const SHARING_WARNING = [
  'Sharing cannot be undone. From then on nobody owns these blobs: anyone can pay for them, nobody',
  'can delete them or use their storage again, and they are found only by the IDs that Floe keeps.',
];
/** A guardian looks this often, and whenever an epoch begins. */
const LOOK_MS_MAX = 3_600_000;
const LOOK_MS_MIN = 10_000;

export function addGuardianCommands(program: Command): void {
  program
    .command('share')
    .description('make an archive extendable by anyone, so that a guardian can keep it alive')
    .argument('<folder>')
    .option('--confirm <name>', "the folder's name once more, instead of typing it")
    .option('--list <file>', 'write what a guardian needs to know')
    .addHelpText('after', `\n${SHARING_WARNING.join('\n')}\n`)
    .action(
      async (folder: string, options: { confirm?: string; list?: string }, command: Command) =>
        runCommand(command, async (context) =>
          withEngine(context, async ({ api }) => {
            const confirmation = options.confirm ?? (await askName(context, folder));
            const report = await api.share({ folder, confirmation }, context);
            if (options.list !== undefined) {
              const list = { folder: report.folderName, blobs: report.blobObjectIds };
              await writeTextFile(options.list, `${JSON.stringify(list, null, 2)}\n`);
            }
            context.print(report, [
              `${report.folderName}: ${countText(report.blobObjectIds.length, 'shared blob')}, ${String(report.sharedNow)} of them now, for ${costText(report.spent)}.`,
              ...(options.list === undefined
                ? ['Give --list FILE to write the list for a guardian.']
                : [`Next, on another machine: floe guardian --dir DIR --list ${options.list}`]),
            ]);
            return EXIT.ok;
          }),
        ),
    );
  program
    .command('guardian')
    .description('keep shared blobs alive from a machine that holds no vault; Ctrl-C stops it')
    .requiredOption('--dir <dir>', 'where the guardian keeps its own key and ledger')
    .option('--network <name>', 'local, testnet, mainnet, or a network file', 'local')
    .option('--list <file>', 'a list that `floe share --list` wrote; remembered from then on')
    .option('--once', 'look once and leave, for a timer')
    .option('--dry-run', 'say what is due; spend nothing')
    .addHelpText(
      'after',
      `
Examples:
  $ floe guardian --dir ~/guardian --network testnet --list dataset.json --dry-run
  $ floe guardian --dir ~/guardian --network testnet      until stopped
  $ floe guardian --dir ~/guardian --network testnet --once   from a timer
`,
    )
    .action(async (options: GuardianOptions, command: Command) =>
      runCommand(command, (context) => guard(context, options)),
    );
}

interface GuardianOptions {
  readonly dir: string;
  readonly network: string;
  readonly list?: string;
  readonly once?: boolean;
  readonly dryRun?: boolean;
}

async function guard(context: CommandContext, options: GuardianOptions) {
  const { network } = await resolveNetwork(options.network, undefined);
  const guardian = await openGuardian(options.dir, network);
  try {
    if (options.list !== undefined) guardian.adopt(await readList(options.list));
    const isDryRun = options.dryRun === true;
    if (options.once === true || isDryRun) {
      const report = await guardian.look({ isDryRun }, context.signal);
      context.print(report, reportLines(report));
      return report.lost.length === 0 ? EXIT.ok : EXIT.damage;
    }
    await guardUntilStopped(context, guardian);
    return EXIT.ok;
  } finally {
    guardian.close();
  }
}

async function guardUntilStopped(context: CommandContext, guardian: Guardian): Promise<void> {
  const { signal } = context;
  while (!signal.aborted) {
    let waitMs = LOOK_MS_MAX;
    try {
      const report = await guardian.look({ isDryRun: false }, signal);
      for (const line of reportLines(report)) context.note(line);
      waitMs = Math.max(LOOK_MS_MIN, Math.min(LOOK_MS_MAX, report.epochEndsAtMs - Date.now()));
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof EngineError)) throw error;
      context.note(`${error.message}. It is tried again.`);
    }
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  }
}

function reportLines(report: GuardianReport): string[] {
  const { address, balance, blobCount, due, digests, lost, protectedUntil, spent } = report;
  return [
    `Address  ${address}`,
    `Holds    ${costText(balance)}`,
    `Guards   ${countText(blobCount, 'shared blob')}${protectedUntil ? `, the earliest end is ${dateText(protectedUntil.atMs)}` : ''}`,
    ...(digests.length > 0
      ? [`Extended ${countText(due.blobCount, 'blob')} for ${costText(spent)}.`]
      : [
          due.blobCount === 0
            ? 'Nothing is due.'
            : `Due      ${countText(due.blobCount, 'blob')} for ${coinText(due.walFrost)} WAL`,
        ]),
    ...lost.map((id) => `Lost     ${id} is no living shared blob`),
  ];
}

async function readList(file: string): Promise<readonly string[]> {
  try {
    const list = JSON.parse(await readFile(file, 'utf8')) as { blobs?: unknown };
    const { blobs } = list;
    if (Array.isArray(blobs) && blobs.every((id) => typeof id === 'string')) return blobs;
  } catch (error) {
    throw new EngineError('usage', `${file} is no list of shared blobs`, { cause: error });
  }
  throw new EngineError('usage', `${file} is no list of shared blobs`);
}

async function askName(context: CommandContext, folder: string): Promise<string> {
  if (context.isJson || !process.stdin.isTTY || !process.stderr.isTTY) {
    throw new EngineError('usage', "without a terminal --confirm must repeat the folder's name");
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    process.stderr.write(`${SHARING_WARNING.join('\n')}\n`);
    return (await terminal.question(`Type the name of ${folder} to share it: `)).trim();
  } finally {
    terminal.close();
  }
}
