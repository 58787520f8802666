/**
 * A folder is protected, and one file of yesterday comes back, in the desktop app on a real network:
 * once with the keyboard alone, once with the mouse alone. On the first day the app joins an engine
 * whose clock shows that day; on the next it starts its own.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, test } from 'vitest';
import { openWorld, testHome, type TestHome, type TestWorld } from '#test/support/floe-cli.ts';
import { keyboard, layOut, mouse, type Desk } from '#test/ui/one-file-back.ts';
import { YESTERDAY } from '#test/ui/real-home.ts';
import { see } from '#test/ui/window.ts';
import { answerFileDialogs, Desktop, windowOf } from './desktop.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await openWorld({ shards: 13, nodes: 4 });
});
afterAll(() => world.close());

let desktop: Desktop;
let firstDay: Awaited<ReturnType<TestHome['daemon']>>;
let app: ElectronApplication;
let page: Page;
let desk: Desk;

beforeEach(async () => {
  desktop = await Desktop.open(world.networkDir);
  const home = testHome(desktop.home, world.networkFile);
  desk = {
    get page() {
      return page;
    },
    home,
    folder: join(desktop.folder, 'Documents'),
    target: join(desktop.folder, 'back'),
    choose: async (path, open) => {
      await answerFileDialogs(app, path);
      await open();
    },
  };
  layOut(desk);
  await home.init();
  firstDay = await home.daemon({ ...YESTERDAY, FLOE_LOCALNET: world.networkDir });
  desktop.onClose(() => firstDay.stop());
  await openApp();
});
afterEach(() => desktop.close());

async function openApp(): Promise<void> {
  app = await desktop.launch();
  page = await windowOf(app);
  await page.getByRole('main').waitFor();
}

/** The next day: the computer was off, and the person opens Floe again. */
async function sleepOverIt(): Promise<void> {
  const exit = once(app.process(), 'exit');
  app.process().kill('SIGTERM');
  await exit;
  await firstDay.stop();
  await openApp();
  await see(page.getByRole('option', { name: /Documents/ })).toBeVisible();
}

test.each([
  { hands: 'the keyboard', with: keyboard },
  { hands: 'the mouse', with: mouse },
])('with $hands alone, one file of yesterday comes back', async ({ with: hands }) => {
  await hands.protect(desk);
  await sleepOverIt();
  await hands.work(desk);
  await hands.takeBack(desk);
});
