/**
 * @file start: the main job on the embedded network, in the foreground.
 *
 * Starts the local network and the engine as processes of their own (or joins those that run),
 * protects a folder, shows each pack's way until it is protected, and keeps watching.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { EngineConnection, FolderStatus } from '#contract/api.ts';
import { EXIT } from '#contract/errors.ts';
import { EngineError } from '#engine/model/engine-error.ts';
import { parseNetwork } from '#engine/model/network.ts';
import { connectRemote } from '#host/connect.ts';
import { defaultLocalnetFolder } from '#host/home.ts';
import { readHome } from '#host/open-home.ts';
import { setUpVault } from '#host/setup.ts';
import { runCommand, type CommandContext } from './context.ts';
import { packEventText } from './pack-text.ts';
import { startFloe, type FloeProcess } from './processes.ts';
import { dateText } from './text.ts';

/** Named so that nobody takes it for a folder of their own. */
const SAMPLE_FOLDER = 'floe-sample-folder';

export function addStartCommand(program: Command): void {
  program
    .command('start')
    .description('try Floe on a network embedded on this computer; what `npm start` runs')
    .argument('[dir]', 'a folder to protect (else a small sample folder in your home)')
    .action(async (dir: string | undefined, _options: unknown, command: Command) =>
      runCommand(command, async (context) => {
        const processes: FloeProcess[] = [];
        try {
          await start(context, dir, processes);
        } finally {
          context.note('Stopping.');
          // The engine first: it still speaks to the network while it ends.
          for (const process of processes.reverse()) await process.stop();
        }
        return EXIT.ok;
      }),
    );
}

async function start(
  context: CommandContext,
  dir: string | undefined,
  processes: FloeProcess[],
): Promise<void> {
  await refuseOtherNetwork(context);
  const folderPath = dir === undefined ? await sampleFolder() : resolve(dir);
  const localnet = process.env['FLOE_LOCALNET'] ?? defaultLocalnetFolder();
  context.note(`Local network: ${localnet}`);
  const network = await joinOrStartLocalnet(localnet, processes);
  if ((await readHome(context.home)) === undefined) {
    const report = await setUpVault({
      home: context.home,
      network,
      words: undefined,
      mayStartEmpty: true,
      kitFile: undefined,
      passphraseFile: context.passphraseFile,
      confirmWords: undefined,
      signal: context.signal,
    });
    context.note(
      `A new vault in ${context.home}. Its words: floe init shows them once; here they are:`,
    );
    context.note(`  ${(report.words ?? []).join(' ')}`);
  }
  const engine = await joinOrStartEngine(context, processes);
  try {
    const folder = await protect(context, engine, folderPath);
    printWhatNext(context, folder);
    await untilStopped(context.signal, processes);
  } finally {
    await engine.close();
  }
}

/** A home whose vault is on another network is not for trying things out. */
async function refuseOtherNetwork(context: CommandContext): Promise<void> {
  const home = await readHome(context.home);
  if (home && !home.isTryOut) {
    throw new EngineError(
      'home-other-network',
      `the vault in ${context.home} is on ${home.network.name}, not on the local network`,
    );
  }
}

async function sampleFolder(): Promise<string> {
  const folder = join(homedir(), SAMPLE_FOLDER);
  if (!existsSync(folder)) {
    await mkdir(join(folder, 'notes'), { recursive: true });
    await writeFile(
      join(folder, 'README.txt'),
      'Floe made this folder so that there is something to protect.\nChange it, and watch what Floe does. Delete it whenever you like.\n',
    );
    await writeFile(join(folder, 'notes', 'one.txt'), 'A first note.\n');
    await writeFile(join(folder, 'notes', 'two.txt'), 'A second note.\n'.repeat(1_000));
  }
  return folder;
}

async function joinOrStartLocalnet(
  folder: string,
  processes: FloeProcess[],
): Promise<{ network: ReturnType<typeof parseNetwork>; json: unknown }> {
  const json = await startFloe(['localnet', 'start', '--dir', folder, '--port', '0', '--join'], {
    stderr: 'inherit',
  }).then((localnet) => {
    processes.push(localnet);
    return localnet.ready;
  });
  return { network: parseNetwork(json), json };
}

async function joinOrStartEngine(
  context: CommandContext,
  processes: FloeProcess[],
): Promise<EngineConnection> {
  const running = await connectRemote(context.home);
  if (running) return running;
  const daemon = await startFloe(
    [
      '--home',
      context.home,
      ...(context.passphraseFile === undefined
        ? []
        : ['--passphrase-file', context.passphraseFile]),
      'daemon',
    ],
    { stderr: 'inherit' },
  );
  processes.push(daemon);
  const started = await connectRemote(context.home);
  if (!started) throw new EngineError('internal', 'the engine started but does not answer');
  return started;
}

async function protect(
  context: CommandContext,
  engine: EngineConnection,
  folderPath: string,
): Promise<FolderStatus> {
  engine.subscribe((event) => {
    if (event.kind === 'progress') context.progress.show(event);
    if (event.kind === 'pack') {
      context.progress.end();
      context.note(packEventText(event));
    }
    if (event.kind === 'sync-ended') {
      context.progress.end();
      context.note(
        event.problem === undefined
          ? `${event.folderName} is up to date`
          : `${event.folderName}: ${event.problem.message}`,
      );
    }
  });
  const before = await engine.api.status({}, context);
  const known = before.folders.find((folder) => !folder.removed && folder.path === folderPath);
  const added =
    known ??
    (await engine.api.addFolder({ path: folderPath, excludes: [], permanent: false }, context));
  context.note(`Protecting ${added.path}`);
  await engine.api.sync({ folder: added.folderId }, context);
  const status = await engine.api.status({ withSpread: true }, context);
  const folder = status.folders.find(({ folderId }) => folderId === added.folderId);
  if (folder?.protectedUntil === undefined) {
    throw new EngineError('blob-not-certified', `${added.name} is not protected yet`);
  }
  context.print(status, [
    `${folder.name}: Protected until ${dateText(folder.protectedUntil.atMs)} (epoch ${String(folder.protectedUntil.epoch)})`,
    status.sentence,
  ]);
  return folder;
}

function printWhatNext(context: CommandContext, folder: FolderStatus): void {
  const home = `--home '${context.home}'`;
  context.note('');
  context.note('Floe keeps watching; change something in the folder and see. In another terminal:');
  context.note(`  npx floe ${home} status`);
  context.note(`  npx floe ${home} ls ${folder.name}`);
  context.note(`  npx floe ${home} restore ${folder.name} --to /tmp/back`);
  context.note('Ctrl-C stops everything; npm start goes on from here.');
}

/** Wait for Ctrl-C; a child that ends by itself is a failure. */
async function untilStopped(signal: AbortSignal, processes: readonly FloeProcess[]): Promise<void> {
  const stopped = new Promise<'stopped'>((resolve) => {
    if (signal.aborted) resolve('stopped');
    else signal.addEventListener('abort', () => resolve('stopped'), { once: true });
  });
  const ended = processes.map(async (process) => {
    await process.ended;
    return 'ended' as const;
  });
  if ((await Promise.race([stopped, ...ended])) === 'ended') {
    throw new EngineError('internal', 'the local network or the engine ended by itself');
  }
}
