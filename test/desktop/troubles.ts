/** @file Twelve kinds of failure: how each is brought about for real, what is said of it, and its cure. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import type { AppApi } from '#contract/app-api.ts';
import { lockHome } from '#host/connect.ts';
import { changedNetwork, testHome, type TestWorld } from '#test/support/floe-cli.ts';
import { openRpcProxy, type RpcProxy } from '#test/support/rpc-proxy.ts';
import { bytes, makeTree } from '#test/support/tree.ts';
import { until, type Desktop } from './desktop.ts';
import { Keyring } from './keyring.ts';

const HOUR_MS = 3_600_000;
const USUAL_PRICES = { storageFrostPerMib: 100_000n, writeFrostPerMib: 20_000n };
/** More than the network sells ahead. */
const EPOCHS_PAST_ALL = 54;

/** A local network, a desktop on it, and what a row broke. */
export class Scene {
  readonly world: TestWorld;
  readonly desktop: Desktop;
  /** The folder of the person. */
  readonly folder: string;

  constructor(world: TestWorld, desktop: Desktop) {
    this.world = world;
    this.desktop = desktop;
    this.folder = join(desktop.folder, 'Documents');
  }

  /** Ask the engine, as soon as one answers. */
  async ask<Answer>(question: (api: AppApi) => Promise<Answer>): Promise<Answer> {
    const engine = await this.desktop.engine();
    try {
      return await question(engine.api);
    } finally {
      await engine.close();
    }
  }

  /** A vault with one folder, which is protected unless its first sync is to fail. */
  async protect(options: { network?: string; isSynced?: boolean } = {}): Promise<void> {
    const home = testHome(this.desktop.home, options.network ?? this.world.networkFile);
    await home.init();
    makeTree(this.folder, { 'a.txt': 'a', sub: { 'b.txt': 'b' } });
    await home.must(['add', this.folder]);
    if (options.isSynced !== false) await home.must(['sync']);
  }

  /** A vault whose network answers through a proxy. */
  async protectBehindProxy(): Promise<RpcProxy> {
    const [endpoint] = [this.world.localnet.networkFile.rpc].flat();
    const proxy = await openRpcProxy(endpoint?.url ?? '');
    this.desktop.onClose(() => proxy.close());
    const network = changedNetwork(this.world, 'proxied.json', (file) => {
      file['rpc'] = { ...endpoint, url: proxy.url };
    });
    await this.protect({ network });
    return proxy;
  }

  async changeAndSync(): Promise<void> {
    writeFileSync(join(this.folder, 'new.txt'), String(Date.now()));
    await this.ask((api) => api.startSync({}));
  }

  async fundRichly(): Promise<void> {
    const { address } = await this.ask((api) => api.wallet({}));
    const amounts = { mist: 10n ** 12n, frost: 10n ** 15n };
    await this.world.localnet.fund(address as never, amounts);
  }
}

export interface Trouble {
  readonly name: string;
  /** What happened: in the tray, and unless `shows` says otherwise in the window. */
  readonly says: RegExp;
  readonly shows?: RegExp;
  /** Absent where nobody can change the language meanwhile. */
  readonly german?: RegExp;
  /** What to do, in both. */
  readonly next: RegExp;
  /** How both are when all is well, unless the folder is protected. */
  readonly calm?: RegExp;
  /** Where a machine cannot bring it about. */
  readonly isImpossible?: boolean;
  /** Before the shell starts; gives what `begin` and `cure` are to know. */
  readonly prepare?: (scene: Scene) => Promise<unknown>;
  readonly begin?: (scene: Scene, page: Page, prepared: never) => unknown;
  readonly cure: (scene: Scene, page: Page, prepared: never) => unknown;
}

