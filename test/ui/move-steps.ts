/**
 * @file The steps of a folder's move from a try-out to another network, as a person takes them in the
 * window: with hands on a mouse, and on the keyboard where something is typed. The other network is a
 * second local one, given by its network file, without a faucet, so that coins have to be sent.
 */
import { writeFileSync } from 'node:fs';
import type { Locator, Page } from '@playwright/test';
import { parseSuiAddress } from '#engine/model/ids.ts';
import { changedNetwork, testHome, type TestWorld } from '../support/floe-cli.ts';
import { bytes, expectTree } from '../support/tree.ts';
import { see } from './window.ts';

export const TREE = { letters: { 'to anna.txt': 'dear anna' }, 'notes.bin': bytes(200_000, 4) };
const FIRST_PAYMENT_MS = 60_000;

/** In a browser or in the desktop app, which ask for files each in their own way. */
export abstract class MoveSteps {
  readonly second: TestWorld;
  readonly networkFile: string;

  constructor(second: TestWorld) {
    this.second = second;
    this.networkFile = changedNetwork(second, 'second.json', ({ faucet: _none, ...file }) => ({
      ...file,
      name: 'second',
      walrus: { ...(file['walrus'] as object), exchangeObjectIds: [] },
    }));
  }

  abstract get page(): Page;
  abstract openFile(button: string, path: string): Promise<void>;
  abstract saveFile(button: string, path: string): Promise<void>;

  heading(name: string | RegExp): Locator {
    return this.page.getByRole('heading', { level: 1, name });
  }

  press(name: string | RegExp): Promise<void> {
    return this.page.getByRole('button', { name }).click();
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
    // Where it outlives the window.
    const kit = this.second.path('kit.txt');
    await this.saveFile('Save the kit', kit);
    await see(this.page.getByText(/^The recovery kit is saved as/)).toBeVisible();
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
}
