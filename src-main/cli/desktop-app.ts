/** @file The desktop app of this checkout: whether it can be shown here, and showing it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hasDisplay } from './display.ts';

const CHECKOUT = join(import.meta.dirname, '../..');
const PACKAGE = join(CHECKOUT, 'node_modules/electron');
const BUILD = join(CHECKOUT, '.floe-build');
const BUNDLE = join(CHECKOUT, 'dist/app/main.cjs');
/** Where scripts/test-electron.mjs unpacks the one that tests run on. */
const TEST_ELECTRON_PATTERN = /^electron-\d+\.\d+\.\d+$/;

/** Where the window is shown, and why there. */
export type WindowPlace =
  | { readonly kind: 'app'; readonly electron: string; readonly why: string }
  | { readonly kind: 'browser'; readonly why: string };

export function chooseWindow(): WindowPlace {
  const browser = (why: string): WindowPlace => ({ kind: 'browser', why });
  if (!hasDisplay()) return browser('there is no display');
  if (!existsSync(BUNDLE)) return browser('the desktop app is not built');
  const electron = findElectron();
  if (electron === undefined) return browser('there is a display, but no Electron');
  return { kind: 'app', electron, why: `there is a display and an Electron (${electron})` };
}

/** The Electron that the environment names, that the package has fetched, or that tests run on. */
function findElectron(): string | undefined {
  const name = process.platform === 'win32' ? 'electron.exe' : 'electron';
  const given = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  if (given !== undefined) return present(join(given, name));
  const pathFile = join(PACKAGE, 'path.txt');
  const fetched = existsSync(pathFile)
    ? present(join(PACKAGE, 'dist', readFileSync(pathFile, 'utf8').trim()))
    : undefined;
  const built = existsSync(BUILD) ? readdirSync(BUILD) : [];
  const forTests = built.find((one) => TEST_ELECTRON_PATTERN.test(one));
  return fetched ?? (forTests === undefined ? undefined : present(join(BUILD, forTests, name)));
}

const present = (path: string): string | undefined => (existsSync(path) ? path : undefined);

export interface DesktopApp {
  /** The exit code with which it ends. */
  readonly ended: Promise<number>;
  stop(): Promise<void>;
}

/** Show the app on a home. It joins the engine that serves the home. */
export function showDesktopApp(electron: string, home: string): DesktopApp {
  // Chromium has no sandbox for root, and refuses to start without being told that this is meant.
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const environment: NodeJS.ProcessEnv = { ...process.env, FLOE_HOME: home };
  // Set where an Electron runs this very command as its Node.
  delete environment['ELECTRON_RUN_AS_NODE'];
  const child: ChildProcess = spawn(electron, [...asRoot, CHECKOUT], {
    // What Chromium says of drivers and buses helps nobody.
    stdio: 'ignore',
    env: environment,
    detached: process.platform !== 'win32',
  });
  const ended = new Promise<number>((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });
  return {
    ended,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}
