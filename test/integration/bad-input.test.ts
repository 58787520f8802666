/**
 * @file What a person can get wrong, and what their machine can lack: each has its own code, exit
 * code, sentence and next step, and nothing is lost by it.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  changedNetwork,
  expectFailure,
  openWorld,
  runFloe,
  runFloeText,
  testHome,
  type TestHome,
  type TestWorld,
} from '#test/support/floe-cli.ts';
import { bytes, expectTree, KIB, makeTree, MIB } from '#test/support/tree.ts';

const TREE = {
  'one.txt': 'one',
  'two.txt': 'two',
  below: { 'three.bin': bytes(40 * KIB, 3) },
};

let world: TestWorld;
/** A home whose folder `Documents` is protected; no test leaves it otherwise. */
let home: TestHome;
let words: string;
let documents: string;

beforeAll(async () => {
  world = await openWorld({ shards: 4, nodes: 2, rpc: ['grpc-web'] });
  home = world.home('home');
  words = await home.init();
  documents = world.path('Documents');
  makeTree(documents, TREE);
  await home.must(['add', documents]);
  await home.must(['sync']);
});

afterAll(async () => {
  await world.close();
});

let homes = 0;
const freshHome = (): TestHome => world.home(`fresh-${String((homes += 1))}`);
const writeText = (name: string, text: string): string => {
  writeFileSync(world.path(name), text);
  return world.path(name);
};

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

describe('secrets on a network that is not a try-out', () => {
  let file: string;
  let passphrase: string;
  beforeAll(() => {
    file = changedNetwork(world, 'elsewhere.json', (json) => ({ ...json, name: 'elsewhere' }));
    passphrase = writeText('passphrase.txt', 'a passphrase of the test\n');
  });

  test('need words that were confirmed', async () => {
    const fresh = freshHome();
    const args = ['--passphrase-file', passphrase, 'init', '--network', file];
    expectFailure(await fresh.floe(args), 'kit-unconfirmed', 7);
    assert.ok(!existsSync(join(fresh.path, 'vault.json')));
  });

  test('are opened by their passphrase and by nothing else', async () => {
    const fresh = freshHome();
    const kit = world.path('kit.txt');
    const made = await fresh.must([
      '--passphrase-file',
      passphrase,
      'init',
      '--network',
      file,
      '--kit-file',
      kit,
    ]);
    expect(made['words']).toBeUndefined();
    expectFailure(await fresh.floe(['status']), 'secret-store-unavailable', 7);
    expectFailure(
      await fresh.floe(['--passphrase-file', world.path('none'), 'status']),
      'secret-store-unavailable',
      7,
    );
    const wrong = writeText('wrong-passphrase.txt', 'another one');
    expectFailure(await fresh.floe(['--passphrase-file', wrong, 'status']), 'passphrase-wrong', 7);
    await fresh.must(['status'], { env: { FLOE_PASSPHRASE_FILE: passphrase } });
    // The kit alone opens nothing yet: nothing was published.
    const blank = freshHome();
    expectFailure(
      await blank.floe([
        '--passphrase-file',
        passphrase,
        'init',
        '--network',
        file,
        '--words-file',
        kit,
      ]),
      'words-open-nothing',
      7,
    );
  });

  test('that are damaged on disk are named', async () => {
    const fresh = freshHome();
    await fresh.init();
    const secret = join(fresh.path, 'secrets');
    rmSync(secret, { recursive: true });
    expectFailure(await fresh.floe(['status']), 'secret-store-unavailable', 7);
  });
});