export const TROUBLES: readonly Trouble[] = [
  {
    name: 'too many storage nodes are away',
    says: /\d storage nodes do not answer, too many to store anything new\. What is stored is safe/,
    german: /\d Speicherknoten antworten nicht, zu viele, um Neues zu speichern/,
    next: /Nothing to do\. If it lasts, check the connection/,
    begin: async (scene) => {
      for (const { node } of scene.world.localnet.nodes.slice(0, 3)) await node.kill();
      await scene.changeAndSync();
    },
    cure: ({ world }) => mend(world),
  },
  {
    name: 'the wallet is empty',
    says: /The wallet holds 0 WAL; this needs 0\.\d+\. .*what is new waits\./s,
    german: /Im Wallet sind 0 WAL; das hier braucht 0,\d+\./,
    next: /Add coins: the Storage view has the address/,
    prepare: async (scene) => {
      const network = changedNetwork(scene.world, 'poor.json', (file) => {
        const walrus = file['walrus'] as object;
        delete file['faucet'];
        Object.assign(file, { walrus: { ...walrus, exchangeObjectIds: [] } });
      });
      await scene.protect({ network, isSynced: false });
    },
    cure: (scene) => scene.fundRichly(),
  },
  {
    name: 'the keychain is locked',
    says: /This vault is locked/,
    german: /Dieser Tresor ist gesperrt/,
    next: /Unlock/,
    prepare: protectWithKeychain,
    cure: (_scene, _page, keyring: Keyring) => keyring.unlock(),
  },
  {
    name: 'the disk is full',
    says: /The disk of this computer is full\. Nothing is lost/,
    german: /Die Festplatte dieses Computers ist voll\. Verloren ist nichts/,
    next: /Free some space on the disk/,
    isImpossible: process.getuid?.() !== 0,
    prepare: async (scene) => {
      await scene.protect();
      const spool = join(scene.desktop.home, 'spool');
      mkdirSync(spool, { recursive: true });
      mount(['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', spool]);
      scene.desktop.onClose(async () => void spawnSync('umount', ['-l', spool]));
    },
    begin: async (scene) => {
      makeTree(scene.folder, { 'large.bin': bytes(500_000, 5) });
      await scene.changeAndSync();
    },
    cure: ({ desktop }) => mount(['-o', 'remount,size=64m', join(desktop.home, 'spool')]),
  },
  {
    name: 'the drive of the folder is not there',
    says: /The folder is not there any more\. Floe has deleted nothing/,
    german: /Der Ordner ist nicht mehr da\. Floe hat nichts gelöscht/,
    next: /Connect the drive, or put the folder back/,
    begin: async (scene) => {
      renameSync(scene.folder, `${scene.folder} away`);
      await scene.ask((api) => api.startSync({}));
    },
    cure: ({ folder }) => renameSync(`${folder} away`, folder),
  },
  {
    name: 'the network is down',
    says: /The network does not answer\. What is stored is safe/,
    german: /Das Netzwerk antwortet nicht\. Was gespeichert ist, ist sicher/,
    next: /Check the connection of this computer/,
    prepare: (scene) => scene.protectBehindProxy(),
    begin: async (scene, _page, proxy: RpcProxy) => {
      proxy.refuse();
      await scene.changeAndSync();
    },
    cure: (_scene, _page, proxy: RpcProxy) => proxy.thaw(),
  },
  {
    name: 'the clock is wrong',
    says: /The clock of this computer is 3 hours behind\. Floe goes on/,
    german: /Die Uhr dieses Computers geht 3 Stunden nach\. Floe macht weiter/,
    next: /Let the system set date and time by itself/,
    prepare: (scene) => scene.protectBehindProxy(),
    begin: async (scene, _page, proxy: RpcProxy) => {
      proxy.shiftClock(3 * HOUR_MS);
      await scene.changeAndSync();
    },
    cure: async (scene, _page, proxy: RpcProxy) => {
      proxy.shiftClock(0);
      await scene.changeAndSync();
    },
  },
  {
    name: 'the local index is damaged',
    says: /list of what it has stored is damaged or too old\. What is stored is safe/,
    german: /Liste des Gespeicherten ist beschädigt oder zu alt/,
    next: /Have the list read back from the network/,
    prepare: async (scene) => {
      await scene.protect();
      const index = join(scene.desktop.home, 'index.db');
      for (const more of ['-wal', '-shm']) rmSync(index + more, { force: true });
      writeFileSync(index, 'no database'.repeat(1_000));
    },
    cure: (_scene, page) => page.getByRole('button', { name: 'Read the list back' }).click(),
  },
  {
    name: 'the words are wrong',
    says: /Floe is not set up yet/,
    shows: /together they don’t fit\. One of them is another word than on your copy/,
    next: /Set up Floe…|on your copy, or two have changed places/,
    calm: /No folder is protected yet|Nothing is protected from this device/,
    prepare: protectElsewhere,
    begin: async (_scene, page, words: readonly string[]) => {
      await page.getByRole('button', { name: /I have my words/ }).click();
      await page.getByRole('radio', { name: /try-out/ }).check();
      await page.getByRole('button', { name: 'Continue' }).click();
      const [first = '', second = '', ...others] = words;
      await typeWords(page, [second, first, ...others]);
    },
    cure: async (_scene, page, words: readonly string[]) => {
      await typeWords(page, words);
      await page.getByRole('button', { name: 'Just connect' }).click();
    },
  },
  {
    name: 'the price has jumped',
    says: /This would cost [\d.]+ coins, more than the [\d.]+ coins that you allow at once\. Floe has paid nothing/,
    german: /Das würde [\d.,]+ Münzen kosten, mehr als die [\d.,]+, die du auf einmal erlaubst/,
    next: /Raise the limit in Storage/,
    begin: async (scene) => {
      await scene.fundRichly();
      await scene.world.localnet.setPrices({ ...USUAL_PRICES, storageFrostPerMib: 10n ** 10n });
      await scene.changeAndSync();
    },
    cure: ({ world }) => mend(world),
  },
  {
    name: 'the storage has ended',
    says: /The storage of a part of this folder has ended\. Floe stores it again/,
    german: /Die bezahlte Zeit eines Teils dieses Ordners ist abgelaufen/,
    next: /Sync now, with the folder in its place/,
    begin: async ({ folder, world }) => {
      // Otherwise Floe would store it again before anybody could read about it.
      renameSync(folder, `${folder} away`);
      await world.localnet.advanceEpoch({ count: EPOCHS_PAST_ALL });
    },
    cure: async ({ folder }, page) => {
      renameSync(`${folder} away`, folder);
      await page.getByRole('main').getByRole('button', { name: 'Sync now' }).click();
    },
  },
  {
    name: 'the engine crashes and cannot come back',
    says: /Floe's engine does not run/,
    shows: /The engine does not answer\. Floe tries again by itself/,
    next: /Next: (Close the other Floe|Wait a moment)|goes on from its journal as soon as the engine is back/,
    begin: async ({ desktop }) => {
      const engine = await desktop.engine();
      const { pid } = engine;
      await engine.close();
      process.kill(pid, 'SIGKILL');
      await holdHome(desktop);
    },
    cure: ({ desktop }) => releaseHome(desktop),
  },
];

