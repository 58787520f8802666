/**
 * @file The window mirrored, for languages that are written from right to left: no view scrolls
 * sideways, what leads on points the other way, and what is never mirrored (paths, IDs, amounts) is
 * not. There is no such language among the words yet, so the direction is set.
 */
import type { Browser, Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { launchChromium } from './chromium.ts';
import { calm, folder, nodes } from './sample.ts';
import { ASK_BACK, emptyHome, NEW_WORDS } from './sample-first-run.ts';
import { openScripted } from './scripted-window.ts';
import { expectAccessible, openWindow, see, type UiWindow } from './window.ts';

const WIDTH = 1280;

let browser: Browser;
let window: UiWindow;
let page: Page;

beforeAll(async () => {
  browser = await launchChromium(inject('chromium'));
});
afterAll(() => browser.close());
beforeEach(async () => {
  window = await openWindow(browser, { width: WIDTH });
  page = window.page;
});
afterEach(({ task }) => window.close(task));

const mirror = () => page.evaluate('document.documentElement.dir = "rtl"');

/** Nothing is wider than what holds it, nor cut at the side where text begins. */
async function expectMirrored(): Promise<void> {
  const wrong = await page.evaluate<string[]>(`(() => {
    const main = document.querySelector('main');
    const box = main.getBoundingClientRect();
    const outside = [...main.querySelectorAll('h1, h2, h3, p, label, button, a, input, select, dt, dd')]
      .filter((element) => element.getClientRects().length > 0 && !element.closest('.unseen'))
      .filter((element) => {
        const { left, right, width } = element.getBoundingClientRect();
        return width > 1 && (left < box.left - 16 || right > box.right + 16);
      })
      .map((element) => element.tagName + ' ' + element.textContent.trim().slice(0, 40));
    const wider = main.scrollWidth - main.clientWidth;
    return wider > 0 ? ['main is ' + wider + ' too wide', ...outside] : outside;
  })()`);
  expect(wrong).toEqual([]);
}

/** The heading begins at the right. */
async function expectFromTheRight(): Promise<void> {
  const { start, end } = await page.evaluate<{ start: number; end: number }>(`(() => {
    const range = document.createRange();
    range.selectNodeContents(document.querySelector('main h1'));
    const text = range.getBoundingClientRect();
    const box = document.querySelector('main h1').getBoundingClientRect();
    return { start: box.right - text.right, end: text.left - box.left };
  })()`);
  expect(Math.abs(start)).toBeLessThan(2);
  expect(end).toBeGreaterThanOrEqual(-1);
}

const script = {
  ...calm([folder('Documents'), folder('Photos')]),
  restorePlan: () => ({
    snapshotId: 'snapshot-12',
    fileCount: 1_204,
    sizeBytes: 3_200_000_000,
    suggestedTarget: '/home/anna/Restored by Floe/Documents 2026-11-21',
    problem: undefined,
  }),
  checkNetwork: () => ({
    nodes,
    reachableShards: 980,
    shardCount: 1_000,
    neededToRead: 334,
    neededToWrite: 667,
  }),
  ledger: () => ({ entries: [], total: 0 }),
  licences: () => [{ name: 'svelte', version: '5.57.3', licence: 'MIT' }],
};

describe('every view', () => {
  test.each([
    'folders',
    'add-folder',
    'move',
    'folder/folder-Documents',
    'activity',
    'restore',
    'storage',
    'network',
    'settings',
    'kit',
    'about',
  ])('%s', async (view) => {
    await openScripted(page, script, `#/${view}`);
    await see(page.getByRole('heading', { level: 1 })).toBeVisible();
    await see(page.getByText('Loading', { exact: true })).toHaveCount(0);
    await mirror();
    await expectFromTheRight();
    await expectMirrored();
    const nav = await page.getByRole('navigation').first().boundingBox();
    expect(nav && nav.x + nav.width).toBe(WIDTH);
    await expectAccessible(page);
  });

  test('storage, with each of its tabs', async () => {
    await openScripted(page, script, '#/storage');
    await mirror();
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click();
      await expectMirrored();
    }
  });

  test('a folder’s strip of time runs from right to left', async () => {
    await openScripted(page, script, '#/folder/folder-Documents');
    const slider = page.getByRole('slider', { name: 'Moment' });
    await see(slider).toHaveAttribute('aria-valuenow', '12');
    await mirror();
    const box = await slider.boundingBox();
    if (!box) throw new Error('the strip of time is not on screen');
    // The oldest moment is where reading begins.
    await page.mouse.click(box.x + box.width - 2, box.y + box.height / 2);
    await see(slider).toHaveAttribute('aria-valuenow', '1');
  });

  test('paths keep their order', async () => {
    await openScripted(page, script, '#/restore');
    await see(page.getByLabel('Folder to restore to')).toHaveValue(/^\/home\/anna/);
    await mirror();
    const direction = await page.evaluate(
      'getComputedStyle(document.querySelector("main input.mono")).direction',
    );
    expect(direction).toBe('ltr');
  });
});

test('the first run, question by question', async () => {
  await openScripted(page, emptyHome({ problem: 'there is none' }));
  const at = async (name: string): Promise<void> => {
    await see(page.getByRole('heading', { level: 1, name })).toBeVisible();
    await mirror();
    await expectFromTheRight();
    await expectMirrored();
    await expectAccessible(page);
  };
  await at('Keep your folders safe');
  await page.getByRole('button', { name: /I have my words/ }).click();
  await page.getByRole('radio', { name: 'Testnet' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await at('Type your 24 words');
  await page.getByRole('button', { name: 'Back' }).click();
  await page.getByRole('button', { name: 'Back' }).click();
  await page.getByRole('button', { name: /Start new/ }).click();
  await at('Where should your folders live?');
  await page.getByRole('button', { name: 'Continue' }).click();
  await at('These 24 words are your key');
  const first = await page
    .getByText(NEW_WORDS[0] ?? '', { exact: true })
    .first()
    .boundingBox();
  const seventh = await page
    .getByText(NEW_WORDS[6] ?? '', { exact: true })
    .first()
    .boundingBox();
  // The second column stands left of the first.
  expect(seventh?.x).toBeLessThan(first?.x ?? 0);
  await page.getByRole('button', { name: 'I have them' }).click();
  await at('Is your copy right?');
  for (const position of ASK_BACK) {
    await page
      .getByLabel(`Word ${String(position + 1)}`, { exact: true })
      .fill(NEW_WORDS[position] ?? '');
  }
  await page.getByRole('button', { name: 'Check' }).click();
  await at('Who may open Floe on this computer?');
});