describe('add', () => {
  test.each([
    { name: 'a folder that is missing', path: () => world.path('none'), code: 'folder-missing' },
    {
      name: 'a file',
      path: () => writeText('just-a-file', 'x'),
      code: 'folder-missing',
    },
    { name: 'a folder inside', path: () => join(documents, 'below'), code: 'folder-nested' },
    { name: 'the folder around', path: () => world.base, code: 'folder-nested' },
    { name: 'the same folder again', path: () => documents, code: 'folder-nested' },
    { name: "Floe's own home", path: () => home.path, code: 'folder-nested' },
    {
      name: "a folder in Floe's home",
      path: () => join(home.path, 'spool'),
      code: 'folder-nested',
    },
    {
      name: 'a link to the protected folder',
      path: () => {
        const link = world.path('link-to-documents');
        if (!existsSync(link)) symlinkSync(documents, link);
        return link;
      },
      code: 'folder-nested',
    },
  ])('of $name is refused', async ({ path, code }) => {
    expectFailure(await home.floe(['add', path()]), code, 2);
  });

  test.skipIf(process.getuid?.() === 0)('of a folder that may not be read is refused', async () => {
    const path = world.path('locked');
    mkdirSync(path, { mode: 0 });
    expectFailure(await home.floe(['add', path]), 'folder-unreadable', 2);
  });

  test.each([
    { name: 'a name that is taken', args: ['--name', 'Documents'], code: 'folder-name-taken' },
    { name: 'a colon in its name', args: ['--name', 'a:b'], code: 'usage' },
    { name: 'an empty name', args: ['--name', ''], code: 'usage' },
    { name: 'a name that is too long', args: ['--name', 'x'.repeat(300)], code: 'usage' },
    { name: 'a slash in its name', args: ['--name', 'a/b'], code: 'usage' },
  ])('with $name is refused', async ({ args, code }) => {
    const path = world.path('other-folder');
    mkdirSync(path, { recursive: true });
    expectFailure(await home.floe(['add', path, ...args]), code, 2);
  });

  test('that was refused has added nothing', async () => {
    expect((await home.must(['folders']))['folders']).toHaveLength(1);
  });
});

/** Stands for a target in the world's folder. */
const NEVER = 'TARGET';

describe('a folder, snapshot or path that does not exist', () => {
  test.each([
    { args: ['sync', 'Nothing'], code: 'folder-unknown' },
    { args: ['remove', 'Nothing'], code: 'folder-unknown' },
    { args: ['extend', 'Nothing', '--epochs', '1'], code: 'folder-unknown' },
    { args: ['snapshots', 'Nothing'], code: 'folder-unknown' },
    { args: ['ls', 'Nothing'], code: 'folder-unknown' },
    { args: ['restore', 'Nothing', '--to', NEVER], code: 'folder-unknown' },
    { args: ['ls', 'Documents:no/such'], code: 'path-unknown' },
    { args: ['ls', 'Documents', '--snapshot', 'ffff'], code: 'snapshot-unknown' },
    {
      args: ['restore', 'Documents', '--to', NEVER, '--snapshot', 'ffff'],
      code: 'snapshot-unknown',
    },
    {
      args: ['restore', 'Documents', '--to', NEVER, '--path', 'no/such/**'],
      code: 'path-unknown',
    },
  ])('floe $args says so', async ({ args, code }) => {
    const target = world.path('never');
    const given = args.map((arg) => (arg === NEVER ? target : arg));
    const error = expectFailure(await home.floe(given), code, 2);
    expect(error.next).toMatch(/floe /);
    assert.ok(!existsSync(target), 'nothing is made for what is not there');
  });
});

describe('a restore target', () => {
  test('that holds something else is left as it is', async () => {
    const target = world.path('full-target');
    makeTree(target, { 'mine.txt': 'mine' });
    const outcome = await home.floe(['restore', 'Documents', '--to', target]);
    expectFailure(outcome, 'restore-target-not-empty', 2);
    expectTree(target, { 'mine.txt': 'mine' });
  });

  test('that is a file is refused', async () => {
    const target = writeText('file-target', 'mine');
    const outcome = await home.floe(['restore', 'Documents', '--to', target]);
    expectFailure(outcome, 'restore-target-unwritable', 2);
    expect(readFileSync(target, 'utf8')).toBe('mine');
  });

  test.each([
    { name: 'the folder itself', target: () => documents },
    { name: 'a folder inside', target: () => join(documents, 'below') },
    { name: 'a new folder inside', target: () => join(documents, 'new', 'er') },
    {
      name: 'a new folder behind a link',
      target: () => {
        const link = world.path('way-in');
        if (!existsSync(link)) symlinkSync(documents, link);
        return join(link, 'new');
      },
    },
    { name: "Floe's home", target: () => join(home.path, 'back') },
  ])('that is $name is refused', async ({ target }) => {
    const outcome = await home.floe(['restore', 'Documents', '--to', target()]);
    expectFailure(outcome, 'restore-target-inside-folder', 2);
    expectTree(documents, TREE);
  });
});

