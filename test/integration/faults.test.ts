/**
 * @file What storage nodes, the chain and its RPC may do to us, through the switches of the local
 * network: the promise holds, nothing is paid twice, and no wrong byte is ever delivered.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BlobId } from '#engine/model/ids.ts';
import {
  changedNetwork,
  expectFailure,
  openWorld,
  runFloeText,
  type TestHome,
  type TestWorld,
} from '#test/support/floe-cli.ts';
import { openRpcProxy, type RpcProxy } from '#test/support/rpc-proxy.ts';
import { bytes, expectTree, KIB, makeTree, type Tree } from '#test/support/tree.ts';

let world: TestWorld;
let home: TestHome;
let words: string;
let folder: string;
/** What the folder holds now: each test adds a file of its own. */
let tree: Record<string, Tree[string]>;
let round = 0;

beforeAll(async () => {
  world = await openWorld({ shards: 100, nodes: 16 });
  home = world.home('home');
  words = await home.init();
  folder = world.path('Documents');
  tree = { 'first.bin': bytes(300 * KIB, 1) };
  makeTree(folder, tree);
  await home.must(['add', folder]);
  await home.must(['sync']);
});

afterAll(() => world.close());

afterEach(async () => {
  world.localnet.setRpcLag(0);
  world.localnet.dropRpcReplies(0);
  await healAll();
});

/** All of them serve again before one asks the others for what it misses. */
async function healAll(): Promise<void> {
  for (const { node } of world.localnet.nodes) {
    node.setDelay(0);
    await node.start();
  }
  for (const { node } of world.localnet.nodes) await node.heal();
}

/** Change the folder, so that the next sync has something to store. */
function change(): void {
  round += 1;
  const added = { 'more.bin': bytes(50 * KIB, 100 + round) };
  tree[`in-${String(round)}`] = added;
  makeTree(join(folder, `in-${String(round)}`), added);
}

const registered = (): number =>
  world.localnet.chain.events.eventsSince(0).filter(({ kind }) => kind === 'blob-registered')
    .length;

/** The most storage nodes that hold at most `shards` shards together, by index. */
function nodesWith(shards: number): readonly number[] {
  const bySize = [...world.localnet.networkFile.storageNodes].sort(
    (one, other) => one.shards.length - other.shards.length,
  );
  const chosen: number[] = [];
  let left = shards;
  for (const node of bySize) {
    if (node.shards.length > left) continue;
    left -= node.shards.length;
    chosen.push(node.index);
  }
  return chosen;
}

const nodeAt = (index: number): TestWorld['localnet']['nodes'][number]['node'] =>
  world.localnet.node(index).node;

async function spreadOf(which: TestHome): Promise<{ storedShards: number; shardCount: number }> {
  const { folders } = (await which.must(['status'])) as {
    folders: { spread: { storedShards: number; shardCount: number } }[];
  };
  return folders[0]?.spread ?? { storedShards: 0, shardCount: 0 };
}

/** On a blank machine, from the words alone: everything is back, byte for byte. */
async function expectRestores(name: string): Promise<void> {
  const blank = world.home(`blank-${name}`);
  const file = join(world.base, `words-${name}.txt`);
  makeTree(world.base, { [`words-${name}.txt`]: words });
  await blank.must(['init', '--network', world.networkFile, '--words-file', file]);
  await blank.must(['restore', 'Documents', '--to', world.path(`back-${name}`)]);
  expectTree(world.path(`back-${name}`), tree);
  rmSync(world.path(`back-${name}`), { recursive: true });
}

/** One sync that stores one blob, whatever is wrong meanwhile. */
async function expectSyncs(): Promise<void> {
  const before = registered();
  change();
  const sync = await home.must(['sync']);
  expect(sync['folders']).toMatchObject([{ published: true, unread: [] }]);
  expect(registered()).toBe(before + 1);
}

