/** @file Settings, the recovery kit and About, on a real home. */
import type { Browser, Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { launchChromium } from './chromium.ts';
import { openRealHome, type RealHome } from './real-home.ts';
import { expectAccessible, openWindow, see, type UiWindow } from './window.ts';

let browser: Browser;
let real: RealHome;
let words: string;
let window: UiWindow;
let page: Page;

beforeAll(async () => {
  browser = await launchChromium(inject('chromium'));
  real = await openRealHome({ shards: 13, nodes: 4 });
  words = real.words ?? '';
});
afterAll(async () => {
  await browser.close();
  await real.close();
});
beforeEach(async () => {
  window = await openWindow(browser);
  page = window.page;
  await real.enter(page);
});
afterEach(({ task }) => window.close(task));

const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name });
const go = (name: string) => page.getByRole('link', { name, exact: true }).click();

describe('settings', () => {
  test('take effect at once and stay', async () => {
    await go('Settings');
    await see(heading('Settings')).toBeVisible();
    await expectAccessible(page);
    await page.getByLabel('Theme').selectOption('dark');
    await see(page.locator('html')).toHaveAttribute('data-theme', 'dark');
    // Colours change within a frame: what is judged must be the new ones.
    await page.evaluate(
      'Promise.all(document.getAnimations().map(({ finished }) => finished)).then(() => undefined)',
    );
    await expectAccessible(page);
    await page.getByRole('switch', { name: 'Wait on battery' }).click();
    await page.getByLabel('Language').selectOption('de');
    await see(heading('Einstellungen')).toBeVisible();

    await page.reload();
    await see(heading('Einstellungen')).toBeVisible();
    await see(page.locator('html')).toHaveAttribute('lang', 'de');
    await see(page.locator('html')).toHaveAttribute('data-theme', 'dark');
    await see(page.getByRole('switch', { name: 'Im Akkubetrieb warten' })).toBeChecked();
    await page.getByLabel('Sprache').selectOption('en');
    await see(heading('Settings')).toBeVisible();
    await page.getByLabel('Theme').selectOption('system');
    await see(page.locator('html')).toHaveAttribute('data-theme', 'light');
  });

  test('say how data is uploaded, and what a relay may get for it', async () => {
    await go('Settings');
    const way = page.getByLabel('How data goes to the storage nodes');
    const tip = page.getByLabel('Most that a relay may get for one pack, in SUI');
    await see(way).toHaveValue('auto');
    await see(tip).toHaveValue('0.01');
    await tip.fill('11');
    await see(page.getByText('An amount of SUI, up to 10, such as 0.01.')).toBeVisible();
    await tip.fill('0.002');
    await page.getByRole('button', { name: 'Save' }).click();
    await way.selectOption('relay');
    await expectAccessible(page);
    expect(await real.home.must(['settings'])).toMatchObject({
      upload: 'relay',
      uploadTipMaxMist: 2_000_000,
    });
    await way.selectOption('direct');
    await see(tip).toBeHidden();
    await way.selectOption('auto');
    await see(tip).toHaveValue('0.002');
  });

  test('name the device, the network and the folder of Floe', async () => {
    await go('Settings');
    await see(page.getByText(real.home.path, { exact: true })).toBeVisible();
    await see(page.getByText('Try-out on this computer')).toBeVisible();
  });
});

describe('the recovery kit', () => {
  const compare = async (text: string) => {
    await page.getByRole('button', { name: 'Type the words' }).click();
    await page.getByLabel('Your 24 words').fill(text);
    await page.getByRole('button', { name: 'Compare' }).click();
  };

  test('is checked without being shown', async () => {
    await go('Recovery kit');
    await see(heading('Your 24 words bring everything back')).toBeVisible();
    await expectAccessible(page);
    await compare(words);
    await see(page.getByText('Your copy is right. It opens this vault.')).toBeVisible();
    await see(page.getByLabel('Your 24 words')).toBeHidden();
    expect(await page.content()).not.toContain(words.split(' ').slice(0, 3).join(' '));
  });

  test('of another vault is told from one that was changed', async () => {
    await go('Recovery kit');
    await compare(`${'abandon '.repeat(23)}art`);
    await see(page.getByText(/they open another vault/)).toBeVisible();
    await expectAccessible(page);
    await compare(`${'abandon '.repeat(23)}zoo`);
    await see(page.getByText(/no recovery kit and no 24 words/)).toBeVisible();
    // What is slightly wrong can be put right where it stands.
    await see(page.getByLabel('Your 24 words')).toBeVisible();
  });
});

test('About lists what Floe is made of', async () => {
  await go('About');
  await see(page.getByText(/^Version \d+\.\d+\.\d+$/)).toBeVisible();
  const table = page.getByRole('table', { name: 'What Floe is made of' });
  await see(table.getByRole('row', { name: /@mysten\/bcs/ })).toContainText('Apache-2.0');
  await expectAccessible(page);
  await page.getByRole('searchbox').fill('svelte');
  await see(table.getByRole('row', { name: /^svelte \d/ })).toBeVisible();
  await see(table.getByRole('row', { name: /@mysten/ })).toBeHidden();
  await page.getByRole('searchbox').fill('no such package');
  await see(page.getByText(/No package has “no such package”/)).toBeVisible();
});
