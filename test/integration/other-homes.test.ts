/**
 * A home beside the one that is served, on another network: reached through it by those who may, with
 * nothing that they may not, refused where it makes no sense, and gone when Floe is.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { VaultStatus } from '#contract/api.ts';
import type { WordsDraft } from '#contract/home-api.ts';
import { connectRemote } from '#host/connect.ts';
import type { RemoteEngine } from '#host/engine-client.ts';
import { admit, connectPage, type PageSocket } from '../support/browser-client.ts';
import { changedNetwork, openWorld, type TestHome, type TestWorld } from '../support/floe-cli.ts';
import { makeTree } from '../support/tree.ts';

const MAIN = join(import.meta.dirname, '../../src-main/cli/main.ts');

let world: TestWorld;
let home: TestHome;
let other: string;
let served: ChildProcess;
let remote: RemoteEngine;
let page: PageSocket;

beforeAll(async () => {
  world = await openWorld({ shards: 13, nodes: 4 });
  other = readFileSync(
    changedNetwork(world, 'other.json', (file) => ({ ...file, name: 'other' })),
    'utf8',
  );
  home = world.home('home');
  await home.init();
  makeTree(world.path('docs'), { 'a.txt': 'hello' });
  await home.must(['add', world.path('docs')]);
  served = spawn(process.execPath, [MAIN, '--home', home.path, '--json', 'ui', '--no-open'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, FLOE_LOCALNET: world.networkDir },
  });
  const [line] = (await once(createInterface({ input: served.stdout! }), 'line')) as [string];
  const ready = JSON.parse(line) as { url: string; page: string };
  const code = /#admit=([^"]+)"/.exec(readFileSync(ready.page, 'utf8'))?.[1] ?? '';
  const port = Number(new URL(ready.url).port);
  page = await connectPage(port, await admit(port, code));
  remote = (await connectRemote(home.path))!;
  await remote.api.openOtherHome({ network: other });
});
afterAll(async () => {
  await world.close();
});

let lastId = 0;
function callThere(method: string, request: unknown = {}): void {
  const given = { networkName: 'other', method, request };
  page.send({ type: 'call', id: ++lastId, method: 'callOtherHome', request: given });
}

test('a page reaches the home there', async () => {
  callThere('home');
  const { value } = await page.next('result');
  expect(value).toMatchObject({ state: 'empty', path: `${home.path}-other` });
});

describe('keeps from a page', () => {
  test.each([
    { name: 'the account’s key', method: 'exportKey' },
    { name: 'a browser’s code', method: 'admitBrowser' },
    { name: 'homes beside that one', method: 'callOtherHome' },
    { name: 'what there is not', method: 'constructor' },
  ])('$name', async ({ method }) => {
    callThere(method);
    expect((await page.next('error')).error).toMatchObject({ code: 'usage' });
  });

  test('a request that its schema does not know', async () => {
    callThere('setUp', { words: 'none' });
    expect((await page.next('error')).error).toMatchObject({ code: 'usage' });
  });
});

describe('refuses', () => {
  const named = (name: string): string =>
    JSON.stringify({ ...(JSON.parse(other) as object), name });
  test.each([
    { name: 'the try-out itself', folder: 'docs', network: () => 'local', code: 'usage' },
    {
      name: 'a name that is no part of a path',
      folder: 'docs',
      network: () => named('../elsewhere'),
      code: 'network-file-invalid',
    },
    {
      name: 'text that is no network',
      folder: 'docs',
      network: () => '{',
      code: 'network-file-invalid',
    },
    {
      name: 'a folder that there is not',
      folder: 'nothing',
      network: () => named('other'),
      code: 'folder-unknown',
    },
  ])('$name', async ({ folder, network, code }) => {
    await expect(remote.api.quoteMove({ folder, network: network() })).rejects.toMatchObject({
      code,
    });
  });

  test('to move where there is no vault yet', async () => {
    await expect(
      remote.api.startMove({ folder: 'docs', networkName: 'other' }),
    ).rejects.toMatchObject({ code: 'home-not-initialised' });
    expect((await remote.api.otherHomes({})).moves).toEqual([]);
  });

  test('a network that nothing was opened for', async () => {
    const given = { networkName: 'elsewhere', method: 'home', request: {} };
    await expect(remote.api.callOtherHome(given)).rejects.toMatchObject({ code: 'usage' });
  });
});

test('the price there is told without a vault, and leaves nothing behind', async () => {
  const { quote, hasVault } = await remote.api.quoteMove({ folder: 'docs', network: other });
  expect(hasVault).toBe(false);
  expect(quote.now.walFrost).toBeGreaterThan(0n);
  expect(existsSync(join(home.path, 'look'))).toBe(false);
});

test('the settings are the same there', async () => {
  await remote.api.updateSettings({ pauseOnBattery: true, language: 'de' });
  const given = { networkName: 'other', method: 'settings', request: {} };
  expect(await remote.api.callOtherHome(given)).toMatchObject({
    pauseOnBattery: true,
    language: 'de',
  });
});

test('an engine there knows what the shell says of the machine', async () => {
  const ask = async <Answer>(method: string, request: unknown = {}): Promise<Answer> =>
    (await remote.api.callOtherHome({ networkName: 'other', method, request })) as Answer;
  await remote.api.setConditions({ isOffline: true });
  const { draftId, words, askBack } = await ask<WordsDraft>('makeWords');
  await ask('confirmWords', { draftId, answers: askBack.map((position) => words[position]) });
  const secretPlace = { kind: 'passphrase', passphrase: 'a long passphrase' };
  await ask('setUp', { draftId, network: other, secretPlace, mayStartEmpty: true });
  const paused = async (): Promise<VaultStatus['pause']> =>
    (await ask<VaultStatus>('status')).pause;
  await expect.poll(paused).toMatchObject({ reason: 'offline' });
  await remote.api.setConditions({ isOffline: false });
  await expect.poll(paused).toBeUndefined();
});

test('both homes are free when Floe is stopped', async () => {
  const ended = once(served, 'exit');
  await remote.stop();
  await ended;
  expect(await connectRemote(`${home.path}-other`)).toBeUndefined();
  await home.must(['folders']);
});
