/**
 * @file States that cannot be made real in a test's time, on a scripted engine: very much data, very
 * long names, a thousand shards, trouble of every kind, other languages and sizes of text.
 */
import type { Browser, Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { errorCodes } from '#contract/errors.ts';
import { launchChromium } from './chromium.ts';
import { tabTo } from './keys.ts';
import { calm, entry, folder, nodes, pack, syncTask } from './sample.ts';
import { openScripted } from './scripted-window.ts';
import { expectAccessible, openWindow, see, type UiWindow, type WindowOptions } from './window.ts';

let browser: Browser;
let window: UiWindow | undefined;

beforeAll(async () => {
  browser = await launchChromium(inject('chromium'));
});
afterAll(() => browser.close());
afterEach(async ({ task }) => {
  await window?.close(task);
  window = undefined;
});

async function open(options: WindowOptions = {}): Promise<Page> {
  window = await openWindow(browser, options);
  return window.page;
}

/** The answer: the first line of every view. */
const firstLine = (page: Page) => page.getByRole('banner').getByRole('paragraph');

/** Nothing is wider than the window: no view scrolls sideways. */
async function expectNoSideways(page: Page): Promise<void> {
  const wider = await page.evaluate<number>(
    'document.querySelector("main").scrollWidth - document.querySelector("main").clientWidth',
  );
  expect(wider).toBeLessThanOrEqual(0);
}

const documents = folder('Documents');
const troubled = folder('Photos', {
  state: 'attention',
  problem: {
    code: 'mass-deletion',
    message: '612 files vanished from Photos at once. Floe has stopped and deleted nothing.',
    next: errorCodes['mass-deletion'].next,
    context: { files: 612 },
  },
});

describe('100,000 files', () => {
  const COUNT = 100_000;
  let page: Page;
  beforeEach(async () => {
    page = await open();
    await openScripted(
      page,
      {
        ...calm([documents]),
        browse: ({ offset, limit }) => ({
          entries: Array.from({ length: Math.min(limit, COUNT - offset) }, (_, index) =>
            entry(offset + index),
          ),
          total: COUNT,
        }),
        search: ({ text }) => ({
          entries: Array.from({ length: COUNT }, (_, index) => entry(index)).filter(({ path }) =>
            path.includes(text),
          ),
          total: COUNT,
        }),
      },
      '#/folder/folder-Documents',
    );
    await see(page.getByRole('option', { name: /image-000000/ })).toBeVisible();
  });

  test('are drawn as few rows that say where they stand', async () => {
    expect(await page.getByRole('option').count()).toBeLessThan(60);
    const first = page.getByRole('option', { name: /image-000000/ });
    await see(first).toHaveAttribute('aria-setsize', String(COUNT));
    await see(first).toHaveAttribute('aria-posinset', '1');
  });

  test('are walked with the keyboard, from end to end', async () => {
    await tabTo(page, 'Files in Documents');
    await page.keyboard.press('End');
    const last = page.getByRole('option', { name: /image-099999/ });
    await see(last).toBeVisible();
    await see(last).toHaveAttribute('aria-selected', 'true');
    await see(page.getByRole('heading', { level: 2, name: 'image-099999.raw' })).toBeVisible();
    await page.keyboard.press('Home');
    await page.keyboard.type('image-00004');
    await see(page.getByRole('option', { name: /image-000040/ })).toHaveAttribute(
      'aria-selected',
      'true',
    );
  });

  test('are scrolled without a row that stays empty', async () => {
    await page.getByRole('listbox', { name: 'Files in Documents' }).hover();
    for (let turn = 0; turn < 20; turn += 1) await page.mouse.wheel(0, 180_000);
    await see(page.getByRole('option', { name: /image-099999/ })).toBeVisible();
    const empty = await page.getByRole('option').filter({ hasNotText: 'image-' }).count();
    expect(empty).toBe(0);
  });

  test('are searched from the slash, and Esc leads out again', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('image-00009');
    await see(page.getByRole('option', { name: /image-000099/ })).toBeVisible();
    await see(page.getByRole('option').first()).toHaveAttribute('aria-setsize', '10');
    await page.keyboard.press('Escape');
    await see(page.getByRole('option').first()).toHaveAttribute('aria-setsize', String(COUNT));
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await see(page.getByRole('heading', { level: 1, name: 'Folders' })).toBeVisible();
  });
});

