/**
 * @file start: the main job on the embedded network, in the foreground.
 *
 * Starts the local network and the engine as processes of their own (or joins those that run), opens
 * the window, protects a folder, shows each pack's way until it is protected, and keeps watching. An
 * engine that ends by itself is started again.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { EngineConnection, FolderStatus } from '#contract/api.ts';
import { EXIT } from '#contract/errors.ts';
import { EngineError, serializeError } from '#engine/model/engine-error.ts';
import { parseNetwork } from '#engine/model/network.ts';
import { defaultLocalnetFolder } from '#host/home.ts';
import type { NetworkChoice } from '#host/network-choice.ts';
import { readHome } from '#host/open-home.ts';
import { setUpVault } from '#host/setup.ts';
import { runCommand, type CommandContext } from './context.ts';
import { chooseWindow, showDesktopApp } from './desktop-app.ts';
import { startFloe, type FloeProcess } from './processes.ts';
import { dateText } from './text.ts';
import { admissionText } from './ui.ts';
import { WatchedEngine } from './watched-engine.ts';

/** Named so that nobody takes it for a folder of their own. */
const SAMPLE_FOLDER = 'floe-sample-folder';

interface StartOptions {
  readonly ui: 'auto' | 'app' | 'browser' | 'none';
}

export function addStartCommand(program: Command): void {
  program
    .command('start')
    .description('try Floe on a network embedded on this computer; what `npm start` runs')
    .argument('[dir]', 'a folder to protect (else a small sample folder in your home)')
    .addOption(
      new Option('--ui <where>', 'the window: the app where there is one, else in a browser')
        .choices(['auto', 'app', 'browser', 'none'])
        .default('auto'),
    )
    .action(async (dir: string | undefined, options: StartOptions, command: Command) =>
      runCommand(command, async (context) => {
        // Closed in the order of the stack: the window, the engine, which still speaks to the network
        // while it ends, and the network.
        const closing = new AsyncDisposableStack();
        try {
          await start(context, dir, options.ui, closing);
        } finally {
          context.note('Stopping.');
          await closing.disposeAsync();
        }
        return EXIT.ok;
      }),
    );
}

async function start(
  context: CommandContext,
  dir: string | undefined,
  ui: StartOptions['ui'],
  closing: AsyncDisposableStack,
): Promise<void> {
  await refuseOtherNetwork(context);
  const folderPath = dir === undefined ? await sampleFolder() : resolve(dir);
  const localnetFolder = process.env['FLOE_LOCALNET'] ?? defaultLocalnetFolder();
  context.note(`Local network: ${localnetFolder}`);
  const { localnet, network } = await joinOrStartLocalnet(localnetFolder);
  closing.defer(() => localnet.stop());
  if ((await readHome(context.home)) === undefined) await makeVault(context, network);
  const engine = new WatchedEngine(context);
  closing.defer(() => engine.stop());
  await engine.begin();
  if (ui !== 'none') await openWindow(context, engine, ui, closing);
  const folder = await protect(context, engine.connection, folderPath);
  printWhatNext(context, folder);
  await Promise.race([
    untilAborted(context.signal),
    engine.failed,
    localnet.ended.then(() => {
      throw new EngineError('internal', 'the local network ended by itself');
    }),
  ]);
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function makeVault(context: CommandContext, network: NetworkChoice): Promise<void> {
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

/** Show the window, and say where it is and why there. */
async function openWindow(
  context: CommandContext,
  engine: WatchedEngine,
  ui: StartOptions['ui'],
  closing: AsyncDisposableStack,
): Promise<void> {
  const place = ui === 'browser' ? undefined : chooseWindow();
  if (ui === 'app' && place?.kind !== 'app') {
    throw new EngineError('usage', `the desktop app cannot be shown: ${place?.why ?? ''}`);
  }
  if (place?.kind !== 'app') {
    await openInBrowser(context, engine, place?.why ?? 'you asked for it');
    return;
  }
  context.note(`The window: the desktop app, because ${place.why}.`);
  const app = showDesktopApp(place.electron, context.home);
  closing.defer(() => app.stop());
  void app.ended.then(async (code) => {
    if (context.signal.aborted) return;
    if (code === 0) context.note('The app was quit. Floe keeps watching.');
    else await openInBrowser(context, engine, `the desktop app ended with ${String(code)}`);
  });
}

async function openInBrowser(
  context: CommandContext,
  engine: WatchedEngine,
  why: string,
): Promise<void> {
  try {
    const admission = await engine.admitBrowser();
    context.note(`The window: in a browser, because ${why}.`);
    context.note(`  ${admissionText(admission, process.stderr.isTTY)}`);
  } catch (error) {
    // Everything can be done without a window.
    const { message, next } = serializeError(error);
    context.note(`There is no window: ${message}. ${next}`);
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
): Promise<{ readonly localnet: FloeProcess; readonly network: NetworkChoice }> {
  const localnet = await startFloe(
    ['localnet', 'start', '--dir', folder, '--port', '0', '--join'],
    { stderr: 'inherit' },
  );
  const json = localnet.ready;
  return { localnet, network: { network: parseNetwork(json), json } };
}

async function protect(
  context: CommandContext,
  engine: EngineConnection,
  folderPath: string,
): Promise<FolderStatus> {
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
