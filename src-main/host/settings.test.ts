import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openFileSystem } from '#platform/file-system.ts';
import { systemClock } from '#platform/system-clock.ts';
import { homePaths } from './home.ts';
import { DEFAULT_SETTINGS, Settings } from './settings.ts';

let home: string;
const open = (): Settings => new Settings(openFileSystem(), homePaths(home), systemClock);
const file = (): string => join(home, 'settings.json');

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'floe-settings-'));
});
afterEach(() => {
  rmSync(home, { recursive: true });
});

describe('settings', () => {
  test('are the defaults in a home that has none, and nothing is written', async () => {
    expect(await open().read()).toEqual(DEFAULT_SETTINGS);
    expect(readdirSync(home)).toEqual([]);
  });

  test('outlive the process, for their owner alone', async () => {
    await open().update({ theme: 'dark', pauseOnBattery: true });
    const expected = { ...DEFAULT_SETTINGS, theme: 'dark', pauseOnBattery: true };
    expect(await open().read()).toEqual(expected);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  test('keep both of two changes at once', async () => {
    const settings = open();
    await Promise.all([settings.update({ theme: 'dark' }), settings.update({ language: 'de' })]);
    expect(await open().read()).toMatchObject({ theme: 'dark', language: 'de' });
  });

  test('take the default for what an earlier release did not know', async () => {
    writeFileSync(file(), '{"theme": "light"}');
    expect(await open().read()).toEqual({ ...DEFAULT_SETTINGS, theme: 'light' });
  });

  test.each([
    { name: 'is no JSON', text: '{"theme": ' },
    { name: 'has a value of another type', text: '{"startAtLogin": "yes"}' },
    { name: 'has a value that there is not', text: '{"theme": "pink"}' },
    { name: 'is something else altogether', text: '[]' },
  ])('are the defaults when the file $name, which is kept', async ({ text }) => {
    writeFileSync(file(), text);
    expect(await open().read()).toEqual(DEFAULT_SETTINGS);
    const [folder] = readdirSync(home).filter((name) => name.startsWith('damaged-'));
    expect(readFileSync(join(home, folder ?? '', 'settings.json'), 'utf8')).toBe(text);
  });
});
