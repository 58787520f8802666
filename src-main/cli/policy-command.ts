/** @file policy: how long a folder is kept, how far ahead it is paid for, how often it commits. */
import type { Command } from 'commander';
import type { FolderSchedule } from '#contract/api.ts';
import { EXIT } from '#contract/errors.ts';
import type { HorizonPolicy } from '#contract/storage-api.ts';
import { EngineError } from '#engine/model/engine-error.ts';
import { runCommand, withEngine } from './context.ts';
import { coinsOption, dateOption, wholeNumber } from './options.ts';
import { horizonText } from './storage-commands.ts';
import { coinText, durationText } from './text.ts';

export function addPolicyCommand(program: Command): void {
  program
    .command('policy')
    .description('how long a folder is kept, and how far ahead it is paid for')
    .argument('<folder>')
    .option('--floor <epochs>', 'renew when less than this is left', wholeNumber)
    .option('--target <epochs>', 'what a renewal buys, counted from now', wholeNumber)
    .option('--until <date>', 'keep it up to this day (2027-03-14), then let it lapse', dateOption)
    .option('--keep', 'keep it for good: renewed as long as the wallet holds')
    .option('--commit-cap <wal>', 'what its commits may cost in 30 days at least', capOption)
    .addHelpText(
      'after',
      `
Examples:
  $ floe policy Photos                          what holds now
  $ floe policy Photos --floor 10 --target 13   a year ahead on mainnet
  $ floe policy Tenders --until 2027-12-31      then it may lapse
  $ floe policy Notes --commit-cap 20           changes wait for each other less; "default" is 5
`,
    )
    .action(async (folder: string, { commitCap, ...options }: PolicyOptions, command: Command) =>
      runCommand(command, async (context) =>
        withEngine(context, async ({ api }) => {
          const before = one((await api.storage({}, context)).folders, folder);
          const isChange = Object.keys(options).length > 0;
          const horizon = isChange ? changedHorizon(before.horizon, options) : before.horizon;
          if (isChange) await api.setHorizon({ folder, horizon }, context);
          if (commitCap !== undefined) {
            await api.updateFolder({ folder, fixedCostCapFrost: commitCap }, context);
          }
          const { folders, network } = await api.status({}, context);
          const { schedule } = one(folders, before.folderId);
          context.print({ folder: before.name, horizon, schedule }, [
            `${before.name}: ${horizonText(horizon)}.`,
            scheduleText(schedule, network.isTryOut),
            ...(isChange ? ['Next: floe renew --dry-run'] : []),
          ]);
          return EXIT.ok;
        }),
      ),
    );
}

interface PolicyOptions {
  readonly floor?: number;
  readonly target?: number;
  readonly until?: number;
  readonly keep?: boolean;
  readonly commitCap?: bigint | 'default';
}

export function scheduleText(
  { commitEveryMs, delayMs, fixedCostCap }: FolderSchedule,
  isTryOut: boolean,
): string {
  const delay = durationText(delayMs);
  if (commitEveryMs !== 'auto') return `Changes are committed after ${delay}, whatever that costs.`;
  const cap = `${coinText(fixedCostCap.frost)} WAL in 30 days`;
  if (isTryOut) {
    const idle = fixedCostCap.isDefault ? '' : ` The cap of ${cap} changes nothing here.`;
    return `Changes are committed after ${delay} of quiet: on the try-out network commits cost nothing.${idle}`;
  }
  return `Changes wait ${delay} for others: its commits are to cost at most ${cap}, however little changes.`;
}

function one<Folder extends { readonly name: string; readonly folderId: string }>(
  folders: readonly Folder[],
  wanted: string,
): Folder {
  const found = folders.find(
    ({ name, folderId }) => name === wanted || folderId.startsWith(wanted),
  );
  if (found) return found;
  throw new EngineError('folder-unknown', `no folder of this device is called ${wanted}`);
}

function changedHorizon(
  before: HorizonPolicy,
  options: { floor?: number; target?: number; until?: number; keep?: boolean },
): HorizonPolicy {
  const { floor, target, until, keep } = options;
  if (keep === true && until !== undefined) {
    throw new EngineError('usage', '--keep and --until exclude each other');
  }
  const untilMs = keep === true ? undefined : (until ?? before.untilMs);
  const horizon: HorizonPolicy = {
    kind: untilMs === undefined ? 'keep' : 'until',
    floorEpochs: floor ?? before.floorEpochs,
    targetEpochs: target ?? before.targetEpochs,
    untilMs,
  };
  if (horizon.floorEpochs < horizon.targetEpochs) return horizon;
  throw new EngineError(
    'usage',
    `the target (${String(horizon.targetEpochs)}) must lie above the floor (${String(horizon.floorEpochs)})`,
  );
}

const capOption = (text: string): bigint | 'default' =>
  text === 'default' ? 'default' : coinsOption(text);
