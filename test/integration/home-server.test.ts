/**
 * A home from its first moment on, served by a real process: empty, set up, killed, locked, failed,
 * and back, on a real local network. What a window does, by its own wire.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { HomeState, WordsDraft } from '#contract/home-api.ts';
import { connectRemote } from '#host/connect.ts';
import type { RemoteEngine } from '#host/engine-client.ts';
import { callLocalnet } from '#localnet/control-channel.ts';
import { admit, connectPage, request } from '../support/browser-client.ts';
import { expectFailure, testHome, type TestHome } from '../support/floe-cli.ts';
import { bytes, expectTree, makeTree, temporaryFolder, type Tree } from '../support/tree.ts';

const MAIN = join(import.meta.dirname, '../../src-main/cli/main.ts');
const TREE: Tree = { 'a.txt': 'hello', photos: { 'b.jpg': bytes(200_000, 5) } };
const NO_KEYCHAIN = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere' };

const folder = temporaryFolder();
const networkDir = join(folder.path, 'network');
const world = {
  path: (name: string): string => join(folder.path, name),
  networkFile: join(networkDir, 'network.json'),
  home: (name: string): TestHome =>
    testHome(join(folder.path, name), join(networkDir, 'network.json')),
};
let localnet: ServedProcess;
const running = new Set<ServedProcess>();

beforeAll(async () => {
  const size = ['--shards', '13', '--nodes', '4', '--port', '0'];
  localnet = await start(['localnet', 'start', '--dir', networkDir, ...size]);
});
afterAll(async () => {
  await localnet.end('SIGTERM');
  folder.remove();
});
afterEach(async () => {
  for (const served of running) await served.end('SIGTERM');
});

interface ServedProcess {
  readonly ready: Record<string, unknown>;
  /** Everything that it has said. */
  said(): string;
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** `floe ...args --json` until it says that it is ready. */
async function start(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<ServedProcess> {
  const child = spawn(process.execPath, [MAIN, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...NO_KEYCHAIN, FLOE_LOCALNET: networkDir, ...environment },
  });
  let text = '';
  child.stdout.on('data', (piece: Buffer) => (text += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (text += piece.toString()));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    void ended.then(() => reject(new Error(`floe ended: ${text}`)));
  });
  const served: ServedProcess = {
    ready: JSON.parse(line) as Record<string, unknown>,
    said: () => text,
    end: async (signal) => {
      child.kill(signal);
      await ended;
      running.delete(served);
    },
  };
  return served;
}

/** Serve a home; what is left running ends with the test. */
async function serve(home: string, args: readonly string[]): Promise<ServedProcess> {
  const served = await start(['--home', home, ...args]);
  running.add(served);
  return served;
}

/** The machine loses power under it. */
const kill = (served: ServedProcess): Promise<void> => served.end('SIGKILL');

const forWindow = ['daemon', '--for-window', '--no-watch'];

async function connect(home: string): Promise<RemoteEngine> {
  const remote = await connectRemote(home);
  if (!remote) throw new Error(`nobody serves ${home}`);
  return remote;
}

/** The home as soon as it is in this state. */
async function untilState(remote: RemoteEngine, state: HomeState['state']): Promise<HomeState> {
  const changes: (() => void)[] = [];
  const unsubscribe = remote.subscribe((event) => {
    if (event.kind === 'home-changed') changes.shift()?.();
  });
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => changes.push(resolve));
      const now = await remote.api.home({});
      if (now.state === state) return now;
      await changed;
    }
  } finally {
    unsubscribe();
  }
}

function expectOpen({ state, problem }: HomeState): void {
  expect({ state, problem }).toEqual({ state: 'open', problem: undefined });
}

const answersOf = ({ words, askBack }: WordsDraft): string[] =>
  askBack.map((position) => words[position] ?? '');

