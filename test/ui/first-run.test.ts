/**
 * @file The first run, as somebody does it who has never seen Floe: from an empty home to the first
 * protected folder, and from words to folders that are back. On a real network.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Funding } from '#contract/storage-api.ts';
import { launchChromium } from './chromium.ts';
import { openRealHome, type RealHome } from './real-home.ts';
import { calm, folder as sampleFolder } from './sample.ts';
import { openScripted } from './scripted-window.ts';
import { expectAccessible, openWindow, see, type UiWindow } from './window.ts';

let browser: Browser;
let real: RealHome;
let window: UiWindow;
let page: Page;

beforeAll(async () => {
  browser = await launchChromium(inject('chromium'));
});
afterAll(() => browser.close());

function inEmptyHome(): void {
  beforeEach(async () => {
    real = await openRealHome({ shards: 13, nodes: 4, hasVault: false });
    window = await openWindow(browser);
    page = window.page;
  });
  afterEach(async ({ task }) => {
    await window.close(task);
    await real.close();
  });
}

const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name });
const press = (name: string | RegExp) => page.getByRole('button', { name }).click();

/** A folder of the person. Gives its path. */
function makeFolder(name: string): string {
  const folder = real.world.path(name);
  mkdirSync(join(folder, 'letters'), { recursive: true });
  writeFileSync(join(folder, 'letters', 'to anna.txt'), 'dear anna');
  writeFileSync(join(folder, 'notes.txt'), 'notes');
  return folder;
}

/** From the welcome to the words of a new vault on the try-out network. */
async function reachWords(): Promise<string[]> {
  await real.enter(page);
  await press(/Start new/);
  await page.getByRole('radio', { name: /try-out/ }).check();
  await press('Continue');
  const grid = page.getByRole('list', { name: 'Your 24 words' });
  await see(grid.getByRole('listitem')).toHaveCount(24);
  return grid.getByRole('listitem').locator('[translate=no]').allTextContents();
}

/** Type the asked words; `change` may make them wrong. */
async function typeBack(words: readonly string[], change = (word: string) => word): Promise<void> {
  const fields = page.getByRole('textbox');
  await see(fields).toHaveCount(3);
  for (const field of await fields.all()) {
    const label = await field.evaluate(
      (element) => (element as { labels?: { textContent: string }[] }).labels?.[0]?.textContent,
    );
    const number = Number(/\d+/.exec(label ?? '')?.[0]);
    await field.fill(change(words[number - 1] ?? ''));
  }
  await press('Check');
}

async function chooseFolder(path: string): Promise<void> {
  await press('Choose a folder');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').fill(path);
  await page.keyboard.press('Enter');
  await see(dialog.getByRole('option', { name: 'letters' })).toBeVisible();
  await dialog.getByRole('button', { name: 'Take this folder' }).click();
}

describe('a new vault', () => {
  inEmptyHome();

  test('is set up, paid for and protected, with each price before it is spent', async () => {
    const folder = makeFolder('Documents');
    const words = await reachWords();
    await expectAccessible(page);
    await press('I have them');
    await expectAccessible(page);
    await typeBack(words);

    await see(heading('Which folder first?')).toBeVisible();
    await chooseFolder(folder);
    await see(page.getByText(/^\d+ bytes? in 2 files$/)).toBeVisible();
    const protect = page.getByRole('button', { name: /^Protect for 0\.\d+ WAL$/ });
    await see(protect).toBeVisible();
    await expectAccessible(page);
    await protect.click();

    // Where there is a faucet the engine asks it, and then it goes on by itself.
    await see(heading('Documents is protected')).toBeVisible({ timeout: 60_000 });
    await expectAccessible(page);
    await press('Open Floe');
    await see(page.getByRole('navigation', { name: 'Floe' })).toBeVisible();
    const { folders } = await real.home.must(['status']);
    expect(folders).toMatchObject([{ name: 'Documents', state: 'protected' }]);
  });

  test('takes no words that were not copied, and takes the kit that was saved', async () => {
    const words = await reachWords();
    const saving = page.waitForEvent('download');
    await press('Save the kit');
    const kit = await (await saving).path();
    expect(readFileSync(kit, 'utf8')).toContain('FLOE RECOVERY KIT');
    const printing = page.waitForEvent('download');
    await press('Save a page to print');
    expect(readFileSync(await (await printing).path(), 'utf8')).toContain('<svg');

    await press('I have them');
    await typeBack(words, (word) => `${word}x`);
    await see(page.getByText(/Your copy says something else/)).toHaveCount(3);

    const choosing = page.waitForEvent('filechooser');
    await press('Open the saved kit');
    await (await choosing).setFiles(kit);
    await see(heading('Which folder first?')).toBeVisible();
  });

  test('can go back to every question until the vault is there', async () => {
    await reachWords();
    await press('I have them');
    await see(heading('Is your copy right?')).toBeVisible();
    await page.keyboard.press('Escape');
    await see(heading('These 24 words are your key')).toBeVisible();
    await press('Back');
    await see(heading('Where should your folders live?')).toBeVisible();
    await press('Back');
    await see(heading('Keep your folders safe')).toBeVisible();
  });

  test('that was left before its first folder is gone on with', async () => {
    const folder = makeFolder('Documents');
    await reachWords();
    await press('I have them');
    await press('Skip this on the try-out');
    await see(heading('Which folder first?')).toBeVisible();

    await page.reload();
    await see(heading('Which folder first?')).toBeVisible();
    await chooseFolder(folder);
    await press(/^Protect for/);
    await see(heading('Documents is protected')).toBeVisible({ timeout: 60_000 });
    await page.reload();
    await see(page.getByRole('navigation', { name: 'Floe' })).toBeVisible();
  });

  test('begins in German, too', async () => {
    await real.enter(page);
    await page.getByLabel('Language').selectOption('de');
    await see(heading('Deine Ordner in Sicherheit')).toBeVisible();
    await expectAccessible(page);
  });
});

