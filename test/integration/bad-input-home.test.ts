/**
 * @file What a person can get wrong with a home, a command line and money; and how they stop Floe.
 * Each has its own code, exit code, sentence and next step, and nothing is lost by it.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  changedNetwork,
  expectFailure,
  runFloe,
  runFloeText,
  type TestHome,
  type TestWorld,
  openWorld,
} from '#test/support/floe-cli.ts';
import { openProtectedHome, type ProtectedHome } from '#test/support/protected-home.ts';
import { bytes, makeTree, MIB } from '#test/support/tree.ts';

let world: TestWorld;
let home: TestHome;
let freshHome: ProtectedHome['freshHome'];

beforeAll(async () => {
  ({ world, home, freshHome } = await openProtectedHome());
});
afterAll(() => world.close());

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
