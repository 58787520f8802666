/**
 * @file What a person can get wrong when a vault is set up: words, and the network file.
 * Each has its own code, exit code, sentence and next step, and nothing is lost by it.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  changedNetwork,
  expectFailure,
  testHome,
  type TestHome,
  type TestWorld,
} from '#test/support/floe-cli.ts';
import { openProtectedHome, type ProtectedHome } from '#test/support/protected-home.ts';

let world: TestWorld;
let home: TestHome;
let words: string;
let documents: string;
let freshHome: ProtectedHome['freshHome'];
let writeText: ProtectedHome['writeText'];

beforeAll(async () => {
  ({ world, home, words, documents, freshHome, writeText } = await openProtectedHome());
});
afterAll(() => world.close());

describe('init', () => {
  const changed = (change: (list: string[]) => void): string => {
    const list = words.split(' ');
    change(list);
    return list.join(' ');
  };
  test.each([
    {
      name: 'with a word that is not in the list',
      text: () => changed((list) => (list[4] = 'florp')),
      says: /word 5\b/,
    },
    { name: 'with 23 words', text: () => changed((list) => list.pop()), says: /24/ },
    {
      name: 'with two words swapped',
      text: () => changed((list) => list.reverse()),
      says: /wrong|exchanged/,
    },
    { name: 'with an empty words file', text: () => '', says: /24/ },
  ])('$name is refused', async ({ text, says }) => {
    const fresh = freshHome();
    const file = writeText('wrong-words.txt', text());
    const outcome = await fresh.floe([
      'init',
      '--network',
      world.networkFile,
      '--words-file',
      file,
    ]);
    expect(expectFailure(outcome, 'words-invalid', 7).message).toMatch(says);
    // A person's words never appear in what others may read.
    expect(outcome.stdout + outcome.stderr).not.toContain(words.split(' ').slice(0, 3).join(' '));
    assert.ok(!existsSync(join(fresh.path, 'vault.json')));
  });

  test('with words that open nothing names network and address, unless a new vault is meant', async () => {
    const other =
      'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon art';
    const file = writeText('other-words.txt', other);
    const fresh = freshHome();
    const args = ['init', '--network', world.networkFile, '--words-file', file];
    const error = expectFailure(await fresh.floe(args), 'words-open-nothing', 7);
    expect(error.message).toMatch(/0x[0-9a-f]{64}/);
    expect(error.context).toMatchObject({ network: 'local' });
    assert.ok(!existsSync(join(fresh.path, 'vault.json')));
    expect(await fresh.must([...args, '--new'])).toMatchObject({ accountIndex: 0 });
  });

  test('on a home that has a vault changes nothing', async () => {
    const before = readFileSync(join(home.path, 'vault.json'));
    expectFailure(await home.floe(['init', '--network', world.networkFile]), 'usage', 2);
    expect(readFileSync(join(home.path, 'vault.json'))).toEqual(before);
    await home.must(['status']);
  });

  test.each([
    { name: 'a words file that is missing', args: () => ['--words-file', world.path('none')] },
    { name: 'a words file that is a folder', args: () => ['--words-file', documents] },
    {
      name: 'a kit file that exists',
      args: () => ['--kit-file', writeText('kit-there.txt', 'mine')],
    },
  ])('with $name is a usage error', async ({ args }) => {
    const fresh = freshHome();
    const outcome = await fresh.floe(['init', '--network', world.networkFile, ...args()]);
    expectFailure(outcome, 'usage', 2);
    assert.ok(!existsSync(join(fresh.path, 'vault.json')));
  });

  test('with a home that cannot be made says so', async () => {
    const file = writeText('a-file', 'not a folder');
    const outcome = await testHome(join(file, 'home'), world.networkFile).floe([
      'init',
      '--network',
      world.networkFile,
    ]);
    expectFailure(outcome, 'home-unwritable', 2);
  });
});

describe('a network file', () => {
  type Json = Record<string, Record<string, unknown>>;
  test.each([
    { name: 'without a name', field: 'name', change: (file: Json) => delete file['name'] },
    { name: 'without rpc', field: 'rpc', change: (file: Json) => delete file['rpc'] },
    {
      name: 'with an empty list of rpc',
      field: 'rpc',
      change: (file: Json) => ({ ...file, rpc: [] }),
    },
    {
      name: 'with an unknown transport',
      field: 'transport',
      change: (file: Json) => ({ ...file, rpc: { ...file['rpc'], transport: 'carrier-pigeon' } }),
    },
    {
      name: 'with an rpc that is no URL',
      field: 'rpc\\[0\\].url',
      change: (file: Json) => ({ ...file, rpc: { ...file['rpc'], url: 'ftp://x' } }),
    },
    {
      name: 'with a system object that is no ID',
      field: 'walrus.systemObjectId',
      change: (file: Json) => ({ ...file, walrus: { ...file['walrus'], systemObjectId: '0xzz' } }),
    },
    {
      name: 'without a staking object',
      field: 'walrus.stakingObjectId',
      change: (file: Json) => ({
        ...file,
        walrus: { ...file['walrus'], stakingObjectId: undefined },
      }),
    },
    {
      name: 'with exchanges that are no list',
      field: 'walrus.exchangeObjectIds',
      change: (file: Json) => ({
        ...file,
        walrus: { ...file['walrus'], exchangeObjectIds: '0x1' },
      }),
    },
    {
      name: 'with a faucet that is no URL',
      field: 'faucet.url',
      change: (file: Json) => ({ ...file, faucet: { url: 'x' } }),
    },
    {
      name: 'with an unknown expiration',
      field: 'transactions.expiration',
      change: (file: Json) => ({ ...file, transactions: { expiration: 'soon' } }),
    },
    {
      name: 'with an unknown scheme',
      field: 'nodes.scheme',
      change: (file: Json) => ({ ...file, nodes: { scheme: 'gopher' } }),
    },
    {
      name: 'with an unknown trust',
      field: 'nodes.trust',
      change: (file: Json) => ({ ...file, nodes: { ...file['nodes'], trust: 'blind' } }),
    },
    {
      name: 'that pins keys without TLS',
      field: 'nodes.trust',
      change: (file: Json) => ({ ...file, nodes: { scheme: 'http', trust: 'pinned' } }),
    },
    { name: 'that is a list', field: 'the file', change: () => [] },
  ])('$name is refused, and the field named', async ({ field, change }) => {
    const file = changedNetwork(world, 'bad-network.json', (json) => {
      const result = change(json as Json);
      return typeof result === 'boolean' ? json : result;
    });
    const outcome = await freshHome().floe(['init', '--network', file]);
    expect(expectFailure(outcome, 'network-file-invalid', 2).message).toMatch(new RegExp(field));
  });

  test.each([
    { name: 'that is missing', file: () => world.path('no-such.json') },
    { name: 'that is not JSON', file: () => writeText('no-json.json', '{"name": ') },
    { name: 'that is a folder', file: () => documents },
  ])('$name is refused', async ({ file }) => {
    const outcome = await freshHome().floe(['init', '--network', file()]);
    expectFailure(outcome, 'network-file-invalid', 2);
  });

  test('whose endpoint is dead is a network failure', async () => {
    const file = changedNetwork(world, 'dead.json', (json) => ({
      ...json,
      rpc: { transport: 'grpc-web', url: 'http://127.0.0.1:1' },
    }));
    expectFailure(await freshHome().floe(['init', '--network', file]), 'rpc-unreachable', 5);
  });

  test('that names objects of another network says which', async () => {
    const id = `0x${'ab'.repeat(32)}`;
    const file = changedNetwork(world, 'other-objects.json', (json) => ({
      ...json,
      walrus: { systemObjectId: id, stakingObjectId: id, exchangeObjectIds: [] },
    }));
    const fresh = freshHome();
    await fresh.must(['init', '--network', file]);
    expectFailure(await fresh.floe(['status']), 'network-file-invalid', 2);
  });

  test('called local, before there is a local network, says what to run', async () => {
    const dir = world.path('no-localnet');
    const outcome = await freshHome().floe(['init', '--localnet', dir]);
    expect(expectFailure(outcome, 'localnet-not-running', 5).next).toContain('localnet start');
  });
});
