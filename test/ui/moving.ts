/**
 * @file A try-out with a folder in it, and another network to move it to: a second local one, given
 * by its network file, without a faucet, so that coins have to be sent. With hands on a mouse, and on
 * the keyboard where something is typed.
 */
import { writeFileSync } from 'node:fs';
import type { Browser, Page } from '@playwright/test';
import type { VaultStatus } from '#contract/api.ts';
import { parseSuiAddress } from '#engine/model/ids.ts';
import { changedNetwork, openWorld, testHome, type TestWorld } from '../support/floe-cli.ts';
import { bytes, expectTree, makeTree } from '../support/tree.ts';
import { openRealHome, type RealHome } from './real-home.ts';
import { openWindow, see, type UiWindow } from './window.ts';

const TREE = { letters: { 'to anna.txt': 'dear anna' }, 'notes.bin': bytes(200_000, 4) };
const FIRST_PAYMENT_MS = 60_000;

export class Moving {
  readonly real: RealHome;
  readonly second: TestWorld;
  readonly networkFile: string;
  readonly #browser: Browser;
  window!: UiWindow;

  private constructor(browser: Browser, real: RealHome, second: TestWorld) {
    this.#browser = browser;
    this.real = real;
    this.second = second;
    this.networkFile = changedNetwork(second, 'second.json', ({ faucet: _none, ...file }) => ({
      ...file,
      name: 'second',
      walrus: { ...(file['walrus'] as object), exchangeObjectIds: [] },
    }));
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

  heading(name: string | RegExp) {
    return this.page.getByRole('heading', { level: 1, name });
  }

  press(name: string | RegExp): Promise<void> {
    return this.page.getByRole('button', { name }).click();
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

  /** To the price on the other network, which has a vault only after the first time. */
  async choose(): Promise<void> {
    const { page } = this;
    await page.getByRole('link', { name: /Move to Testnet or Mainnet/ }).click();
    await see(this.heading('Move Documents')).toBeVisible();
    await page.getByText('Another network', { exact: true }).click();
    await this.openFile('Open a network file', this.networkFile);
    await see(page.getByText('This file is for the network second.')).toBeVisible();
    await see(page.getByRole('button', { name: /^Move for 0\.\d+ WAL/ })).toBeEnabled();
  }

  /** Begin, save the kit and open it again; then it is asked where the words are kept. */
  async keepWords(): Promise<string> {
    await this.press(/^Move for/);
    await see(this.heading('These 24 words are your key')).toBeVisible();
    const saving = this.page.waitForEvent('download');
    await this.press('Save the kit');
    // Where it outlives the window.
    const kit = this.second.path('kit.txt');
    await (await saving).saveAs(kit);
    await this.press('I have them');
    await this.openFile('Open the saved kit', kit);
    await see(this.heading('Who may open Floe on this computer?')).toBeVisible();
    return kit;
  }

  async type(label: string, text: string): Promise<void> {
    await this.page.getByLabel(label, { exact: true }).click();
    await this.page.keyboard.press('ControlOrMeta+a');
    await this.page.keyboard.type(text);
  }

  async sealWith(passphrase: string): Promise<void> {
    await this.type('Passphrase', passphrase);
    await this.type('The same again', passphrase);
    await this.press('Finish');
  }

  async expectMissing(): Promise<void> {
    await see(this.page.getByText(/^Missing: 0\.\d+ WAL and 0\.\d+ SUI$/)).toBeVisible({
      timeout: FIRST_PAYMENT_MS,
    });
  }

  /** Send coins to the address on screen. */
  async sendCoins(): Promise<void> {
    const shown = await this.page.getByText(/^0x[0-9a-f]{64}/).innerText();
    const address = /0x[0-9a-f]{64}/.exec(shown)?.[0] ?? '';
    const amounts = { mist: 1_000_000_000n, frost: 5_000_000_000n };
    await this.second.localnet.fund(parseSuiAddress(address), amounts);
  }

  async expectMoved(): Promise<void> {
    await see(this.heading('Documents has moved to second')).toBeVisible({
      timeout: FIRST_PAYMENT_MS,
    });
  }

  /** As the try-out has it. */
  async folder(): Promise<VaultStatus['folders'][number]> {
    const { folders } = (await this.real.home.must(['folders'])) as unknown as VaultStatus;
    const [folder] = folders;
    if (!folder) throw new Error('the try-out has no folder');
    return folder;
  }

  /** On a blank machine the new words alone bring the folder back. */
  async expectBack(kit: string): Promise<void> {
    const { second, networkFile } = this;
    const env = { FLOE_PASSPHRASE_FILE: second.path('passphrase') };
    writeFileSync(env.FLOE_PASSPHRASE_FILE, 'another passphrase\n');
    const blank = testHome(second.path('blank'), networkFile);
    await blank.must(['init', '--network', networkFile, '--words-file', kit], { env });
    await blank.must(['restore', 'Documents', '--to', second.path('back')], { env });
    expectTree(second.path('back'), TREE);
  }

  async close(): Promise<void> {
    await this.real.close();
    await this.second.close();
  }
}
