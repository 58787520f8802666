/**
 * Everything that a page in the app must not be able to do, tried from inside the page, in a real
 * Electron; and what the shell does with messages that no page of ours would send.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ShellAnswer } from '#contract/shell-bridge.ts';
import { Desktop, root, until, windowOf } from './desktop.ts';
import * as inPage from './in-page.mjs';
import { ScriptedHome } from './scripted-home.ts';

let desktop: Desktop;
let home: ScriptedHome;
let app: ElectronApplication;
let page: Page;

beforeAll(async () => {
  desktop = await Desktop.open();
  home = await ScriptedHome.open(desktop.home, {});
  desktop.onClose(() => home.close());
  app = await desktop.launch();
  page = await windowOf(app);
});

afterAll(async () => {
  await desktop.close();
});

const windowCount = async (): Promise<number> =>
  app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);

describe('every window', () => {
  test('is isolated, sandboxed and without Node, the print window included', async () => {
    // The dialog is held open, as a person does while they look for their printer.
    await app.evaluate(({ app: electron }) => {
      electron.once('web-contents-created', (_event, contents) => {
        contents.print = () => undefined;
      });
    });
    const html = '<p id="kit">words</p><script>document.title = "ran"</script>';
    // It is answered when the dialog closes, or never when the page goes away before.
    const printed = page.evaluate(inPage.callShell, ['printPage', { html }] as const);
    void printed.catch(() => undefined);
    await until(windowCount, (count) => count === 2);
    const all = await until(
      () =>
        app.evaluate(({ webContents }) =>
          webContents.getAllWebContents().map((contents) => {
            const last = contents as unknown as {
              getLastWebPreferences(): Record<string, unknown>;
            };
            return {
              url: contents.getURL(),
              title: contents.getTitle(),
              isLoading: contents.isLoading(),
              preferences: last.getLastWebPreferences(),
            };
          }),
        ),
      (contents) => contents.length === 2 && contents.every(({ isLoading }) => !isLoading),
    );
    for (const { preferences } of all) {
      const is = (name: string): boolean => preferences[name] === true;
      expect(['contextIsolation', 'sandbox', 'webSecurity'].filter((name) => !is(name))).toEqual(
        [],
      );
      const mustBeOff = [
        'nodeIntegration',
        'nodeIntegrationInWorker',
        'nodeIntegrationInSubFrames',
        'allowRunningInsecureContent',
        'experimentalFeatures',
        'webviewTag',
      ];
      expect(mustBeOff.filter(is)).toEqual([]);
    }
    const print = all.find(({ url }) => url.endsWith('/print'));
    expect(print?.preferences['javascript']).toBe(false);
    expect(print?.preferences['preload']).toBeUndefined();
    expect(print?.title).not.toBe('ran');
    await app.evaluate(({ BrowserWindow }) => {
      const printed = BrowserWindow.getAllWindows().find((one) =>
        one.webContents.getURL().endsWith('/print'),
      );
      printed?.destroy();
    });
  });

  test('knows the bridge and nothing else of the shell', async () => {
    const found = await page.evaluate(inPage.visibleShell);
    expect(found).toEqual({
      bridge: ['callShell', 'onMessage', 'onShellEvent', 'onState', 'platform', 'send'],
      leaks: [],
    });
  });
});

describe('a page', () => {
  test('runs no inline script, no evaluated text and nothing from elsewhere', async () => {
    const { ran, refused } = await page.evaluate(inPage.runScripts);
    expect(ran).toEqual([]);
    expect(refused).toContain('script-src-elem');
    expect(refused).toContain('script-src-attr');
    expect(refused).toContain('EvalError');
  });

  test('reaches no network, not even this computer', async () => {
    const requests: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      requests.push(request.url);
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const failed = await page.evaluate(inPage.loadFrom, `http://127.0.0.1:${String(port)}/secret`);
    expect(failed).toEqual(['fetch', 'no-cors', 'file', 'img', 'link', 'script', 'iframe']);
    expect(requests).toEqual([]);
    // The policy of the page aside, the session itself lets nothing out.
    const refused = await app.evaluate(
      async ({ net, session }, url) => {
        const request = net.request({ url, session: session.defaultSession });
        return new Promise((resolve) => {
          request.on('error', () => resolve(true));
          request.on('response', () => resolve(false));
          request.end();
        });
      },
      `http://127.0.0.1:${String(port)}/main`,
    );
    expect(refused).toBe(true);
    expect(requests).toEqual([]);
    server.close();
  });

  test.each([
    'https://example.org/',
    'file:///etc/passwd',
    'app://elsewhere/index.html',
    'app://floe/other.html',
    'javascript:document.title="ran"',
    'data:text/html,<p>hello</p>',
    'floe://open/storage',
  ])('does not go to %s', async (url) => {
    const before = page.url();
    await page.evaluate(inPage.leaveFor, url);
    // A round trip through the page: what would have begun has begun by now.
    expect(await page.title()).not.toBe('ran');
    expect(page.url()).toBe(before);
    expect(await windowCount()).toBe(1);
  });

  test('comes back from about:blank, where no guard is asked', async () => {
    const gone = page.waitForEvent('framenavigated', (frame) => frame.url() === 'about:blank');
    const back = page.waitForEvent('framenavigated', (frame) => frame.url().startsWith('app://'));
    await page.evaluate(inPage.leaveFor, 'about:blank').catch(() => undefined);
    await gone;
    await back;
    await page.waitForLoadState('load');
  });

  test.each(['https://example.org/', 'about:blank', 'app://floe/index.html'])(
    'opens no window for %s',
    async (url) => {
      expect(await page.evaluate(inPage.openWindow, url)).toBeNull();
      expect(await windowCount()).toBe(1);
    },
  );

  test.each(['will-redirect', 'will-frame-navigate', 'will-attach-webview'])(
    'is kept from %s, whatever leads there',
    async (name) => {
      // Nothing of ours redirects, frames or embeds: the guard is asked as Electron would ask it.
      const isPrevented = await app.evaluate(({ webContents }, event) => {
        let prevented = false;
        const preventDefault = (): void => void (prevented = true);
        webContents.getAllWebContents()[0]?.emit(event, { preventDefault }, 'https://example.org/');
        return prevented;
      }, name);
      expect(isPrevented).toBe(true);
    },
  );

  test('downloads nothing', async () => {
    const isPrevented = app.evaluate(
      ({ session }) =>
        new Promise<boolean>((resolve) => {
          session.defaultSession.once('will-download', ({ defaultPrevented }) =>
            resolve(defaultPrevented),
          );
        }),
    );
    await page.evaluate(inPage.download);
    expect(await isPrevented).toBe(true);
  });

  test('is given no permission', async () => {
    const answers = await page.evaluate(inPage.askPermissions);
    expect(answers).toHaveLength(7);
    expect(answers.filter((answer) => !answer.endsWith(' denied'))).toEqual([]);
  });

  test.each([
    { name: 'a file beside the pages', url: 'app://floe/../app/main.cjs' },
    { name: 'the same, encoded', url: 'app://floe/%2e%2e/app/main.cjs' },
    { name: 'a file of the system', url: 'app://floe//etc/passwd' },
    { name: 'another host', url: 'app://other/index.html' },
    { name: 'a folder', url: 'app://floe/assets/' },
  ])('finds nothing at $name', async ({ url }) => {
    const status = await page.evaluate(inPage.statusOf, url);
    expect([404, 'refused']).toContain(status);
  });
});

describe('the shell', () => {
  // Calls are rationed; each test begins with what a person has.
  beforeEach(async () => {
    await page.reload();
    await page.waitForFunction(() => 'floe' in globalThis);
  });

  const call = async (method: string, request: unknown): Promise<ShellAnswer> =>
    until(
      () => page.evaluate(inPage.callShell, [method, request] as const) as Promise<ShellAnswer>,
      (answer) => answer.ok || !answer.error.message.startsWith('too many'),
    );

  test.each<{ name: string; method: string; request: unknown }>([
    { name: 'a method that is not there', method: 'readFile', request: { path: '/etc/passwd' } },
    { name: 'a method of every object', method: 'constructor', request: {} },
    { name: 'the prototype', method: '__proto__', request: {} },
    { name: 'no request', method: 'chooseFolder', request: undefined },
    { name: 'a request with more in it', method: 'quit', request: { force: true } },
    { name: 'a title that is too long', method: 'openText', request: { title: 'a'.repeat(300) } },
    {
      name: 'a file name with a folder',
      method: 'saveText',
      request: { fileName: '../.bashrc', text: '' },
    },
    { name: 'a file name with a NUL', method: 'saveText', request: { fileName: 'a\0b', text: '' } },
    { name: 'a text that is too long', method: 'copySecret', request: { text: 'a'.repeat(5_000) } },
    { name: 'a path that is not absolute', method: 'showFolder', request: { path: 'here' } },
    {
      name: 'an address elsewhere',
      method: 'openExternal',
      request: { url: 'https://example.org/' },
    },
    {
      name: 'an address that is a file',
      method: 'openExternal',
      request: { url: 'file:///etc/passwd' },
    },
    {
      name: 'an address that is a program',
      method: 'openExternal',
      request: { url: 'ms-settings:' },
    },
  ])('refuses $name', async ({ method, request }) => {
    expect(await call(method, request)).toMatchObject({ ok: false, error: { code: 'usage' } });
  });

  test('opens an explorer in the browser', async () => {
    await app.evaluate(({ shell }) => {
      shell.openExternal = async (url) => void Object.assign(globalThis, { opened: url });
    });
    const url = 'https://walruscan.com/mainnet/blob/abc';
    expect(await call('openExternal', { url })).toEqual({ ok: true, value: undefined });
    expect(await app.evaluate(() => (globalThis as { opened?: string }).opened)).toBe(url);
  });

  test('rations calls', async () => {
    const answers = (await page.evaluate(inPage.callShellOften, 100)) as ShellAnswer[];
    const messages = answers.map((answer) => (answer.ok ? '' : answer.error.message));
    expect(messages.filter((text) => text.startsWith('too many')).length).toBeGreaterThan(50);
  });

  test('answers no window that it did not make, even with the same preload', async () => {
    const answer = await app.evaluate(
      async ({ BrowserWindow }, [preload = '', attack = '']) => {
        const rogue = new BrowserWindow({
          show: false,
          webPreferences: { preload, sandbox: true, contextIsolation: true },
        });
        await rogue.loadURL('app://floe/index.html');
        const answer: unknown = await rogue.webContents.executeJavaScript(attack);
        rogue.destroy();
        return answer;
      },
      [join(root, 'dist/app/preload.cjs'), `(${String(inPage.callAsStranger)})()`],
    );
    expect(answer).toMatchObject({ state: 'connecting' });
    expect(JSON.stringify(answer)).toContain('refused');
  });

  test.each([
    { name: 'a frame within the page', url: 'app://floe/index.html', isMainFrame: false },
    { name: 'a page of another origin', url: 'https://example.org/', isMainFrame: true },
    { name: 'an origin that begins like ours', url: 'app://floe.example/', isMainFrame: true },
  ])('gives no port to $name', async ({ url, isMainFrame }) => {
    expect(await askForPort(url, isMainFrame)).toEqual(['closed']);
  });

  test('that gets no port asks until it gets one', async () => {
    await app.evaluate(({ ipcMain }) => {
      Object.assign(globalThis, { held: ipcMain.listeners('floe:port') });
      ipcMain.removeAllListeners('floe:port');
    });
    await page.reload();
    expect(await page.evaluate(inPage.linkState)).toBe('connecting');
    await app.evaluate(({ ipcMain }) => {
      const { held } = globalThis as unknown as { held: ((...given: unknown[]) => void)[] };
      for (const listener of held) ipcMain.on('floe:port', listener);
    });
    await until(
      () => page.evaluate(inPage.linkState),
      (state) => state === 'up',
    );
  });

  /** What main does with the port that a frame of the window hands it. */
  async function askForPort(url: string, isMainFrame: boolean): Promise<string[]> {
    return app.evaluate(
      ({ BrowserWindow, ipcMain }, given) => {
        const [window] = BrowserWindow.getAllWindows();
        const frame = { url: given.url };
        const sender = { id: window?.webContents.id, mainFrame: given.isMainFrame ? frame : {} };
        const told: string[] = [];
        const port = {
          close: () => told.push('closed'),
          on: () => undefined,
          postMessage: () => told.push('answered'),
          start: () => told.push('started'),
        };
        ipcMain.emit('floe:port', { sender, senderFrame: frame, ports: [port] });
        return told;
      },
      { url, isMainFrame },
    );
  }

  describe('ends a port', () => {
    test.each([
      { name: 'that says hello', text: '{"type":"hello","token":"guess"}' },
      { name: 'that stops the engine', text: '{"type":"stop"}' },
      { name: 'that sends what is no message', text: 'hello' },
      { name: 'that sends a message with more in it', text: '{"type":"cancel","id":1,"and":1}' },
      { name: 'that sends too much at once', text: `"${'a'.repeat(5 * 1024 * 1024)}"` },
    ])('$name, and lets the page begin anew', async ({ text }) => {
      const { length } = home.texts;
      const states = await page.evaluate(inPage.sendAndRecover, text);
      expect(states).toEqual(['up', 'down', 'connecting', 'up']);
      expect(home.texts.slice(length)).not.toContain(text);
    });

    test('that floods', async () => {
      const marked = (texts: readonly string[]): number =>
        texts.filter((text) => text.includes('"flood"')).length;
      await page.evaluate(inPage.flood, 20_000);
      expect(marked(home.texts)).toBeLessThan(5_000);
    });
  });
});

describe('a secret that was copied', () => {
  test('leaves the clipboard after a while', async () => {
    const request: readonly [string, unknown] = ['copySecret', { text: 'a secret' }];
    const copied = (await page.evaluate(inPage.callShell, request)) as ShellAnswer;
    expect(copied.ok).toBe(true);
    const read = async (): Promise<string> =>
      app.evaluate(async ({ clipboard }) => clipboard.readText());
    expect(await read()).toBe('a secret');
    await until(read, (text) => text === '');
  });
});
