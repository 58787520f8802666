/**
 * The words of a vault in a real keychain (gnome-keyring on a private bus), set up and opened by the
 * engine that the shell starts: locked it is asked about, never bypassed, and opens when it is unlocked.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Desktop, until } from './desktop.ts';

const PASSWORD = 'the login password';

let desktop: Desktop;
let keyring: ChildProcess;

beforeEach(async () => {
  desktop = await Desktop.open();
});

afterEach(async () => {
  await desktop.close();
});

/** Start the keyring as a login does; with a password it is unlocked (and made, the first time). */
async function startKeyring(password: string | undefined): Promise<void> {
  keyring = spawn(
    'gnome-keyring-daemon',
    ['--foreground', '--components=secrets', ...(password === undefined ? [] : ['--unlock'])],
    { env: desktop.environment(), stdio: ['pipe', 'ignore', 'ignore'] },
  );
  keyring.stdin?.end(password);
  await desktop.untilOwned('org.freedesktop.secrets');
}

async function stopKeyring(): Promise<void> {
  const exit = once(keyring, 'exit');
  keyring.kill();
  await exit;
}

test('a vault whose words are in the keychain is locked with it and opened with it', async () => {
  await startKeyring(PASSWORD);
  desktop.onClose(stopKeyring);
  const tray = await desktop.trayHost();
  const first = await desktop.launch('--hidden');
  const engine = await desktop.engine();
  const places = await engine.api.secretPlaces({});
  expect(places.find(({ kind }) => kind === 'keychain')?.problem).toBeUndefined();
  await engine.api.startTryOut({});
  const { draftId, words, askBack } = await engine.api.makeWords({});
  const answers = askBack.map((position) => words[position] ?? '');
  await engine.api.confirmWords({ draftId, answers });
  await engine.api.setUp({
    draftId,
    network: 'local',
    secretPlace: { kind: 'keychain' },
    mayStartEmpty: true,
  });
  expect((await engine.api.home({})).state).toBe('open');
  await engine.close();
  const child = first.process();
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;

  // The next login: the keyring is there and nobody has unlocked it.
  await stopKeyring();
  await startKeyring(undefined);
  await desktop.launch('--hidden');
  await until(
    // The icon of the first shell is gone, that of the next may not be there yet.
    () => tray.tooltip().catch(() => ''),
    (text) => text.includes('Floe is locked'),
  );
  const locked = await desktop.engine();
  expect(await locked.api.home({})).toMatchObject({ state: 'locked', unlockWith: 'keychain' });
  // Nothing was put where it could be read without the keychain.
  expect(existsSync(join(desktop.home, 'secrets'))).toBe(false);

  await stopKeyring();
  await startKeyring(PASSWORD);
  await locked.api.unlock({});
  await until(
    () => tray.tooltip(),
    (text) => text.includes('No folder is protected yet'),
  );
  await locked.close();
  const files = readdirSync(desktop.home, { recursive: true, encoding: 'utf8' });
  expect(files.filter((name) => /words|mnemonic/.test(name))).toEqual([]);
});
