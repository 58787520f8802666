/**
 * @file Networks of every shape, from a network file alone: a real deployment's shape (JSON-RPC,
 * no expiration, TLS with pinned self-signed certificates, few nodes), and the sizes between.
 */
import { rmSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { afterAll, describe, expect, test } from 'vitest';
import { parseSuiAddress } from '#engine/model/ids.ts';
import {
  changedNetwork,
  openWorld,
  testHome,
  type TestHome,
  type TestWorld,
} from '#test/support/floe-cli.ts';
import { openTlsImpostor } from '#test/support/tls-impostor.ts';
import { bytes, expectTree, KIB, makeTree } from '#test/support/tree.ts';

const TREE = {
  'a.txt': 'a first file',
  photos: { 'b.bin': bytes(120 * KIB, 2), 'c.bin': bytes(30 * KIB, 3) },
  empty: {},
};

/** init, add, sync, status, wipe, restore: from the network file alone. */
async function expectWholeStory(
  world: TestWorld,
  networkFile: string,
  options: { readonly fund?: (home: TestHome, address: string) => Promise<void> } = {},
): Promise<void> {
  const home = testHome(world.path('home'), networkFile);
  const kit = world.path('kit.txt');
  const made = await home.must(['init', '--network', networkFile, '--kit-file', kit]);
  await options.fund?.(home, String(made['address']));
  const folder = world.path('Documents');
  makeTree(folder, TREE);
  await home.must(['add', folder]);
  const sync = await home.must(['sync']);
  expect(sync['folders']).toMatchObject([{ published: true, unread: [] }]);
  expect(await home.must(['status'])).toMatchObject({ state: 'protected' });
  makeTree(`${folder}/later`, { 'd.txt': 'a fourth file' });
  await home.must(['sync']);
  rmSync(home.path, { recursive: true });

  const blank = testHome(world.path('blank'), networkFile);
  const found = await blank.must(['init', '--network', networkFile, '--words-file', kit]);
  expect(found['folders']).toMatchObject([{ name: 'Documents' }]);
  await blank.must(['restore', 'Documents', '--to', world.path('back')]);
  expectTree(world.path('back'), { ...TREE, later: { 'd.txt': 'a fourth file' } });
}

describe("a real deployment's shape", () => {
  let world: TestWorld | undefined;
  afterAll(() => world?.close());
  const opened = async (): Promise<TestWorld> =>
    (world ??= await openWorld({
      shards: 13,
      nodes: 4,
      rpc: ['json-rpc'],
      https: true,
      behaviour: 'walrus-1.32',
    }));
  const realShape = async (name: string, without: readonly ('faucet' | 'exchange')[] = []) =>
    changedNetwork(await opened(), name, (json) => ({
      ...json,
      transactions: { expiration: 'none' },
      ...(without.includes('faucet') ? { faucet: undefined } : {}),
      ...(without.includes('exchange')
        ? { walrus: { ...(json['walrus'] as object), exchangeObjectIds: [] } }
        : {}),
    }));

  test('works from its network file: JSON-RPC, no expiration, pinned certificates', async () => {
    await expectWholeStory(await opened(), await realShape('real.json'));
  });

  test('takes SUI that somebody sent, and exchanges it', async () => {
    const here = await opened();
    const file = await realShape('no-faucet.json', ['faucet']);
    const home = testHome(here.path('sent-sui'), file);
    const made = await home.must(['init', '--network', file]);
    await here.localnet.fund(parseSuiAddress(String(made['address'])), { mist: 10n ** 10n });
    const folder = here.path('sent-sui-folder');
    makeTree(folder, { 'a.txt': 'a' });
    await home.must(['add', folder]);
    await home.must(['sync']);
    const wallet = (await home.must(['wallet'])) as { transactions: { kind: string }[] };
    expect(wallet.transactions.map(({ kind }) => kind)).toContain('exchange');
  });

  test('takes WAL and SUI that somebody sent', async () => {
    const here = await opened();
    const file = await realShape('no-faucet-no-exchange.json', ['faucet', 'exchange']);
    const home = testHome(here.path('sent-both'), file);
    const made = await home.must(['init', '--network', file]);
    await here.localnet.fund(parseSuiAddress(String(made['address'])), {
      mist: 10n ** 9n,
      frost: 10n ** 9n,
    });
    const folder = here.path('sent-both-folder');
    makeTree(folder, { 'a.txt': 'a' });
    await home.must(['add', folder]);
    await home.must(['sync']);
  });

  test('refuses a storage node whose certificate was swapped', async () => {
    const here = await opened();
    const file = await realShape('swapped.json');
    const home = testHome(here.path('swapped'), file);
    await home.must(['init', '--network', file]);
    const folder = here.path('swapped-folder');
    makeTree(folder, { 'a.txt': 'a' });
    await home.must(['add', folder]);
    // Somebody else answers at one node's address, with a certificate of their own.
    const [victim] = here.localnet.nodes;
    if (!victim) throw new Error('a network without nodes');
    const { port } = new URL(`https://${victim.address}`);
    await victim.node.stop();
    const impostor = await openTlsImpostor(Number(port));
    try {
      expect(await certificateAt(Number(port))).toBe(impostor.fingerprint);
      // The rest is a quorum, so the sync holds; the impostor never sees a request.
      await home.must(['sync']);
      expect(impostor.requests()).toBe(0);
      expect(impostor.connections()).toBeGreaterThan(0);
    } finally {
      await impostor.close();
      await victim.node.start();
    }
  });
});

async function certificateAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw).fingerprint256);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

describe('a network of another size', () => {
  test.each([
    { name: 'one node', options: { shards: 10, nodes: 1 } },
    { name: '4 shards', options: { shards: 4, nodes: 4 } },
    {
      name: '31 shards, both kinds of RPC',
      options: { shards: 31, nodes: 5, rpc: ['grpc-web', 'json-rpc'] },
    },
    { name: '1000 shards on 25 nodes', options: { shards: 1_000, nodes: 25 } },
  ] as const)('$name: protect, lose everything, restore', async ({ options }) => {
    const world = await openWorld(options);
    try {
      await expectWholeStory(world, world.networkFile);
    } finally {
      await world.close();
    }
  });
});
