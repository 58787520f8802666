/** @file Start at login, hidden: the system's own list on macOS and Windows, an autostart entry on Linux. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { app } from 'electron';

export const HIDDEN_ARGUMENT = '--hidden';
const ENTRY_NAME = 'floe.desktop';

/** Do as the setting says. `command` starts this app: a program and its arguments. */
export function setStartAtLogin(isWanted: boolean, command: readonly string[]): void {
  if (process.platform === 'linux') {
    setAutostartEntry(isWanted, [...command, HIDDEN_ARGUMENT]);
    return;
  }
  const [path, ...args] = command;
  app.setLoginItemSettings({
    openAtLogin: isWanted,
    ...(process.platform === 'win32' && path !== undefined
      ? { path, args: [...args, HIDDEN_ARGUMENT] }
      : {}),
  });
}

function setAutostartEntry(isWanted: boolean, command: readonly string[]): void {
  const configured = process.env['XDG_CONFIG_HOME'];
  const base = configured && isAbsolute(configured) ? configured : join(homedir(), '.config');
  const file = join(base, 'autostart', ENTRY_NAME);
  if (!isWanted) {
    rmSync(file, { force: true });
    return;
  }
  const text = autostartEntry(command);
  try {
    if (readFileSync(file, 'utf8') === text) return;
  } catch {
    // There is none yet.
  }
  mkdirSync(join(base, 'autostart'), { recursive: true });
  // Whole or not at all: a login may read it at any moment.
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

/** The entry's quoting is the specification's: `"`, `` ` ``, `$` and `\` are escaped, `%` doubled. */
export function autostartEntry(command: readonly string[]): string {
  const quoted = command.map(
    (one) => `"${one.replace(/(["`$\\])/g, '\\\\$1').replace(/%/g, '%%')}"`,
  );
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Floe',
    `Exec=${quoted.join(' ')}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}
