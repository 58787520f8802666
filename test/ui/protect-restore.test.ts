/**
 * @file What Floe is for, as a person does it: protect a folder, change a file, and get its older
 * version back. Once with the keyboard alone, once with the mouse alone; on a real network.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Browser, Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { launchChromium } from './chromium.ts';
import { command, tabTo } from './keys.ts';
import { openRealHome, type RealHome } from './real-home.ts';
import { expectAccessible, openWindow, see, type UiWindow } from './window.ts';

let browser: Browser;
let real: RealHome;
let folder: string;
let target: string;
let window: UiWindow;
let page: Page;

beforeAll(async () => {
  browser = await launchChromium(inject('chromium'));
});
afterAll(() => browser.close());

beforeEach(async () => {
  real = await openRealHome({ shards: 13, nodes: 4 });
  folder = real.world.path('Documents');
  target = real.world.path('back');
  mkdirSync(join(folder, 'letters'), { recursive: true });
  writeFileSync(join(folder, 'letters', 'to anna.txt'), 'as it was first');
  writeFileSync(join(folder, 'notes.txt'), 'notes');
  window = await openWindow(browser);
  page = window.page;
  await real.enter(page);
});
afterEach(async ({ task }) => {
  await window.close(task);
  await real.close();
});

const fact = (text: string) => page.getByRole('listitem').filter({ hasText: text });
/** The older of two versions is back, where it was asked for. */
const expectBack = async () => {
  await see(page.getByRole('heading', { level: 1, name: /is back/ })).toBeVisible({
    timeout: 60_000,
  });
  expect(readFileSync(join(target, 'letters', 'to anna.txt'), 'utf8')).toBe('as it was first');
};
const changeTheLetter = () =>
  writeFileSync(join(folder, 'letters', 'to anna.txt'), 'as it was changed later');

test('with the keyboard alone, a folder is protected and an older version comes back', async () => {
  await command(page, 'add a folder');
  await see(page.getByRole('heading', { level: 1, name: 'Add a folder' })).toBeVisible();
  await tabTo(page, 'Choose a folder');
  await page.keyboard.press('Enter');
  await tabTo(page, /path/i);
  await page.keyboard.press('Control+a');
  await page.keyboard.type(folder);
  await page.keyboard.press('Enter');
  await see(page.getByRole('option', { name: 'letters' })).toBeVisible();
  await tabTo(page, 'Take this folder');
  await page.keyboard.press('Enter');
  await see(page.getByRole('button', { name: /^Protect for/ })).toBeEnabled();
  await tabTo(page, /^Protect for/);
  await page.keyboard.press('Enter');

  await see(page.getByRole('heading', { level: 1, name: basename(folder) })).toBeVisible();
  await see(fact('1 snapshot')).toBeVisible({ timeout: 60_000 });
  changeTheLetter();
  await command(page, 'sync documents');
  await see(fact('2 snapshots')).toBeVisible({ timeout: 60_000 });

  await tabTo(page, 'Moment');
  await page.keyboard.press('ArrowLeft');
  await see(page.getByRole('slider', { name: 'Moment' })).toHaveAttribute('aria-valuenow', '1');
  await tabTo(page, 'Files in Documents');
  await page.keyboard.type('let');
  await page.keyboard.press('Enter');
  await see(page.getByRole('option', { name: /to anna\.txt/ })).toBeVisible();
  await tabTo(page, 'Files in letters');
  await page.keyboard.type('to a');
  await see(page.getByRole('heading', { level: 2, name: 'to anna.txt' })).toBeVisible();
  await tabTo(page, /^Restore\s*to anna\.txt/);
  await page.keyboard.press('Enter');

  await tabTo(page, 'Folder to restore to');
  await page.keyboard.press('Control+a');
  await page.keyboard.type(target);
  await page.keyboard.press('Tab');
  await see(page.getByRole('button', { name: /^Restore .*1 file/ })).toBeEnabled();
  await tabTo(page, /^Restore .*1 file/);
  await page.keyboard.press('Enter');
  await expectBack();
});

test('with the mouse alone, a folder is protected and an older version comes back', async () => {
  await page.getByRole('link', { name: 'Add a folder' }).click();
  await page.getByRole('button', { name: 'Choose a folder' }).click();
  // A path is not typed but walked: up to the root, then down, by double clicks.
  await walkTo(folder);
  await page.getByRole('button', { name: 'Take this folder' }).click();
  await page.getByRole('button', { name: /^Protect for/ }).click();

  await see(fact('1 snapshot')).toBeVisible({ timeout: 60_000 });
  changeTheLetter();
  await page.getByRole('main').getByRole('button', { name: 'Sync now' }).click();
  await see(fact('2 snapshots')).toBeVisible({ timeout: 60_000 });
  await expectAccessible(page);

  const slider = page.getByRole('slider', { name: 'Moment' });
  const box = await slider.boundingBox();
  if (!box) throw new Error('the strip of time is not on screen');
  await page.mouse.move(box.x + box.width - 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + 4, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  await see(slider).toHaveAttribute('aria-valuenow', '1');
  await page.getByRole('option', { name: /letters/ }).dblclick();
  await page.getByRole('option', { name: /to anna\.txt/ }).click();
  await page.getByRole('link', { name: /^Restore\s*to anna\.txt/ }).click();

  await page.getByLabel('Folder to restore to').fill(target);
  await page.getByRole('button', { name: /^Restore .*1 file/ }).click();
  await expectBack();
});

async function walkTo(path: string): Promise<void> {
  const dialog = page.getByRole('dialog');
  const typed = dialog.getByRole('textbox');
  const up = dialog.getByRole('button', { name: /up/i });
  await see(typed).not.toHaveValue('');
  while ((await typed.inputValue()) !== '/') {
    const before = await typed.inputValue();
    await up.click();
    await see(typed).not.toHaveValue(before);
  }
  let at = '';
  for (const name of path.split('/').filter(Boolean)) {
    at += `/${name}`;
    const option = dialog.getByRole('option', { name, exact: true });
    await dialog.getByRole('listbox').hover();
    // Only what is on screen is drawn.
    while ((await option.count()) === 0) await page.mouse.wheel(0, 200);
    await option.dblclick();
    await see(typed).toHaveValue(at);
  }
}
