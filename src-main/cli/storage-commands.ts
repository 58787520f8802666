/** @file renew, storage, extend: how long things are kept, and what that costs. */
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { EngineApi } from '#contract/api.ts';
import { EXIT, errorCodes, type ExitCode } from '#contract/errors.ts';
import type { HorizonPolicy, RenewalPlan, StorageForecast } from '#contract/storage-api.ts';
import { EngineError } from '#engine/model/engine-error.ts';
import { runCommand, withEngine, type CommandContext } from './context.ts';
import { wholeNumber } from './options.ts';
import { bytesText, coinText, costText, countText, dateText, tableLines } from './text.ts';

/** Renewals of a folder that are listed one by one. */
const RENEWALS_LISTED_MAX = 3;

export function addStorageCommands(program: Command): void {
  addRenewCommand(program);
  addStorageCommand(program);
  addExtendCommand(program);
}

function addRenewCommand(program: Command): void {
  program
    .command('renew')
    .description('renew what is due by its policy; a daemon does this by itself')
    .argument('[folder]')
    .option('--dry-run', 'show the plan and its price; spend nothing')
    .addHelpText(
      'after',
      `
Examples:
  $ floe renew --dry-run       what is due, to which date, for how much
  $ floe renew                 pay for it; a second call finds nothing to do
`,
    )
    .action(async (folder: string | undefined, options: { dryRun?: boolean }, command: Command) =>
      runCommand(command, async (context) =>
        withEngine(context, async ({ api }) => {
          const request = folder === undefined ? {} : { folder };
          if (options.dryRun === true) {
            const plan = await api.planRenewal(request, context);
            context.print(plan, planLines(plan));
            return problemExit(plan);
          }
          const report = await api.renew(request, context);
          context.print(report, [
            ...planLines(report),
            ...(report.executed.walFrost === 0n ? [] : [`Paid ${costText(report.executed)}.`]),
          ]);
          return problemExit(report);
        }),
      ),
    );
}

const problemExit = ({ problem }: RenewalPlan): ExitCode =>
  problem === undefined ? EXIT.ok : errorCodes[problem.code].exit;

function planLines(plan: RenewalPlan): string[] {
  const folders = plan.folders.map((folder) => [
    folder.name,
    `${dateText(folder.from.atMs)} to ${dateText(folder.to.atMs)}`,
    countText(folder.blobCount, 'blob'),
    `${coinText(folder.cost.walFrost)} WAL`,
  ]);
  return [
    ...(folders.length === 0 ? ['Nothing is due.'] : tableLines(folders)),
    ...(plan.compaction === undefined ? [] : [plan.compaction.sentence]),
    ...costLines(plan),
    ...(plan.problem === undefined
      ? []
      : [`Not all of it: ${plan.problem.message}.`, plan.problem.next]),
  ];
}

function costLines({ cost, compaction, transactionCount }: RenewalPlan): string[] {
  if (transactionCount === 0 && compaction === undefined) return [];
  const how = compaction ? 'all' : countText(transactionCount, 'transaction');
  return [`${costText(cost)} in ${how}.`];
}

function addStorageCommand(program: Command): void {
  program
    .command('storage')
    .description('what ends when, what is renewed when, what it costs, how long the balance lasts')
    .option('--ics <file>', 'write renewals and ends as a calendar')
    .option('--csv <file>', 'write every blob as a table')
    .addHelpText(
      'after',
      `
Examples:
  $ floe storage
  $ floe storage --ics ~/floe.ics      for any calendar
  $ floe storage --json | jq .ends     what ends if nobody pays any more
`,
    )
    .action(async (options: { ics?: string; csv?: string }, command: Command) =>
      runCommand(command, async (context) =>
        withEngine(context, async ({ api }) => {
          const written = await exportFiles(api, options, context);
          const storage = await api.storage({}, context);
          context.print({ ...storage, ...(written.length === 0 ? {} : { written }) }, [
            ...storageLines(storage),
            ...written.map((file) => `Written: ${file}`),
          ]);
          return EXIT.ok;
        }),
      ),
    );
}

async function exportFiles(
  api: EngineApi,
  { ics, csv }: { readonly ics?: string; readonly csv?: string },
  context: CommandContext,
): Promise<string[]> {
  const wanted = [
    { file: ics, what: 'calendar', format: 'ics' },
    { file: csv, what: 'blobs', format: 'csv' },
  ] as const;
  const written: string[] = [];
  for (const { file, what, format } of wanted) {
    if (file === undefined) continue;
    const { text } = await api.exportText({ what, format }, context);
    await writeTextFile(file, text);
    written.push(file);
  }
  return written;
}

