/**
 * @file A machine that gives too little: few open files, a disk that takes no writes. Each is said
 * as what it is, nothing is lost, and the same command works once the machine lets it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  expectFailure,
  openWorld,
  type Outcome,
  type TestHome,
  type TestWorld,
} from '#test/support/floe-cli.ts';
import { expectTree, makeTree } from '#test/support/tree.ts';

const MAIN = join(import.meta.dirname, '../../src-main/cli/main.ts');
const TREE = Object.fromEntries(
  Array.from({ length: 40 }, (_, index) => [
    `file-${String(index)}.txt`,
    `content ${String(index)}`,
  ]),
);

let world: TestWorld;
let home: TestHome;

beforeAll(async () => {
  world = await openWorld({ shards: 13, nodes: 4 });
  home = world.home('home');
  await home.init();
  makeTree(world.path('folder'), TREE);
  await home.must(['add', world.path('folder'), '--name', 'folder']);
}, 120_000);

afterAll(() => world.close());

/** Run a command that may have so many files open. */
function withFiles(count: number, args: readonly string[]): Outcome {
  const limit = `ulimit -n ${String(count)}; exec "$0" "$@"`;
  const command = [process.execPath, MAIN, '--home', home.path, ...args, '--json'];
  const { status, stdout, stderr } = spawnSync('sh', ['-c', limit, ...command], {
    encoding: 'utf8',
  });
  const json = JSON.parse(stdout || '{}') as Record<string, unknown>;
  return { code: status ?? 1, stdout, stderr, json, error: json['error'] as Outcome['error'] };
}

describe.skipIf(process.platform === 'win32')('too few files may be open', () => {
  // The local network answers from this process, which must not be blocked: these do not reach it.
  test.each([24, 32, 40, 48])('of %i a sync says so, and changes nothing', (count) => {
    expectFailure(withFiles(count, ['sync']), 'too-many-open-files', 4);
  });

  test('with more of them the same sync and a restore work', async () => {
    await home.must(['sync']);
    expectFailure(
      withFiles(40, ['restore', 'folder', '--to', world.path('few')]),
      'too-many-open-files',
      4,
    );
    await home.must(['restore', 'folder', '--to', world.path('few')]);
    expectTree(world.path('few'), TREE);
  });
});

/** A file system that is mounted for reading only; undefined where this process may mount none. */
function mountReadOnly(path: string, from?: string): (() => void) | undefined {
  mkdirSync(path, { recursive: true });
  const steps = from
    ? [
        ['--bind', from, path],
        ['-o', 'remount,bind,ro', path],
      ]
    : [['-t', 'tmpfs', '-o', 'ro,size=1m', 'none', path]];
  for (const step of steps) {
    if (spawnSync('mount', step).status !== 0) return undefined;
  }
  return () => void spawnSync('umount', [path]);
}

describe('a disk that takes no writes', () => {
  test('as a restore target is refused, and nothing of it is restored', async ({ skip }) => {
    await home.must(['sync']);
    const target = world.path('read-only-target');
    const unmount = mountReadOnly(target);
    if (!unmount) return skip();
    try {
      expectFailure(
        await home.floe(['restore', 'folder', '--to', target]),
        'restore-target-unwritable',
        2,
      );
    } finally {
      unmount();
    }
    expectTree(target, {});
  });

  test('under the home is said as such; afterwards the home is as it was', async ({ skip }) => {
    const mounted = world.path('read-only-home');
    const unmount = mountReadOnly(mounted, home.path);
    if (!unmount) return skip();
    try {
      const { code, error } = await world.home('read-only-home').floe(['sync']);
      expect({ code, error: error?.code }).toEqual({ code: 2, error: 'home-unwritable' });
    } finally {
      unmount();
      rmSync(mounted, { recursive: true });
    }
    await home.must(['sync']);
  });
});
