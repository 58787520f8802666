/**
 * @file Pictures of the first run, restore, storage, settings, the recovery kit and About, light and
 * dark, into docs/screenshots. The try-out pictures are of a real home; what takes a public network
 * or a long time is scripted.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from '@playwright/test';
import { afterAll, beforeAll, describe, inject, test } from 'vitest';
import type { Task } from '#contract/task-api.ts';
import { launchChromium } from './chromium.ts';
import { openRealHome, type RealHome } from './real-home.ts';
import { calm, entry, folder, forecast, home, NOW_MS } from './sample.ts';
import { ASK_BACK, emptyHome, NEW_WORDS } from './sample-first-run.ts';
import { openScripted, type Script } from './scripted-window.ts';
import { openWindow, see, type WindowOptions } from './window.ts';

const folderOfShots = join(import.meta.dirname, '../../docs/screenshots');
const DAY_MS = 86_400_000;
const wal = (amount: number): bigint => BigInt(Math.round(amount * 1e9));
const cost = (amount: number) => ({ walFrost: wal(amount), gasMist: wal(amount / 40) });

let browser: Browser;

beforeAll(async () => {
  mkdirSync(folderOfShots, { recursive: true });
  browser = await launchChromium(inject('chromium'));
});
afterAll(() => browser.close());

async function shoot(page: Page, name: string): Promise<void> {
  // Fonts and pictures have arrived, and nothing moves any more.
  await page.evaluate('document.fonts.ready.then(() => undefined)');
  await page.screenshot({ path: join(folderOfShots, `${name}.png`), animations: 'disabled' });
}

async function inWindow(
  options: WindowOptions,
  show: (page: Page) => Promise<void>,
): Promise<void> {
  const window = await openWindow(browser, options);
  await show(window.page);
  await window.close();
}

const documents = folder('Documents');
const photos = folder('Photos', {
  sizeBytes: 88_400_000_000,
  fileCount: 21_877,
  protectedUntil: { epoch: 52, atMs: Date.UTC(2027, 4, 9) },
});
const lab = folder('Lab data 2026', {
  permanent: true,
  sizeBytes: 412_000_000_000,
  fileCount: 5_114,
  protectedUntil: { epoch: 93, atMs: Date.UTC(2028, 10, 18) },
});
const elsewhere = folder('Thesis', { isHere: false, path: '' });
const folders = [documents, photos, lab, elsewhere];

function richForecast(): ReturnType<typeof forecast> {
  const plain = forecast([documents, photos, lab]);
  const renewalsOf = (firstMs: number, amount: number, count: number) =>
    Array.from({ length: count }, (_, index) => ({
      at: { epoch: 46 + index * 6, atMs: firstMs + index * 84 * DAY_MS },
      cost: cost(amount),
    }));
  const first = [Date.UTC(2026, 11, 20), Date.UTC(2027, 1, 14), Date.UTC(2027, 10, 2)] as const;
  return {
    ...plain,
    folders: plain.folders.map((one, index) => ({
      ...one,
      renewals: renewalsOf(first[index] ?? 0, [1.1, 31.4, 146][index] ?? 0, 8),
    })),
    ends: [
      {
        at: { epoch: 48, atMs: Date.UTC(2027, 2, 14) },
        blobCount: 26,
        encodedBytes: 14_400_000_000n,
        folders: ['Documents'],
      },
      {
        at: { epoch: 52, atMs: Date.UTC(2027, 4, 9) },
        blobCount: 690,
        encodedBytes: 398_000_000_000n,
        folders: ['Photos'],
      },
      {
        at: { epoch: 93, atMs: Date.UTC(2028, 10, 18) },
        blobCount: 3_219,
        encodedBytes: 1_854_000_000_000n,
        folders: ['Lab data 2026'],
      },
    ],
    balance: cost(1_012),
    runsOutAt: { epoch: 70, atMs: Date.UTC(2028, 5, 3) },
    rate: { currency: 'EUR', perWal: 0.12, perSui: 0.95 },
  };
}

const ledgerKinds = ['register', 'certify', 'extend', 'exchange'] as const;
const rich: Script = {
  ...calm(folders),
  storage: richForecast,
  ledger: ({ offset, limit }) => ({
    total: 318,
    entries: Array.from({ length: Math.min(limit, 318 - offset) }, (_, index) => {
      const kind = ledgerKinds[(offset + index) % 3] ?? 'register';
      const spent = kind === 'certify' ? cost(0) : cost(0.18 + ((index * 7) % 11) / 10);
      return {
        digest: `9kQ4mZr7${String(offset + index).padStart(30, 'w')}Tb3xYp`,
        kind,
        state: 'landed',
        atMs: NOW_MS - (offset + index) * 7 * 3_600_000,
        epoch: 40,
        folderName: folders[index % 3]?.name,
        quoted: { ...spent, gasMist: wal(0.004) },
        actual: { ...spent, gasMist: wal(0.0038) },
        suiMist: 0n,
      };
    }),
  }),
  planRenewal: () => ({
    folders: [
      {
        folderId: documents.folderId,
        name: 'Documents',
        from: { epoch: 48, atMs: Date.UTC(2027, 2, 14) },
        to: { epoch: 52, atMs: Date.UTC(2027, 4, 9) },
        blobCount: 26,
        cost: cost(0.41),
      },
      {
        folderId: photos.folderId,
        name: 'Photos',
        from: { epoch: 52, atMs: Date.UTC(2027, 4, 9) },
        to: { epoch: 54, atMs: Date.UTC(2027, 5, 6) },
        blobCount: 690,
        cost: cost(9.7),
      },
    ],
    compaction: undefined,
    transactionCount: 4,
    cost: cost(10.11),
    problem: undefined,
  }),
  previewRetention: () => ({
    keep: Array.from({ length: 9 }, (_, index) => `k${String(index)}`),
    forget: ['a', 'b', 'c'],
    freedBytes: 1_240_000_000,
    savedPerMonth: cost(0.16),
  }),
  funding: () => ({
    address: `0x${'1f'.repeat(32)}`,
    balance: cost(212),
    missing: { walFrost: 0n, gasMist: 0n },
    hasFaucet: false,
    hasExchange: false,
  }),
  restorePlan: ({ paths }) => ({
    snapshotId: 'snapshot-12',
    fileCount: paths.length === 0 ? 1_204 : 3,
    sizeBytes: paths.length === 0 ? 3_200_000_000 : 3_000_003,
    suggestedTarget: '/home/anna/Restored by Floe/Documents 2026-11-21',
    problem: undefined,
  }),
  browse: ({ offset, limit }) => {
    const directories = ['Contracts', 'Letters', 'Taxes'].map((path) => ({
      path,
      kind: 'directory' as const,
      sizeBytes: 0,
      mode: 0o755,
      mtimeMs: NOW_MS - 40 * DAY_MS,
      target: undefined,
    }));
    const entries = [...directories, ...Array.from({ length: 37 }, (_, index) => entry(index))];
    return { entries: entries.slice(offset, offset + limit), total: entries.length };
  },
  licences: () => [
    { name: '@mysten/bcs', version: '2.1.2', licence: 'Apache-2.0' },
    { name: '@mysten/sui', version: '2.33.1', licence: 'Apache-2.0' },
    { name: 'better-sqlite3', version: '13.2.0', licence: 'MIT' },
    { name: 'reed-solomon-simd', version: '3.1.0', licence: 'MIT' },
    { name: 'svelte', version: '5.57.3', licence: 'MIT' },
  ],
};

const restoring = (change: Partial<Task>): Task => ({
  taskId: 'restore-1',
  kind: 'restore',
  folderId: documents.folderId,
  folderName: 'Documents',
  state: 'running',
  beganAtMs: NOW_MS - 94_000,
  endedAtMs: undefined,
  progress: {
    filesDone: 731,
    filesTotal: 1_204,
    bytesDone: 1_980_000_000,
    bytesTotal: 3_200_000_000,
    bytesPerSecond: 21_400_000,
    remainingMs: 57_000,
    elapsedMs: 94_000,
    current: 'Taxes/2025/attachments/insurance-policy.pdf',
  },
  problem: undefined,
  restore: {
    snapshotId: 'snapshot-12',
    paths: [],
    target: '/home/anna/Restored by Floe/Documents 2026-11-21',
    report: undefined,
  },
  ...change,
});

const withLosses = restoring({
  state: 'done',
  endedAtMs: NOW_MS - 5_000,
  restore: {
    snapshotId: 'snapshot-12',
    paths: [],
    target: '/home/anna/Restored by Floe/Documents 2026-11-21',
    report: {
      snapshotId: 'snapshot-12',
      target: '/home/anna/Restored by Floe/Documents 2026-11-21',
      filesRestored: 1_198,
      bytesRestored: 3_180_000_000,
      filesAlreadyThere: 0,
      lost: Array.from({ length: 6 }, (_, index) => ({
        path: `Photos of receipts/receipt-${String(index + 1).padStart(2, '0')}.jpg`,
        code: 'slivers-insufficient' as const,
        reason: 'too few storage nodes answer to read this',
        endsAt: { epoch: 48 + index, atMs: Date.UTC(2027, 2, 14 + 14 * index) },
      })),
    },
  },
});

interface Scene {
  readonly name: string;
  readonly script: Script;
  readonly hash: string;
  readonly before?: (page: Page) => Promise<unknown>;
  readonly show?: (page: Page) => Promise<void>;
}

const tab = (name: string) => async (page: Page) => page.getByRole('tab', { name }).click();
/** From the welcome to the question where the words are kept. */
async function reachPlace(page: Page): Promise<void> {
  const press = (name: string | RegExp) => page.getByRole('button', { name }).click();
  await press(/Start new/);
  await page.getByRole('radio', { name: 'Testnet' }).click();
  await press('Continue');
  await press('I have them');
  for (const position of ASK_BACK) {
    const field = page.getByLabel(`Word ${String(position + 1)}`, { exact: true });
    await field.fill(NEW_WORDS[position] ?? '');
  }
  await press('Check');
  await see(
    page.getByRole('heading', { name: 'Who may open Floe on this computer?' }),
  ).toBeVisible();
}

