/**
 * @file What Floe is for, as a person does it: protect a folder on one day, work in it on the next, and
 * get one file back as it was yesterday. The same steps in a browser and in the desktop app, with
 * hands on the keyboard alone or on the mouse alone.
 */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import type { SnapshotSummary } from '#contract/api.ts';
import type { TestHome } from '../support/floe-cli.ts';
import { command, tabTo } from './keys.ts';
import { see } from './window.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const SYNC_MS = 60_000;
const LETTER = join('letters', 'to anna.txt');
const LETTER_LATER = [
  { count: '2 snapshots', text: 'as it was this morning' },
  { count: '3 snapshots', text: 'as it is by now' },
];

/** Where the person sits: a window, another one on the next day, and two folders. */
export interface Desk {
  readonly page: Page;
  readonly home: TestHome;
  readonly folder: string;
  readonly target: string;
  /** Choose a folder in the dialog that `open` opens. */
  choose(path: string, open: () => Promise<void>): Promise<void>;
}

export interface Hands {
  /** Protect the folder. */
  protect(desk: Desk): Promise<void>;
  /** Change the letter twice on the next day, and sync each time. */
  work(desk: Desk): Promise<void>;
  /** Restore the letter alone, as it was yesterday. */
  takeBack(desk: Desk): Promise<void>;
}

/** The two folders, with what was in them two days ago. */
export function layOut({ folder, target }: Pick<Desk, 'folder' | 'target'>): void {
  mkdirSync(join(folder, 'letters'), { recursive: true });
  mkdirSync(target);
  write(folder, LETTER, 'as it was yesterday', Date.now() - 2 * DAY_MS);
  write(folder, 'notes.txt', 'notes', Date.now() - 2 * DAY_MS);
}

export const keyboard: Hands = {
  async protect(desk) {
    const { page, folder } = desk;
    await command(page, 'add a folder');
    await see(page.getByRole('heading', { level: 1, name: 'Add a folder' })).toBeVisible();
    await desk.choose(folder, async () => {
      await tabTo(page, 'Choose a folder');
      await page.keyboard.press('Enter');
    });
    await see(page.getByRole('button', { name: /^Protect for/ })).toBeEnabled();
    await tabTo(page, /^Protect for/);
    await page.keyboard.press('Enter');
    await see(page.getByRole('heading', { level: 1, name: basename(folder) })).toBeVisible();
    await seeFact(page, '1 snapshot');
  },

  async work({ page, folder }) {
    await command(page, 'open documents');
    await see(page.getByRole('heading', { level: 1, name: basename(folder) })).toBeVisible();
    for (const { count, text } of LETTER_LATER) {
      write(folder, LETTER, text);
      await command(page, 'sync documents');
      await seeFact(page, count);
    }
  },

  async takeBack(desk) {
    const { page, target } = desk;
    await tabTo(page, 'Moment');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expectYesterday(desk);
    await tabTo(page, 'Files in Documents');
    await page.keyboard.type('let');
    await page.keyboard.press('Enter');
    await see(page.getByRole('option', { name: /to anna\.txt/ })).toBeVisible();
    await tabTo(page, 'Files in letters');
    // Without its blank: after a pause that would choose instead.
    await page.keyboard.type('to');
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
    await expectBack(desk);
  },
};

export const mouse: Hands = {
  async protect(desk) {
    const { page, folder } = desk;
    await page.getByRole('link', { name: 'Add a folder' }).click();
    await desk.choose(folder, () => page.getByRole('button', { name: 'Choose a folder' }).click());
    await page.getByRole('button', { name: /^Protect for/ }).click();
    await seeFact(page, '1 snapshot');
  },

  async work({ page, folder }) {
    await page.getByRole('option', { name: /Documents/ }).click();
    for (const { count, text } of LETTER_LATER) {
      write(folder, LETTER, text);
      await page.getByRole('main').getByRole('button', { name: 'Sync now' }).click();
      await seeFact(page, count);
    }
  },

  async takeBack(desk) {
    const { page, target } = desk;
    const slider = page.getByRole('slider', { name: 'Moment' });
    const box = await slider.boundingBox();
    if (!box) throw new Error('the strip of time is not on screen');
    await page.mouse.move(box.x + box.width - 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + 4, box.y + box.height / 2, { steps: 5 });
    await page.mouse.up();
    await expectYesterday(desk);
    await page.getByRole('option', { name: /letters/ }).dblclick();
    await page.getByRole('option', { name: /to anna\.txt/ }).click();
    await page.getByRole('link', { name: /^Restore\s*to anna\.txt/ }).click();

    await desk.choose(target, () =>
      page.getByRole('button', { name: 'Choose', exact: true }).click(),
    );
    await page.getByRole('button', { name: /^Restore .*1 file/ }).click();
    await expectBack(desk);
  },
};

/** In one step, as whoever watches sees it. */
function write(folder: string, path: string, text: string, atMs = Date.now()): void {
  const beside = `${folder} next`;
  writeFileSync(beside, text);
  utimesSync(beside, atMs / 1_000, atMs / 1_000);
  renameSync(beside, join(folder, path));
}

async function seeFact(page: Page, text: string): Promise<void> {
  const fact = page.getByRole('listitem').filter({ hasText: text });
  await see(fact).toBeVisible({ timeout: SYNC_MS });
}

/** What the strip of time stands on is yesterday's, by the first engine's clock. */
async function expectYesterday({ page, home }: Desk): Promise<void> {
  const slider = page.getByRole('slider', { name: 'Moment' });
  await see(slider).toHaveAttribute('aria-valuenow', '1');
  const answer = await home.must(['snapshots']);
  const moments = (answer['snapshots'] as readonly SnapshotSummary[])
    .map(({ atMs }) => atMs)
    .sort((a, b) => a - b);
  expect(moments).toHaveLength(3);
  const [first = 0, second = 0] = moments;
  expect(Date.now() - first).toBeGreaterThan(23 * HOUR_MS);
  expect(Date.now() - second).toBeLessThan(HOUR_MS);
  const day = await page.evaluate((atMs) => String(new Date(atMs).getDate()), first);
  await see(slider).toHaveAttribute('aria-valuetext', new RegExp(`\\b${day}\\b`));
}

/** One file and no other is back, as it was yesterday; today's is untouched. */
async function expectBack({ page, folder, target }: Desk): Promise<void> {
  const heading = page.getByRole('heading', { level: 1, name: /is back/ });
  await see(heading).toBeVisible({ timeout: SYNC_MS });
  const files = readdirSync(target, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  expect(files).toEqual([join(target, LETTER)]);
  expect(readFileSync(join(target, LETTER))).toEqual(Buffer.from('as it was yesterday'));
  expect(readFileSync(join(folder, LETTER), 'utf8')).toBe('as it is by now');
}
