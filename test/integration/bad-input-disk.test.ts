/**
 * @file What a tree can hold and what a disk can lack.
 * Each has its own code, exit code, sentence and next step, and nothing is lost by it.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectFailure, testHome, type TestHome, type TestWorld } from '#test/support/floe-cli.ts';
import { openProtectedHome, type ProtectedHome } from '#test/support/protected-home.ts';
import { bytes, expectTree, KIB, makeTree, MIB } from '#test/support/tree.ts';

let world: TestWorld;
let home: TestHome;
let documents: string;
let freshHome: ProtectedHome['freshHome'];

beforeAll(async () => {
  ({ world, home, documents, freshHome } = await openProtectedHome());
});
afterAll(() => world.close());

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
    // So large that whoever writes gets a turn while it is read, however busy the machine is.
    const restless = Buffer.alloc(128 * MIB, 'restless');
    makeTree(folder, { 'calm.txt': 'calm', 'restless.log': restless });
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