const scenes: readonly Scene[] = [
  { name: 'restore', script: rich, hash: '#/restore' },
  {
    name: 'restore-files',
    script: rich,
    hash: '#/restore',
    show: async (page) => {
      await page.getByRole('radio', { name: 'Only what I choose' }).check();
      await page.getByRole('option', { name: /Letters/ }).click();
      await page.keyboard.press('Space');
      await page.getByRole('option', { name: /Taxes/ }).click();
      await page.keyboard.press('Space');
      await see(page.getByText(/^Chosen: .* in 3 files$/)).toBeVisible();
    },
  },
  {
    name: 'restore-running',
    script: { ...rich, tasks: () => [restoring({})] },
    hash: '#/restore/restore-1',
  },
  {
    name: 'restore-losses',
    script: { ...rich, tasks: () => [withLosses] },
    hash: '#/restore/restore-1',
  },
  { name: 'restore-empty', script: calm([]), hash: '#/restore' },
  { name: 'storage', script: rich, hash: '#/storage' },
  {
    name: 'storage-epochs',
    script: rich,
    hash: '#/storage',
    show: async (page) => {
      await page.getByLabel('Scale').selectOption('epochs');
    },
  },
  {
    name: 'storage-table',
    script: rich,
    hash: '#/storage',
    show: (page) => page.getByRole('button', { name: 'Table', exact: true }).click(),
  },
  { name: 'storage-spending', script: rich, hash: '#/storage', show: tab('Spending') },
  {
    name: 'storage-rules',
    script: rich,
    hash: '#/storage',
    show: async (page) => {
      await tab('How long, and which moments')(page);
      await page.getByRole('radio', { name: 'By rules' }).check();
      await see(page.getByText(/lets 3 moments go/)).toBeVisible();
    },
  },
  {
    name: 'storage-renew',
    script: rich,
    hash: '#/storage',
    show: async (page) => {
      await page.getByRole('button', { name: 'Renew now' }).click();
      await see(page.getByRole('button', { name: /^Renew for/ })).toBeVisible();
    },
  },
  {
    name: 'storage-funds',
    script: rich,
    hash: '#/storage',
    show: async (page) => {
      await page.getByRole('button', { name: 'Add coins' }).click();
      await see(page.getByRole('img', { name: /QR code/ })).toBeVisible();
    },
  },
  { name: 'storage-empty', script: calm([]), hash: '#/storage' },
  { name: 'settings', script: rich, hash: '#/settings' },
  { name: 'kit', script: rich, hash: '#/kit' },
  { name: 'about', script: rich, hash: '#/about' },
  {
    name: 'first-run-6-fund',
    script: {
      ...calm([{ ...documents, snapshotCount: 0, newestSnapshot: undefined }]),
      funding: () => ({
        address: `0x${'1f'.repeat(32)}`,
        balance: { walFrost: wal(0.12), gasMist: 0n },
        missing: { walFrost: wal(0.29), gasMist: wal(0.02) },
        hasFaucet: false,
        hasExchange: false,
      }),
    },
    hash: '#/folders',
    before: (page) => page.addInitScript("localStorage.setItem('floe-first-run', 'yes')"),
    show: (page) => see(page.getByText(/^Missing:/)).toBeVisible(),
  },
  ...([undefined, 'the keychain can’t be used: there is none, or it is locked'] as const).map(
    (problem): Scene => ({
      name: problem === undefined ? 'first-run-keychain' : 'first-run-passphrase',
      script: emptyHome({ problem }),
      hash: '#/folders',
      show: reachPlace,
    }),
  ),
  {
    name: 'locked',
    script: { ...rich, home: () => ({ ...home, state: 'locked', unlockWith: 'passphrase' }) },
    hash: '#/folders',
  },
];

