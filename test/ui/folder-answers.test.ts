/**
 * @file What a person decides about one folder: what becomes of files that vanished or were overwritten,
 * and how much its commits may cost.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from '@playwright/test';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { FolderStatus } from '#contract/api.ts';
import { makeTree, expectTree, type Tree } from '../support/tree.ts';
import { launchChromium } from './chromium.ts';
import { openRealHome } from './real-home.ts';
import { calm, folder, NOW_MS } from './sample.ts';
import { openScripted } from './scripted-window.ts';
import { expectAccessible, openWindow, see } from './window.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium(inject('chromium'));
});
afterAll(() => browser.close());

const LETTERS: Tree = Object.fromEntries(
  Array.from({ length: 20 }, (_, index) => [
    `letter ${String(index)}.txt`,
    `dear ${String(index)}`,
  ]),
);

test('files that vanished are kept for good, and what is left is protected again', async ({
  task,
}) => {
  const real = await openRealHome({ shards: 13, nodes: 4 });
  const window = await openWindow(browser);
  const { page } = window;
  try {
    const place = real.world.path('Documents');
    makeTree(place, LETTERS);
    await real.home.must(['add', place]);
    await real.home.must(['sync']);
    for (const name of Object.keys(LETTERS).slice(4)) rmSync(join(place, name));
    await real.enter(page);
    await page.getByRole('option', { name: /Documents/ }).click();
    await page.getByRole('main').getByRole('button', { name: 'Sync now' }).click();
    await see(page.getByRole('button', { name: 'Keep everything' })).toBeEnabled();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Keep everything' }).click();
    await see(page.getByRole('listitem').filter({ hasText: '2 snapshots' })).toBeVisible({
      timeout: 60_000,
    });
    await see(page.getByRole('button', { name: 'Keep everything' })).toBeHidden();

    const { pinned } = (await real.home.must(['retention', 'Documents'])) as {
      pinned: readonly string[];
    };
    expect(pinned).toHaveLength(1);
    const target = real.world.path('back');
    await real.home.must([
      ...['restore', 'Documents', '--to', target],
      ...['--snapshot', pinned[0] ?? ''],
    ]);
    expectTree(target, LETTERS);
  } finally {
    await window.close(task);
    await real.close();
  }
});

test('the cap on what commits cost is set, and taken back', async ({ task }) => {
  const window = await openWindow(browser);
  const { page } = window;
  let now: FolderStatus = folder('Documents');
  const asked: unknown[] = [];
  await openScripted(
    page,
    {
      ...calm([]),
      status: () => ({ ...statusOf(now) }),
      updateFolder: ({ fixedCostCapFrost: frost }) => {
        asked.push(frost);
        const isDefault = frost === 'default' || frost === undefined;
        const fixedCostCap = { frost: isDefault ? 5_000_000_000n : frost, isDefault };
        now = { ...now, schedule: { ...now.schedule, fixedCostCap } };
        return now;
      },
    },
    '#/folder/folder-Documents/schedule',
  );
  const field = page.getByLabel('At most a month for commits, in WAL');
  await see(field).toHaveValue('5');
  await expectAccessible(page);
  await field.click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('much');
  await see(page.getByText('Type an amount, such as 12.5.')).toBeVisible();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('2.5');
  await page.getByRole('button', { name: 'Save' }).first().click();
  const usual = page.getByRole('button', { name: 'Use the usual limit' });
  await see(usual).toBeVisible();
  await usual.click();
  await see(field).toHaveValue('5');
  await see(usual).toBeHidden();
  expect(asked).toEqual([2_500_000_000n, 'default']);
  await window.close(task);
});

test('rules that were frozen work again when somebody has looked', async ({ task }) => {
  const window = await openWindow(browser);
  const { page } = window;
  let frozen: { atMs: number; files: number } | undefined = { atMs: NOW_MS, files: 412 };
  await openScripted(
    page,
    {
      ...calm([folder('Documents')]),
      ledger: () => ({ entries: [], total: 0 }),
      retention: () => ({ retention: undefined, frozen, pinned: [], forgotten: [] }),
      thawRetention: () => {
        frozen = undefined;
      },
    },
    '#/storage',
  );
  await page.getByRole('tab', { name: 'How long, and which moments' }).click();
  await see(page.getByText(/^412 files were overwritten at once on/)).toBeVisible();
  await see(page.getByRole('link', { name: 'Restore an earlier moment' })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'They are as they should be' }).click();
  await see(page.getByText(/were overwritten at once/)).toBeHidden();
  expect(frozen).toBeUndefined();
  await window.close(task);
});

function statusOf(one: FolderStatus) {
  const { status } = calm([one]);
  if (!status) throw new Error('a calm vault has a status');
  return status({}) as Awaited<ReturnType<typeof status>>;
}
