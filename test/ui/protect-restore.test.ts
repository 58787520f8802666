/**
 * @file What Floe is for, as a person does it: protect a folder on one day, work in it on the next, and
 * get one file back as it was yesterday. Once with the keyboard alone, once with the mouse alone; on a
 * real network. The engine of the first day has a clock that shows it.
 */
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Browser, Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import type { SnapshotSummary } from '#contract/api.ts';
import { launchChromium } from './chromium.ts';
import { command, tabTo } from './keys.ts';
import { openRealHome, YESTERDAY, type RealHome } from './real-home.ts';
import { expectAccessible, openWindow, see, type UiWindow } from './window.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const LETTER = join('letters', 'to anna.txt');

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
  real = await openRealHome({ shards: 13, nodes: 4, env: YESTERDAY });
  folder = real.world.path('Documents');
  target = real.world.path('back');
  mkdirSync(join(folder, 'letters'), { recursive: true });
  mkdirSync(target);
  write(LETTER, 'as it was yesterday', Date.now() - 2 * DAY_MS);
  write('notes.txt', 'notes', Date.now() - 2 * DAY_MS);
  window = await openWindow(browser);
  page = window.page;
  await real.enter(page);
});
afterEach(async ({ task }) => {
  await window.close(task);
  await real.close();
});

function write(path: string, text: string, atMs = Date.now()): void {
  const place = join(folder, path);
  writeFileSync(place, text);
  utimesSync(place, atMs / 1_000, atMs / 1_000);
}

/** The next day: the computer was off, and the person opens Floe again. */
async function sleepOverIt(): Promise<void> {
  await window.close();
  await real.stop();
  await real.serve({});
  window = await openWindow(browser);
  page = window.page;
  await real.enter(page);
  await see(page.getByRole('option', { name: /Documents/ })).toBeVisible();
}

const fact = (text: string) => page.getByRole('listitem').filter({ hasText: text });

/** What the strip of time stands on is yesterday's, by the first engine's clock. */
async function expectYesterday(): Promise<void> {
  const slider = page.getByRole('slider', { name: 'Moment' });
  await see(slider).toHaveAttribute('aria-valuenow', '1');
  const answer = await real.home.must(['snapshots']);
  const moments = (answer['snapshots'] as readonly SnapshotSummary[])
    .map(({ atMs }) => atMs)
    .sort((a, b) => a - b);
  expect(moments).toHaveLength(3);
  expect(Date.now() - (moments[0] ?? 0)).toBeGreaterThan(23 * HOUR_MS);
  expect(Date.now() - (moments[1] ?? 0)).toBeLessThan(HOUR_MS);
  const day = String(new Date(moments[0] ?? 0).getUTCDate());
  await see(slider).toHaveAttribute('aria-valuetext', new RegExp(`\\b${day}\\b`));
}

/** One file and no other is back, as it was yesterday; today's is untouched. */
async function expectBack(): Promise<void> {
  await see(page.getByRole('heading', { level: 1, name: /is back/ })).toBeVisible({
    timeout: 60_000,
  });
  const files = readdirSync(target, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  expect(files).toEqual([join(target, LETTER)]);
  expect(readFileSync(join(target, LETTER))).toEqual(Buffer.from('as it was yesterday'));
  expect(readFileSync(join(folder, LETTER), 'utf8')).toBe('as it is by now');
}

test('with the keyboard alone, a folder is protected and one file of yesterday comes back', async () => {
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
  await sleepOverIt();
  await command(page, 'open documents');
  await see(page.getByRole('heading', { level: 1, name: basename(folder) })).toBeVisible();
  for (const [count, text] of [
    ['2 snapshots', 'as it was this morning'],
    ['3 snapshots', 'as it is by now'],
  ] as const) {
    write(LETTER, text);
    await command(page, 'sync documents');
    await see(fact(count)).toBeVisible({ timeout: 60_000 });
  }

  await tabTo(page, 'Moment');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await expectYesterday();
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

test('with the mouse alone, a folder is protected and one file of yesterday comes back', async () => {
  await page.getByRole('link', { name: 'Add a folder' }).click();
  await page.getByRole('button', { name: 'Choose a folder' }).click();
  // A path is not typed but walked: up to the root, then down, by double clicks.
  await walkTo(folder);
  await page.getByRole('button', { name: 'Take this folder' }).click();
  await page.getByRole('button', { name: /^Protect for/ }).click();

  await see(fact('1 snapshot')).toBeVisible({ timeout: 60_000 });
  await sleepOverIt();
  await page.getByRole('option', { name: /Documents/ }).click();
  for (const [count, text] of [
    ['2 snapshots', 'as it was this morning'],
    ['3 snapshots', 'as it is by now'],
  ] as const) {
    write(LETTER, text);
    await page.getByRole('main').getByRole('button', { name: 'Sync now' }).click();
    await see(fact(count)).toBeVisible({ timeout: 60_000 });
  }
  await expectAccessible(page);

  const slider = page.getByRole('slider', { name: 'Moment' });
  const box = await slider.boundingBox();
  if (!box) throw new Error('the strip of time is not on screen');
  await page.mouse.move(box.x + box.width - 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + 4, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  await expectYesterday();
  await page.getByRole('option', { name: /letters/ }).dblclick();
  await page.getByRole('option', { name: /to anna\.txt/ }).click();
  await page.getByRole('link', { name: /^Restore\s*to anna\.txt/ }).click();

  await page.getByRole('button', { name: 'Choose', exact: true }).click();
  await walkTo(target);
  await page.getByRole('button', { name: 'Take this folder' }).click();
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