export async function writeTextFile(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new EngineError('usage', `${file} cannot be written`, { cause: error });
  }
}

function storageLines(storage: StorageForecast): string[] {
  const folders = storage.folders.map((folder) => [
    folder.name,
    folder.permanent ? 'permanent' : 'deletable',
    bytesText(Number(folder.encodedBytes)),
    folder.protectedUntil ? `until ${dateText(folder.protectedUntil.atMs)}` : 'not protected',
    horizonText(folder.horizon),
    `${coinText(folder.perMonth.walFrost)} WAL a month`,
  ]);
  const renewals = storage.folders.flatMap(({ name, renewals: all }) =>
    all
      .slice(0, RENEWALS_LISTED_MAX)
      .map(({ at, cost }) => [dateText(at.atMs), name, costText(cost)]),
  );
  const ends = storage.ends.map(({ at, blobCount, folders: names }) => [
    dateText(at.atMs),
    countText(blobCount, 'blob'),
    names.join(', '),
  ]);
  return [
    `Epoch ${String(storage.now.epoch)}. Storage is sold ${countText(storage.epochsAheadMax, 'epoch')} ahead.`,
    '',
    ...(folders.length === 0 ? ['No folder is protected yet.'] : tableLines(folders)),
    ...(renewals.length === 0
      ? []
      : ['', 'Next renewals, at the prices of today', ...tableLines(renewals)]),
    ...(ends.length === 0 ? [] : ['', 'If nobody pays any more, this ends', ...tableLines(ends)]),
    '',
    `Holds ${costText(storage.balance)}; everything costs ${costText(storage.perMonth)} a month${rateText(storage)}.`,
    storage.runsOutAt
      ? `The balance lasts until ${dateText(storage.runsOutAt.atMs)}.`
      : 'The balance lasts beyond the next two years.',
    `Spent ${costText(storage.spent.today)} in 24 hours, ${costText(storage.spent.thisEpoch)} in this epoch, ${costText(storage.spent.inAll)} in all.`,
    ...storage.warnings.flatMap(({ sentence, next }) => ['', sentence, `  ${next}`]),
  ];
}

function rateText({ rate, perMonth }: StorageForecast): string {
  if (rate === undefined) return '';
  const amount =
    (Number(perMonth.walFrost) * rate.perWal + Number(perMonth.gasMist) * rate.perSui) / 1e9;
  return ` (${amount.toFixed(2)} ${rate.currency} at your rate)`;
}

export const horizonText = (horizon: HorizonPolicy): string =>
  horizon.kind === 'until' && horizon.untilMs !== undefined
    ? `kept until ${dateText(horizon.untilMs)}`
    : `kept; renewed to ${String(horizon.targetEpochs)} epochs when fewer than ${String(horizon.floorEpochs)} are left`;

function addExtendCommand(program: Command): void {
  program
    .command('extend')
    .description("buy more epochs now for everything that a folder's newest snapshot needs")
    .argument('<folder>')
    .option('--epochs <n>', 'epochs to add to the earliest end', wholeNumber)
    .option('--until-epoch <n>', 'the epoch at whose start all of it is to end', wholeNumber)
    .addHelpText(
      'after',
      `
Examples:
  $ floe extend Photos --epochs 4          asked again after a crash it buys nothing twice
  $ floe extend Photos --until-epoch 150
`,
    )
    .action(
      async (folder: string, options: { epochs?: number; untilEpoch?: number }, command: Command) =>
        runCommand(command, async (context) =>
          withEngine(context, async ({ api }) => {
            const { epochs, untilEpoch: endEpoch } = options;
            if ((epochs === undefined) === (endEpoch === undefined)) {
              throw new EngineError('usage', 'give either --epochs or --until-epoch');
            }
            const report = await api.extend(
              {
                folder,
                ...(epochs === undefined ? {} : { epochs }),
                ...(endEpoch === undefined ? {} : { endEpoch }),
              },
              context,
            );
            const until = report.protectedUntil;
            context.print(report, [
              `Extended ${countText(report.blobs, 'blob')} in ${countText(report.transactions, 'transaction')} for ${costText(report.spent)}.`,
              ...(until
                ? [`Protected until ${dateText(until.atMs)} (epoch ${String(until.epoch)})`]
                : []),
            ]);
            return EXIT.ok;
          }),
        ),
    );
}
