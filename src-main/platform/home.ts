/**
 * @file The places of this operating system for our own folders.
 *
 * `FLOE_HOME` and `FLOE_LOCALNET` come before them. The local network's state lies beside the
 * home, never in it: it outlives a vault.
 */
import { homedir } from 'node:os';
import { isAbsolute, posix, resolve, win32 } from 'node:path';

/** What the places depend on. Tests give their own. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly userHome: string;
}

function surroundings(): Surroundings {
  return { platform: process.platform, environment: process.env, userHome: homedir() };
}

/** The home of the engine, absolute. */
export function defaultHome(around: Surroundings = surroundings()): string {
  return fromEnvironment(around, 'FLOE_HOME') ?? inDataFolder(around, 'floe');
}

/** Where the local network keeps its state, absolute. */
export function defaultLocalnetFolder(around: Surroundings = surroundings()): string {
  return fromEnvironment(around, 'FLOE_LOCALNET') ?? inDataFolder(around, 'floe-localnet');
}

function fromEnvironment({ environment }: Surroundings, name: string): string | undefined {
  const value = environment[name];
  return value === undefined || value === '' ? undefined : resolve(value);
}

function inDataFolder({ platform, environment, userHome }: Surroundings, name: string): string {
  if (platform === 'darwin') {
    return posix.join(userHome, 'Library', 'Application Support', name);
  }
  if (platform === 'win32') {
    const local = environment['LOCALAPPDATA'];
    return win32.join(local || win32.join(userHome, 'AppData', 'Local'), name);
  }
  const data = environment['XDG_DATA_HOME'];
  // The specification asks to ignore relative paths.
  const base = data && isAbsolute(data) ? data : posix.join(userHome, '.local', 'share');
  return posix.join(base, name);
}
