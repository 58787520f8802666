/**
 * @file The first line of a window with two homes, the try-out and Testnet: it is about both, whichever
 * of them is on screen.
 */
import type { Browser } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, inject, test } from 'vitest';
import { errorCodes } from '#contract/errors.ts';
import { launchChromium } from './chromium.ts';
import { folder, NOW_MS } from './sample.ts';
import { moving, type FoldersInBoth } from './sample-move.ts';
import { openScripted } from './scripted-window.ts';
import { openWindow, see, type UiWindow } from './window.ts';

const earlier = { epoch: 30, atMs: Date.UTC(2027, 0, 2) };
const unprotected = { state: 'working', protectedUntil: undefined } as const;
const troubled = folder('Letters', {
  state: 'attention',
  problem: {
    code: 'balance-low',
    message: 'The wallet holds 0 WAL; this needs 0.41.',
    next: errorCodes['balance-low'].next,
    context: {},
  },
});

let browser: Browser;
let window: UiWindow;

beforeAll(async () => {
  browser = await launchChromium(inject('chromium'));
});
afterAll(() => browser.close());
beforeEach(async () => {
  window = await openWindow(browser);
});
afterEach(({ task }) => window.close(task));

test.each<{ readonly name: string; readonly folders: FoldersInBoth; readonly line: string }>([
  {
    name: 'all is protected: until the first of it ends, with the try-out told apart',
    folders: { inTestnet: [folder('Letters', { protectedUntil: earlier })] },
    line: 'Everything is protected until 2 January 2027; what is in the try-out is on this computer only',
  },
  {
    name: 'a folder of the other one is being protected: its name, and where',
    folders: { inTestnet: [folder('Letters', unprotected)] },
    line: 'Testnet: Floe is protecting Letters',
  },
  {
    name: 'the other one needs attention: that before all else',
    folders: { here: [folder('Photos', unprotected)], inTestnet: [troubled] },
    line: 'Testnet: Letters needs attention: The wallet holds 0 WAL; this needs 0.41.',
  },
  {
    name: 'the try-out needs attention: that, and where',
    folders: { here: [troubled], inTestnet: [folder('Documents')] },
    line: 'Try-out: Letters needs attention: The wallet holds 0 WAL; this needs 0.41.',
  },
  {
    name: 'the try-out has no folder any more: the other one alone',
    folders: { here: [], inTestnet: [folder('Letters', { protectedUntil: earlier })] },
    line: 'Everything is protected until 2 January 2027',
  },
  {
    name: 'the other one has no folder: the try-out alone',
    folders: { inTestnet: [] },
    line: 'Try-out: everything is on this computer. Protected until 14 March 2027 on the local network',
  },
])('$name', async ({ folders, line }) => {
  const { page } = window;
  await page.clock.setFixedTime(NOW_MS);
  await openScripted(page, moving(['short'], folders));
  const firstLine = page.getByRole('banner').getByRole('paragraph');
  await see(firstLine).toHaveText(line);
  await page.getByRole('button', { name: 'Open Floe on Testnet' }).click();
  await see(page.getByRole('button', { name: /Back to the try-out/ })).toBeVisible();
  await see(firstLine).toHaveText(line);
});
