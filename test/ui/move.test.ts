/**
 * @file A folder moves from the try-out to another network inside the window: the price, the new
 * words, the coins, the wait, and the try-out letting go. Everything is real.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { launchChromium } from './chromium.ts';
import { Moving } from './moving.ts';
import { NO_KEYCHAIN } from './real-home.ts';
import { expectAccessible, see } from './window.ts';

const PASSPHRASE = 'four or five words';

let browser: Browser;
let moving: Moving;

beforeAll(async () => {
  browser = await launchChromium(inject('chromium'));
});
afterAll(() => browser.close());

beforeEach(async () => {
  moving = await Moving.open(browser, NO_KEYCHAIN);
});
afterEach(async ({ task }) => {
  await moving.window.close(task);
  await moving.close();
});

test('by mouse, with the price first, new words, coins that are sent, and the window closed meanwhile', async () => {
  await moving.choose();
  await expectAccessible(moving.page);
  const kit = await moving.keepWords();
  await moving.sealWith(PASSPHRASE);
  await moving.expectMissing();
  await see(moving.page.getByRole('img', { name: 'The address as a QR code' })).toBeVisible();
  await expectAccessible(moving.page);
  expect(await moving.folder()).toMatchObject({ removed: false });
  await moving.sendCoins();
  await moving.window.close();

  await moving.enter();
  await moving.openMove();
  await moving.expectMoved();
  await expectAccessible(moving.page);
  expect(await moving.folder()).toMatchObject({ removed: true });

  const { page } = moving;
  await page.getByRole('main').getByRole('button', { name: 'Open Floe on second' }).click();
  await see(page.getByRole('banner').getByText(/^Everything is protected until/)).toBeVisible();
  await see(page.getByRole('option', { name: /Documents/ })).toContainText('Protected until');
  await expectAccessible(page);
  await page.reload();
  await see(page.getByRole('option', { name: /Documents/ })).toContainText('Protected until');
  await moving.press(/Back to the try-out/);
  await see(page.getByText('Everything is on this computer', { exact: true })).toBeVisible();
  await moving.expectBack(kit);
});

test('an engine that dies while coins are awaited asks for the passphrase and goes on', async () => {
  await moving.choose();
  const kit = await moving.keepWords();
  await moving.sealWith(PASSPHRASE);
  await moving.expectMissing();
  await moving.real.kill();
  await moving.real.serve();
  await moving.window.close();

  await moving.enter();
  await moving.openMove();
  await see(moving.heading('This vault is locked')).toBeVisible();
  await moving.type('Passphrase', 'another passphrase');
  await moving.press('Unlock');
  await see(moving.page.getByRole('main')).toContainText(/passphrase.*(wrong|does not|not the)/i);
  await moving.type('Passphrase', PASSPHRASE);
  await moving.press('Unlock');
  await moving.expectMissing();
  await moving.sendCoins();
  await moving.expectMoved();
  await moving.expectBack(kit);
});

test('a folder that is left in the try-out stays protected there', async () => {
  await moving.choose();
  await moving.keepWords();
  await moving.sealWith(PASSPHRASE);
  await moving.expectMissing();
  await moving.press('Leave it in the try-out');
  const line = moving.page.getByRole('option', { name: /Documents/ });
  await see(line).toContainText('Protected until');
  expect(await moving.folder()).toMatchObject({ removed: false, state: 'protected' });
  const moves = readFileSync(join(moving.real.home.path, 'moves.json'), 'utf8');
  expect(moves).not.toContain('Documents');
});

test('a file that is no network file is refused in words, before anything is made', async () => {
  const { page } = moving;
  await page.getByRole('link', { name: /Move to Testnet or Mainnet/ }).click();
  await page.getByText('Another network', { exact: true }).click();
  const wrong = moving.second.path('wrong.json');
  writeFileSync(wrong, '{"name": 3}');
  await moving.openFile('Open a network file', wrong);
  await see(page.getByRole('alert').filter({ hasText: /network file/i })).toBeVisible();
  await see(page.getByRole('button', { name: 'Move', exact: true })).toBeDisabled();
});
