/** The tray on a real message bus: its icon, its menu read and clicked as a panel does, notifications. */
import type { ElectronApplication } from '@playwright/test';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MenuItem, TrayHost } from './buses.ts';
import { openNotifications, type ShownNotification } from './buses.ts';
import {
  answerQuestions,
  Desktop,
  hasVisibleWindow,
  until,
  windowOf,
  type AskedQuestion,
} from './desktop.ts';
import {
  DUE,
  folderStatus,
  NOTHING_DUE,
  OPEN_HOME,
  ScriptedHome,
  SETTINGS,
  vaultStatus,
  type Call,
} from './scripted-home.ts';

const PROBLEM = {
  code: 'folder-unavailable',
  message: 'the drive is away',
  next: 'Connect it.',
  context: {},
} as const;

let desktop: Desktop;
let home: ScriptedHome;
let tray: TrayHost;
let app: ElectronApplication;

beforeEach(async () => {
  desktop = await Desktop.open();
  home = await ScriptedHome.open(desktop.home, {
    startSync: () => [],
    pause: () => undefined,
    planRenewal: () => DUE,
    renew: () => ({ ...DUE, executed: DUE.cost, digests: [] }),
  });
  desktop.onClose(() => home.close());
  tray = await desktop.trayHost();
  app = await desktop.launch('--hidden');
  await until(
    () => tray.tooltip(),
    (text) => text.includes('Everything is protected'),
  );
  // The price comes after the state, and with it another menu.
  await until(() => tray.menu(), hasPrice);
});

afterEach(async () => {
  await desktop.close();
});

const hasPrice = (menu: readonly MenuItem[]): boolean =>
  menu.some(({ label }) => label.includes('WAL'));

async function click(label: RegExp): Promise<void> {
  const items = await until(
    () => tray.menu(),
    (menu) => menu.some((item) => label.test(item.label)),
  );
  const item = items.find((one) => label.test(one.label));
  expect(item?.isEnabled).toBe(true);
  if (item) await tray.click(item);
}

/** An opaque pixel of a colour; on the bus alpha comes first. */
const hasPixel = (pixels: Buffer, color: readonly number[]): boolean =>
  pixels.includes(Buffer.from([0xff, ...color]));

describe('the tray', () => {
  test('says in one sentence how things are, and has the whole menu', async () => {
    expect(await tray.tooltip()).toBe('Floe: Everything is protected until 14 March 2027.');
    const menu = await tray.menu();
    expect(menu.map(({ label, isSeparator }) => (isSeparator ? '-' : label))).toEqual([
      'Everything is protected until 14 March 2027.',
      '-',
      'Sync now',
      'Pause for an hour',
      'Pause until tomorrow',
      'Restore…',
      'Renew now (0.41 WAL + 0.002 SUI)…',
      '-',
      'Open Floe',
      'Quit Floe',
    ]);
  });

  test('has another icon in each state', async () => {
    const states = [
      {
        state: 'protected',
        color: [0x0a, 0x7f, 0x6f],
        folder: folderStatus('Documents'),
        text: 'Everything',
      },
      {
        state: 'working',
        color: [0x9a, 0x5b, 0x00],
        folder: folderStatus('Documents', { protectedUntil: undefined }),
        text: 'Not protected yet',
      },
      {
        state: 'attention',
        color: [0xc3, 0x24, 0x1c],
        folder: folderStatus('Documents', { problem: { ...PROBLEM, code: 'disk-full' } }),
        text: 'needs attention',
      },
    ] as const;
    for (const { state, folder, text, color } of states) {
      home.answer({ status: () => vaultStatus(state, [folder]) });
      await until(
        () => tray.tooltip(),
        (tooltip) => tooltip.includes(text),
      );
      const others = states.filter((one) => one.state !== state).map((one) => one.color);
      const { width, pixels } = await tray.icon();
      expect(width).toBe(44);
      expect(hasPixel(pixels, color)).toBe(true);
      expect(others.some((other) => hasPixel(pixels, other))).toBe(false);
    }
  });

  test('says so when the engine is away, and when it is back', async () => {
    await home.close();
    await until(
      () => tray.tooltip(),
      (text) => text.includes('starting its engine again'),
    );
    home = await ScriptedHome.open(desktop.home, {});
    await until(
      () => tray.tooltip(),
      (text) => text.includes('Everything is protected'),
    );
  });

  test('asks the engine to sync', async () => {
    await click(/^Sync now$/);
    expect((await home.nextCall('startSync')).request).toEqual({});
  });

  test('pauses for an hour', async () => {
    const before = Date.now();
    await click(/^Pause for an hour$/);
    const { request } = await home.nextCall('pause');
    const { untilMs } = request as { untilMs: number };
    expect(untilMs).toBeGreaterThanOrEqual(before + 3_600_000);
    expect(untilMs).toBeLessThanOrEqual(Date.now() + 3_600_000);
  });

  test('opens the window, and its restore page', async () => {
    await click(/^Restore…$/);
    const page = await app.firstWindow();
    await until(
      () => page.url(),
      (url) => url.endsWith('#/restore'),
    );
    await until(() => hasVisibleWindow(app), Boolean);
  });

  test('renews after a question with the price, by the plan of that moment', async () => {
    const asked = await answerQuestions(app, 0);
    const dearer = { walFrost: 520_000_000n, gasMist: 2_000_000n };
    await until(
      () => tray.menu(),
      (menu) => menu.some(({ label }) => label.includes('0.41 WAL')),
    );
    home.answer({ planRenewal: () => ({ ...DUE, cost: dearer }) });
    await click(/^Renew now/);
    const { request } = await home.nextCall('renew');
    expect(request).toEqual({ walFrostMax: dearer.walFrost });
    const [question] = await until<AskedQuestion[]>(asked, (all) => all.length > 0);
    expect(question?.message).toBe('Renew until 1 September 2027 for 0.52 WAL + 0.002 SUI?');
    expect(question?.detail).toContain('Documents');
    expect(question?.buttons).toEqual(['Renew', 'Not now']);
  });

  test('renews nothing when the answer is no', async () => {
    const asked = await answerQuestions(app, 1);
    await click(/^Renew now/);
    await until(asked, (all) => all.length > 0);
    await click(/^Sync now$/);
    await home.nextCall('startSync');
    expect(home.calls.filter(({ method }) => method === 'renew')).toEqual([]);
  });

  test('speaks the language of the settings', async () => {
    home.answer({ settings: () => ({ ...SETTINGS, language: 'de' }) });
    await until(
      () => tray.tooltip(),
      (text) => text.includes('Alles ist geschützt bis'),
    );
  });
});

