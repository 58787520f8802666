/**
 * @file Bringing things back, beyond the plain case (protect-restore.test.ts): some files of an
 * earlier moment, losses, what was stopped, folders that are no longer protected.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { launchChromium } from './chromium.ts';
import { openRealHome, type RealHome } from './real-home.ts';
import { expectAccessible, openWindow, see, type UiWindow } from './window.ts';

let browser: Browser;
let real: RealHome;
let window: UiWindow;
let page: Page;
let folder: string;
let target: string;

beforeAll(async () => {
  browser = await launchChromium(inject('chromium'));
});
afterAll(() => browser.close());

beforeEach(async () => {
  real = await openRealHome({ shards: 13, nodes: 4 });
  folder = real.world.path('Documents');
  target = real.world.path('back');
  mkdirSync(join(folder, 'taxes', '2025'), { recursive: true });
  for (const name of ['one', 'two', 'three']) {
    writeFileSync(join(folder, 'taxes', '2025', `${name}.txt`), `bill ${name}`);
  }
  writeFileSync(join(folder, 'notes.txt'), 'notes');
  await real.home.must(['add', folder]);
  await real.home.must(['sync']);
  window = await openWindow(browser);
  page = window.page;
});
afterEach(async ({ task }) => {
  await window.close(task);
  await real.close();
});

const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name });

async function openRestore(): Promise<void> {
  await real.enter(page);
  await page.getByRole('link', { name: 'Restore', exact: true }).click();
  await see(heading('1 folder can be brought back')).toBeVisible();
}

async function start(): Promise<void> {
  await page.getByLabel('Folder to restore to').fill(target);
  await page.getByLabel('Folder to restore to').blur();
  await page.getByRole('button', { name: /^Restore .*file/ }).click();
}

test('a directory without one of its files comes back, and nothing else', async () => {
  await openRestore();
  await page.getByRole('radio', { name: 'Only what I choose' }).check();
  await see(page.getByText('Nothing is chosen yet.')).toBeVisible();
  const files = page.getByRole('listbox', { name: 'Files of this moment' });
  await files.getByRole('option', { name: /taxes/ }).click();
  await page.keyboard.press('Space');
  await see(page.getByText(/^Chosen: .* in 3 files$/)).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press('Enter');
  await files.getByRole('option', { name: /2025/ }).dblclick();
  await files.getByRole('option', { name: /two/ }).click();
  await page.keyboard.press('Space');
  await see(page.getByText(/^Chosen: .* in 2 files$/)).toBeVisible();

  await start();
  await see(heading('What you chose of Documents is back')).toBeVisible({ timeout: 60_000 });
  await expectAccessible(page);
  const back = (name: string) => existsSync(join(target, name));
  expect(back('taxes/2025/one.txt')).toBe(true);
  expect(back('taxes/2025/two.txt')).toBe(false);
  expect(back('notes.txt')).toBe(false);
});

test('a file is found by a part of its name', async () => {
  await openRestore();
  await page.getByRole('radio', { name: 'Only what I choose' }).check();
  await page.getByRole('searchbox', { name: 'Search in Documents' }).fill('THREE');
  const hit = page.getByRole('option', { name: /taxes\/2025\/three\.txt/ });
  await see(hit).toBeVisible();
  await see(page.getByText('1 hit')).toBeVisible();
  await page.getByRole('searchbox', { name: 'Search in Documents' }).fill('nowhere');
  await see(page.getByText(/No file of this moment has “nowhere”/)).toBeVisible();
});

test('an earlier moment brings back what has gone since', async () => {
  writeFileSync(join(folder, 'later.txt'), 'later');
  await real.home.must(['sync']);
  await openRestore();
  const moments = page.getByRole('listbox', { name: 'Moment' });
  await see(moments.getByRole('option')).toHaveCount(2);
  await see(page.getByText(/^Chosen: .* in 5 files$/)).toBeVisible();
  await moments.getByRole('option').nth(1).click();
  await see(page.getByText(/^Chosen: .* in 4 files$/)).toBeVisible();
  await start();
  await see(heading('Documents is back')).toBeVisible({ timeout: 60_000 });
  expect(existsSync(join(target, 'later.txt'))).toBe(false);
});

test('a place that is not empty is refused before anything is written', async () => {
  mkdirSync(target);
  writeFileSync(join(target, 'mine.txt'), 'mine');
  await openRestore();
  await page.getByLabel('Folder to restore to').fill(target);
  await page.getByLabel('Folder to restore to').blur();
  await see(page.getByRole('alert').filter({ hasText: /is not empty/ })).toBeVisible();
  await see(page.getByRole('button', { name: /^Restore/ })).toBeDisabled();
  await expectAccessible(page);
});

test('a folder that is no longer protected comes back all the same', async () => {
  await real.home.must(['remove', 'Documents']);
  await openRestore();
  await see(page.getByLabel('Folder', { exact: true }).locator('optgroup')).toHaveAttribute(
    'label',
    'No longer protected',
  );
  await start();
  await see(heading('Documents is back')).toBeVisible({ timeout: 60_000 });
  await page.getByRole('link', { name: 'Bring something else back' }).click();
  await page.getByRole('button', { name: 'Remove from the list' }).click();
  await see(page.getByRole('heading', { name: 'Your restores' })).toBeHidden();
});
