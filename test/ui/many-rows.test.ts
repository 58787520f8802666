/**
 * @file Every list with very many rows: it draws as few as are on screen, says where they stand, and
 * drops nothing on the way. On a script, which can have 100,000 of nearly anything; and on a real engine
 * with as many files as a test has time for (test/bench/browse.ts looks into 100,000).
 */
import { mkdirSync } from 'node:fs';
import type { Browser, Locator, Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { makeManyFiles } from '../bench/browse.ts';
import { launchChromium } from './chromium.ts';
import { openRealHome } from './real-home.ts';
import { calm, entry, folder, snapshot } from './sample.ts';
import { openScripted, type Script } from './scripted-window.ts';
import { openWindow, see, turnWheel, type UiWindow } from './window.ts';

const COUNT = 100_000;
const DRAWN_MAX = 80;
/** So far a wheel turns at once: less than a screen, so that each row is on one on the way. */
const WHEEL_PIXELS = 240;

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

/** Rows that are drawn, by their position in the whole list: each with its content. */
async function positionsOf(rows: Locator): Promise<number[]> {
  const drawn = await rows.getByRole('option').evaluateAll((elements) =>
    (elements as unknown as Row[]).map((element) => ({
      position: Number(element.getAttribute('aria-posinset')),
      text: element.textContent.trim(),
    })),
  );
  expect(drawn.filter(({ text }) => text === '')).toEqual([]);
  return drawn.map(({ position }) => position);
}

const isWithoutGap = (positions: readonly number[]): boolean =>
  positions.every((position, at) => at === 0 || position === (positions[at - 1] ?? 0) + 1);

/** What is used of an element; the page's types are not those of the test. */
interface Row {
  getAttribute(name: string): string | null;
  readonly textContent: string;
}

/** Their states are one answer, which has to fit into a message. */
const FOLDERS = 5_000;
const folders = Array.from({ length: FOLDERS }, (_, index) =>
  folder(`Folder ${String(index).padStart(6, '0')}`),
);
const many = (total: number, method: 'browse') => ({
  [method]: ({ offset, limit }: { offset: number; limit: number }) => ({
    entries: Array.from({ length: Math.min(limit, total - offset) }, (_, index) =>
      entry(offset + index),
    ),
    total,
  }),
});
const documents = folder('Documents');

const lists: readonly {
  readonly name: string;
  readonly script: Script;
  readonly hash: string;
  readonly list: string;
  readonly before?: (page: Page) => Promise<void>;
}[] = [
  { name: 'folders', script: calm(folders), hash: '#/folders', list: 'Folders' },
  {
    name: 'files of a moment',
    script: { ...calm([documents]), ...many(COUNT, 'browse') },
    hash: '#/folder/folder-Documents',
    list: 'Files in Documents',
  },
  {
    name: 'files to restore',
    script: {
      ...calm([documents]),
      ...many(COUNT, 'browse'),
      restorePlan: () => ({
        snapshotId: 'snapshot-12',
        fileCount: 1,
        sizeBytes: 1,
        suggestedTarget: '/home/anna/back',
        problem: undefined,
      }),
    },
    hash: '#/restore',
    list: 'Files of this moment',
    before: (page) => page.getByRole('radio', { name: 'Only what I choose' }).click(),
  },
  {
    name: 'moments',
    script: {
      ...calm([documents]),
      snapshots: ({ folder: folderId }) =>
        Array.from({ length: 20_000 }, (_, index) => ({
          ...snapshot(folderId ?? '', 'Documents', 12),
          snapshotId: `snapshot-${String(index)}`,
          sequence: index + 1,
          atMs: Date.UTC(2026, 0, 1) + index * 60_000,
        })),
      restorePlan: () => ({
        snapshotId: 'snapshot-1',
        fileCount: 1,
        sizeBytes: 1,
        suggestedTarget: '/home/anna/back',
        problem: undefined,
      }),
    },
    hash: '#/restore',
    list: 'Moment',
  },
  {
    name: 'history',
    script: {
      ...calm([documents]),
      activity: () => ({
        packs: [],
        nodes: [],
        history: Array.from({ length: COUNT }, (_, index) => ({
          entryId: String(index),
          atMs: Date.UTC(2026, 0, 1) + index * 60_000,
          kind: 'sync' as const,
          folderName: 'Documents',
          sentence: `Snapshot ${String(index)} was published.`,
          told: undefined,
          problem: undefined,
        })),
      }),
    },
    hash: '#/activity',
    list: 'History',
  },
];

describe.each(lists)('$name', ({ script, hash, list, before }) => {
  test('are drawn as far as they are seen, and nothing is dropped on the way', async () => {
    window = await openWindow(browser);
    const { page } = window;
    await openScripted(page, script, hash);
    await before?.(page);
    const rows = page.getByRole('listbox', { name: list });
    await see(rows.getByRole('option').first()).toBeVisible();
    expect(await rows.getByRole('option').count()).toBeLessThan(DRAWN_MAX);
    await rows.hover();
    let last = 0;
    for (let turn = 0; turn < 25; turn += 1) {
      let positions: number[] = [];
      const look = async (): Promise<boolean> =>
        isWithoutGap((positions = await positionsOf(rows)));
      await expect.poll(look).toBe(true);
      // Nothing lies between what was seen before and what is seen now.
      expect(positions[0]).toBeLessThanOrEqual(last + 1);
      last = Math.max(last, positions.at(-1) ?? 0);
      await turnWheel(page, rows, WHEEL_PIXELS);
    }
    expect(last).toBeGreaterThan(60);
    await rows.focus();
    await page.keyboard.press('End');
    const total = await rows.getByRole('option').first().getAttribute('aria-setsize');
    await see(rows.locator(`[aria-posinset="${total ?? ''}"]`)).toBeVisible();
  });
});

test('a real engine shows thousands of files of a directory on the way through it', async () => {
  const FILES = 6_000;
  const real = await openRealHome({ shards: 13, nodes: 4 });
  try {
    const place = real.world.path('Many');
    mkdirSync(place);
    makeManyFiles(place, FILES);
    await real.home.must(['add', place]);
    await real.home.must(['sync']);
    window = await openWindow(browser);
    const { page } = window;
    await real.enter(page);
    await page.getByRole('option', { name: /Many/ }).click();
    const above = page.getByRole('listbox', { name: 'Files in Many' });
    await see(above.getByRole('option').first()).toBeVisible({ timeout: 60_000 });
    await above.focus();
    await page.keyboard.type('flat');
    await page.keyboard.press('Enter');
    const rows = page.getByRole('listbox', { name: 'Files in flat' });
    await see(rows.getByRole('option').first()).toHaveAttribute('aria-setsize', String(FILES / 2));
    await rows.hover();
    for (let turn = 0; turn < 40; turn += 1) {
      await turnWheel(page, rows, 4_000);
      await expect.poll(async () => (await positionsOf(rows)).length).toBeGreaterThan(5);
    }
    await see(rows.locator(`[aria-posinset="${String(FILES / 2)}"]`)).toContainText('Photo');
    await window.close();
    window = undefined;
  } finally {
    await real.close();
  }
});
