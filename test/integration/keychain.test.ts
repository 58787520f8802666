/**
 * A real keychain: gnome-keyring on a bus of the test's own. Locked it keeps the home locked, and
 * nothing falls back; unlocked it opens the home by itself.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HomeState } from '#contract/home-api.ts';
import { connectRemote } from '#host/connect.ts';
import type { RemoteEngine } from '#host/engine-client.ts';
import { openWorld, type TestWorld } from '../support/floe-cli.ts';
import { startKeyring, type Keyring } from '../support/keyring.ts';

const MAIN = join(import.meta.dirname, '../../src-main/cli/main.ts');

let world: TestWorld;
let keyring: Keyring;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  world = await openWorld({ shards: 13, nodes: 4 });
  keyring = await startKeyring(world.base);
  environment = { ...process.env, ...keyring.environment };
});
afterAll(async () => {
  keyring.close();
  await world.close();
});

async function serve(home: string): Promise<{ remote: RemoteEngine; stop(): Promise<void> }> {
  const child = spawn(
    process.execPath,
    [MAIN, '--home', home, 'daemon', '--for-window', '--no-watch', '--json'],
    { env: environment, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(child.stdout, 'data');
  const remote = await connectRemote(home);
  if (!remote) throw new Error('nobody answers');
  return {
    remote,
    stop: async () => {
      const ended = once(child, 'exit');
      await remote.stop();
      await ended;
    },
  };
}

async function untilState(remote: RemoteEngine, state: HomeState['state']): Promise<HomeState> {
  for (;;) {
    const changed = new Promise<void>((resolve) => {
      const unsubscribe = remote.subscribe((event) => {
        if (event.kind !== 'home-changed') return;
        unsubscribe();
        resolve();
      });
    });
    const now = await remote.api.home({});
    if (now.state === state) return now;
    await changed;
  }
}

test('words in the keychain open the home as long as it is unlocked, and when it is again', async () => {
  const home = world.path('home');
  const first = await serve(home);
  const { draftId } = await first.remote.api.makeWords({});
  const opened = await first.remote.api.setUp({
    draftId,
    network: world.networkFile,
    secretPlace: { kind: 'keychain' },
    mayStartEmpty: true,
  });
  expect(opened.state).toBe('open');
  await first.stop();

  const second = await serve(home);
  expect((await untilState(second.remote, 'open')).problem).toBeUndefined();
  await second.stop();

  keyring.lock();
  const third = await serve(home);
  const locked = await untilState(third.remote, 'locked');
  expect(locked).toMatchObject({
    unlockWith: 'keychain',
    problem: { code: 'secret-store-unavailable' },
  });
  await expect(third.remote.api.status({})).rejects.toMatchObject({ code: 'home-locked' });
  keyring.unlock();
  await untilState(third.remote, 'open');
  expect((await third.remote.api.status({})).folders).toEqual([]);
  await third.stop();
});
