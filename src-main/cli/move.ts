/**
 * @file move: a folder from the try-out to a network that lasts, with the price first.
 *
 * The words of the new vault are kept here as `floe init` does; the move is host/folder-move.ts.
 */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { EngineApi, FolderStatus } from '#contract/api.ts';
import { EXIT } from '#contract/errors.ts';
import type { Quote } from '#contract/storage-api.ts';
import { EngineError } from '#engine/model/engine-error.ts';
import { connectEngine } from '#host/connect.ts';
import { homeBeside, isSetUpFor, moveFolder, sizeOf } from '#host/folder-move.ts';
import { resolveNetwork, type NetworkChoice } from '#host/network-choice.ts';
import { setUpVault } from '#host/setup.ts';
import { runCommand, withEngine, type CommandContext } from './context.ts';
import { askWordsBack, canAsk } from './init.ts';
import { packEventText } from './pack-text.ts';
import { bytesText, costText, dateText } from './text.ts';

interface MoveOptions {
  readonly network: string;
  readonly homeTo?: string;
  readonly kitFile?: string;
  readonly yes?: boolean;
}

export function addMoveCommand(program: Command): void {
  program
    .command('move')
    .description('protect a folder on another network, and let go of it here once it is')
    .argument('<folder>')
    .requiredOption('--network <name|file>', 'testnet, mainnet or a network file')
    .option('--home-to <dir>', 'the home for that network (else beside this one, named after it)')
    .option('--kit-file <file>', 'save the recovery kit of the new vault here')
    .option('--yes', 'spend what it costs; without it the price is shown and nothing is spent')
    .addHelpText(
      'after',
      `
Examples:
  $ floe move Documents --network testnet --kit-file ~/floe-testnet-kit.txt
  $ floe move Documents --network testnet --yes
  $ floe --home ~/.local/share/floe-testnet status`,
    )
    .action(async (folder: string, options: MoveOptions, command: Command) =>
      runCommand(command, async (context) => {
        const network = await resolveNetwork(options.network, undefined);
        const homeTo = resolve(options.homeTo ?? homeBeside(context.home, network));
        await withEngine(context, async ({ api: from }) => {
          const source = await sourceFolder(from, folder, context);
          await prepareHome(context, homeTo, network, options.kitFile);
          await move(context, { from, source, homeTo, network, maySpend: options.yes === true });
        });
        return EXIT.ok;
      }),
    );
}

async function sourceFolder(
  api: EngineApi,
  text: string,
  context: CommandContext,
): Promise<FolderStatus> {
  const { folders } = await api.status({}, context);
  const here = folders.filter(({ isHere, removed }) => isHere && !removed);
  const path = resolve(text);
  const found =
    here.find(({ name }) => name === text) ??
    here.find((one) => one.path === path || one.folderId === text);
  if (!found) throw new EngineError('folder-unknown', `no folder is called ${text}`);
  return found;
}

/** A vault on the network in the home to move to: the one that is there, or a new one. */
async function prepareHome(
  context: CommandContext,
  home: string,
  network: NetworkChoice,
  kitFile: string | undefined,
): Promise<void> {
  if (await isSetUpFor(home, context.home, network)) return;
  context.note(`A new vault on ${network.network.name}, with words of its own, in ${home}.`);
  await setUpVault({
    home,
    network,
    words: undefined,
    mayStartEmpty: true,
    kitFile,
    passphraseFile: context.passphraseFile,
    confirmWords: canAsk(context) ? askWordsBack : undefined,
    signal: context.signal,
  });
  if (kitFile !== undefined) context.note(`The recovery kit is in ${kitFile}`);
}

interface Move {
  readonly from: EngineApi;
  readonly source: FolderStatus;
  readonly homeTo: string;
  readonly network: NetworkChoice;
  readonly maySpend: boolean;
}

async function move(context: CommandContext, given: Move): Promise<void> {
  const { source, homeTo, network } = given;
  const engine = await connectEngine({ ...context, home: homeTo });
  try {
    const { api } = engine;
    const quote = await api.quote(sizeOf(source), context);
    const { address } = await api.wallet({}, context);
    const lines = quoteLines(source, network.network.name, quote, address);
    if (!given.maySpend) {
      context.print({ moved: false, home: homeTo, address, quote }, [
        ...lines,
        'Nothing was spent. To do it, run the same command with --yes.',
      ]);
      return;
    }
    for (const line of lines) context.note(line);
    engine.subscribe((event) => {
      if (event.kind === 'progress') context.progress.show(event);
      if (event.kind !== 'pack') return;
      context.progress.end();
      context.note(packEventText(event));
    });
    const moved = await moveFolder({ from: given.from, to: engine, source }, context.signal);
    context.print({ moved: true, home: homeTo, address, quote, folder: moved }, [
      `${moved.name}: Protected until ${dateText(moved.protectedUntil?.atMs ?? 0)} on ${network.network.name}.`,
      `It is no longer protected in ${context.home}. From now on: floe --home '${homeTo}' daemon`,
    ]);
  } finally {
    await engine.close();
  }
}

function quoteLines(
  { name, fileCount, sizeBytes }: FolderStatus,
  networkName: string,
  { now, perMonth, protectedUntil, missing }: Quote,
  address: string,
): string[] {
  const isMissing = missing.walFrost > 0n || missing.gasMist > 0n;
  return [
    `${name}: ${bytesText(sizeBytes)} in ${String(fileCount)} files, to ${networkName}`,
    `Now      ${costText(now)}, protected until ${dateText(protectedUntil.atMs)} (epoch ${String(protectedUntil.epoch)})`,
    `A month  ${costText(perMonth)}, renewals included`,
    ...(isMissing ? [`Missing  ${costText(missing)} at ${address}`] : [`Paid by  ${address}`]),
  ];
}