describe('a folder that waits for its first coins', () => {
  const waiting = sampleFolder('Documents', {
    state: 'attention',
    newestSnapshot: undefined,
    snapshotCount: 0,
    protectedUntil: undefined,
  });
  const poor: Funding = {
    address: `0x${'1f'.repeat(32)}`,
    balance: { walFrost: 0n, gasMist: 0n },
    missing: { walFrost: 410_000_000n, gasMist: 20_000_000n },
    hasFaucet: false,
    hasExchange: false,
  };
  const rich = { ...poor, missing: { walFrost: 0n, gasMist: 0n } };

  test('names what is missing and where to send it, and goes on when it has arrived', async () => {
    let funding = poor;
    const synced: unknown[] = [];
    const scripted = await openWindow(browser);
    try {
      await scripted.page.addInitScript("localStorage.setItem('floe-first-run', 'yes')");
      await openScripted(scripted.page, {
        ...calm([waiting]),
        funding: () => funding,
        startSync: (request) => {
          synced.push(request);
          return [];
        },
      });
      const seen = scripted.page;
      await see(seen.getByText('Missing: 0.41 WAL and 0.02 SUI')).toBeVisible();
      await see(seen.getByText(poor.address)).toBeVisible();
      await see(seen.getByRole('img', { name: 'The address as a QR code' })).toBeVisible();
      await see(seen.getByText(/Floe sells no coins/)).toBeVisible();
      await expectAccessible(seen);
      funding = rich;
      await see(seen.getByRole('heading', { name: 'Protecting Documents' })).toBeVisible();
      expect(synced).toEqual([{ folder: waiting.folderId }]);
    } finally {
      await scripted.close();
    }
  });
});

describe('words that exist', () => {
  inEmptyHome();

  test('say what they open, name a mistyped word, and bring everything back', async () => {
    const folder = makeFolder('Documents');
    const first = real.world.home('first');
    const words = (await first.init()).split(' ');
    await first.must(['add', folder]);
    await first.must(['sync']);

    await real.enter(page);
    await press(/I have my words/);
    await page.getByRole('radio', { name: /try-out/ }).check();
    await press('Continue');
    const field = (number: number) =>
      page.getByRole('textbox', { name: `Word ${String(number)}`, exact: true });
    await field(1).click();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const mistyped = words.with(4, 'abandom').join('\n');
    await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(mistyped)})`);
    await page.keyboard.press('Control+v');
    await see(field(24)).toHaveValue(words[23] ?? '');
    await see(page.getByText('Word 5, “abandom”, is not one of the words')).toBeVisible();
    await expectAccessible(page);
    await field(5).fill(words[4] ?? '');
    await press('Look');

    await see(heading('Your folders are here')).toBeVisible();
    await see(page.getByRole('row', { name: /Documents/ })).toContainText('2 files');
    await expectAccessible(page);
    await press('Restore now');

    await see(heading('1 folder can be brought back')).toBeVisible();
    const target = real.world.path('back');
    await page.getByLabel('Folder to restore to').fill(target);
    await press(/^Restore .*2 files/);
    await see(heading('Documents is back')).toBeVisible({ timeout: 60_000 });
    expect(readFileSync(join(target, 'letters', 'to anna.txt'), 'utf8')).toBe('dear anna');
  });

  test('that open nothing say so, and lead on', async () => {
    await real.enter(page);
    await press(/I have my words/);
    await page.getByRole('radio', { name: /try-out/ }).check();
    await press('Continue');
    const words = [...Array.from({ length: 23 }, () => 'abandon'), 'art'];
    for (const [index, word] of words.entries()) {
      await page
        .getByRole('textbox', { name: `Word ${String(index + 1)}`, exact: true })
        .fill(word);
    }
    await press('Look');
    await see(page.getByRole('heading', { name: /open nothing/ })).toBeVisible();
    await press('Start a new vault with these words');
    await see(heading('This vault has no folder yet.')).toBeVisible();
    await press('Just connect');
    await see(page.getByRole('navigation', { name: 'Floe' })).toBeVisible();
  });
});