describe('a home', () => {
  test('that does not exist says what to run', async () => {
    for (const args of [['status'], ['sync'], ['daemon'], ['doctor', '--rebuild-index']]) {
      const error = expectFailure(await freshHome().floe(args), 'home-not-initialised', 2);
      expect(error.next).toContain('floe init');
    }
  });

  test('that an engine serves is used through it; one whose engine does not answer is in use', async () => {
    const daemon = await home.daemon();
    try {
      await home.must(['status']);
      rmSync(join(home.path, 'engine.sock'));
      const error = expectFailure(await home.floe(['status']), 'home-in-use', 9);
      expect(error.next).toContain('--home');
      expectFailure(await home.floe(['daemon']), 'home-in-use', 9);
    } finally {
      await daemon.stop();
    }
    await home.must(['status']);
  });

  test('whose engine was killed is free again', async () => {
    const daemon = await home.daemon();
    daemon.child.kill('SIGKILL');
    await daemon.stop();
    await home.must(['status']);
  });

  test('whose network is another chain now is not touched', async () => {
    const other = await openWorld({ shards: 4, nodes: 1 });
    const file = join(home.path, 'vault.json');
    const copy = join(home.path, 'vault-copy.json');
    const before = readFileSync(file, 'utf8');
    try {
      const vault = JSON.parse(before) as Record<string, unknown>;
      const moved = JSON.stringify({ ...vault, network: other.localnet.networkFile });
      writeFileSync(file, moved);
      for (const args of [['sync'], ['status'], ['ls', 'Documents']]) {
        expectFailure(await home.floe(args), 'home-other-network', 2);
      }
    } finally {
      writeFileSync(file, before);
      writeFileSync(copy, before);
      await other.close();
    }
    await home.must(['status']);
  });
});

describe('a command line', () => {
  test.each([
    { args: [] as string[] },
    { args: ['fly'] },
    { args: ['sync', '--fast'] },
    { args: ['add'] },
    { args: ['restore', 'Documents'] },
    { args: ['extend', 'Documents', '--epochs', '0'] },
    { args: ['extend', 'Documents', '--epochs', 'many'] },
    { args: ['blob', 'id', '--shards', '3', 'x'] },
    { args: ['blob', 'id', '--shards', '4', '/no/such/file'] },
    { args: ['localnet', 'node', 'kill'] },
    { args: ['--home'] },
  ])('of floe $args is a usage error, as one object', async ({ args }) => {
    expectFailure(await runFloe(args), 'usage', 2);
  });

  test('without --json says the same in two lines, and nothing on stdout', async () => {
    const outcome = await runFloeText(['--home', home.path, 'ls', 'Nothing']);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toMatch(/^floe: No folder .*\n +Run `floe folders`/);
  });

  test('asks for help and gets it', async () => {
    for (const args of [['--help'], ['restore', '--help'], ['--version']]) {
      expect(await runFloeText(args)).toMatchObject({ code: 0, stderr: '' });
    }
  });
});