describe('a thousand shards', () => {
  test.each(['light', 'dark'] as const)('are a picture with a table twin (%s)', async (theme) => {
    const page = await open({ theme });
    await openScripted(
      page,
      {
        ...calm([folder('Lab data 2026', { state: 'working' })]),
        tasks: () => [syncTask],
        activity: () => ({ packs: [pack()], nodes, history: [] }),
      },
      '#/activity',
    );
    await see(
      page.getByRole('img', { name: /are stored on 100 storage nodes; 1 are slow, 2/ }),
    ).toBeVisible();
    await see(page.getByText(/of 1,000 shards stored, 667 needed/)).toBeVisible();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'As a table' }).click();
    await see(page.getByRole('table', { name: 'Slivers of this pack' })).toHaveAttribute(
      'aria-rowcount',
      '101',
    );
    await expectAccessible(page);
  });

  test('fill as slivers land', async () => {
    const before = pack({}, 100);
    const after = pack({}, 700);
    const page = await open();
    const engine = await openScripted(
      page,
      {
        ...calm([folder('Lab data 2026', { state: 'working' })]),
        tasks: () => [syncTask],
        activity: () => ({ packs: [before], nodes, history: [] }),
      },
      '#/activity',
    );
    await see(
      page.getByText(`${String(before.storedShards)} of 1,000 shards stored`),
    ).toBeVisible();
    await engine.send({ kind: 'shards', packId: 'pack-1', shards: after.shards });
    await see(page.getByText(`${String(after.storedShards)} of 1,000 shards stored`)).toBeVisible();
  });
});

test('Activity with nothing in it says so once, and what it is for', async () => {
  const page = await open();
  await openScripted(page, calm([documents]), '#/activity');
  await see(page.getByText('you see each step here')).toBeVisible();
  await see(page.getByText('Nothing is going on')).toHaveCount(1);
  await expectAccessible(page);
});

describe('trouble', () => {
  test('that a person must decide has its sentence, its next step and its two buttons', async () => {
    const page = await open();
    const syncs: unknown[] = [];
    await openScripted(
      page,
      {
        ...calm([documents, troubled]),
        startSync: (request) => {
          syncs.push(request);
          return [];
        },
      },
      '#/folder/folder-Photos',
    );
    await see(page.getByText('612 files vanished from Photos at once').first()).toBeVisible();
    await see(page.getByRole('button', { name: 'Keep everything' })).toBeVisible();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'They were deleted on purpose' }).click();
    await expect.poll(() => syncs).toEqual([{ folder: 'folder-Photos', acceptDeletions: true }]);
  });

  test('of one folder is the first line of every view', async () => {
    const page = await open();
    await openScripted(page, calm([documents, troubled]), '#/network');
    await see(firstLine(page)).toHaveText(/Photos needs attention: 612 files vanished/);
    await see(page.getByRole('link', { name: /Folders.*1 folder needs attention/ })).toBeVisible();
  });

  test('with the engine is said at once, and gone when it is back', async () => {
    const page = await open();
    const engine = await openScripted(page, calm([documents]));
    await see(firstLine(page)).toHaveText('Everything is protected until 14 March 2027');
    await engine.setState('down');
    await see(
      page.getByRole('alert').filter({ hasText: 'The engine is not running' }),
    ).toBeVisible();
    await see(page.getByRole('option', { name: /Documents/ })).toBeVisible();
    await see(page.getByRole('button', { name: 'Sync now' })).toBeDisabled();
    await expectAccessible(page);
    await engine.setState('up');
    await see(page.getByText('The engine is not running')).toBeHidden();
    await see(firstLine(page)).toHaveText('Everything is protected until 14 March 2027');
  });

  test.each([
    { reason: 'asked', sentence: /^Paused until 21 Nov 2026, 14:00/ },
    { reason: 'metered', sentence: 'Waiting: this network is metered.' },
    { reason: 'battery', sentence: 'Waiting: the computer runs on battery.' },
    { reason: 'offline', sentence: 'Waiting: the computer is offline.' },
  ] as const)('that is a pause ($reason) says why', async ({ reason, sentence }) => {
    const page = await open();
    await openScripted(
      page,
      calm([documents], { pause: { reason, untilMs: Date.UTC(2026, 10, 21, 14) } }),
    );
    await see(page.getByText(sentence)).toBeVisible();
  });

  test('with the keychain is a view of its own, with the way in', async () => {
    const page = await open();
    await openScripted(page, {
      ...calm([]),
      home: () => ({
        state: 'locked',
        path: '/home/anna',
        version: '0.1.0',
        networkName: 'mainnet',
        isTryOut: false,
        isKitConfirmed: true,
        unlockWith: 'passphrase',
        problem: undefined,
      }),
    });
    await see(page.getByRole('heading', { level: 1, name: 'This vault is locked' })).toBeVisible();
    await see(page.getByLabel('Passphrase')).toBeVisible();
    await expectAccessible(page);
  });
});

