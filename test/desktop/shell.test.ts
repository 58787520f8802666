/** The shell in a real Electron: its window, its one instance, links, settings and the end. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openNetworkManager } from './buses.ts';
import { answerQuestions, Desktop, hasVisibleWindow, root, until, windowOf } from './desktop.ts';
import { folderStatus, ScriptedHome, SETTINGS, vaultStatus } from './scripted-home.ts';

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

describe('the window', () => {
  test('is shown, from its own origin', async () => {
    const app = await desktop.launch();
    const page = await windowOf(app);
    expect(page.url()).toMatch(/^app:\/\/floe\/index\.html/);
    expect(await page.title()).toContain('Floe');
    await until(() => hasVisibleWindow(app), Boolean);
  });

  test('is closed without ending the app, and comes back', async () => {
    await desktop.trayHost();
    const app = await desktop.launch();
    const page = await windowOf(app);
    await until(() => hasVisibleWindow(app), Boolean);
    await page.close();
    await until(
      () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length),
      (count) => count === 0,
    );
    expect(await desktop.launchAgain()).toBe(0);
    await until(() => hasVisibleWindow(app), Boolean);
  });

  test('stays away when the app starts hidden and there is a tray', async () => {
    const tray = await desktop.trayHost();
    const app = await desktop.launch('--hidden');
    await until(
      () => tray.tooltip(),
      (text) => text.includes('Everything is protected'),
    );
    await until(
      () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length),
      (count) => count === 0,
    );
  });

  test('is there although the app starts hidden where no tray would show it', async () => {
    const app = await desktop.launch('--hidden');
    const page = await windowOf(app);
    // And closing it leaves it in the taskbar: nothing else would.
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    expect(page.isClosed()).toBe(false);
  });

  test('comes back by itself when its process dies', async () => {
    const app = await desktop.launch();
    const page = await windowOf(app);
    const loaded = page.waitForEvent('domcontentloaded');
    await app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer(),
    );
    await loaded.catch(() => undefined);
    const title = await until(
      () =>
        app.evaluate(({ BrowserWindow }) => {
          const contents = BrowserWindow.getAllWindows()[0]?.webContents;
          return contents?.isCrashed() === false && !contents.isLoading()
            ? contents.getTitle()
            : '';
        }),
      (text) => text !== '',
    );
    expect(title).toContain('Floe');
  });
});

describe('a second start', () => {
  test('ends, and brings the first to the front', async () => {
    const app = await desktop.launch();
    await until(() => hasVisibleWindow(app), Boolean);
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide());
    expect(await hasVisibleWindow(app)).toBe(false);
    expect(await desktop.launchAgain()).toBe(0);
    await until(() => hasVisibleWindow(app), Boolean);
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
  });

  test('with a link opens the screen that it names', async () => {
    const app = await desktop.launch();
    const page = await windowOf(app);
    expect(await desktop.launchAgain('floe://open/storage')).toBe(0);
    await until(
      () => page.url(),
      (url) => url.endsWith('#/storage'),
    );
  });

  test.each(['floe://open/storage?confirm=1', 'floe://renew/', 'floe://open/https://example.org'])(
    'with %s opens the window and nothing else',
    async (link) => {
      await desktop.trayHost();
      const app = await desktop.launch('--hidden');
      await home.nextCall('status');
      expect(await desktop.launchAgain(link)).toBe(0);
      const page = await app.firstWindow();
      await until(() => hasVisibleWindow(app), Boolean);
      expect(page.url()).toMatch(/^app:\/\/floe\/index\.html(#\/(folders)?)?$/);
      expect(home.texts.filter((text) => /"(renew|startSync|pause)"/.test(text))).toEqual([]);
    },
  );
});

describe('settings', () => {
  test('start Floe at login, hidden, and no more', async () => {
    const entry = join(desktop.folder, 'config/autostart/floe.desktop');
    home.answer({ settings: () => ({ ...SETTINGS, startAtLogin: true }) });
    await desktop.launch();
    await until(() => existsSync(entry), Boolean);
    const line = /^Exec=(.*)$/m.exec(readFileSync(entry, 'utf8'))?.[1];
    expect(line).toMatch(/^".*\/electron" ".*" "--hidden"$/);
    expect(line).toContain(root);
    home.answer({ settings: () => SETTINGS });
    await until(
      () => existsSync(entry),
      (isThere) => !isThere,
    );
  });
});

describe('the machine', () => {
  test('is told to the engine: metered or not, as it changes', async () => {
    const change = await openNetworkManager(desktop.system, 1);
    await desktop.launch();
    const metered = async (): Promise<unknown> => {
      const { request } = await home.nextCall('setConditions');
      return (request as { isMetered?: boolean }).isMetered;
    };
    await until(metered, (isMetered) => isMetered === true);
    change(2);
    await until(metered, (isMetered) => isMetered === false);
  });

  test('that wakes is told at once', async () => {
    const app = await desktop.launch();
    await home.nextCall('setConditions');
    await app.evaluate(({ powerMonitor }) => powerMonitor.emit('resume'));
    await until(
      async () => (await home.nextCall('setConditions')).request,
      (request) => (request as { hasWoken?: boolean }).hasWoken === true,
    );
  });

  test('keeps what belongs to the window in the home, for its owner alone', async () => {
    await windowOf(await desktop.launch());
    expect(statSync(join(desktop.home, 'shell')).mode & 0o077).toBe(0);
  });
});

describe('quitting', () => {
  test('is asked first, and the question names what ends first', async () => {
    home.answer({
      status: () =>
        vaultStatus('protected', [
          folderStatus('Photos'),
          folderStatus('Documents', {
            protectedUntil: { atMs: Date.UTC(2027, 0, 2, 12), epoch: 35 },
          }),
        ]),
    });
    const tray = await desktop.trayHost();
    const app = await desktop.launch('--hidden');
    await until(
      () => tray.tooltip(),
      (text) => text.includes('2 January 2027'),
    );
    const asked = await answerQuestions(app, 1);
    await app.evaluate(({ app: electron }) => electron.quit());
    const [question] = await until(asked, (all) => all.length > 0);
    expect(question?.detail).toContain('The first to end is Documents, on 2 January 2027');
    expect(question?.buttons).toEqual(['Quit', 'Keep running']);
    // It was answered with no: the app is still there.
    expect(await tray.tooltip()).toContain('Everything is protected');
  });

  test('ends the app when the answer is yes, and not an engine that it only joined', async () => {
    const tray = await desktop.trayHost();
    const app = await desktop.launch('--hidden');
    await until(
      () => tray.tooltip(),
      (text) => text.includes('Everything is protected'),
    );
    await answerQuestions(app, 0);
    const exit = new Promise((resolve) => app.process().once('exit', resolve));
    // The price comes after the state, and with it another menu.
    const menu = await until(
      () => tray.menu(),
      (items) => items.some(({ label }) => label === 'Renew now (nothing is due)'),
    );
    const item = menu.find(({ label }) => label === 'Quit Floe');
    if (item) await tray.click(item);
    expect(await exit).toBe(0);
    expect(home.texts.filter((text) => text.includes('"stop"'))).toEqual([]);
  });
});