describe('storage nodes', () => {
  test('of a third of the shards may be dead for the write, of two thirds for the read', async () => {
    const third = nodesWith(33);
    for (const index of third) await nodeAt(index).kill();
    await expectSyncs();
    const spread = await spreadOf(home);
    expect(spread.shardCount).toBe(100);
    expect(spread.storedShards).toBeLessThan(100);
    expect(spread.storedShards).toBeGreaterThanOrEqual(67);
    for (const index of third) await nodeAt(index).heal();
    expect(await spreadOf(home)).toEqual({ storedShards: 100, shardCount: 100 });

    for (const index of nodesWith(66)) await nodeAt(index).kill();
    await expectRestores('two-thirds');
  });

  test('of more than a third make the write wait, without paying again', async () => {
    const before = registered();
    change();
    const many = nodesWith(45);
    for (const index of many) await nodeAt(index).kill();
    expectFailure(await home.floe(['sync']), 'quorum-missing', 5);
    const status = await home.floe(['status']);
    expect(status.json['sentence']).toContain('needs attention');
    await healAll();
    await home.must(['sync']);
    expect(registered()).toBe(before + 1);
    await home.must(['status']);
  });

  test('of more than two thirds make the read wait, and nothing wrong is written', async () => {
    for (const index of nodesWith(75)) await nodeAt(index).kill();
    const target = world.path('too-few');
    const outcome = await home.floe(['restore', 'Documents', '--to', target]);
    expect(outcome.code).not.toBe(0);
    expect([5, 8]).toContain(outcome.code);
    await healAll();
    await home.must(['restore', 'Documents', '--to', target]);
    expectTree(target, tree);
  });

  test.each([
    { name: 'hang', act: (index: number) => nodeAt(index).hang() },
    { name: 'refuse', act: (index: number) => nodeAt(index).refuse() },
    { name: 'are slow', act: async (index: number) => nodeAt(index).setDelay(400) },
    { name: 'forge slivers', act: async (index: number) => nodeAt(index).forge('sliver') },
    { name: 'forge metadata', act: async (index: number) => nodeAt(index).forge('metadata') },
    {
      name: 'forge confirmations',
      act: async (index: number) => nodeAt(index).forge('confirmation'),
    },
  ])('that $name, with a third of the shards, change nothing', async ({ name, act }) => {
    for (const index of nodesWith(33)) await act(index);
    await expectSyncs();
    await expectRestores(name.replaceAll(' ', '-'));
  });

  test('with damaged disks are read around', async () => {
    for (const index of nodesWith(33)) {
      nodeAt(index).corrupt('primary');
      nodeAt(index).corrupt('secondary');
      nodeAt(index).corrupt('metadata');
    }
    await expectRestores('damaged');
  });

  test('that lost their disks have everything again after healing', async () => {
    const third = nodesWith(33);
    for (const index of third) nodeAt(index).loseDisk();
    expect((await spreadOf(home)).storedShards).toBeLessThan(100);
    for (const index of third) await nodeAt(index).heal();
    expect(await spreadOf(home)).toEqual({ storedShards: 100, shardCount: 100 });
  });
});

describe('the chain', () => {
  test('that executes and never answers is paid once', async () => {
    world.localnet.dropRpcReplies(3);
    await expectSyncs();
    const { transactions } = (await home.must(['wallet'])) as {
      transactions: { digest: string; kind: string; state: string }[];
    };
    expect(transactions.filter(({ state }) => state === 'pending')).toEqual([]);
    expect(new Set(transactions.map(({ digest }) => digest)).size).toBe(transactions.length);
  });

  test('whose reads are behind is waited for', async () => {
    world.localnet.setRpcLag(1_500);
    await expectSyncs();
  });

  test('that begins an epoch in the middle of an upload is followed', async () => {
    const before = registered();
    change();
    for (const { node } of world.localnet.nodes) node.setDelay(200);
    let advanced: Promise<unknown> | undefined;
    const outcome = await runFloeText(['--home', home.path, 'sync'], {
      onLine: (line) => {
        if (/registered/i.test(line)) advanced ??= world.localnet.advanceEpoch();
      },
    });
    await advanced;
    expect(advanced).toBeDefined();
    expect(outcome).toMatchObject({ code: 0 });
    expect(registered()).toBe(before + 1);
    await home.must(['status']);
  });

  test('that moves shards while we sync loses nothing', async () => {
    await world.localnet.advanceEpoch({ moveShards: 20 });
    await expectSyncs();
    await expectRestores('moved');
  });

  test('that changes its price after the quote is quoted again', async () => {
    const before = registered();
    change();
    // Reads are behind, so the quote is made with the old price.
    world.localnet.setRpcLag(1_200);
    let changed: Promise<unknown> | undefined;
    const outcome = await runFloeText(['--home', home.path, 'sync'], {
      onLine: (line) => {
        if (!/encoded/i.test(line)) return;
        changed ??= world.localnet.setPrices({
          storageFrostPerMib: 150_000n,
          writeFrostPerMib: 30_000n,
        });
      },
    });
    await changed;
    expect(outcome.stderr).not.toMatch(/^floe:/m);
    expect(changed).toBeDefined();
    expect(outcome).toMatchObject({ code: 0 });
    expect(registered()).toBe(before + 1);
  });
});