/** A try-out vault, set up as the first run of the window does it. */
async function setUp(remote: RemoteEngine): Promise<WordsDraft> {
  const draft = await remote.api.makeWords({});
  const { draftId } = draft;
  await remote.api.confirmWords({ draftId, answers: answersOf(draft) });
  const place = { kind: 'try-out' } as const;
  const request = { draftId, network: 'local', secretPlace: place, mayStartEmpty: true };
  expect(await remote.api.setUp(request)).toMatchObject({ state: 'open', isTryOut: true });
  return draft;
}

describe('a fresh home', () => {
  test('goes from nothing to protected, is killed, and is back', async () => {
    const home = world.path('fresh');
    const source = world.path('fresh-docs');
    makeTree(source, TREE);
    let served = await serve(home, forWindow);
    let remote = await connect(home);
    const empty = await untilState(remote, 'empty');
    expect(empty).toMatchObject({ path: home, isTryOut: false });
    expect(empty.networkName).toBeUndefined();
    await expect(remote.api.status({})).rejects.toMatchObject({ code: 'home-not-initialised' });

    const [local] = await remote.api.networks({});
    expect(local?.facts).toMatchObject({ shardCount: 13, epochsAheadMax: 53 });
    const draft = await remote.api.makeWords({});
    const { draftId, words } = draft;
    expect(words).toHaveLength(24);
    const wrong = await remote.api.confirmWords({ draftId, answers: ['a', 'b', 'c'] });
    expect(wrong).toEqual({ isRight: false, wrong: draft.askBack });
    const kit = await remote.api.recoveryKit({ draftId, network: 'local' });
    expect(await remote.api.checkKit({ draftId, text: kit.text })).toEqual({ isRight: true });
    const place = { kind: 'try-out' } as const;
    const opened = await remote.api.setUp({
      draftId,
      network: 'local',
      secretPlace: place,
      mayStartEmpty: true,
    });
    expect(opened).toMatchObject({ state: 'open', isTryOut: true, isKitConfirmed: true });
    // The words are forgotten, and told no more.
    await expect(remote.api.recoveryKit({ draftId, network: 'local' })).rejects.toMatchObject({
      code: 'draft-expired',
    });
    expect(await remote.api.checkKit({ text: kit.text })).toEqual({ isRight: true });
    const other = await remote.api.makeWords({});
    expect(await remote.api.checkKit({ text: other.words.join(' ') })).toEqual({ isRight: false });

    await remote.api.addFolder({ path: source, excludes: [], permanent: false });
    await remote.api.sync({});
    const before = await remote.api.status({});
    expect(before.folders[0]).toMatchObject({ state: 'protected', fileCount: 2 });
    await kill(served);

    served = await serve(home, forWindow);
    remote = await connect(home);
    await untilState(remote, 'open');
    const after = await remote.api.status({});
    expect(after.folders[0]?.protectedUntil).toEqual(before.folders[0]?.protectedUntil);
    expect(served.said()).not.toContain(words.slice(0, 3).join(' '));
    await remote.stop();
  });

  test('finds an existing vault by its words, says what is in it, and restores it', async () => {
    const source = world.path('found-docs');
    makeTree(source, TREE);
    await serve(world.path('found-a'), forWindow);
    const first = await connect(world.path('found-a'));
    const { words } = await setUp(first);
    await first.api.addFolder({ path: source, name: 'docs', excludes: [], permanent: false });
    await first.api.sync({});

    const blank = world.path('found-b');
    await serve(blank, forWindow);
    const second = await connect(blank);
    const text = words.join(' ');
    const typo = text.replace(words[4] ?? '', 'frozzle');
    await expect(second.api.findVault({ words: typo, network: 'local' })).rejects.toMatchObject({
      code: 'words-invalid',
      context: { position: 5 },
    });
    const found = await second.api.findVault({ words: text, network: 'local' });
    expect(found.deviceCount).toBe(1);
    expect(found.folders).toMatchObject([{ name: 'docs', fileCount: 2, sizeBytes: 200_005 }]);
    expect(found.folders[0]?.protectedUntilMs).toBeGreaterThan(Date.now());
    // Nothing of the look is left, and the home is still empty.
    expect(readdirSync(blank).filter((name) => /look|vault|index|secrets/.test(name))).toEqual([]);
    expect((await second.api.home({})).state).toBe('empty');

    await second.api.setUp({
      draftId: found.draftId,
      network: 'local',
      secretPlace: { kind: 'try-out' },
      mayStartEmpty: false,
    });
    const target = world.path('found-back');
    await second.api.restore({ folder: 'docs', target });
    expectTree(target, TREE);
  });

  test('does not take words that open nothing for a vault', async () => {
    const home = world.path('nothing');
    await serve(home, forWindow);
    const { api } = await connect(home);
    const { words } = await api.makeWords({});
    const found = await api.findVault({ words: words.join(' '), network: 'local' });
    expect(found).toMatchObject({ deviceCount: 0, folders: [] });
    const setUpAs = (mayStartEmpty: boolean) =>
      api.setUp({
        draftId: found.draftId,
        network: 'local',
        secretPlace: { kind: 'try-out' },
        mayStartEmpty,
      });
    await expect(setUpAs(false)).rejects.toMatchObject({ code: 'words-open-nothing' });
    expect((await setUpAs(true)).state).toBe('open');
  });

  test('is not set up by the command line meanwhile', async () => {
    const home = world.home('served');
    await serve(home.path, forWindow);
    const outcome = await home.floe(['init', '--network', world.networkFile]);
    expectFailure(outcome, 'home-in-use', 9);
    expect(existsSync(join(home.path, 'vault.json'))).toBe(false);
  });
});

