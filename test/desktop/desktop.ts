/**
 * @file A desktop of its own for each test: buses, folders, and the shell in a real Electron on it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from '@playwright/test';
import { inject } from 'vitest';
import { connectRemote } from '#host/connect.ts';
import type { RemoteEngine } from '#host/engine-client.ts';
import { startBus, TrayHost, type Bus } from './buses.ts';

export const root = join(import.meta.dirname, '../..');

export class Desktop {
  readonly folder: string;
  /** The folder of the local network. */
  readonly localnet: string;
  readonly session: Bus;
  readonly system: Bus;
  readonly #processes: ChildProcess[] = [];
  readonly #closing: (() => Promise<void>)[] = [];

  private constructor(folder: string, localnet: string, session: Bus, system: Bus) {
    this.folder = folder;
    this.localnet = localnet;
    this.session = session;
    this.system = system;
  }

  /** With a local network of its own, unless one is given. */
  static async open(localnet?: string): Promise<Desktop> {
    const folder = mkdtempSync(join(tmpdir(), 'floe-desktop-'));
    for (const name of ['user', 'config', 'runtime']) {
      mkdirSync(join(folder, name), { mode: 0o700 });
    }
    const network = localnet ?? join(folder, 'localnet');
    return new Desktop(folder, network, await startBus(), await startBus());
  }

  /** The home that a shell on this desktop uses. */
  get home(): string {
    return join(this.folder, 'home');
  }

  environment(): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '',
      LANG: 'C.UTF-8',
      DISPLAY: inject('display'),
      HOME: join(this.folder, 'user'),
      XDG_CONFIG_HOME: join(this.folder, 'config'),
      XDG_RUNTIME_DIR: join(this.folder, 'runtime'),
      DBUS_SESSION_BUS_ADDRESS: this.session.address,
      DBUS_SYSTEM_BUS_ADDRESS: this.system.address,
      FLOE_HOME: this.home,
      FLOE_LOCALNET: this.localnet,
    };
  }

  /** Wait until somebody has a name on the session bus. */
  async untilOwned(name: string): Promise<void> {
    const bus = this.session.connect();
    const object = await bus.getProxyObject('org.freedesktop.DBus', '/org/freedesktop/DBus');
    const face = object.getInterface('org.freedesktop.DBus');
    const isOwned = face['NameHasOwner'] as (name: string) => Promise<boolean>;
    await until(() => isOwned.call(face, name), Boolean);
  }

  async trayHost(): Promise<TrayHost> {
    return TrayHost.open(this.session);
  }

  /** Called before the folders are removed, last first. */
  onClose(close: () => Promise<void>): void {
    this.#closing.push(close);
  }

  /**
   * Start the shell. Playwright holds it back until it listens only where it chose the Electron
   * itself: to a page whose first address is on its way just then it would stay deaf.
   */
  async launch(...args: readonly string[]): Promise<ElectronApplication> {
    process.env['ELECTRON_OVERRIDE_DIST_PATH'] = inject('electron');
    const app = await _electron.launch({
      args: [root, ...args],
      env: this.environment(),
      cwd: this.folder,
    });
    this.#processes.push(app.process());
    return app;
  }

  /** Start it a second time, as a desktop does for a link: resolves with the exit code. */
  async launchAgain(...args: readonly string[]): Promise<number | null> {
    const child = spawn(
      join(inject('electron'), 'electron'),
      [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), root, ...args],
      { env: this.environment(), stdio: 'ignore' },
    );
    return new Promise((resolve) => child.once('exit', resolve));
  }

  /** The engine of the home, as soon as one answers. */
  async engine(): Promise<RemoteEngine> {
    for (;;) {
      const connected = await connectRemote(this.home);
      if (connected) return connected;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async close(): Promise<void> {
    for (const child of this.#processes) await endShell(child);
    for (const close of this.#closing.reverse()) await close();
    await this.session.close();
    await this.system.close();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** End a shell without its question, and wait until it is gone. */
async function endShell(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exit;
}

/** The window, once its page is there. */
export async function windowOf(app: ElectronApplication): Promise<Page> {
  const page = await app.firstWindow();
  await page.waitForLoadState('domcontentloaded');
  return page;
}

/** Ask until the answer is as wanted; what waits for a state has no other end than the test's. */
export async function until<Value>(
  ask: () => Promise<Value> | Value,
  isWanted: (value: Value) => boolean,
): Promise<Value> {
  for (;;) {
    const value = await ask();
    if (isWanted(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What a native message box was asked, and an answer given in the person's stead. */
export interface AskedQuestion {
  readonly message: string;
  readonly detail: string;
  readonly buttons: readonly string[];
}

/**
 * Answer every native message box with a button's number from now on; nobody sits at this display.
 * Gives what was asked so far.
 */
export async function answerQuestions(
  app: ElectronApplication,
  response: number,
): Promise<() => Promise<AskedQuestion[]>> {
  await app.evaluate(({ dialog }, given) => {
    const asked: unknown[] = [];
    Object.assign(globalThis, { asked });
    dialog.showMessageBox = async (options: unknown) => {
      asked.push(options);
      return { response: given, checkboxChecked: false };
    };
  }, response);
  return async () =>
    app.evaluate(() => (globalThis as unknown as { asked: AskedQuestion[] }).asked);
}

/** Answer every native dialog for a file or a folder with this path from now on. */
export async function answerFileDialogs(app: ElectronApplication, path: string): Promise<void> {
  await app.evaluate(({ dialog }, given) => {
    dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [given] });
    dialog.showSaveDialog = async () => ({ canceled: false, filePath: given });
  }, path);
}

/** Whether the app has a window that can be seen. */
export async function hasVisibleWindow(app: ElectronApplication): Promise<boolean> {
  return app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().some((window) => window.isVisible() && !window.isMinimized()),
  );
}