describe('an RPC endpoint', () => {
  let proxy: RpcProxy;
  let second: TestHome;
  let networkFile: string;

  beforeAll(async () => {
    const { rpc } = world.localnet.networkFile as unknown as { rpc: { url: string } };
    proxy = await openRpcProxy(rpc.url);
    networkFile = changedNetwork(world, 'two-endpoints.json', (json) => ({
      ...json,
      rpc: [
        { transport: 'grpc-web', url: rpc.url },
        { transport: 'grpc-web', url: proxy.url },
      ],
    }));
    second = world.home('two-endpoints');
    await second.must(['init', '--network', networkFile]);
    const place = world.path('two-endpoints-folder');
    makeTree(place, { 'a.txt': 'a' });
    await second.must(['add', place]);
    await second.must(['sync']);
  });
  afterAll(() => proxy.close());
  afterEach(() => proxy.thaw());

  test('that shows an old state is not believed when another one shows a new one', async () => {
    await second.must(['status']);
    proxy.freeze();
    makeTree(world.path('two-endpoints-folder/later'), { 'b.txt': 'b' });
    await second.must(['sync']);
    const outcome = await second.floe(['status']);
    expect(expectFailure(outcome, 'rpc-disagreement', 5).next).toContain('endpoints');
    proxy.thaw();
    await second.must(['sync']);
    await second.must(['status']);
  });

  test('that does not answer, beside one that does, is named', async () => {
    proxy.refuse();
    expectFailure(await second.floe(['status']), 'rpc-unreachable', 5);
  });

  test('that alone shows an old head is found out by what this device has published', async () => {
    const alone = changedNetwork(world, 'alone.json', (json) => ({
      ...json,
      rpc: { transport: 'grpc-web', url: proxy.url },
    }));
    const single = world.home('single');
    await single.must(['init', '--network', alone]);
    const place = world.path('single-folder');
    makeTree(place, { 'a.txt': 'a' });
    await single.must(['add', place]);
    await single.must(['sync']);
    proxy.rememberHeads();
    makeTree(join(place, 'later'), { 'b.txt': 'b' });
    await single.must(['sync']);
    proxy.freeze();
    makeTree(join(place, 'latest'), { 'c.txt': 'c' });
    const before = registered();
    expectFailure(await single.floe(['sync']), 'head-rolled-back', 5);
    expect(registered()).toBe(before);
    proxy.thaw();
    await single.must(['sync']);
  });
});

describe('a pack that nobody can read any more', () => {
  let small: TestWorld;
  beforeAll(async () => {
    // Four shards make small packs, so that one tree needs several.
    small = await openWorld({ shards: 4, nodes: 4 });
  });
  afterAll(() => small.close());

  test('costs the files in it, which are listed, and nothing else', async () => {
    const rich = small.home('home');
    await rich.init();
    const place = small.path('Documents');
    const files = Object.fromEntries(
      Array.from({ length: 12 }, (_, at) => [`file-${String(at)}.bin`, bytes(100 * KIB, at + 1)]),
    );
    makeTree(place, files);
    await rich.must(['add', place]);
    await rich.must(['sync']);
    const blobs = small.localnet.chain.events
      .eventsSince(0)
      .flatMap((event) => (event.kind === 'blob-registered' ? [event.blobId] : []));
    expect(blobs.length).toBeGreaterThan(2);
    const lost = blobs[0] as BlobId;
    for (const { node } of small.localnet.nodes) {
      node.corrupt('primary', lost);
      node.corrupt('secondary', lost);
    }
    const target = small.path('back');
    const outcome = await rich.floe(['restore', 'Documents', '--to', target]);
    expect(outcome.code).toBe(8);
    const report = outcome.json as {
      lost: { path: string; code: string }[];
      filesRestored: number;
    };
    expect(report.lost.length).toBeGreaterThan(0);
    expect(report.lost.length + report.filesRestored).toBe(12);
    for (const [name, content] of Object.entries(files)) {
      if (report.lost.some(({ path }) => path === name)) continue;
      expect(Buffer.compare(readFileSync(join(target, name)), content)).toBe(0);
    }
  });
});
