/**
 * A folder moves from the try-out to another network: the price first, then protected there, and only
 * then let go of here. The other network is the same one under another name, which makes all the
 * difference to Floe: words must be confirmed, and their place be safe.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FolderStatus, VaultStatus } from '#contract/api.ts';
import {
  changedNetwork,
  expectFailure,
  openWorld,
  testHome,
  type TestHome,
  type TestWorld,
} from '../support/floe-cli.ts';
import { bytes, expectTree, makeTree, type Tree } from '../support/tree.ts';

const KEPT: Tree = { 'a.txt': 'hello', 'b.bin': bytes(300_000, 9) };
const TREE: Tree = { ...KEPT, 'left out.log': 'no' };
let world: TestWorld;
let other: string;
let home: TestHome;
let passphrase: Readonly<Record<string, string>>;

beforeAll(async () => {
  world = await openWorld({ shards: 13, nodes: 4 });
  other = changedNetwork(world, 'other.json', (file) => ({ ...file, name: 'other' }));
  const file = world.path('passphrase');
  writeFileSync(file, 'a long passphrase\n');
  passphrase = { FLOE_PASSPHRASE_FILE: file };
  home = world.home('home');
  await home.init();
  makeTree(world.path('docs'), TREE);
  await home.must(['add', world.path('docs'), '--exclude', '*.log']);
  await home.must(['sync']);
});
afterAll(async () => {
  await world.close();
});

const foldersOf = async (one: TestHome): Promise<readonly FolderStatus[]> =>
  ((await one.must(['folders'], { env: passphrase })) as unknown as VaultStatus).folders;

test('needs the words of the new vault confirmed, and makes none without', async () => {
  const outcome = await home.floe(['move', 'docs', '--network', other], { env: passphrase });
  expectFailure(outcome, 'kit-unconfirmed', 7);
  expect(existsSync(`${home.path}-other/vault.json`)).toBe(false);
});

test('shows the price, and spends nothing', async () => {
  const kit = ['--kit-file', world.path('kit.txt')];
  const shown = await home.must(['move', 'docs', '--network', other, ...kit], { env: passphrase });
  expect(shown).toMatchObject({ moved: false, home: `${home.path}-other` });
  const { now } = shown['quote'] as { now: { walFrost: string } };
  expect(BigInt(now.walFrost)).toBeGreaterThan(0n);
  expect(existsSync(world.path('kit.txt'))).toBe(true);
  expect(await foldersOf(testHome(`${home.path}-other`, other))).toEqual([]);
  expect((await foldersOf(home))[0]).toMatchObject({ name: 'docs', removed: false });
});

test('moves, and the new words alone bring the folder back', async () => {
  const moved = await home.must(['move', 'docs', '--network', other, '--yes'], { env: passphrase });
  expect(moved).toMatchObject({ moved: true, folder: { name: 'docs', excludes: ['*.log'] } });
  expect((await foldersOf(home))[0]).toMatchObject({ name: 'docs', removed: true });
  const there = testHome(`${home.path}-other`, other);
  expect((await foldersOf(there))[0]?.protectedUntil).toBeDefined();

  const blank = testHome(world.path('blank'), other);
  const kit = world.path('kit.txt');
  await blank.must(['init', '--network', other, '--words-file', kit], { env: passphrase });
  await blank.must(['restore', 'docs', '--to', world.path('back')], { env: passphrase });
  expectTree(world.path('back'), KEPT);
});

test.each([
  { name: 'a folder that there is not', args: ['nothing'], code: 'folder-unknown' },
  { name: 'a folder that has moved', args: ['docs'], code: 'folder-unknown' },
])('refuses $name', async ({ args, code }) => {
  const outcome = await home.floe(['move', ...args, '--network', other], { env: passphrase });
  expectFailure(outcome, code, 2);
});
