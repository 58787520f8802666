/** @file retention, forget, pin, compact: which snapshots stay, and how densely they lie. */
import { InvalidArgumentError, type Command } from 'commander';
import { EXIT } from '#contract/errors.ts';
import type { RetentionPolicy } from '#contract/storage-api.ts';
import { runCommand, withEngine, type CommandContext } from './context.ts';
import { bytesText, coinText, costText, countText, momentText } from './text.ts';

const ID_SHOWN_CHARACTERS = 8;
const DURATIONS_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

export function addRetentionCommands(program: Command): void {
  addRetentionCommand(program);
  addSnapshotCommands(program);
  addCompactCommand(program);
}

interface RetentionOptions {
  readonly keepWithin?: number;
  readonly hourly?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
  readonly off?: boolean;
  readonly thaw?: boolean;
  readonly dryRun?: boolean;
}

function addRetentionCommand(program: Command): void {
  program
    .command('retention')
    .description('which snapshots of a folder stay; without options, what is set')
    .argument('<folder>')
    .option('--keep-within <time>', 'everything younger than this: 36h, 30d, 8w', duration)
    .option('--hourly <n>', 'the newest of each of the last n hours that have one', count)
    .option('--daily <n>', 'the same of days', count)
    .option('--weekly <n>', 'of weeks', count)
    .option('--monthly <n>', 'of months', count)
    .option('--yearly <n>', 'of years', count)
    .option('--off', 'every snapshot stays')
    .option('--thaw', 'the rules were frozen because files looked encrypted, and all is well')
    .option('--dry-run', 'show what would go and what that frees; change nothing')
    .addHelpText(
      'after',
      `
A snapshot stays if any rule keeps it; the newest and pinned ones always do. What goes leaves the
history with the next commit, and its storage is given up when repacking pays.

Examples:
  $ floe retention Documents --keep-within 7d --daily 30 --monthly 12 --dry-run
  $ floe retention Documents --off
`,
    )
    .action(async (folder: string, options: RetentionOptions, command: Command) =>
      runCommand(command, async (context) =>
        withEngine(context, async ({ api }) => {
          const policy = policyOf(options);
          if (options.thaw === true) await api.thawRetention({ folder }, context);
          if (options.dryRun === true && policy) {
            const preview = await api.previewRetention({ folder, retention: policy }, context);
            context.print(preview, [
              `${countText(preview.keep.length, 'snapshot')} ${preview.keep.length === 1 ? 'stays' : 'stay'}, ${String(preview.forget.length)} ${preview.forget.length === 1 ? 'goes' : 'go'}:`,
              ...preview.forget.map((id) => `  ${id.slice(0, ID_SHOWN_CHARACTERS)}`),
              `That frees ${bytesText(preview.freedBytes)}; repacked, it saves ${coinText(preview.savedPerMonth.walFrost)} WAL a month.`,
            ]);
            return EXIT.ok;
          }
          if (policy || options.off === true) {
            const retention = options.off === true ? undefined : policy;
            await api.setRetention({ folder, retention }, context);
          }
          const now = await api.retention({ folder }, context);
          context.print(now, retentionLines(now));
          return EXIT.ok;
        }),
      ),
    );
}

function policyOf(options: RetentionOptions): RetentionPolicy | undefined {
  const { keepWithin, hourly, daily, weekly, monthly, yearly } = options;
  const given = [keepWithin, hourly, daily, weekly, monthly, yearly];
  if (given.every((one) => one === undefined)) return undefined;
  return {
    keepWithinMs: keepWithin,
    hourly: hourly ?? 0,
    daily: daily ?? 0,
    weekly: weekly ?? 0,
    monthly: monthly ?? 0,
    yearly: yearly ?? 0,
  };
}

interface ShownRetention {
  readonly retention: RetentionPolicy | undefined;
  readonly frozen: { readonly atMs: number; readonly files: number } | undefined;
  readonly pinned: readonly string[];
  readonly forgotten: readonly string[];
}

