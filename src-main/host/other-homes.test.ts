/** Homes beside this one that another process serves, over real sockets: they come and go. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EngineEvent } from '#contract/events.ts';
import { absolutePathText } from '#engine/ports/file-system.ts';
import { serveEngine, type EngineServer } from './engine-server.ts';
import { homePaths } from './home.ts';
import { OtherHomes } from './other-homes.ts';
import { DEFAULT_SETTINGS } from './settings.ts';

const TOKEN = 'a token';
let home: string;
let homes: OtherHomes;
let server: EngineServer;
let told: (event: EngineEvent) => void;

/** As another process serves it. */
async function serve(): Promise<EngineServer> {
  return serveEngine({
    answering: {
      call: async (method) => (method === 'status' ? { folders: [] } : undefined),
      subscribe: () => () => undefined,
    },
    socketPath: absolutePathText(homePaths(home).socket),
    token: TOKEN,
    onStop: () => undefined,
  });
}

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'floe-other-'));
  writeFileSync(absolutePathText(homePaths(home).token), TOKEN);
  told = () => undefined;
  homes = new OtherHomes({
    serve: async () => {
      throw new Error('it is served already');
    },
    tell: (event) => told(event),
    settings: async () => DEFAULT_SETTINGS,
  });
  server = await serve();
});
afterEach(async () => {
  await homes.close();
  await server.close();
  rmSync(home, { recursive: true });
});

test('one that goes away is told as a problem, and found again when it is back', async () => {
  const { api } = await homes.open('mainnet', home);
  const isTold = new Promise<void>((resolve) => {
    told = () => homes.all[0]?.problem && resolve();
  });
  await server.close();
  await isTold;
  expect(homes.all).toMatchObject([{ networkName: 'mainnet', problem: { code: 'home-in-use' } }]);
  await expect(api.status({})).rejects.toMatchObject({ code: 'home-in-use' });
  server = await serve();
  const again = await homes.connected('mainnet');
  expect(await again.api.status({})).toEqual({ folders: [] });
  expect(homes.all[0]?.problem).toBeUndefined();
});

test('one that ends before it answers is told as a problem', async () => {
  await server.close();
  const ending = new OtherHomes({
    serve: async () => undefined,
    tell: () => undefined,
    settings: async () => DEFAULT_SETTINGS,
  });
  await expect(ending.open('mainnet', home)).rejects.toMatchObject({ code: 'home-in-use' });
  await ending.close();
});