describe('money', () => {
  test('that is missing is asked for, with address and amounts, and then it goes on', async () => {
    const file = changedNetwork(world, 'poor.json', (json) => {
      return {
        ...json,
        faucet: undefined,
        walrus: { ...(json['walrus'] as object), exchangeObjectIds: [] },
      };
    });
    const poor = freshHome();
    const made = await poor.must(['init', '--network', file]);
    const folder = world.path('poor-folder');
    makeTree(folder, { 'a.txt': 'a' });
    await poor.must(['add', folder]);
    const error = expectFailure(await poor.floe(['sync']), 'balance-low', 6);
    expect(error.context).toMatchObject({ address: made['address'], walFrost: '0' });
    expect(Number(error.context['neededFrost'])).toBeGreaterThan(0);
    expect(error.message).toContain(String(made['address']));
    const status = await poor.floe(['status']);
    expect(status.code).toBe(4);
    expect(status.json['sentence']).toContain('needs attention');
    await world.localnet.fund(String(made['address']) as never, {
      mist: 10n ** 9n,
      frost: 10n ** 9n,
    });
    await poor.must(['sync']);
    await poor.must(['status']);
  });

  test('beyond the cap of one transaction is not spent', async () => {
    const rich = freshHome();
    const made = JSON.parse(
      JSON.stringify(await rich.must(['init', '--network', world.networkFile])),
    ) as { address: string };
    await world.localnet.fund(made.address as never, { mist: 10n ** 12n, frost: 10n ** 15n });
    const folder = world.path('rich-folder');
    makeTree(folder, { 'a.txt': 'a' });
    await rich.must(['add', folder]);
    await world.localnet.setPrices({
      storageFrostPerMib: 10n ** 10n,
      writeFrostPerMib: 20_000n,
    });
    try {
      expectFailure(await rich.floe(['sync']), 'cap-exceeded', 6);
      expect(await rich.must(['wallet'])).toMatchObject({ spent: { walFrost: '0' } });
    } finally {
      await world.localnet.setPrices({ storageFrostPerMib: 100_000n, writeFrostPerMib: 20_000n });
    }
    await rich.must(['sync']);
  });
});

describe('a tree', () => {
  test('that was added and not synced is not protected yet', async () => {
    const fresh = freshHome();
    await fresh.init();
    const folder = world.path('unsynced');
    makeTree(folder, { 'a.txt': 'a' });
    await fresh.must(['add', folder]);
    const status = await fresh.floe(['status']);
    expect(status.code).toBe(4);
    expect(status.json['sentence']).toContain('not protected yet');
  });

  test('whose file changes on every attempt is published without it: exit 3, and a list', async () => {
    const fresh = freshHome();
    await fresh.init();
    const folder = world.path('restless');
    makeTree(folder, { 'calm.txt': 'calm', 'restless.log': bytes(20 * MIB, 9) });
    await fresh.must(['add', folder]);
    const script =
      'const fs = require("node:fs"); const fd = fs.openSync(process.argv[1], "r+"); let at = 0; console.log("writes"); setInterval(() => { for (let i = 0; i < 50; i += 1) fs.writeSync(fd, String((at += 1)), 0); }, 0);';
    const writer = spawn(process.execPath, ['-e', script, join(folder, 'restless.log')]);
    await new Promise((resolve) => writer.stdout.once('data', resolve));
    try {
      const outcome = await fresh.floe(['sync']);
      expect(outcome.code).toBe(3);
      expect(outcome.json['folders']).toMatchObject([
        { published: true, unread: [{ path: 'restless.log' }] },
      ]);
    } finally {
      writer.kill('SIGKILL');
    }
    const status = await fresh.floe(['status']);
    expect(status.code).toBe(3);
    // Cured by itself as soon as the file is at rest.
    await fresh.must(['sync']);
    await fresh.must(['status']);
  });

  test('that loses most of its files at once is not published before somebody says so', async () => {
    const fresh = freshHome();
    await fresh.init();
    const folder = world.path('shrinking');
    const many = Object.fromEntries(
      Array.from({ length: 20 }, (_, at) => [`file-${String(at)}.txt`, `content ${String(at)}`]),
    );
    makeTree(folder, many);
    await fresh.must(['add', folder]);
    await fresh.must(['sync']);
    for (let at = 0; at < 10; at += 1) rmSync(join(folder, `file-${String(at)}.txt`));
    const error = expectFailure(await fresh.floe(['sync']), 'mass-deletion', 4);
    expect(error.next).toContain('--accept-deletions');
    expect(error.context).toMatchObject({ files: 10, percent: 50 });
    expect((await fresh.floe(['status'])).json['sentence']).toContain('needs attention');
    expect((await fresh.must(['ls', 'shrinking']))['entries']).toHaveLength(20);
    const sync = await fresh.must(['sync', 'shrinking', '--accept-deletions']);
    expect(sync['folders']).toMatchObject([{ filesRemoved: 10 }]);
    await fresh.must(['status']);
    // The older snapshot still holds everything.
    const { snapshots } = (await fresh.must(['snapshots', 'shrinking'])) as {
      snapshots: { snapshotId: string }[];
    };
    const old = snapshots.at(-1)?.snapshotId ?? '';
    await fresh.must(['restore', 'shrinking', '--snapshot', old, '--to', world.path('grown')]);
    expectTree(world.path('grown'), many);
  });

  test('that is gone, or empty all at once, changes nothing', async () => {
    const parked = world.path('Documents-parked');
    renameSync(documents, parked);
    try {
      expectFailure(await home.floe(['sync']), 'folder-missing', 2);
      mkdirSync(documents);
      expectFailure(await home.floe(['sync']), 'folder-missing', 2);
      rmSync(documents, { recursive: true });
    } finally {
      renameSync(parked, documents);
    }
    await home.must(['sync']);
    expect((await home.must(['ls', 'Documents']))['entries']).toHaveLength(3);
  });
});

