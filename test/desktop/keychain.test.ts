/**
 * The words of a vault in a real keychain (gnome-keyring on a private bus), set up and opened by the
 * engine that the shell starts: locked it is asked about, never bypassed, and opens when it is unlocked.
 */
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Desktop, until } from './desktop.ts';
import { Keyring } from './keyring.ts';

let desktop: Desktop;

beforeEach(async () => {
  desktop = await Desktop.open();
});

afterEach(async () => {
  await desktop.close();
});

test('a vault whose words are in the keychain is locked with it and opened with it', async () => {
  const keyring = await Keyring.open(desktop);
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

  await keyring.lock();
  await desktop.launch('--hidden');
  await until(
    // The icon of the first shell is gone, that of the next may not be there yet.
    () => tray.tooltip().catch(() => ''),
    (text) => text.includes('This vault is locked'),
  );
  const locked = await desktop.engine();
  expect(await locked.api.home({})).toMatchObject({ state: 'locked', unlockWith: 'keychain' });
  // Nothing was put where it could be read without the keychain.
  expect(existsSync(join(desktop.home, 'secrets'))).toBe(false);

  await keyring.unlock();
  await locked.api.unlock({});
  await until(
    () => tray.tooltip(),
    (text) => text.includes('No folder is protected yet'),
  );
  await locked.close();
  const files = readdirSync(desktop.home, { recursive: true, encoding: 'utf8' });
  expect(files.filter((name) => /words|mnemonic/.test(name))).toEqual([]);
});
