/**
 * Goal: if Floe disappears, restorer/restore.mjs and docs/format.md are enough.
 * Method: the real engine protects on a real local network, its home is wiped, and the script alone
 * brings everything back.
 */
import { appendFileSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SnapshotSummary } from '#contract/api.ts';
import { parseBlobId, type BlobId } from '#engine/model/ids.ts';
import { encodingShape, shardOfPair } from '#localnet/nodes/encoding.ts';
import { compareTrees } from '#platform/compare-trees.ts';
import { startAggregator } from '../support/aggregator.ts';
import { changedNetwork, openWorld, type TestWorld } from '../support/floe-cli.ts';
import { hardTree } from '../support/hard-tree.ts';
import { installRestorer, type Restorer } from '../support/restorer.ts';
import { bytes, expectTree, KIB, makeTree } from '../support/tree.ts';

const SHARDS = 13;

let world: TestWorld;
let restorer: Restorer;
let words: string;
let hard: string;
let firstSnapshot: string;
/** What the newest snapshot of `hard` is stored in, beginning with its files. */
let hardBlob: BlobId;

beforeAll(async () => {
  world = await openWorld({ shards: SHARDS, nodes: 4, rpc: ['grpc-web', 'json-rpc'] });
  restorer = installRestorer(world.path('restorer'));
  const home = world.home('home');
  words = await home.init(['--kit-file', world.path('kit.txt')]);
  hard = world.path('hard');
  makeTree(hard, hardTree);
  const small = world.path('Small');
  makeTree(small, { 'a.txt': 'first', 'same.bin': bytes(30 * KIB, 1) });
  await home.must(['add', hard]);
  await home.must(['add', small, '--permanent']);
  await home.must(['sync']);
  firstSnapshot = (await newestSnapshot(home.path, 'Small')).snapshotId;
  hardBlob = parseBlobId((await newestSnapshot(home.path, 'hard')).blobId);
  appendFileSync(join(small, 'a.txt'), ' and second');
  await home.must(['sync']);
  rmSync(home.path, { recursive: true });
});
afterAll(() => world.close());

const newestSnapshot = async (home: string, folder: string): Promise<SnapshotSummary> => {
  const { json } = await world.home('home').floe(['snapshots', folder]);
  const [newest] = json['snapshots'] as readonly SnapshotSummary[];
  if (!newest) throw new Error(`${home} has no snapshot of ${folder}`);
  return newest;
};

/** Times of all entries that differ by a microsecond or more, which is what plain Node can set. */
function differentTimes(one: Buffer, other: Buffer): string[] {
  const [left, right] = [lstatSync(one, { bigint: true }), lstatSync(other, { bigint: true })];
  const apart = left.mtimeNs - right.mtimeNs;
  const own = apart < 1_000n && apart > -1_000n ? [] : [`${one.toString()} ${String(apart)}`];
  if (!left.isDirectory()) return own;
  const below = readdirSync(other, { encoding: 'buffer' });
  const join = (path: Buffer, name: Buffer) => Buffer.concat([path, Buffer.from('/'), name]);
  return [...own, ...below.flatMap((name) => differentTimes(join(one, name), join(other, name)))];
}

test('a hard tree comes back from words, a network file and the storage nodes', async () => {
  const target = world.path('hard-back');
  const args = ['restore', 'hard', '--to', target, '--network', world.networkFile];
  const { code, stdout, stderr } = await restorer.run(args, words);
  expect(stderr.split('\n').slice(1)).toEqual(['']);
  expect(stdout).toMatch(/^\d+ files restored, 0 entries lost\n$/);
  expect(code).toBe(0);
  // Plain Node has neither extended attributes nor nanoseconds.
  const except = ['xattrs', 'mtime'] as const;
  expect(await compareTrees(hard, target, { withRoot: true, except })).toEqual([]);
  expect(differentTimes(Buffer.from(hard), Buffer.from(target))).toEqual([]);
});

test('every snapshot is listed, and an older one is restored over JSON-RPC from a recovery kit', async () => {
  const file = changedNetwork(world, 'json-rpc.json', (network) => {
    network['rpc'] = [network['rpc']].flat().toReversed();
  });
  const network = ['--network', file];
  const listed = await restorer.run(['list', ...network], words);
  expect(listed.stderr).toBe('');
  expect(listed.stdout.match(/ {2}"Small"$/gm)).toHaveLength(2);
  expect(listed.stdout.match(/ {2}"hard"$/gm)).toHaveLength(1);
  const target = world.path('small-back');
  const args = ['restore', 'Small', '--snapshot', firstSnapshot.slice(0, 16), '--to', target];
  const { code } = await restorer.run([...args, ...network, '--words', world.path('kit.txt')], '');
  expect(code).toBe(0);
  expectTree(target, { 'a.txt': 'first', 'same.bin': bytes(30 * KIB, 1) });
});

test.each([
  { name: 'words with a mistake', said: /not 24 words/, words: 'zoo '.repeat(24), to: 'a' },
  { name: 'words of nothing', said: /open nothing/, words: `${'zoo '.repeat(23)}vote`, to: 'a' },
  { name: 'a target that is not empty', said: /not empty/, words: undefined, to: 'hard' },
])('$name is refused with a sentence', async ({ words: given, to, said }) => {
  const before = readdirSync(world.base).toSorted();
  const args = ['restore', 'hard', '--network', world.networkFile, '--to', world.path(to)];
  const { code, stderr } = await restorer.run(args, given ?? words);
  expect(code).toBe(1);
  expect(stderr).toMatch(said);
  expect(readdirSync(world.base).toSorted()).toEqual(before);
});

test('what lies on a node that is gone is listed, and an aggregator brings it', async () => {
  const aggregator = await startAggregator(world.localnet);
  try {
    const shard = shardOfPair(encodingShape(SHARDS), hardBlob, 0);
    const holder = world.localnet.nodes.find(({ node }) => node.status().shards.includes(shard));
    await holder!.node.stop();
    const network = ['--network', world.networkFile];
    const args = ['restore', 'hard', ...network, '--to', world.path('hard-in-part')];
    const inPart = await restorer.run(args, words);
    expect(inPart.stderr).toContain('--aggregator');
    expect(inPart.code).not.toBe(0);

    const target = world.path('hard-from-aggregator');
    const whole = ['restore', 'hard', ...network, '--aggregator', aggregator.url, '--to', target];
    const { code, stderr } = await restorer.run(whole, words);
    expect(stderr.split('\n').slice(1)).toEqual(['']);
    expect(code).toBe(0);
    const except = ['xattrs', 'mtime'] as const;
    expect(await compareTrees(hard, target, { withRoot: true, except })).toEqual([]);
    expect(readFileSync(join(target, 'a.txt'), 'utf8')).toBe('hello\n');
  } finally {
    await aggregator.close();
  }
});

test('storage nodes with certificates of their own are read', async () => {
  const secure = await openWorld({ shards: 4, nodes: 2, https: true });
  try {
    const home = secure.home('home');
    const itsWords = await home.init();
    const folder = secure.path('Folder');
    makeTree(folder, { 'a.txt': 'over TLS' });
    await home.must(['add', folder]);
    await home.must(['sync']);
    const target = secure.path('back');
    const args = ['restore', 'Folder', '--to', target, '--network', secure.networkFile];
    const { code, stderr } = await restorer.run(args, itsWords);
    expect(stderr.split('\n').slice(1)).toEqual(['']);
    expect(code).toBe(0);
    expectTree(target, { 'a.txt': 'over TLS' });
  } finally {
    await secure.close();
  }
});