describe('a full disk', () => {
  const isRoot = process.getuid?.() === 0;
  const mounted: string[] = [];
  const mount = (sizeMib: number): string => {
    const path = world.path(`disk-${String(sizeMib)}`);
    mkdirSync(path);
    run('mount', ['-t', 'tmpfs', '-o', `size=${String(sizeMib)}m`, 'tmpfs', path]);
    mounted.push(path);
    return path;
  };
  const unmount = (): void => {
    for (const path of mounted.splice(0)) run('umount', ['-l', path]);
  };
  afterAll(unmount);

  test.skipIf(!isRoot)('under the home stops before anything is half written', async () => {
    const disk = mount(8);
    const fresh = testHome(join(disk, 'home'), world.networkFile);
    await fresh.init();
    const folder = world.path('too-much');
    makeTree(folder, { 'big.bin': bytes(3 * MIB, 5), 'small.txt': 'small' });
    await fresh.must(['add', folder]);
    const ballast = join(disk, 'ballast');
    fill(ballast);
    expectFailure(await fresh.floe(['sync']), 'disk-full', 4);
    rmSync(ballast);
    const sync = await fresh.must(['sync']);
    expect(sync['folders']).toMatchObject([{ published: true, unread: [] }]);
    await fresh.must(['doctor']);
  });

  test.skipIf(!isRoot)(
    'under the target of a restore is named, and the restore goes on later',
    async () => {
      const fresh = freshHome();
      await fresh.init();
      const folder = world.path('for-small-disk');
      const tree = { 'a.bin': bytes(2 * MIB, 6), 'b.bin': bytes(2 * MIB, 7) };
      makeTree(folder, tree);
      await fresh.must(['add', folder]);
      await fresh.must(['sync']);
      const disk = mount(3);
      const target = join(disk, 'back');
      expectFailure(
        await fresh.floe(['restore', 'for-small-disk', '--to', target]),
        'disk-full',
        4,
      );
      run('mount', ['-o', 'remount,size=16m', disk]);
      await fresh.must(['restore', 'for-small-disk', '--to', target]);
      expectTree(target, tree);
    },
  );
});

describe('Ctrl-C', () => {
  test('ends a sync with 130, and the next one goes on', async () => {
    const fresh = freshHome();
    await fresh.init();
    const folder = world.path('interrupted');
    makeTree(folder, { 'a.bin': bytes(MIB, 8) });
    await fresh.must(['add', folder]);
    for (const { node } of world.localnet.nodes) node.setDelay(2_000);
    try {
      const outcome = await fresh.floe(['sync'], {
        onLine: (_line, child) => child.kill('SIGINT'),
      });
      const error = expectFailure(outcome, 'interrupted', 130);
      expect(error.next).toMatch(/again/);
    } finally {
      for (const { node } of world.localnet.nodes) node.setDelay(0);
    }
    await fresh.must(['sync']);
    await fresh.must(['status']);
  });
});

function run(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

/** Write until there is no room. */
function fill(path: string): void {
  const piece = bytes(64 * KIB, 1);
  const fd = openSync(path, 'w');
  try {
    for (;;) writeSync(fd, piece);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  } finally {
    closeSync(fd);
  }
}
