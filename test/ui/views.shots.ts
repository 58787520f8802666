/**
 * @file The pictures of docs/screenshots: every view and main state, in both themes. `npm run
 * screenshots` makes them anew. What can be real in time is (a home on a local network); a full
 * mainnet vault, trouble and very much data are scripted.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from '@playwright/test';
import { afterAll, beforeAll, describe, inject, test } from 'vitest';
import { launchChromium } from './chromium.ts';
import { moving } from './sample-move.ts';
import { openRealHome } from './real-home.ts';
import { calm, folder, nodes, NOW_MS, pack, syncTask } from './sample.ts';
import { openScripted, type Script } from './scripted-window.ts';
import { openWindow, see, type WindowOptions } from './window.ts';

const target = join(import.meta.dirname, '../../docs/screenshots');
const themes = ['light', 'dark'] as const;
let browser: Browser;

beforeAll(async () => {
  mkdirSync(target, { recursive: true });
  browser = await launchChromium(inject('chromium'));
});
afterAll(() => browser.close());

async function shoot(page: Page, name: string): Promise<void> {
  await see(page.getByText('Loading', { exact: true })).toHaveCount(0);
  await page.evaluate('document.fonts.ready');
  await page.screenshot({ path: join(target, `${name}.png`), animations: 'disabled' });
}

const lab = folder('Lab data 2026', {
  state: 'working',
  sizeBytes: 412_000_000_000,
  fileCount: 5_114,
  snapshotCount: 31,
});
const photos = folder('Photos', {
  state: 'attention',
  sizeBytes: 88_400_000_000,
  fileCount: 31_872,
  problem: {
    code: 'folder-missing',
    message: 'The drive of Photos is not connected. Nothing is removed from its snapshots.',
    next: 'Connect the drive, or choose a folder that exists.',
    context: { reason: 'unmounted' },
  },
});
const vanished = folder('Photos', {
  state: 'attention',
  problem: {
    code: 'mass-deletion',
    message: '612 files vanished from Photos at once. Floe has stopped and deleted nothing.',
    next: 'Say whether they were deleted on purpose.',
    context: { files: 612 },
  },
});
const all = [
  folder('Documents'),
  lab,
  photos,
  folder('Letters', { sizeBytes: 12_300_000, fileCount: 418, snapshotCount: 44 }),
  folder('Music', {
    sizeBytes: 41_000_000_000,
    fileCount: 6_020,
    waiting: { changes: 14, nextCommitAtMs: NOW_MS + 7_200_000, costs: undefined },
  }),
];
const quiet = all.filter(({ state }) => state === 'protected');
const busy: Script = {
  ...calm(all),
  tasks: () => [syncTask],
  activity: () => ({
    packs: [
      pack(),
      pack({ packId: 'pack-2', step: 'encoded', shards: '', blobObjectId: undefined }),
      pack({ packId: 'pack-3', step: 'sealed', shards: '', blobId: undefined }),
      ...Array.from({ length: 4 }, (_, index) =>
        pack({ packId: `pack-${String(index + 4)}`, step: 'published' }, 1_000),
      ),
    ],
    nodes,
    history: [
      {
        entryId: '1',
        atMs: NOW_MS - 240_000,
        kind: 'sync',
        folderName: 'Documents',
        sentence: 'Documents: stored 31 new files in 12 MB.',
        problem: undefined,
      },
      {
        entryId: '2',
        atMs: NOW_MS - 9_000_000,
        kind: 'problem',
        folderName: 'Photos',
        sentence: 'Photos: the drive is not connected.',
        problem: undefined,
      },
      {
        entryId: '3',
        atMs: NOW_MS - 86_400_000,
        kind: 'renew',
        folderName: 'Documents',
        sentence: 'Documents is renewed until 14 March 2027 for 0.41 WAL.',
        problem: undefined,
      },
    ],
  }),
};
const checked: Script['checkNetwork'] = () => ({
  nodes,
  reachableShards: 980,
  shardCount: 1_000,
  neededToRead: 334,
  neededToWrite: 667,
});

interface Shot {
  readonly name: string;
  readonly script: Script;
  readonly hash?: string;
  readonly state?: 'connecting' | 'down';
  readonly before?: (page: Page) => Promise<unknown>;
}

const shots: readonly Shot[] = [
  { name: 'folders', script: calm(all), hash: '#/folders' },
  { name: 'folders-protected', script: calm(quiet), hash: '#/folders' },
  { name: 'folders-empty', script: calm([]), hash: '#/folders' },
  {
    name: 'folders-many',
    script: calm(Array.from({ length: 2_000 }, (_, index) => folder(`Project ${String(index)}`))),
  },
  {
    name: 'paused',
    script: calm(quiet, { pause: { reason: 'metered', untilMs: undefined } }),
  },
  { name: 'folder', script: calm(all), hash: '#/folder/folder-Documents' },
  {
    name: 'folder-file',
    script: {
      ...calm(all),
      fileVersions: () =>
        [12, 9, 4, 1].map((sequence, index, whole) => ({
          snapshotId: `snapshot-${String(sequence)}`,
          atMs: NOW_MS - (12 - sequence) ** 2 * 86_400_000,
          sizeBytes: 1_000_000 + sequence * 20_000,
          mtimeMs: NOW_MS,
          change: index === whole.length - 1 ? 'added' : 'changed',
        })),
    },
    hash: '#/folder/folder-Documents?snapshot=snapshot-9',
    before: (page) => page.getByRole('option').nth(2).click(),
  },
  { name: 'folder-working', script: busy, hash: '#/folder/folder-Lab%20data%202026' },
  { name: 'folder-vanished', script: calm([vanished]), hash: '#/folder/folder-Photos' },
  { name: 'activity', script: busy, hash: '#/activity' },
  { name: 'activity-quiet', script: calm(quiet), hash: '#/activity' },
  { name: 'network', script: { ...calm(quiet), checkNetwork: checked }, hash: '#/network' },
  {
    name: 'network-short',
    script: {
      ...calm(quiet),
      checkNetwork: () => ({
        nodes: nodes.map((node, index) => (index % 3 === 0 ? node : { ...node, state: 'down' })),
        reachableShards: 310,
        shardCount: 1_000,
        neededToRead: 334,
        neededToWrite: 667,
      }),
    },
    hash: '#/network',
  },
  {
    name: 'tryout-move',
    script: moving([]),
    hash: '#/move/folder-Documents',
    before: async (page) => {
      await page.getByRole('radio', { name: 'Testnet' }).click();
      await see(page.getByRole('button', { name: /^Move for/ })).toBeEnabled();
    },
  },
  {
    name: 'tryout-move-fund',
    script: moving(['short']),
    hash: '#/move/folder-Documents',
    before: (page) => see(page.getByText(/^Missing:/)).toBeVisible(),
  },
  {
    name: 'tryout-move-done',
    script: moving(['done']),
    hash: '#/move/folder-Documents',
    before: (page) => see(page.getByText(/has let go of it/)).toBeVisible(),
  },
  {
    name: 'commands',
    script: calm(all),
    before: async (page) => {
      await see(page.getByRole('option').first()).toBeVisible();
      await page.keyboard.press('Control+k');
    },
  },
];

async function shootScripted(shot: Shot, options: WindowOptions, name: string): Promise<void> {
  const window = await openWindow(browser, options);
  const { page } = window;
  await page.clock.setFixedTime(NOW_MS);
  await openScripted(page, shot.script, shot.hash);
  await see(page.getByRole('heading').first()).toBeVisible();
  await shot.before?.(page);
  await shoot(page, name);
  await window.close();
}

describe.each(themes)('in the %s theme', (theme) => {
  test.each(shots)('$name', async (shot) => {
    await shootScripted(shot, { theme }, `${shot.name}-${theme}`);
  });

  test('engine away', async () => {
    const window = await openWindow(browser, { theme });
    await window.page.clock.setFixedTime(NOW_MS);
    const engine = await openScripted(window.page, calm(all));
    await see(window.page.getByRole('option').first()).toBeVisible();
    await engine.setState('down');
    await see(window.page.getByRole('alert').first()).toBeAttached();
    await shoot(window.page, `away-${theme}`);
    await window.close();
  });
});

describe('in other sizes and languages', () => {
  const [first] = shots;
  const folderShot = shots.find(({ name }) => name === 'folder');
  if (!first || !folderShot) throw new Error('there are shots');
  test.each([
    { shot: first, name: 'folders-900x600', options: { width: 900, height: 600 } },
    { shot: folderShot, name: 'folder-900x600', options: { width: 900, height: 600 } },
    { shot: first, name: 'folders-1920x1080', options: { width: 1920, height: 1080 } },
    { shot: folderShot, name: 'folder-1920x1080', options: { width: 1920, height: 1080 } },
    { shot: first, name: 'folders-german', options: { locale: 'de-DE' } },
  ])('$name', async ({ shot, name, options }) => {
    await shootScripted(shot, options, name);
  });

  test.each([
    { name: 'folders-right-to-left', change: 'document.documentElement.dir = "rtl"' },
    { name: 'folders-text-200', change: 'document.documentElement.style.fontSize = "200%"' },
  ])('$name', async ({ name, change }) => {
    await shootScripted({ ...first, before: (page) => page.evaluate(change) }, {}, name);
  });
});

test('a real home on the try-out network', async () => {
  const real = await openRealHome({ shards: 100, nodes: 16 });
  const path = real.world.path('Documents');
  mkdirSync(path);
  for (let index = 0; index < 40; index += 1) {
    writeFileSync(join(path, `letter ${String(index)}.txt`), 'a letter\n'.repeat(400 * index));
  }
  await real.home.must(['add', path]);
  await real.home.must(['sync']);
  for (const theme of themes) {
    const window = await openWindow(browser, { theme });
    const { page } = window;
    await real.enter(page);
    await see(page.getByRole('option').first()).toBeVisible();
    await shoot(page, `tryout-folders-${theme}`);
    await page.getByRole('link', { name: 'Activity' }).click();
    await see(page.getByText(/of 100 shards stored/)).toBeVisible();
    await shoot(page, `tryout-activity-${theme}`);
    await window.close();
  }
  await real.close();
});