describe('two homes', () => {
  test('are told together, the worse one first, and asked together', async () => {
    const problem = {
      code: 'balance-low',
      message: 'The wallet holds 0 WAL; this needs 0.41.',
      next: 'Add WAL.',
      context: {},
    } as const;
    const there: Readonly<Record<string, unknown>> = {
      home: { ...OPEN_HOME, networkName: 'testnet' },
      status: vaultStatus('attention', [folderStatus('Letters', { problem })]),
      tasks: [],
      planRenewal: NOTHING_DUE,
      startSync: [],
    };
    home.answer({
      otherHomes: () => ({
        homes: [{ networkName: 'testnet', home: '/home-testnet', problem: undefined }],
        moves: [],
      }),
      callOtherHome: ({ method }: { readonly method: string }) => there[method],
    });
    const worst = 'Testnet: Letters needs attention: The wallet holds 0 WAL; this needs 0.41.';
    await until(
      () => tray.tooltip(),
      (text) => text === `Floe: ${worst}`,
    );
    const menu = await tray.menu();
    expect(menu.slice(0, 3).map(({ label }) => label)).toEqual([
      'Mainnet: Everything is protected until 14 March 2027.',
      worst,
      'Next: Add coins: the Storage view has the address.',
    ]);
    await click(/^Sync now$/);
    await home.nextCall('startSync');
    await until(
      () => home.calls.filter(({ method }) => method === 'callOtherHome'),
      (calls) => calls.some(({ request }) => (request as Call).method === 'startSync'),
    );
    const asked = await answerQuestions(app, 1);
    await click(/^Mainnet: Renew now/);
    const [question] = await until<AskedQuestion[]>(asked, (all) => all.length > 0);
    // Which of the two pays is in the question itself.
    expect(question?.message).toMatch(/^Mainnet: Renew until /);
    await click(/^Next: /);
    const page = await windowOf(app);
    await page.getByRole('button', { name: /Back to the try-out/ }).waitFor();
    expect(page.url()).toMatch(/#\/storage$/);
  });
});

describe('a notice of the engine', () => {
  const notice = {
    kind: 'notice',
    cause: 'folder-unavailable:f',
    sentence: 'Photos: the drive is away.',
    next: 'Connect it.',
  } as const;

  test('becomes a notification, and a click on it opens what it is about', async () => {
    const shown = new Promise<ShownNotification>((resolve) => {
      void openNotifications(desktop.session, resolve).then(() => home.tell(notice));
    });
    const notification = await shown;
    expect([notification.title, notification.body]).toEqual([
      'Photos: the drive is away.',
      'Connect it.',
    ]);
    notification.click();
    const page = await app.firstWindow();
    await until(
      () => page.url(),
      (url) => url.endsWith('#/activity'),
    );
  });

  test('speaks the language of the settings, from its values', async () => {
    home.answer({ settings: () => ({ ...SETTINGS, language: 'de' }) });
    await until(
      () => tray.tooltip(),
      (text) => text.includes('Alles ist geschützt'),
    );
    const problem = { ...PROBLEM, code: 'quorum-missing', context: { failedNodes: 38 } } as const;
    const told = { what: 'problem', folder: 'Fotos', problem } as const;
    const shown = new Promise<ShownNotification>((resolve) => {
      void openNotifications(desktop.session, resolve).then(() => home.tell({ ...notice, told }));
    });
    const { title, body } = await shown;
    expect(title).toMatch(/^Fotos: 38 Speicherknoten antworten nicht, zu viele/);
    expect(body).toMatch(/^Nichts zu tun\./);
  });

  test('stays silent where notifications are not wanted', async () => {
    const titles: string[] = [];
    await openNotifications(desktop.session, ({ title }) => titles.push(title));
    home.answer({ settings: () => ({ ...SETTINGS, notifyProblems: false, language: 'de' }) });
    await until(
      () => tray.tooltip(),
      (text) => text.includes('Alles ist geschützt'),
    );
    home.tell(notice);
    home.answer({ settings: () => SETTINGS });
    await until(
      () => tray.tooltip(),
      (text) => text.includes('Everything is protected'),
    );
    home.tell({ ...notice, sentence: 'A later one.' });
    await until(
      () => titles,
      (all) => all.length > 0,
    );
    expect(titles).toEqual(['A later one.']);
  });
});
