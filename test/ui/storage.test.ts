/**
 * @file Time and money in the window: on a real network, so that what is shown is what the chain
 * says; what no network does within a test's time is scripted.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { errorCodes } from '#contract/errors.ts';
import type { LedgerEntry, RenewalPlan } from '#contract/storage-api.ts';
import type { Task } from '#contract/task-api.ts';
import { launchChromium } from './chromium.ts';
import { openRealHome, type RealHome } from './real-home.ts';
import { calm, folder as sampleFolder, forecast, NOW_MS, syncTask } from './sample.ts';
import { openScripted, type Script, type ScriptedWindow } from './scripted-window.ts';
import { expectAccessible, openWindow, see, type UiWindow } from './window.ts';

let browser: Browser;
let window: UiWindow;
let page: Page;

beforeAll(async () => {
  browser = await launchChromium(inject('chromium'));
});
afterAll(() => browser.close());

const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name });
const press = (name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();
const payButton = () =>
  page.getByRole('dialog').getByRole('button', { name: /^Renew for 0\.\d+ WAL$/ });
const tab = (name: string | RegExp) => page.getByRole('tab', { name }).click();

describe('a real vault', () => {
  let real: RealHome;

  beforeAll(async () => {
    real = await openRealHome({ shards: 13, nodes: 4 });
    const folder = real.world.path('Documents');
    mkdirSync(folder);
    writeFileSync(join(folder, 'notes.txt'), 'notes');
    await real.home.must(['add', folder]);
    await real.home.must(['sync']);
    writeFileSync(join(folder, 'later.txt'), 'later');
    await real.home.must(['sync']);
  });
  afterAll(() => real.close());
  beforeEach(async () => {
    window = await openWindow(browser);
    page = window.page;
    await real.enter(page);
    await page.getByRole('link', { name: 'Storage' }).click();
    await see(heading(/^All that is paid for lasts at least until/)).toBeVisible();
  });
  afterEach(({ task }) => window.close(task));

  test('has its folder on the calendar, and the same in a table', async () => {
    await see(page.getByRole('img', { name: 'What ends and what is renewed when' })).toBeVisible();
    await expectAccessible(page);
    await press('Table');
    await see(page.getByRole('row', { name: /Documents/ }).first()).toContainText(/Epoch \d+/);
    await see(page.getByRole('table', { name: 'If you stop paying' })).toContainText('Documents');
    await expectAccessible(page);
  });

  test('is saved as a calendar, and blob by blob', async () => {
    for (const [button, content] of [
      ['Save as calendar', 'BEGIN:VCALENDAR'],
      ['Save every blob as CSV', 'Documents'],
    ] as const) {
      const saving = page.waitForEvent('download');
      await press(button);
      const file = await (await saving).path();
      expect(readFileSync(file, 'utf8')).toContain(content);
    }
  });

  test('lists what was spent, with what had been quoted', async () => {
    await tab('Spending');
    const ledger = page.getByRole('table', { name: 'Spending history' });
    const stored = ledger.getByRole('row', { name: /Storing data/ }).first();
    await see(stored).toContainText('Documents');
    const [quoted, paid] = await stored.getByText(/^[\d.]+ WAL$/).allTextContents();
    expect(quoted).toBe(paid);
    await expectAccessible(page);
  });

  test('takes other limits, after saying what they mean', async () => {
    await tab('Spending');
    await press('Change');
    const dialog = page.getByRole('dialog');
    const perDay = dialog.getByLabel('In a day, in WAL');
    await perDay.fill('twenty');
    await see(dialog.getByText('Type an amount, such as 12.5.')).toBeVisible();
    await see(dialog.getByRole('button', { name: 'Set these limits' })).toBeDisabled();
    await perDay.fill('0');
    await see(dialog.getByText(/below what the next renewal costs/)).toBeVisible();
    await perDay.fill('7000');
    await see(dialog.getByText(/You raise a limit/)).toBeVisible();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Set these limits' }).click();
    await see(page.getByText('7,000 WAL + 20 SUI')).toBeVisible();
  });

  test('shows prices in a currency of one’s own', async () => {
    await tab('Spending');
    await page.getByRole('textbox', { name: 'Currency' }).fill('eur');
    await page.getByLabel('For 1 WAL').fill('0.5');
    await press('Use these rates');
    await see(page.getByText('Type three letters')).toBeVisible();
    await page.getByLabel('For 1 SUI').fill('3,2');
    await press('Use these rates');
    await see(page.getByText(/^about €[\d.]+$/)).toBeVisible();
    await press('Show no currency');
    await see(page.getByText(/^about €/)).toBeHidden();
  });

  test('sends coins away only with the end of the address typed once more', async () => {
    const other = real.world.home('other');
    await other.init();
    const to = String((await other.must(['wallet']))['address']);
    await tab('Spending');
    await press('Withdraw');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Coin').selectOption('SUI');
    await dialog.getByRole('textbox', { name: 'Amount' }).fill('2.5');
    await dialog.getByLabel('To the address').fill('0x12');
    await dialog.getByRole('button', { name: 'Send 2.5 SUI' }).click();
    await see(dialog.getByText(/This is no Sui address/)).toBeVisible();
    await dialog.getByLabel('To the address').fill(to);
    await dialog.getByLabel(/last six characters/).fill('nobody');
    await see(dialog.getByText('This is not the end of the address.')).toBeVisible();
    await expectAccessible(page);
    await dialog.getByLabel(/last six characters/).fill(to.slice(-6));
    await dialog.getByRole('button', { name: 'Send 2.5 SUI' }).click();
    // What is sent away counts as spent.
    await see(dialog.getByText('The caps leave 2 SUI to send now, not 2.5.')).toBeVisible();
    await dialog.getByRole('textbox', { name: 'Amount' }).fill('1.5');
    await dialog.getByRole('button', { name: 'Send 1.5 SUI' }).click();
    await see(page.getByText('1.5 SUI are on their way.').first()).toBeVisible();
    const { suiMist } = await other.must(['wallet']);
    expect(String(suiMist)).toBe('1500000000');
  });

  test('is renewed for the price that was shown, whichever window looks on', async () => {
    await press('Renew now');
    await see(page.getByText(/Nothing is due/)).toBeVisible();
    await page.keyboard.press('Escape');

    await tab(/How long/);
    await page.getByLabel('Renew when less than this is left').fill('60');
    await see(page.getByText(/Pay ahead for more than/)).toBeVisible();
    await page.getByLabel('Renew when less than this is left').fill('51');
    await page.getByLabel('And pay ahead for').fill('53');
    await expectAccessible(page);
    await press('Keep it so');
    await see(page.getByText('Documents is kept so from now on.').first()).toBeVisible();

    await press('Renew now');
    await see(payButton()).toBeEnabled();
    await expectAccessible(page);

    // Nothing can be uploaded: a sync keeps the turn, and the renewal waits for its own.
    const nodes = real.world.localnet.nodes.map(({ node }) => node);
    for (const node of nodes) await node.kill();
    writeFileSync(join(real.world.path('Documents'), 'waiting.txt'), 'waiting');
    const other = await openWindow(browser);
    await real.enter(other.page);
    await other.page.getByRole('button', { name: 'Sync now' }).click();
    await see(other.page.getByText('Syncing has begun.').first()).toBeVisible();
    await payButton().click();
    await see(page.getByRole('dialog').getByText('Waiting for its turn')).toBeVisible();
    await expectAccessible(page);
    await window.close();

    // The window is gone, what it has begun is not.
    page = other.page;
    window = other;
    await page.getByRole('link', { name: 'Storage' }).click();
    await press('Renew now');
    await see(page.getByRole('progressbar', { name: 'Renewing everything' })).toBeVisible();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click();
    await see(page.getByText('Stopped. What is paid for stays paid for.')).toBeVisible();
    for (const node of nodes) await node.heal();

    // The sync keeps the turn until it has tried again.
    await see(payButton()).toBeEnabled({ timeout: 60_000 });
    const price = /0\.\d+ WAL/.exec((await payButton().textContent()) ?? '')?.[0] ?? '';
    await payButton().click();
    await see(
      page.getByText(new RegExp(`^Renewed for ${price.replace('.', '\\.')}`)).first(),
    ).toBeVisible({ timeout: 60_000 });
    await see(page.getByRole('dialog')).toBeHidden();
    await press('Renew now');
    await see(page.getByText(/Nothing is due/)).toBeVisible();
  });

  test('lets moments go only after saying which and what that saves', async () => {
    await tab(/How long/);
    await page.getByRole('radio', { name: 'By rules' }).check();
    await see(page.getByText('All moments that there are now would stay.')).toBeVisible();
    await page
      .getByLabel(/last … days/)
      .first()
      .fill('');
    for (const unit of ['days', 'weeks', 'months', 'years']) {
      await page.getByLabel(`One for each of the last … ${unit}`).fill('');
    }
    await see(page.getByText('Type whole numbers, and at least one of them.')).toBeVisible();
    await page.getByLabel('One for each of the last … years').fill('1');
    // The first two, and the newest one stays: the renewal above let a third be made.
    await see(page.getByText(/lets 2 moments go/)).toBeVisible();
    await press('Let go by these rules');
    const dialog = page.getByRole('dialog');
    await see(dialog.getByText('What is let go can’t be restored any more.')).toBeVisible();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Let go by these rules' }).click();
    await see(page.getByText('The rules for Documents are set.').first()).toBeVisible();
  });
});

describe('a scripted vault', () => {
  beforeEach(async () => {
    window = await openWindow(browser, { theme: 'dark' });
    page = window.page;
    await page.clock.setFixedTime(NOW_MS);
  });
  afterEach(({ task }) => window.close(task));

  test('whose balance runs out says so first, with what to do', async () => {
    const folders = [sampleFolder('Documents'), sampleFolder('Photos')];
    await openScripted(
      page,
      {
        ...calm(folders),
        storage: () => ({
          ...forecast(folders),
          runsOutAt: { epoch: 50, atMs: Date.UTC(2027, 3, 11) },
          warnings: [{ folderName: undefined, sentence: 'The balance ends.', next: 'Add 40 WAL.' }],
        }),
      },
      '#/storage',
    );
    await see(heading('Your balance is enough until 11 April 2027')).toBeVisible();
    await see(page.getByText('Add 40 WAL.')).toBeVisible();
    await expectAccessible(page);
  });

  describe('that is being renewed', () => {
    const folders = [sampleFolder('Documents')];
    const at = { epoch: 48, atMs: NOW_MS };
    const cost = { walFrost: 400_000_000n, gasMist: 5_000_000n };
    const plan: RenewalPlan = {
      folders: [{ folderId: 'f', name: 'Documents', from: at, to: at, blobCount: 120, cost }],
      compaction: undefined,
      transactionCount: 1,
      cost,
      problem: undefined,
    };
    const renewing: Task = {
      ...syncTask,
      kind: 'renew',
      folderId: undefined,
      folderName: undefined,
      progress: {
        filesDone: 0,
        filesTotal: undefined,
        bytesDone: 0,
        bytesTotal: undefined,
        bytesPerSecond: undefined,
        remainingMs: undefined,
        elapsedMs: 9_000,
        current: undefined,
        blobs: { done: 30, total: 120 },
      },
    };
    let tasks: readonly Task[] = [];
    const script: Script = {
      ...calm(folders),
      storage: () => forecast(folders),
      planRenewal: () => plan,
      tasks: () => tasks,
    };
    const tell = async (engine: ScriptedWindow, task: Task): Promise<void> => {
      tasks = [task];
      await engine.send({ kind: 'task', task });
    };
    beforeEach(() => {
      tasks = [renewing];
    });

    test('shows how far it is, and then why it did not come to its end', async () => {
      const engine = await openScripted(page, script, '#/storage');
      await press('Renew now');
      const dialog = page.getByRole('dialog');
      await see(dialog.getByRole('progressbar')).toHaveAttribute('aria-valuenow', '25');
      await see(dialog.getByRole('status').getByText('30 of 120 blobs')).toBeVisible();
      await expectAccessible(page);
      await tell(engine, {
        ...renewing,
        state: 'failed',
        problem: {
          code: 'cap-exceeded',
          message: 'renewing takes 0.4 WAL, the caps leave 0.1 now',
          next: errorCodes['cap-exceeded'].next,
          context: { amount: '400000000', cap: '100000000' },
        },
      });
      await see(dialog.getByText(/did not come to its end/)).toBeVisible();
      await see(dialog.getByRole('alert')).toContainText('0.1');
      await see(payButton()).toBeEnabled();
      await expectAccessible(page);
    });

    test('says at its end what was paid, with the dialog closed, too', async () => {
      const engine = await openScripted(page, script, '#/storage');
      await press('Renew now');
      const dialog = page.getByRole('dialog');
      await see(dialog.getByRole('progressbar')).toBeVisible();
      await dialog.getByRole('button', { name: 'Close' }).last().click();
      await see(dialog).toBeHidden();
      const renewal = { ...plan, executed: cost, digests: ['digest'] };
      await tell(engine, { ...renewing, state: 'done', renewal });
      await see(page.getByText('Renewed for 0.4 WAL + 0.005 SUI.').first()).toBeVisible();
    });

    test('can be repacked where nothing is due', async () => {
      tasks = [];
      const task: Task = { ...renewing, kind: 'compact', progress: undefined };
      const begun = Promise.withResolvers<unknown>();
      const compaction = {
        rewrittenPacks: 14,
        deletedPacks: 0,
        liveBytes: 1,
        cost,
        savedFrost: 3_200_000_000n,
        sentence: '',
      };
      const engine = await openScripted(
        page,
        {
          ...script,
          planRenewal: () => ({ ...plan, folders: [], transactionCount: 0, compaction }),
          startCompaction: (request: unknown) => {
            begun.resolve(request);
            return task;
          },
        },
        '#/storage',
      );
      await press('Renew now');
      const dialog = page.getByRole('dialog');
      await see(dialog.getByText(/Repacking 14 packs first saves 3.2 WAL/)).toBeVisible();
      await dialog.getByRole('button', { name: 'Repack for 0.4 WAL' }).click();
      // Agreed to at this price, and at no other.
      expect(await begun.promise).toEqual({ walFrostMax: cost.walFrost });
      await tell(engine, task);
      await see(dialog.getByRole('progressbar', { name: 'Tidying everything' })).toBeVisible();
      const spent = { compaction, spent: cost };
      await tell(engine, { ...task, state: 'done', compaction: spent });
      await see(page.getByText('Repacked for 0.4 WAL + 0.005 SUI.').first()).toBeVisible();
    });
  });

  test('with nothing in it says what the view is for', async () => {
    await openScripted(page, calm([]), '#/storage');
    await see(heading('Nothing is stored yet, so nothing ends')).toBeVisible();
    await see(page.getByText('Nothing is stored yet, so nothing ends')).toHaveCount(1);
    await see(page.getByRole('main').getByRole('link', { name: 'Add a folder' })).toBeVisible();
    await expectAccessible(page);
  });

  test('with a history of 100,000 payments draws those on screen', async () => {
    const folders = [sampleFolder('Documents')];
    const entry = (index: number): LedgerEntry => ({
      digest: `digest-${String(index).padStart(37, '0')}`,
      kind: 'register',
      state: 'landed',
      atMs: NOW_MS - index * 60_000,
      epoch: 40,
      folderName: 'Documents',
      quoted: { walFrost: BigInt(index + 1) * 1_000_000n, gasMist: 1n },
      actual: { walFrost: BigInt(index + 1) * 1_000_000n, gasMist: 1n },
      suiMist: 0n,
    });
    await openScripted(
      page,
      {
        ...calm(folders),
        ledger: ({ offset, limit }) => ({
          entries: Array.from({ length: Math.min(limit, 100_000 - offset) }, (_, index) =>
            entry(offset + index),
          ),
          total: 100_000,
        }),
      },
      '#/storage',
    );
    await tab('Spending');
    const ledger = page.getByRole('table', { name: 'Spending history' });
    await see(ledger).toHaveAttribute('aria-rowcount', '100001');
    await ledger.getByRole('rowgroup').nth(1).press('End');
    await see(ledger.locator('[aria-rowindex="100001"]')).toContainText('100 WAL');
    expect(await ledger.getByRole('row').count()).toBeLessThan(60);
  });

  test('with a folder of a very long name and in text of 200 % keeps within the window', async () => {
    const name = `${'Übermäßig lange Namen '.repeat(8)}`.trim();
    const folders = [sampleFolder(name), sampleFolder('Photos')];
    await openScripted(page, calm(folders), '#/storage');
    await page.evaluate("document.documentElement.style.fontSize = '200%'");
    await see(page.getByRole('img', { name: /What ends/ })).toBeVisible();
    const overflow = await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    expect(overflow).toBe(0);
  });
});
