/** @file ui: the window in a browser of this computer. */
import { spawn } from 'node:child_process';
import { InvalidArgumentError, type Command } from 'commander';
import type { BrowserAdmission } from '#contract/home-api.ts';
import { ADMISSION_FRAGMENT } from '#contract/browser-wire.ts';
import { EXIT } from '#contract/errors.ts';
import { connectRemote } from '#host/connect.ts';
import { runCommand, type CommandContext } from './context.ts';
import { hasDisplay } from './display.ts';
import { serveWindow } from './serving.ts';

const PORT_MAX = 65_535;

interface UiOptions {
  readonly port?: number;
  readonly open: boolean;
}

export function addUiCommand(program: Command): void {
  program
    .command('ui')
    .description('the window, in a browser of this computer; begins where there is no vault yet')
    .option('--port <port>', 'where to serve it (else the port of last time, else any)', portNumber)
    .option('--no-open', 'only say where it is')
    .addHelpText(
      'after',
      `
Only 127.0.0.1 is served, and only who follows the link is let in, once. On a machine without a
screen: ssh -L PORT:127.0.0.1:PORT, the same port at both ends.`,
    )
    .action(async (options: UiOptions, command: Command) =>
      runCommand(command, async (context) => {
        const request = options.port === undefined ? {} : { port: options.port };
        const running = await connectRemote(context.home);
        if (running) {
          try {
            showAdmission(context, await running.api.admitBrowser(request), options.open);
          } finally {
            await running.close();
          }
          return EXIT.ok;
        }
        await serveWindow(context, {
          watch: true,
          onReady: async ({ host }) => {
            showAdmission(context, await host.admitBrowser(request), options.open);
            context.note('Ctrl-C stops Floe.');
          },
        });
        return EXIT.ok;
      }),
    );
}

function portNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0 && value <= PORT_MAX) return value;
  throw new InvalidArgumentError('a port number is needed');
}

function showAdmission(
  context: CommandContext,
  admission: BrowserAdmission,
  mayOpen: boolean,
): void {
  const { url, page } = admission;
  const isTerminal = process.stdout.isTTY && !context.isJson;
  const isOpened = mayOpen && isTerminal && hasDisplay() && openPage(page);
  context.print({ ready: true, pid: process.pid, url, page }, [
    `Floe: ${admissionText(admission, isTerminal)}`,
    ...(isOpened ? ['Your browser opens it. The link is good once.'] : []),
  ]);
}

/**
 * Where the window is. The code is shown on a terminal only: what goes elsewhere may be kept, and
 * the page in the home holds it for whoever may read the home.
 */
export function admissionText({ url, code, page }: BrowserAdmission, isTerminal: boolean): string {
  return isTerminal
    ? `${url}#${ADMISSION_FRAGMENT}=${code}`
    : `${url} (open ${page} in a browser to be let in)`;
}

/** Give the browser the page of the home: no secret is among its arguments. */
function openPage(page: string): boolean {
  const openers: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
    darwin: ['open'],
    win32: ['explorer.exe'],
  };
  const [command, ...args] = openers[process.platform] ?? ['xdg-open'];
  const child = spawn(command, [...args, page], { stdio: 'ignore', detached: true });
  // Without such a program there is still the link.
  child.once('error', () => undefined);
  child.unref();
  return true;
}
