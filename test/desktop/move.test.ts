/**
 * A folder moves from the try-out to another network in the desktop app: the native dialogs give the
 * network file and keep the kit, and the tray tells of both homes until the try-out has let go.
 */
import { join } from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import { expect, test } from 'vitest';
import { openWorld, testHome, type TestWorld } from '#test/support/floe-cli.ts';
import { makeTree } from '#test/support/tree.ts';
import { MoveSteps, TREE } from '#test/ui/move-steps.ts';
import { see } from '#test/ui/window.ts';
import { answerFileDialogs, Desktop, until, windowOf } from './desktop.ts';

class MovingInApp extends MoveSteps {
  readonly app: ElectronApplication;
  readonly page: Page;

  constructor(second: TestWorld, app: ElectronApplication, page: Page) {
    super(second);
    this.app = app;
    this.page = page;
  }

  async openFile(button: string, path: string): Promise<void> {
    await answerFileDialogs(this.app, path);
    await this.press(button);
  }

  async saveFile(button: string, path: string): Promise<void> {
    await this.openFile(button, path);
  }
}

test('a folder moves to another network, and the tray tells of both', async () => {
  const world = await openWorld({ shards: 13, nodes: 4 });
  const second = await openWorld({ shards: 13, nodes: 4 });
  const desktop = await Desktop.open(world.networkDir);
  try {
    const home = testHome(desktop.home, world.networkFile);
    const folder = join(desktop.folder, 'Documents');
    makeTree(folder, TREE);
    await home.init();
    await home.must(['add', folder]);
    await home.must(['sync']);
    const tray = await desktop.trayHost();
    const app = await desktop.launch();
    const moving = new MovingInApp(second, app, await windowOf(app));

    await moving.choose();
    await moving.keepWords();
    await moving.sealWith('four or five words');
    await moving.expectMissing();
    await until(
      () => tray.tooltip(),
      (text) => text.startsWith('Floe: second: Documents needs attention: The wallet holds 0 WAL'),
    );
    const [first] = await tray.menu();
    expect(first?.label).toMatch(/^Try-out: Protected until .* on the local network\.$/);
    await see(moving.page.getByRole('banner')).toContainText('second: Documents needs attention');

    await moving.sendCoins();
    await moving.expectMoved();
    await until(
      () => tray.tooltip(),
      (text) => /^Floe: Everything is protected until [^;]*\.$/.test(text),
    );
    const banner = moving.page.getByRole('banner');
    await see(banner.getByText(/^Everything is protected until/)).toBeVisible();
  } finally {
    await desktop.close();
    await second.close();
    await world.close();
  }
});