function retentionLines({ retention, frozen, pinned, forgotten }: ShownRetention): string[] {
  return [
    retention ? `Kept: ${ruleText(retention)}.` : 'Every snapshot stays.',
    ...(pinned.length > 0 ? [`Pinned: ${shortIds(pinned)}.`] : []),
    ...(forgotten.length > 0 ? [`Goes with the next commit: ${shortIds(forgotten)}.`] : []),
    ...(frozen
      ? [
          `Frozen since ${momentText(frozen.atMs)}: ${countText(frozen.files, 'file')} ${frozen.files === 1 ? 'was' : 'were'} replaced by what looks encrypted. Nothing is forgotten.`,
          'Look at the folder. If all is well: floe retention FOLDER --thaw',
        ]
      : []),
  ];
}

const shortIds = (ids: readonly string[]): string =>
  ids.map((id) => id.slice(0, ID_SHOWN_CHARACTERS)).join(', ');

function ruleText(policy: RetentionPolicy): string {
  const { keepWithinMs, ...counts } = policy;
  const within =
    keepWithinMs === undefined
      ? []
      : [`all of the last ${countText(keepWithinMs / 3_600_000, 'hour')}`];
  const rules = Object.entries(counts).flatMap(([rule, number]) =>
    number > 0 ? `${String(number)} ${rule}` : [],
  );
  return [...within, ...rules, 'the newest'].join(', ');
}

function addSnapshotCommands(program: Command): void {
  program
    .command('pin')
    .description('keep a snapshot, whatever the rules say')
    .argument('<folder>')
    .argument('<snapshot>', 'the beginning of its ID')
    .option('--remove', 'the rules decide again')
    .action(
      async (folder: string, snapshot: string, options: { remove?: boolean }, command: Command) =>
        runCommand(command, async (context) =>
          withEngine(context, async ({ api }) => {
            const isPinned = options.remove !== true;
            await api.pinSnapshot({ folder, snapshot, isPinned }, context);
            context.print({ snapshot, isPinned }, [
              isPinned ? `${snapshot} stays.` : `${snapshot} stays as long as a rule keeps it.`,
            ]);
            return EXIT.ok;
          }),
        ),
    );
  program
    .command('forget')
    .description('leave a snapshot out of the history, with the next commit')
    .argument('<folder>')
    .argument('<snapshot>', 'the beginning of its ID')
    .option('--now', 'publish it at once; costs a commit')
    .action(
      async (folder: string, snapshot: string, options: { now?: boolean }, command: Command) =>
        runCommand(command, async (context) =>
          withEngine(context, async ({ api }) => {
            const request = { folder, snapshot, now: options.now === true };
            const report = await api.forgetSnapshot(request, context);
            context.print(report, [
              report.isPublished
                ? `${report.snapshotId.slice(0, ID_SHOWN_CHARACTERS)} is out of the history.`
                : `${report.snapshotId.slice(0, ID_SHOWN_CHARACTERS)} leaves the history with the next commit.`,
            ]);
            return EXIT.ok;
          }),
        ),
    );
}

function addCompactCommand(program: Command): void {
  program
    .command('compact')
    .description('repack what is cheaper to store anew than to extend; a daemon does it by itself')
    .argument('[folder]')
    .option('--dry-run', 'show what it would save; spend nothing')
    .action(async (folder: string | undefined, options: { dryRun?: boolean }, command: Command) =>
      runCommand(command, async (context) =>
        withEngine(context, async ({ api }) => {
          const request = folder === undefined ? {} : { folder };
          if (options.dryRun === true) {
            const plan = await api.planCompaction(request, context);
            const { compaction } = plan;
            const price = compaction ? [`It takes ${costText(compaction.cost)} now.`] : [];
            return print(context, plan, compaction?.sentence, price);
          }
          const report = await api.compact(request, context);
          const spent = `Paid ${costText(report.spent)}.`;
          return print(context, report, report.compaction?.sentence, [spent]);
        }),
      ),
    );
}

function print(
  context: CommandContext,
  json: object,
  sentence: string | undefined,
  more: readonly string[],
): typeof EXIT.ok {
  context.print(json, [sentence ?? 'There is nothing that repacking would save.', ...more]);
  return EXIT.ok;
}

function duration(text: string): number {
  const [, number, unit] = /^([1-9][0-9]{0,4})([hdw])$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) {
    throw new InvalidArgumentError('a number of hours, days or weeks is needed: 36h, 30d, 8w');
  }
  return Number(number) * (DURATIONS_MS[unit] ?? 0);
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('a whole number from 0 is needed');
  }
  return value;
}
