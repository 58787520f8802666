/** @file A try-out with a folder in it that moves to another network, in a browser. */
import type { Browser, Page } from '@playwright/test';
import type { VaultStatus } from '#contract/api.ts';
import { openWorld, type TestWorld } from '../support/floe-cli.ts';
import { makeTree } from '../support/tree.ts';
import { MoveSteps, TREE } from './move-steps.ts';
import { openRealHome, type RealHome } from './real-home.ts';
import { openWindow, type UiWindow } from './window.ts';

export class Moving extends MoveSteps {
  readonly real: RealHome;
  readonly #browser: Browser;
  window!: UiWindow;

  private constructor(browser: Browser, real: RealHome, second: TestWorld) {
    super(second);
    this.#browser = browser;
    this.real = real;
  }

  static async open(browser: Browser, env: Readonly<Record<string, string>>): Promise<Moving> {
    const real = await openRealHome({ shards: 13, nodes: 4, env });
    const moving = new Moving(browser, real, await openWorld({ shards: 13, nodes: 4 }));
    const folder = real.world.path('Documents');
    makeTree(folder, TREE);
    await real.home.must(['add', folder]);
    await real.home.must(['sync']);
    await moving.enter();
    return moving;
  }

  get page(): Page {
    return this.window.page;
  }

  /** A window; one before is closed by the caller. */
  async enter(): Promise<void> {
    this.window = await openWindow(this.#browser, { expected: /WebSocket|ERR_CONNECTION/ });
    await this.real.enter(this.page);
  }

  /** The view of the move, as its address. */
  async openMove(): Promise<void> {
    const { folderId } = await this.folder();
    await this.page.goto(`${this.real.url()}#/move/${folderId}`);
  }

  async openFile(button: string, path: string): Promise<void> {
    const choosing = this.page.waitForEvent('filechooser');
    await this.press(button);
    await (await choosing).setFiles(path);
  }

  async saveFile(button: string, path: string): Promise<void> {
    const saving = this.page.waitForEvent('download');
    await this.press(button);
    await (await saving).saveAs(path);
  }

  /** As the try-out has it. */
  async folder(): Promise<VaultStatus['folders'][number]> {
    const { folders } = (await this.real.home.must(['folders'])) as unknown as VaultStatus;
    const [folder] = folders;
    if (!folder) throw new Error('the try-out has no folder');
    return folder;
  }

  async close(): Promise<void> {
    await this.real.close();
    await this.second.close();
  }
}
