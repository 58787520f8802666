/** @file floe settings: what a person wishes of this home, as on the window's page of that name. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { AppSettings } from '#contract/home-api.ts';
import { EXIT } from '#contract/errors.ts';
import { homeSettings } from '#host/home-settings.ts';
import { runCommand } from './context.ts';
import { coinText, tableLines } from './text.ts';

const HELP = `
Upload: "auto" goes directly to the storage nodes, unless the line was seen to be so slow that an
upload relay of the network saves minutes and its tip is within --tip-max; when a relay fails, the
pack goes directly. "direct" uses no relay; "relay" uses nothing else, and waits while there is none.

Examples:
  $ floe settings                                  what is set
  $ floe settings --upload direct                  never by relay
  $ floe settings --upload auto --tip-max 0.001    by relay for at most 0.001 SUI a pack
`;

const MIST_PER_SUI = 1_000_000_000;

interface SettingsOptions {
  readonly upload?: AppSettings['upload'];
  readonly tipMax?: number;
}

export function addSettingsCommand(program: Command): void {
  program
    .command('settings')
    .description('how packs are uploaded, and what else is set for this home')
    .addOption(
      new Option('--upload <way>', 'how packs go to the storage nodes').choices([
        'auto',
        'direct',
        'relay',
      ]),
    )
    .option('--tip-max <sui>', 'the most that an upload relay may get for one pack', mist)
    .addHelpText('after', HELP)
    .action(async (options: SettingsOptions, command: Command) =>
      runCommand(command, async (context) => {
        const settings = await homeSettings(context.home, {
          ...(options.upload === undefined ? {} : { upload: options.upload }),
          ...(options.tipMax === undefined ? {} : { uploadTipMaxMist: options.tipMax }),
        });
        context.print(settings, settingsLines(settings));
        return EXIT.ok;
      }),
    );
}

function settingsLines(settings: AppSettings): string[] {
  const yesNo = (value: boolean): string => (value ? 'yes' : 'no');
  return tableLines([
    ['upload', settings.upload],
    [
      'tip of an upload relay, at most',
      `${coinText(BigInt(settings.uploadTipMaxMist))} SUI a pack`,
    ],
    ['wait on metered networks', yesNo(settings.pauseOnMetered)],
    ['wait on battery', yesNo(settings.pauseOnBattery)],
    ['tell about problems', yesNo(settings.notifyProblems)],
    ['language', settings.language],
    ['theme', settings.theme],
    ['start at login', yesNo(settings.startAtLogin)],
  ]);
}

/** MIST of a decimal amount of SUI. */
function mist(text: string): number {
  const [, whole = '', fraction = ''] = /^([0-9]{1,2})(?:\.([0-9]{1,9}))?$/.exec(text) ?? [];
  const amount = Number(whole) * MIST_PER_SUI + Number(fraction.padEnd(9, '0'));
  if (whole === '' || amount > 10 * MIST_PER_SUI) {
    throw new InvalidArgumentError('An amount of SUI, up to 10, with up to nine decimals.');
  }
  return amount;
}
