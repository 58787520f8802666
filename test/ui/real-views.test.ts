/**
 * @file Every view of the window on a real home with a protected folder: axe finds nothing, in
 * neither theme; and the window tells the truth again after the engine was killed.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from '@playwright/test';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { launchChromium } from './chromium.ts';
import { openRealHome, type RealHome } from './real-home.ts';
import { expectAccessible, openWindow, see, type UiWindow, type WindowOptions } from './window.ts';

let browser: Browser;
let real: RealHome;
let folderId: string;
let window: UiWindow | undefined;

beforeAll(async () => {
  browser = await launchChromium(inject('chromium'));
  real = await openRealHome({ shards: 13, nodes: 4 });
  const folder = real.world.path('Documents');
  mkdirSync(join(folder, 'letters'), { recursive: true });
  for (let index = 0; index < 30; index += 1) {
    writeFileSync(join(folder, `page ${String(index)}.txt`), `page ${String(index)}\n`.repeat(99));
  }
  await real.home.must(['add', folder]);
  await real.home.must(['sync']);
  const status = await real.home.must(['status']);
  folderId = (status['folders'] as { folderId: string }[])[0]?.folderId ?? '';
});
afterAll(async () => {
  await real.close();
  await browser.close();
});
afterEach(async ({ task }) => {
  await window?.close(task);
  window = undefined;
});

async function open(options: WindowOptions = {}) {
  window = await openWindow(browser, options);
  await real.enter(window.page);
  return window.page;
}

const views = [
  { view: 'folders', shows: /^Folders$/ },
  { view: 'add-folder', shows: /^Add a folder$/ },
  { view: 'folder', shows: /^Documents$/ },
  { view: 'folder/rules', shows: /^Documents$/ },
  { view: 'folder/schedule', shows: /^Documents$/ },
  { view: 'folder/details', shows: /^Documents$/ },
  { view: 'activity', shows: /^Activity$/ },
  { view: 'network', shows: /^Network$/ },
  { view: 'restore', shows: /./ },
  { view: 'storage', shows: /./ },
  { view: 'settings', shows: /./ },
  { view: 'kit', shows: /./ },
  { view: 'about', shows: /./ },
];

describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
  test.each(views)('$view has no violation', async ({ view, shows }) => {
    const page = await open({ theme });
    const [name = '', tab] = view.split('/');
    const place = name === 'folder' ? ['folder', folderId, tab].filter(Boolean).join('/') : name;
    await page.evaluate(`location.hash = '#/${place}'`);
    await see(page.getByRole('heading', { level: 1, name: shows })).toBeVisible();
    // Nothing is measured while a skeleton still stands for it.
    await see(page.getByText('Loading', { exact: true })).toHaveCount(0);
    await expectAccessible(page);
  });
});

describe('the window', () => {
  test('never says Protected alone on the try-out network', async () => {
    const page = await open();
    await see(
      page.getByRole('option', {
        name: /Documents.*Try-out: everything is on this computer\. Protected until .* on the local network\./,
      }),
    ).toBeVisible();
    await see(page.getByRole('banner')).toContainText('Try-out: everything is on this computer');
    await page.getByRole('link', { name: /Move to Testnet or Mainnet/ }).click();
    await see(page.getByRole('heading', { level: 1, name: 'Move Documents' })).toBeVisible();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await see(page.getByRole('option', { name: /Documents/ })).toBeVisible();
  });

  test('shows how far the network is from loss', async () => {
    const page = await open();
    await page.getByRole('link', { name: 'Network' }).click();
    await see(
      page.getByText('13 of 13 shards reachable, 8 more than a restore needs'),
    ).toBeVisible();
    await see(page.getByRole('table', { name: 'Storage nodes' })).toHaveAttribute(
      'aria-rowcount',
      '5',
    );
  });

  test('shows a pack that was stored, sliver by sliver', async () => {
    const page = await open();
    await page.getByRole('link', { name: 'Activity' }).click();
    await see(page.getByText('13 of 13 shards stored, 9 needed')).toBeVisible();
    await see(page.getByRole('option', { name: /Documents.*Published/ }).first()).toBeVisible();
  });

  test('previews rules before they are saved', async () => {
    const page = await open();
    await page.evaluate(`location.hash = '#/folder/${folderId}/rules'`);
    await see(page.getByText(/30 files/).first()).toBeVisible();
    await page.getByLabel('Leave out').fill('page 1*.txt');
    await see(page.getByText(/19 files/).first()).toBeVisible();
    await page.getByRole('button', { name: 'Save the rules' }).click();
    await see(page.getByText('The rules are saved.').first()).toBeVisible();
    const { folders } = await real.home.must(['status']);
    expect((folders as { excludes: string[] }[])[0]?.excludes).toEqual(['page 1*.txt']);
  });

  test('says that the engine was killed, and tells the truth again once it is back', async () => {
    const page = await open({
      expected: /WebSocket|ERR_CONNECTION_REFUSED|Failed to load resource/,
    });
    await see(page.getByRole('option', { name: /Documents/ })).toBeVisible();
    await real.kill();
    await see(
      page.getByRole('alert').filter({ hasText: 'The engine is not running' }),
    ).toBeVisible();
    await real.serve();
    await see(page.getByText('The engine is not running')).toBeHidden();
    await see(page.getByRole('option', { name: /Documents/ })).toBeVisible();
    await see(page.getByRole('banner')).toContainText('Try-out');
  });
});

test('the code that lets a browser in is gone from its address and its history', async () => {
  const page = await open();
  const seen = await page.evaluate('JSON.stringify([location.href, history.length, document.URL])');
  expect(seen).not.toContain('admit');
  await page.reload();
  await page.getByRole('main').waitFor();
  expect(page.url()).not.toContain('admit');
});

test('a browser that was not let in learns how to get in, and nothing else', async () => {
  window = await openWindow(browser, { expected: /401|Failed to load/ });
  const { page } = window;
  await page.goto(real.url());
  await see(page.getByRole('heading', { name: 'This browser is not let in yet' })).toBeVisible();
  await see(page.getByText('floe ui')).toBeVisible();
  await see(page.getByText('Documents')).toHaveCount(0);
  await expectAccessible(page);
});