/** The network is as it was, whatever a row did to it. */
export async function mend({ localnet }: TestWorld): Promise<void> {
  for (const { node } of localnet.nodes) await node.start();
  for (const { node } of localnet.nodes) await node.heal();
  await localnet.setPrices(USUAL_PRICES);
}

/** Whoever holds a home keeps its engine from starting. */
const held = new Map<Desktop, () => void>();

async function holdHome(desktop: Desktop): Promise<void> {
  const release = await until(() => {
    try {
      const lock = lockHome(desktop.home);
      return () => lock.release();
    } catch {
      // The killed one is not gone yet.
      return undefined;
    }
  }, Boolean);
  if (release) held.set(desktop, release);
}

function releaseHome(desktop: Desktop): void {
  held.get(desktop)?.();
  held.delete(desktop);
}

function mount(args: readonly string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
}

async function typeWords(page: Page, words: readonly string[]): Promise<void> {
  for (const [index, word] of words.entries()) {
    const name = `Word ${String(index + 1)}`;
    await page.getByRole('textbox', { name, exact: true }).fill(word);
  }
  await page.getByRole('button', { name: 'Look', exact: true }).click();
}

/** A vault of another computer; gives its words. */
async function protectElsewhere({ world, folder }: Scene): Promise<readonly string[]> {
  const home = world.home('elsewhere');
  const words = await home.init();
  makeTree(folder, { 'a.txt': 'a' });
  await home.must(['add', folder]);
  await home.must(['sync']);
  return words.split(' ');
}

/** A vault whose words lie in a real keychain, and then a login that leaves it locked. */
async function protectWithKeychain({ desktop, folder }: Scene): Promise<Keyring> {
  const keyring = await Keyring.open(desktop);
  const app = await desktop.launch('--hidden');
  const engine = await desktop.engine();
  const { api } = engine;
  const { draftId, words, askBack } = await api.makeWords({});
  await api.confirmWords({ draftId, answers: askBack.map((position) => words[position] ?? '') });
  const secretPlace = { kind: 'keychain' } as const;
  await api.setUp({ draftId, network: 'local', secretPlace, mayStartEmpty: true });
  makeTree(folder, { 'a.txt': 'a' });
  await api.addFolder({ path: folder, excludes: [], permanent: false });
  await api.sync({});
  await engine.close();
  const exit = once(app.process(), 'exit');
  app.process().kill('SIGTERM');
  await exit;
  await keyring.lock();
  return keyring;
}
