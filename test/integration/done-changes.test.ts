/** @file A change of the folders that is done is answered as done, whatever becomes of the chain. */
import { mkdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Engine } from '#engine/engine.ts';
import { openRpcProxy, type RpcProxy } from '#test/support/rpc-proxy.ts';
import { bareVault, startWorld, type BareVault, type World } from '#test/support/world.ts';

let world: World;
let proxy: RpcProxy;
let vault: BareVault;
let engine: Engine;
let path: string;
let homes = 0;

beforeAll(async () => {
  world = await startWorld({ rpc: ['grpc-web'] });
});
afterAll(() => world.close());

beforeEach(async () => {
  const [endpoint] = world.network.network.rpc;
  proxy = await openRpcProxy(endpoint!.url);
  homes += 1;
  path = world.path(`Documents-${String(homes)}`);
  mkdirSync(path);
  vault = await bareVault(world, `home-${String(homes)}`);
  const { network } = world.network;
  engine = vault.open({ network: { ...network, rpc: [{ ...endpoint!, url: proxy.url }] } });
});
afterEach(async () => {
  await engine.close();
  await proxy.close();
});

/** As soon as the folders have changed. */
function onceChanged(work: () => void): void {
  const unsubscribe = engine.subscribe(({ kind }) => {
    if (kind !== 'folders-changed') return;
    unsubscribe();
    work();
  });
}

const add = (): ReturnType<Engine['api']['addFolder']> =>
  engine.api.addFolder({ path, name: 'docs', excludes: ['*.tmp'], permanent: false });

test('a folder is added, and the chain is gone when its status is asked for', async () => {
  onceChanged(() => proxy.refuse());
  expect(await add()).toMatchObject({
    name: 'docs',
    state: 'working',
    excludes: ['*.tmp'],
    isHere: true,
  });
});

test('a folder is removed, and the chain is gone when its status is asked for', async () => {
  const { folderId } = await add();
  await engine.api.status({});
  onceChanged(() => proxy.refuse());
  expect(await engine.api.removeFolder({ folder: 'docs' })).toMatchObject({
    folderId,
    removed: true,
  });
  proxy.thaw();
  expect(await engine.api.status({})).toMatchObject({ folders: [{ folderId, removed: true }] });
});

test('a folder is removed, and the engine is closed while its status is asked for', async () => {
  await add();
  onceChanged(() => proxy.hold());
  const removed = engine.api.removeFolder({ folder: 'docs' });
  await proxy.held();
  await engine.close();
  expect(await removed).toMatchObject({ name: 'docs', removed: true });
});

test('a folder is not added when the engine is closed while its name is looked up', async () => {
  await engine.api.status({});
  proxy.hold();
  const added = add();
  const failure = expect(added).rejects.toMatchObject({ name: 'AbortError' });
  await proxy.held();
  await engine.close();
  await failure;
});
