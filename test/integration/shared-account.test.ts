/**
 * @file Two blank machines that are set up with the same words before either has published hold the
 * same account. Whoever publishes second takes another one before it pays anything.
 */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectFailure, openWorld, type TestWorld } from '#test/support/floe-cli.ts';
import { expectTree, makeTree } from '#test/support/tree.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await openWorld({ shards: 13, nodes: 4 });
}, 120_000);
afterAll(() => world.close());

test('the second one to publish goes on with an account of its own, and both folders are there', async () => {
  const first = world.home('first');
  const second = world.home('second');
  writeFileSync(world.path('words.txt'), await first.init());
  await second.init(['--words-file', world.path('words.txt'), '--new']);
  for (const [home, name] of [
    [first, 'desk'],
    [second, 'lap'],
  ] as const) {
    makeTree(world.path(name), { [`${name}.txt`]: name });
    await home.must(['add', world.path(name), '--name', name]);
  }
  await first.must(['sync']);
  expect(await second.must(['wallet'])).toMatchObject({ accountIndex: 0 });
  const refused = expectFailure(await second.floe(['sync']), 'account-taken', 4);
  expect(refused.context).toEqual({ account: 0, next: 1 });
  expect(await second.must(['wallet'])).toMatchObject({
    accountIndex: 1,
    spent: { walFrost: '0' },
  });

  await second.must(['sync']);
  await first.must(['sync']);
  for (const [home, name] of [
    [first, 'lap'],
    [second, 'desk'],
  ] as const) {
    await home.must(['restore', name, '--to', world.path(`${name}-back`)]);
    expectTree(world.path(`${name}-back`), { [`${name}.txt`]: name });
  }
}, 120_000);