describe.each(['light', 'dark'] as const)('in %s', (theme) => {
  test.each(scenes)('$name', async ({ name, script, hash, before, show }) => {
    await inWindow({ theme }, async (page) => {
      await before?.(page);
      await page.clock.setFixedTime(NOW_MS);
      await openScripted(page, script, hash);
      await see(page.getByRole('heading', { level: 1 })).toBeVisible();
      await see(page.getByText('Loading', { exact: true })).toHaveCount(0);
      await show?.(page);
      await shoot(page, `${name}-${theme}`);
    });
  });

  test('the first run', async () => {
    const real = await openRealHome({ shards: 13, nodes: 4, hasVault: false });
    try {
      await inWindow({ theme }, (page) => firstRun(real, page, theme));
    } finally {
      await real.close();
    }
  });
});

describe.each([
  { width: 900, height: 600 },
  { width: 1920, height: 1080 },
])('at $width x $height', ({ width, height }) => {
  test.each(scenes.filter(({ name }) => ['restore', 'storage', 'settings'].includes(name)))(
    '$name',
    async ({ name, script, hash }) => {
      await inWindow({ width, height }, async (page) => {
        await page.clock.setFixedTime(NOW_MS);
        await openScripted(page, script, hash);
        await see(page.getByRole('heading', { level: 1 })).toBeVisible();
        await see(page.getByText('Loading', { exact: true })).toHaveCount(0);
        await shoot(page, `${name}-${String(width)}x${String(height)}`);
      });
    },
  );
});