describe('the window', () => {
  const long = folder(
    'Die sehr vollständige Sammlung aller Messreihen, Protokolle und Bilder der Arbeitsgruppe 2019 bis 2026',
    { path: `/${'a-very-long-name-of-a-directory/'.repeat(8)}` },
  );

  test.each([
    { name: 'small', width: 900, height: 600 },
    { name: 'usual', width: 1280, height: 800 },
    { name: 'large', width: 1920, height: 1080 },
  ])('that is $name shows long names without scrolling sideways', async ({ width, height }) => {
    const page = await open({ width, height });
    await openScripted(page, calm([documents, long, troubled]));
    await see(page.getByRole('option')).toHaveCount(3);
    await expectNoSideways(page);
    await page.getByRole('option', { name: /Messreihen/ }).click();
    await see(page.getByRole('heading', { level: 1, name: /Messreihen/ })).toBeVisible();
    await see(page.getByRole('option').first()).toBeVisible();
    await expectNoSideways(page);
  });

  test('works with text of 200 %', async () => {
    const page = await open();
    await openScripted(page, calm([documents, long, troubled]));
    await page.evaluate('document.documentElement.style.fontSize = "200%"');
    for (const view of [
      'folders',
      'activity',
      'network',
      'add-folder',
      'folder/folder-Documents',
    ]) {
      await page.evaluate(`location.hash = "#/${view}"`);
      await see(page.getByRole('heading', { level: 1 })).toBeVisible();
      await expectNoSideways(page);
    }
  });

  test('mirrors for languages from right to left', async () => {
    const page = await open();
    await openScripted(page, calm([documents, troubled]));
    await see(page.getByRole('option')).toHaveCount(2);
    await page.evaluate('document.documentElement.dir = "rtl"');
    const nav = await page.getByRole('navigation').first().boundingBox();
    expect(nav && nav.x + nav.width).toBe(1280);
    await expectNoSideways(page);
  });

  test('speaks German with German dates and numbers', async () => {
    const page = await open({ locale: 'de-DE' });
    await openScripted(page, calm([documents]));
    await see(firstLine(page)).toHaveText('Alles ist geschützt bis 14. März 2027');
    await see(page.getByText('3,2 GB').first()).toBeVisible();
    await expectAccessible(page);
  });

  test('finds commands by a few letters and runs them', async () => {
    const page = await open();
    await openScripted(page, calm([documents]));
    await see(page.getByRole('option')).toHaveCount(1);
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('netw');
    await expectAccessible(page);
    await page.keyboard.press('Enter');
    await see(page.getByRole('heading', { level: 1, name: 'Network' })).toBeVisible();
  });
});
