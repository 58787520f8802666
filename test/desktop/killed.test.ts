/**
 * Engine, window or the whole app is killed in the middle of a sync or a restore: nothing is lost, and
 * tray and window tell the truth again. The storage nodes are slow until the blow has fallen, so that
 * it falls in the middle.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ElectronApplication, Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { serveControl } from '#localnet/control-channel.ts';
import { runControlCommand } from '#localnet/control-commands.ts';
import { openWorld, type TestWorld } from '#test/support/floe-cli.ts';
import { bytes, expectTree, makeTree } from '#test/support/tree.ts';
import { see } from '#test/ui/window.ts';
import type { TrayHost } from './buses.ts';
import { Desktop, until, windowOf } from './desktop.ts';
import { Scene } from './troubles.ts';

const FIRST = { 'a.txt': 'a', sub: { 'b.txt': 'b' } };
const ADDED = { 'photo.jpg': bytes(400_000, 3), later: { 'c.txt': 'c' } };
const TRAY_ANSWER_MS = 2_000;
const PROTECTED = /Protected until .* on the local network/;

let world: TestWorld;
let control: Awaited<ReturnType<typeof serveControl>>;
beforeAll(async () => {
  world = await openWorld({ shards: 13, nodes: 4 });
  control = await serveControl(world.networkDir, (name, given) =>
    runControlCommand(world.localnet, name, given),
  );
});
afterAll(async () => {
  await control.close();
  await world.close();
});

let desktop: Desktop;
let tray: TrayHost;
let scene: Scene;
let app: ElectronApplication;
let page: Page;
beforeEach(async () => {
  desktop = await Desktop.open(world.networkDir);
  tray = await desktop.trayHost();
  scene = new Scene(world, desktop);
  await scene.protect();
  app = await desktop.launch();
  page = await windowOf(app);
  await see(page.getByRole('banner')).toHaveText(PROTECTED);
});
afterEach(async () => {
  setNodes(0);
  await desktop.close();
});

const untilTraySaysProtected = (): Promise<string> =>
  until(
    // An icon that has just gone answers nothing at all.
    () => Promise.race([tray.tooltip().catch(() => ''), sleep(TRAY_ANSWER_MS, '')]),
    (text) => PROTECTED.test(text),
  );

/** Long enough for the blow to fall between two answers. */
const SLOW_MS = 5_000;

function setNodes(delayMs: number): void {
  for (const { node } of world.localnet.nodes) node.setDelay(delayMs);
}

async function killEngine(): Promise<void> {
  const engine = await desktop.engine();
  const { pid } = engine;
  await engine.close();
  process.kill(pid, 'SIGKILL');
  // The one that answers next is another.
  await until(
    async () => {
      const next = await desktop.engine();
      await next.close();
      return next.pid;
    },
    (next) => next !== pid,
  );
}

/** Its window is gone at once, as when its process dies; a second start brings a new one. */
async function killWindow(): Promise<void> {
  const gone = page.waitForEvent('close');
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.destroy());
  await gone;
  const opened = app.waitForEvent('window');
  expect(await desktop.launchAgain()).toBe(0);
  page = await opened;
}

async function killApp(): Promise<void> {
  const engine = await desktop.engine();
  const { pid } = engine;
  await engine.close();
  const shell = app.process();
  const exit = once(shell, 'exit');
  shell.kill('SIGKILL');
  process.kill(pid, 'SIGKILL');
  await exit;
  app = await desktop.launch();
  page = await windowOf(app);
}

const VICTIMS = [
  { victim: 'the engine', kill: killEngine, isEngineNew: true },
  { victim: 'the window', kill: killWindow, isEngineNew: false },
  { victim: 'the whole app', kill: killApp, isEngineNew: true },
] as const;

describe.each(VICTIMS)('$victim is killed', ({ kill, isEngineNew }) => {
  test('in the middle of a sync', async () => {
    makeTree(scene.folder, ADDED);
    setNodes(SLOW_MS);
    // Not by its button: that waits where the watcher has begun one, until there is nothing to kill.
    await scene.ask((api) => api.startSync({}));
    const isUploading = async (): Promise<boolean> => {
      const { packs } = await scene.ask((api) => api.activity({}));
      return packs.some(({ step }) => step === 'registered');
    };
    await until(isUploading, Boolean);
    // Two where the watcher had begun one of its own.
    await see(page.getByLabel(/^\d tasks? (is|are) running$/)).toBeVisible();

    await kill();
    setNodes(0);
    // What was protected before stays so meanwhile; the new files are counted when they are, too.
    await see(page.getByText(/in 4 files/)).toBeVisible({ timeout: 60_000 });
    await see(page.getByRole('banner')).toHaveText(PROTECTED);
    await see(page.getByRole('option', { name: /Documents.*Protected until/ })).toBeVisible();
    await untilTraySaysProtected();
    const target = join(desktop.folder, 'back');
    await scene.ask((api) => api.restore({ folder: 'Documents', target }));
    expectTree(target, { ...FIRST, ...ADDED });
  });

  test('in the middle of a restore', async () => {
    const target = join(desktop.folder, 'back');
    setNodes(SLOW_MS);
    await scene.ask((api) => api.startRestore({ folder: 'Documents', paths: [], target }));
    await page.getByRole('link', { name: 'Restore', exact: true }).click();
    await see(page.getByText('Restoring Documents').first()).toBeVisible();

    await kill();
    setNodes(0);
    await page.getByRole('link', { name: 'Restore', exact: true }).click();
    if (isEngineNew) {
      await page.getByText('Restoring Documents was interrupted').first().click();
      await page
        .getByRole('button', { name: /^Resume/ })
        .first()
        .click();
    } else
      await page
        .getByText(/Documents/)
        .first()
        .click();
    await see(page.getByText('Documents is back').first()).toBeVisible({ timeout: 60_000 });
    expectTree(target, FIRST);
    await untilTraySaysProtected();
  });
});
