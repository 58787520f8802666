/**
 * @file Where the words are kept, asked for on every network but the try-out: a keychain that is not
 * there or locked is said and never bypassed, a passphrase is asked for with care. Real vaults, and
 * gnome-keyring on a bus of the test's own; the first run itself, which knows public networks only, on
 * a script.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { SecretPlace } from '#contract/home-api.ts';
import { startKeyring, type Keyring } from '../support/keyring.ts';
import { temporaryFolder } from '../support/tree.ts';
import { launchChromium } from './chromium.ts';
import { Moving } from './moving.ts';
import { NO_KEYCHAIN } from './real-home.ts';
import { ASK_BACK, emptyHome, NEW_WORDS } from './sample-first-run.ts';
import { openScripted } from './scripted-window.ts';
import { expectAccessible, openWindow, see, type UiWindow } from './window.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium(inject('chromium'));
});
afterAll(() => browser.close());

const keychainOf = (page: Page) => page.getByRole('radio', { name: 'Whoever can sign in as me' });
const passphraseOf = (page: Page) =>
  page.getByRole('radio', { name: 'Whoever knows a passphrase' });

describe('a real vault', () => {
  let moving: Moving;
  let other: string;

  async function begin(env: Readonly<Record<string, string>>): Promise<void> {
    moving = await Moving.open(browser, env);
    other = `${moving.real.home.path}-second`;
    await moving.choose();
    await moving.keepWords();
  }
  afterEach(async ({ task }) => {
    await moving.window.close(task);
    await moving.close();
  });

  test('without a keychain is sealed with a passphrase that is typed twice', async () => {
    await begin(NO_KEYCHAIN);
    const { page } = moving;
    await see(keychainOf(page)).toBeDisabled();
    await see(passphraseOf(page)).toBeChecked();
    await see(page.getByText(/It can’t be used now/)).toBeVisible();
    await expectAccessible(page);
    await moving.sealWith('short');
    await see(page.getByText(/Use at least 8 characters/)).toBeVisible();
    await moving.type('Passphrase', 'long enough to use');
    await moving.press('Finish');
    await see(page.getByText('The two are not the same.')).toBeVisible();
    expect(existsSync(join(other, 'vault.json'))).toBe(false);
    await moving.sealWith('long enough to use');
    await moving.expectMissing();
    expect(readdirSync(join(other, 'secrets'))).not.toEqual([]);
  });

  describe('with a keychain', () => {
    let keyring: Keyring;
    let folder: ReturnType<typeof temporaryFolder>;
    beforeEach(async () => {
      folder = temporaryFolder();
      keyring = await startKeyring(folder.path);
    });
    afterEach(() => {
      keyring.close();
      folder.remove();
    });

    test('waits while it is locked, and puts the words into it once it is not', async () => {
      keyring.lock();
      await begin(keyring.environment);
      const { page } = moving;
      await see(keychainOf(page)).toBeDisabled();
      await see(page.getByText(/Unlock the keychain of your computer/)).toBeVisible();
      keyring.unlock();
      await moving.press('Try again');
      await see(keychainOf(page)).toBeEnabled();
      await keychainOf(page).click();
      await expectAccessible(page);
      await moving.press('Finish');
      await moving.expectMissing();
      // Nothing was put where it could be read without the keychain.
      expect(existsSync(join(other, 'secrets'))).toBe(false);
    });
  });
});

describe('the first run', () => {
  let window: UiWindow;
  let asked: SecretPlace[];
  beforeEach(async () => {
    asked = [];
    window = await openWindow(browser);
  });
  afterEach(async ({ task }) => {
    await window.close(task);
  });

  /** From the welcome to the question where the words are kept. */
  async function reachPlace(problem: string | undefined): Promise<Page> {
    const { page } = window;
    await openScripted(page, emptyHome({ problem, onSetUp: (place) => asked.push(place) }));
    await page.getByRole('button', { name: /Start new/ }).click();
    await page.getByRole('radio', { name: 'Testnet' }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'I have them' }).click();
    for (const position of ASK_BACK) {
      await page.getByLabel(`Word ${String(position + 1)}`, { exact: true }).click();
      await page.keyboard.type(NEW_WORDS[position] ?? '');
    }
    await page.getByRole('button', { name: 'Check' }).click();
    await see(
      page.getByRole('heading', { name: 'Who may open Floe on this computer?' }),
    ).toBeVisible();
    return page;
  }

  test('takes the keychain where it can be used', async () => {
    const page = await reachPlace(undefined);
    await see(keychainOf(page)).toBeChecked();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Finish' }).click();
    await expect.poll(() => asked).toEqual([{ kind: 'keychain' }]);
  });

  test('asks for a passphrase where it cannot, and for nothing less', async () => {
    const page = await reachPlace('the keychain can’t be used: there is none, or it is locked');
    await see(keychainOf(page)).toBeDisabled();
    await page.getByRole('button', { name: 'Finish' }).click();
    await see(page.getByText(/Use at least 8 characters/)).toBeVisible();
    expect(asked).toEqual([]);
    for (const label of ['Passphrase', 'The same again']) {
      await page.getByLabel(label, { exact: true }).click();
      await page.keyboard.type('four or five words');
    }
    await page.getByRole('button', { name: 'Finish' }).click();
    await expect
      .poll(() => asked)
      .toEqual([{ kind: 'passphrase', passphrase: 'four or five words' }]);
  });
});