test('the network of a try-out begins and ends with the home, also after a crash', async () => {
  const home = world.path('own-network');
  const environment = { FLOE_LOCALNET: world.path('own') };
  const args = ['--home', home, ...forWindow];
  let served = await start(args, environment);
  let remote = await connect(home);
  expect((await remote.api.startTryOut({})).facts?.shardCount).toBe(100);
  await setUp(remote);
  await kill(served);

  served = await start(args, environment);
  remote = await connect(home);
  await untilState(remote, 'open');
  expect((await remote.api.status({})).folders).toEqual([]);
  await served.end('SIGTERM');
  await expect(callLocalnet(environment.FLOE_LOCALNET, 'ping')).rejects.toMatchObject({
    code: 'localnet-not-running',
  });
});

describe('secrets', () => {
  test('are not kept in the open when there is no keychain', async () => {
    const home = world.path('no-keychain');
    await serve(home, forWindow);
    const { api } = await connect(home);
    const places = await api.secretPlaces({});
    expect(places.find(({ kind }) => kind === 'keychain')?.problem).toBeDefined();
    const draft = await api.makeWords({});
    const { draftId } = draft;
    await api.confirmWords({ draftId, answers: answersOf(draft) });
    const request = { draftId, network: 'local', mayStartEmpty: true };
    await expect(
      api.setUp({ ...request, secretPlace: { kind: 'keychain' } }),
    ).rejects.toMatchObject({ code: 'secret-store-unavailable' });
    expect(existsSync(join(home, 'secrets'))).toBe(false);
    expect(await api.home({})).toMatchObject({ state: 'empty' });
    // The words are still there for another try.
    const place = { kind: 'passphrase', passphrase: 'a long passphrase' } as const;
    expect((await api.setUp({ ...request, secretPlace: place })).state).toBe('open');
  });

  test('that a passphrase seals are asked for, and a wrong one changes nothing', async () => {
    const home = world.path('passphrase');
    let served = await serve(home, forWindow);
    const first = await connect(home);
    const draft = await first.api.makeWords({});
    const { draftId } = draft;
    await first.api.confirmWords({ draftId, answers: answersOf(draft) });
    const passphrase = 'correct horse';
    const place = { kind: 'passphrase', passphrase } as const;
    await first.api.setUp({ draftId, network: 'local', secretPlace: place, mayStartEmpty: true });
    await kill(served);

    served = await serve(home, forWindow);
    const { api } = await connect(home);
    await expect(api.status({})).rejects.toMatchObject({ code: 'home-locked' });
    expect(await api.home({})).toMatchObject({ state: 'locked', unlockWith: 'passphrase' });
    expect(await api.unlock({ passphrase: 'wrong horse' })).toMatchObject({
      state: 'locked',
      problem: { code: 'passphrase-wrong' },
    });
    expectOpen(await api.unlock({ passphrase }));
    expect((await api.status({})).folders).toEqual([]);
    const log = join(home, 'floe.log');
    const logged = served.said() + (existsSync(log) ? readFileSync(log, 'utf8') : '');
    expect(logged).not.toContain('horse');
  });

  test('in a keychain that does not answer keep the home locked', async () => {
    const home = world.path('locked-keychain');
    const served = await serve(home, forWindow);
    await setUp(await connect(home));
    await kill(served);
    const vaultFile = join(home, 'vault.json');
    const vault = JSON.parse(readFileSync(vaultFile, 'utf8')) as object;
    writeFileSync(vaultFile, JSON.stringify({ ...vault, secretPlace: 'keychain' }));

    await serve(home, forWindow);
    const remote = await connect(home);
    expect(await untilState(remote, 'locked')).toMatchObject({
      unlockWith: 'keychain',
      networkName: 'local',
      problem: { code: 'secret-store-unavailable' },
    });
    await expect(remote.api.status({})).rejects.toMatchObject({ code: 'home-locked' });
    expect(await remote.api.unlock({})).toMatchObject({ state: 'locked' });
    writeFileSync(vaultFile, JSON.stringify(vault));
    expectOpen(await remote.api.unlock({}));
  });
});

