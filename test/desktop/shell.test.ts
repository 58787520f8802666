/** The shell in a real Electron: window, single instance, links, and an engine that goes and comes. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Desktop, until, windowOf } from './desktop.ts';
import { ScriptedHome } from './scripted-home.ts';

let desktop: Desktop;
let home: ScriptedHome;

beforeEach(async () => {
  desktop = await Desktop.open();
  home = await ScriptedHome.open(desktop.home, {});
  desktop.onClose(() => home.close());
});

afterEach(async () => {
  await desktop.close();
});

describe('the desktop app', () => {
  test('shows its window, from its own origin', async () => {
    const app = await desktop.launch();
    const page = await windowOf(app);
    expect(page.url()).toMatch(/^app:\/\/floe\/index\.html/);
    expect(await page.title()).toContain('Floe');
    expect(await page.evaluate(() => typeof (globalThis as { floe?: object }).floe)).toBe('object');
    await until(
      () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible()),
      (isVisible) => isVisible === true,
    );
  });
});
