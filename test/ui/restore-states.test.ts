/** @file A restore that takes its time: stopped, resumed, and with losses. Scripted. */
import type { Browser, Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import type { Task } from '#contract/task-api.ts';
import { launchChromium } from './chromium.ts';
import { calm, folder, NOW_MS, snapshot, syncTask } from './sample.ts';
import { openScripted } from './scripted-window.ts';
import { expectAccessible, openWindow, see, type UiWindow } from './window.ts';

let browser: Browser;
let window: UiWindow;
let page: Page;

beforeAll(async () => {
  browser = await launchChromium(inject('chromium'));
});
afterAll(() => browser.close());
beforeEach(async () => {
  window = await openWindow(browser, { theme: 'dark' });
  page = window.page;
  await page.clock.setFixedTime(NOW_MS);
});
afterEach(({ task }) => window.close(task));

const heading = (name: string) => page.getByRole('heading', { level: 1, name });
const target = '/home/anna/back';
const running: Task = {
  ...syncTask,
  taskId: 'restore-1',
  kind: 'restore',
  folderId: 'folder-Documents',
  folderName: 'Documents',
  restore: { snapshotId: 'snapshot-12', paths: [], target, report: undefined },
};

test('says how far it is, can be stopped, and is resumed', async () => {
  let task = running;
  const asked: string[] = [];
  const become = (state: Task['state'], method: string) => (request: { taskId: string }) => {
    asked.push(`${method} ${request.taskId}`);
    task = { ...task, state };
    return task;
  };
  await openScripted(
    page,
    {
      ...calm([folder('Documents')]),
      tasks: () => [task],
      cancelTask: become('cancelled', 'cancel'),
      resumeTask: become('running', 'resume'),
    },
    '#/restore/restore-1',
  );
  await see(heading('Restoring Documents')).toBeVisible();
  await see(page.getByText('3,120 of 5,114')).toBeVisible();
  await see(page.getByText('38.4 MB/s')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Stop' }).click();
  await see(heading('Restoring Documents was stopped')).toBeVisible();
  await see(page.getByText(/What was restored stays where it is/)).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Resume' }).click();
  await see(heading('Restoring Documents')).toBeVisible();
  expect(asked).toEqual(['cancel restore-1', 'resume restore-1']);
});

test('lists what could not be had: what ends first is first, with its date', async () => {
  const names = ['b.txt', 'a.txt'];
  const endsAt = { epoch: 44, atMs: Date.UTC(2027, 0, 4) };
  const done: Task = {
    ...running,
    state: 'done',
    endedAtMs: NOW_MS,
    restore: {
      snapshotId: 'snapshot-12',
      paths: [],
      target,
      report: {
        snapshotId: 'snapshot-12',
        target,
        filesRestored: 10,
        bytesRestored: 1_000_000,
        filesAlreadyThere: 1,
        lost: names.map((path, index) => ({
          path,
          code: 'slivers-insufficient',
          reason: 'too few nodes answer',
          ...(index === 0 ? { endsAt } : {}),
        })),
      },
    },
  };
  await openScripted(
    page,
    { ...calm([folder('Documents')]), tasks: () => [done] },
    '#/restore/restore-1',
  );
  await see(heading('Most of Documents is back')).toBeVisible();
  const rows = page.getByRole('table', { name: '2 files could not be restored' }).getByRole('row');
  await see(rows).toHaveText([/File.*Can be tried until/, /b\.txt.*4 January 2027/, /a\.txt/]);
  await see(page.getByRole('button', { name: 'Resume' })).toBeVisible();
  await expectAccessible(page);
});

test('a place that is suggested late stays out of the field that somebody is in', async () => {
  const suggestion = Promise.withResolvers<undefined>();
  await openScripted(
    page,
    {
      ...calm([folder('Documents')]),
      snapshots: () => [snapshot('folder-Documents', 'Documents', 12)],
      restorePlan: async () => {
        await suggestion.promise;
        return {
          snapshotId: 'snapshot-12',
          fileCount: 1,
          sizeBytes: 1,
          suggestedTarget: target,
          problem: undefined,
        };
      },
    },
    '#/restore',
  );
  const place = page.getByLabel('Folder to restore to');
  await place.focus();
  await page.keyboard.press('Control+a');
  suggestion.resolve(undefined);
  await see(place).toHaveAttribute('placeholder', target);
  await page.keyboard.type('/home/anna/elsewhere');
  await see(place).toHaveValue('/home/anna/elsewhere');
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  await see(place).toHaveValue('');
  await page.keyboard.press('Tab');
  await see(place).toHaveValue(target);
});