async function firstRun(real: RealHome, page: Page, theme: string): Promise<void> {
  const documentsPath = real.world.path('Documents');
  mkdirSync(join(documentsPath, 'letters'), { recursive: true });
  for (let index = 0; index < 40; index += 1) {
    writeFileSync(
      join(documentsPath, 'letters', `letter ${String(index)}.txt`),
      'dear anna '.repeat(3_000),
    );
  }
  const shot = (name: string) => shoot(page, `first-run-${name}-${theme}`);
  const press = (name: string | RegExp) => page.getByRole('button', { name }).click();
  const at = (name: string | RegExp) =>
    see(page.getByRole('heading', { level: 1, name })).toBeVisible({ timeout: 60_000 });

  await real.enter(page);
  await at('Keep your folders safe');
  await shot('1-welcome');
  await press(/I have my words/);
  await page.getByRole('radio', { name: /try-out/ }).check();
  await press('Continue');
  await at('Type your 24 words');
  await page.getByRole('textbox', { name: 'Word 1', exact: true }).fill('harbour');
  await page.getByRole('textbox', { name: 'Word 2', exact: true }).fill('abandom');
  await page.getByRole('textbox', { name: 'Word 3', exact: true }).fill('zebra');
  await page.getByRole('textbox', { name: 'Word 4', exact: true }).focus();
  await shot('words-typed');
  await press('Back');
  await press('Back');
  await press(/Start new/);
  await page.getByRole('radio', { name: /try-out/ }).check();
  await shot('2-network');
  await press('Continue');
  await at('These 24 words are your key');
  await shot('3-words');
  await press('I have them');
  await at('Is your copy right?');
  await shot('4-confirm');
  await press('Skip this on the try-out');
  await at('Which folder first?');
  await press('Choose a folder');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').fill(documentsPath);
  await page.keyboard.press('Enter');
  await see(dialog.getByRole('option', { name: 'letters' })).toBeVisible();
  await dialog.getByRole('button', { name: 'Take this folder' }).click();
  await see(page.getByRole('button', { name: /^Protect for/ })).toBeVisible();
  await page.setViewportSize({ width: 1280, height: 1080 });
  await shot('5-folder');
  await page.setViewportSize({ width: 1280, height: 800 });
  await press(/^Protect for/);
  await at('Documents is protected');
  await shot('7-protected');
}