test('what the person wishes about batteries reaches the engine, and stays', async () => {
  const home = world.path('wishes');
  const served = await serve(home, forWindow);
  const first = await connect(home);
  await setUp(first);
  await first.api.setConditions({ isOnBattery: true, isMetered: false });
  expect((await first.api.status({})).pause).toBeUndefined();
  await first.api.updateSettings({ pauseOnBattery: true });
  expect((await first.api.status({})).pause).toMatchObject({ reason: 'battery' });
  await kill(served);

  await serve(home, forWindow);
  const { api } = await connect(home);
  await api.setConditions({ isOnBattery: true, isMetered: false });
  expect((await api.status({})).pause).toMatchObject({ reason: 'battery' });
});

describe('a home that fails', () => {
  test('says why, and its index is mended from the window', async () => {
    const home = world.path('damaged');
    const source = world.path('damaged-docs');
    makeTree(source, TREE);
    const served = await serve(home, forWindow);
    const first = await connect(home);
    await setUp(first);
    await first.api.addFolder({ path: source, name: 'docs', excludes: [], permanent: false });
    await first.api.sync({});
    await kill(served);
    for (const name of ['index.db-wal', 'index.db-shm']) writeFileSync(join(home, name), '');
    writeFileSync(join(home, 'index.db'), 'no database'.repeat(1_000));

    await serve(home, ['daemon', '--for-window']);
    const remote = await connect(home);
    const state = await untilState(remote, 'failed');
    expect(state.problem).toMatchObject({ code: 'index-damaged' });
    expect(state.problem?.next).not.toBe('');
    await expect(remote.api.status({})).rejects.toMatchObject({ code: 'index-damaged' });
    const told = new Set<string>();
    const isWatched = new Promise((resolve) => {
      remote.subscribe((event) => {
        told.add(event.kind);
        if (event.kind === 'sync-ended') resolve(event.folderName);
      });
    });
    await remote.api.doctor({ rebuildIndex: true });
    expectOpen(await remote.api.home({}));
    expect((await remote.api.status({})).folders).toMatchObject([{ name: 'docs' }]);
    // A window that asked while the list was still empty asks again.
    expect(told).toContain('folders-changed');
    // Nobody asks for this sync.
    expect(await isWatched).toBe('docs');
  });

  test('leaves nothing behind when it cannot listen', async () => {
    const home = world.home('n'.repeat(120));
    mkdirSync(home.path, { recursive: true });
    const outcome = await home.floe(forWindow);
    expectFailure(outcome, 'home-unwritable', 2);
    expect(existsSync(join(home.path, 'engine.token'))).toBe(false);
  });
});

