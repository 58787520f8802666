/**
 * @file A folder is protected, and one file of yesterday comes back, in a browser on a real network:
 * once with the keyboard alone, once with the mouse alone. The engine of the first day has a clock
 * that shows it.
 */
import type { Browser, Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, inject, test } from 'vitest';
import { launchChromium } from './chromium.ts';
import { tabTo } from './keys.ts';
import { keyboard, layOut, mouse, type Desk } from './one-file-back.ts';
import { openRealHome, YESTERDAY, type RealHome } from './real-home.ts';
import { expectAccessible, openWindow, see, turnWheel, type UiWindow } from './window.ts';

let browser: Browser;
let real: RealHome;
let window: UiWindow;

beforeAll(async () => {
  browser = await launchChromium(inject('chromium'));
});
afterAll(() => browser.close());

beforeEach(async () => {
  real = await openRealHome({ shards: 13, nodes: 4, env: YESTERDAY });
  layOut(places());
  window = await openWindow(browser);
  await real.enter(window.page);
});
afterEach(async ({ task }) => {
  await window.close(task);
  await real.close();
});

const places = () => ({
  folder: real.world.path('Documents'),
  target: real.world.path('back'),
});

type Choose = (page: Page, path: string) => Promise<void>;

/** A desk where the list of folders, which is what a browser has for a dialog, is answered so. */
const deskWith = (choose: Choose): Desk => ({
  get page() {
    return window.page;
  },
  home: real.home,
  ...places(),
  choose: async (path, open) => {
    await open();
    await choose(window.page, path);
  },
});

/** The next day: the computer was off, and the person opens Floe again. */
async function sleepOverIt(): Promise<void> {
  await window.close();
  await real.stop();
  await real.serve({});
  window = await openWindow(browser);
  await real.enter(window.page);
  await see(window.page.getByRole('option', { name: /Documents/ })).toBeVisible();
}

test('with the keyboard alone, a folder is protected and one file of yesterday comes back', async () => {
  const desk = deskWith(typePath);
  await keyboard.protect(desk);
  await sleepOverIt();
  await keyboard.work(desk);
  await keyboard.takeBack(desk);
});

test('with the mouse alone, a folder is protected and one file of yesterday comes back', async () => {
  const desk = deskWith(walkTo);
  await mouse.protect(desk);
  await sleepOverIt();
  await mouse.work(desk);
  await expectAccessible(window.page);
  await mouse.takeBack(desk);
});

async function typePath(page: Page, path: string): Promise<void> {
  await tabTo(page, /path/i);
  await page.keyboard.press('Control+a');
  await page.keyboard.type(path);
  await page.keyboard.press('Enter');
  await see(page.getByRole('option', { name: 'letters' })).toBeVisible();
  await tabTo(page, 'Take this folder');
  await page.keyboard.press('Enter');
}

/** A path is not typed but walked: up to the root, then down, by double clicks. */
async function walkTo(page: Page, path: string): Promise<void> {
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
    const listed = dialog.getByRole('listbox');
    await listed.hover();
    // Only what is on screen is drawn.
    while ((await option.count()) === 0) await turnWheel(page, listed, 200);
    await option.dblclick();
    await see(typed).toHaveValue(at);
  }
  await page.getByRole('button', { name: 'Take this folder' }).click();
}
