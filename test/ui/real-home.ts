/**
 * @file A home as a person has it: a local network, a vault, and `floe ui` in a process of its own.
 * Everything is real; the tests only open a browser on it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { Page } from '@playwright/test';
import { openWorld, type TestHome, type TestWorld } from '#test/support/floe-cli.ts';
import { runControlCommand } from '#localnet/control-commands.ts';
import { serveControl } from '#localnet/control-channel.ts';
import type { LocalnetOptions } from '#localnet/localnet.ts';

const MAIN = join(import.meta.dirname, '../../src-main/cli/main.ts');

export interface RealHome {
  readonly world: TestWorld;
  readonly home: TestHome;
  /** Of the vault, if there is one. */
  readonly words: string | undefined;
  /** Where it is served, without a code. */
  url(): string;
  /** Open the window in this page, let in by a code of its own. */
  enter(page: Page): Promise<void>;
  /** Kill the engine as a crash does; `serve` starts it again. */
  kill(): Promise<void>;
  /** Stop it in order, as signing out does. */
  stop(): Promise<void>;
  serve(env?: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

/** An engine whose clock shows this time yesterday. */
export const YESTERDAY = {
  NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, '../support/a-day-ago.mjs')).href}`,
};

export interface RealHomeOptions extends Omit<LocalnetOptions, 'dir'> {
  /** Without a vault the window begins with the first run. */
  readonly hasVault?: boolean;
  /** For the process that serves the window. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A session without a keychain, whatever the machine has. */
export const NO_KEYCHAIN = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/bus' };

export async function openRealHome({
  hasVault = true,
  env = {},
  ...network
}: RealHomeOptions = {}): Promise<RealHome> {
  const world = await openWorld(network);
  const home = world.home('home');
  const words = hasVault ? await home.init() : undefined;
  // Who sets a home up joins the network that runs, as beside `floe localnet start`.
  const control = await serveControl(world.networkDir, (name, given) =>
    runControlCommand(world.localnet, name, given),
  );
  let server: { child: ChildProcess; url: string; page: string } | undefined;

  const serve = async (own = env): Promise<void> => {
    server = await startUi(home.path, { ...own, FLOE_LOCALNET: world.networkDir });
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!server) return;
    const { child } = server;
    server = undefined;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  await serve();
  return {
    world,
    home,
    words,
    serve,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    url: () => server?.url ?? '',
    enter: async (page) => {
      // Each look at the page needs a code that is not spent yet.
      const { page: file } = await home.must(['ui', '--no-open']);
      const link = /url=([^"]+)"/.exec(readFileSync(String(file), 'utf8'))?.[1];
      if (link === undefined) throw new Error(`no link in ${String(file)}`);
      await page.goto(link);
      await page.getByRole('main').waitFor();
    },
    close: async () => {
      await end('SIGTERM');
      await control.close();
      await world.close();
    },
  };
}

async function startUi(
  home: string,
  env: Readonly<Record<string, string>>,
): Promise<{ child: ChildProcess; url: string; page: string }> {
  const child = spawn(process.execPath, [MAIN, '--home', home, '--json', 'ui', '--no-open'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`floe ui ended with ${String(code)}`);
    }),
  ])) as [string];
  return { child, ...(JSON.parse(line) as { url: string; page: string }) };
}