describe('floe ui', () => {
  /** The one-time code, from the page that only the home's owner may read. */
  function codeOf(ready: Record<string, unknown>): { code: string; port: number } {
    const page = String(ready['page']);
    expect(statSync(page).mode & 0o777).toBe(0o600);
    const code = /#admit=([\w-]+)/.exec(readFileSync(page, 'utf8'))?.[1] ?? '';
    return { code, port: Number(new URL(String(ready['url'])).port) };
  }

  test('lets one browser in, which is still in after a crash', async () => {
    const home = world.path('browser');
    let served = await serve(home, ['ui', '--no-open']);
    const { code, port } = codeOf(served.ready);
    expect((await request(port, '/')).body).toContain('<title>Floe</title>');
    const session = await admit(port, code);
    // The page that led in has done its work.
    expect(existsSync(String(served.ready['page']))).toBe(false);
    let page = await connectPage(port, session);
    page.send({ type: 'call', id: 1, method: 'home', request: {} });
    expect((await page.next('result')).value).toMatchObject({ state: 'empty' });
    const secrets = [code, session.token, session.cookie.split('=')[1] ?? ''];
    expect(secrets.filter((secret) => served.said().includes(secret))).toEqual([]);
    await kill(served);

    served = await serve(home, ['ui', '--no-open']);
    expect(served.ready['url']).toBe(`http://127.0.0.1:${String(port)}/`);
    page = await connectPage(port, session);
    page.send({ type: 'call', id: 1, method: 'home', request: {} });
    expect((await page.next('result')).value).toMatchObject({ path: home });
    const log = join(home, 'floe.log');
    if (existsSync(log)) {
      const text = readFileSync(log, 'utf8');
      expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
    }
  });

  test('lets nobody in any more once Floe was stopped, or its port is held by another', async () => {
    const home = world.path('browser-ended');
    let served = await serve(home, ['ui', '--no-open']);
    let { code, port } = codeOf(served.ready);
    const stopped = await admit(port, code);
    await served.end('SIGTERM');
    expect(existsSync(String(served.ready['page']))).toBe(false);

    served = await serve(home, ['ui', '--no-open']);
    ({ code, port } = codeOf(served.ready));
    await expect(connectPage(port, stopped)).rejects.toThrow('401');
    const crashed = await admit(port, code);
    await kill(served);
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');

    served = await serve(home, ['ui', '--no-open']);
    const other = codeOf(served.ready).port;
    expect(other).not.toBe(port);
    const cookie = crashed.cookie.replace(String(port), String(other));
    await expect(connectPage(other, { ...crashed, cookie })).rejects.toThrow('401');
    squatter.close();
  });

  test.each([
    { name: 'the account’s key', method: 'exportKey', request: {} },
    { name: 'another browser’s code', method: 'admitBrowser', request: {} },
    { name: 'what there is not', method: 'constructor', request: {} },
  ])('keeps $name from a page', async ({ method, request: given }) => {
    const home = world.path(`browser-${method}`);
    const served = await serve(home, ['ui', '--no-open']);
    const { code, port } = codeOf(served.ready);
    const page = await connectPage(port, await admit(port, code));
    page.send({ type: 'call', id: 1, method, request: given });
    expect((await page.next('error')).error).toMatchObject({ code: 'usage' });
  });

  test('lets a browser into an engine that runs already', async () => {
    const home = world.home('browser-joined');
    await serve(home.path, forWindow);
    const { code, port } = codeOf(await home.must(['ui', '--no-open']));
    const page = await connectPage(port, await admit(port, code));
    page.send({ type: 'call', id: 1, method: 'home', request: {} });
    expect((await page.next('result')).value).toMatchObject({ path: home.path });
  });

  test('is shut unless somebody asked for it', async () => {
    const home = world.path('browser-shut');
    await serve(home, forWindow);
    expect(existsSync(join(home, 'browser.json'))).toBe(false);
    expect(existsSync(join(home, 'open-floe.html'))).toBe(false);
  });
});
