/**
 * @file A home whose index or vault file is damaged, or gone: every command says so with the next
 * step, and that step brings everything back that the network knows. Nothing is uploaded again.
 */
import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  expectFailure,
  openWorld,
  runFloeText,
  type TestHome,
  type TestWorld,
} from '#test/support/floe-cli.ts';
import { bytes, expectTree, KIB, makeTree, type Tree } from '#test/support/tree.ts';

const TREE: Tree = {
  'a.txt': 'a first file',
  photos: { 'b.jpg': bytes(300 * KIB, 2), 'c.jpg': bytes(200 * KIB, 3) },
  empty: {},
};

let world: TestWorld;
let home: TestHome;
let folder: string;

beforeAll(async () => {
  world = await openWorld({ shards: 13, nodes: 4 });
  home = world.home('home');
  folder = world.path('Documents');
  makeTree(folder, TREE);
  await home.init();
  await home.must(['add', folder, '--exclude', '*.tmp']);
  await home.must(['sync']);
  // A second commit: the pack index has two segments, in two packs.
  makeTree(join(folder, 'more'), { 'd.txt': 'a fourth file' });
  await home.must(['sync']);
});

afterAll(() => world.close());

const registered = (): number =>
  world.localnet.chain.events.eventsSince(0).filter(({ kind }) => kind === 'blob-registered')
    .length;

const index = (): string => join(home.path, 'index.db');
const loseIndex = (): void => {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${index()}${suffix}`, { force: true });
};

describe('a local index', () => {
  test.each([
    {
      name: 'of garbage',
      damage: () => {
        loseIndex();
        writeFileSync(index(), bytes(40_000, 7));
      },
    },
    { name: 'that is cut short', damage: () => truncateSync(index(), 5_000) },
    { name: 'that is empty', damage: () => truncateSync(index(), 0) },
    { name: 'that is gone', damage: loseIndex },
    {
      name: 'with a page of garbage in its middle',
      damage: () => {
        const content = readFileSync(index());
        bytes(4_096, 9).forEach((byte, at) => (content[8_192 + at] = byte));
        writeFileSync(index(), content);
      },
    },
  ])('$name is named, set aside, and read back from the network', async ({ damage }) => {
    const before = await home.must(['status']);
    const registrations = registered();
    damage();

    for (const args of [['status'], ['sync'], ['doctor']]) {
      const error = expectFailure(await home.floe(args), 'index-damaged', 8);
      expect(error.next).toContain('floe doctor --rebuild-index');
    }

    const report = await home.must(['doctor', '--rebuild-index']);
    if (existsSync(index()) && damage !== loseIndex) {
      assert.ok(
        existsSync(join(String(report['setAside']), 'index.db')),
        'the damaged one is kept',
      );
    }

    const after = await home.must(['status']);
    const facts = (status: Record<string, unknown>): unknown =>
      (status['folders'] as Record<string, unknown>[]).map(
        ({ folderId, name, path, newestSnapshot, protectedUntil, fileCount, blobCount }) => ({
          folderId,
          name,
          path,
          newestSnapshot,
          protectedUntil,
          fileCount,
          blobCount,
        }),
      );
    expect(facts(after)).toEqual(facts(before));

    // All of it is read again, all of it is known: nothing is stored, nothing is paid.
    const sync = await home.must(['sync']);
    expect(sync['folders']).toMatchObject([{ published: false, bytesSealed: 0 }]);
    expect(registered()).toBe(registrations);
  });

  test('that was read back goes on: a change is one more commit, and the excludes hold', async () => {
    loseIndex();
    await home.must(['doctor', '--rebuild-index']);
    const registrations = registered();
    makeTree(join(folder, 'later'), { 'e.txt': 'a fifth file', 'f.tmp': 'left out' });
    const sync = await home.must(['sync']);
    expect(sync['folders']).toMatchObject([{ published: true, filesRemoved: 0 }]);
    const [stored] = sync['folders'] as { bytesSealed: number }[];
    expect(stored?.bytesSealed).toBeLessThan(100 * KIB);
    expect(registered()).toBe(registrations + 1);
    await home.must(['restore', 'Documents', '--to', world.path('back')]);
    expectTree(world.path('back'), {
      ...TREE,
      more: { 'd.txt': 'a fourth file' },
      later: { 'e.txt': 'a fifth file' },
    });
  });

  test('that is lost with a pack registered and not uploaded: the pack is not paid again', async () => {
    const before = await home.must(['status']);
    makeTree(join(folder, 'under-way'), { 'i.bin': bytes(400 * KIB, 11) });
    for (const { node } of world.localnet.nodes) node.setDelay(3_000);
    const killed = await runFloeText(['--home', home.path, 'sync'], {
      onLine: (line, child) => {
        if (/registered/i.test(line)) child.kill('SIGKILL');
      },
    });
    for (const { node } of world.localnet.nodes) node.setDelay(0);
    expect(killed.code).toBe(137);
    expect(readdirSync(join(home.path, 'spool'))).toHaveLength(1);
    loseIndex();
    await home.must(['doctor', '--rebuild-index']);
    const registrations = registered();

    // What it holds is known: one more commit names it, and is small.
    const sync = await home.must(['sync']);
    const [stored] = sync['folders'] as { bytesSealed: number }[];
    expect(stored?.bytesSealed).toBeLessThan(200 * KIB);
    expect(registered()).toBe(registrations + 1);
    expect(readdirSync(join(home.path, 'spool'))).toEqual([]);
    const blobCount = (status: Record<string, unknown>): number =>
      (status['folders'] as { blobCount: number }[])[0]?.blobCount ?? 0;
    expect(blobCount(await home.must(['status']))).toBe(blobCount(before) + 2);
    await home.must(['restore', 'Documents', '--to', world.path('back-of-adopted')]);
    const restored = readFileSync(world.path('back-of-adopted/under-way/i.bin'));
    expect(restored.equals(bytes(400 * KIB, 11))).toBe(true);
  });

  test('that was read back still knows when files are missing', async () => {
    loseIndex();
    await home.must(['doctor', '--rebuild-index']);
    const parked = world.path('parked');
    mkdirSync(parked);
    renameSync(folder, join(parked, 'Documents'));
    mkdirSync(folder);
    try {
      expectFailure(await home.floe(['sync']), 'folder-missing', 2);
    } finally {
      rmSync(folder, { recursive: true });
      renameSync(join(parked, 'Documents'), folder);
    }
    await home.must(['sync']);
  });

  test('that is older than what was published is not believed', async () => {
    const old = world.path('old-index.db');
    await home.must(['status']);
    copyFileSync(index(), old);
    makeTree(join(folder, 'newest'), { 'g.txt': 'a sixth file' });
    await home.must(['sync']);
    loseIndex();
    copyFileSync(old, index());
    const registrations = registered();
    makeTree(join(folder, 'newest'), { 'h.txt': 'a seventh file' });
    expectFailure(await home.floe(['sync']), 'index-damaged', 8);
    expect(registered()).toBe(registrations);
    await home.must(['doctor', '--rebuild-index']);
    const sync = await home.must(['sync']);
    expect(sync['folders']).toMatchObject([{ published: true }]);
    await home.must(['ls', 'Documents:newest/h.txt']);
  });

  test('is not rebuilt under a running engine', async () => {
    const daemon = await home.daemon();
    try {
      expectFailure(await home.floe(['doctor', '--rebuild-index']), 'home-in-use', 9);
    } finally {
      await daemon.stop();
    }
  });
});

describe('a vault file', () => {
  test.each([
    { name: 'of garbage', damage: (file: string) => writeFileSync(file, bytes(500, 4)) },
    { name: 'without its fields', damage: (file: string) => writeFileSync(file, '{"format":1}') },
    { name: 'that is empty', damage: (file: string) => truncateSync(file, 0) },
    { name: 'that is gone', damage: (file: string) => rmSync(file) },
  ])('$name is put back from its copy', async ({ damage }) => {
    const file = join(home.path, 'vault.json');
    const before = readFileSync(file, 'utf8');
    damage(file);
    expectFailure(await home.floe(['status']), 'index-damaged', 8);
    // Never a fresh vault over what is there.
    expectFailure(await home.floe(['init', '--network', world.networkFile]), 'index-damaged', 8);
    await home.must(['doctor', '--rebuild-index']);
    expect(readFileSync(file, 'utf8')).toBe(before);
    await home.must(['status']);
  });

  test('of a newer release is left alone', async () => {
    const file = join(home.path, 'vault.json');
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, '{"format":2}');
    expectFailure(await home.floe(['status']), 'format-unknown', 8);
    expectFailure(await home.floe(['doctor', '--rebuild-index']), 'format-unknown', 8);
    writeFileSync(file, before);
  });
});

describe('a sealed pack in the spool', () => {
  test.each([
    { name: 'of garbage', damage: (file: string) => writeFileSync(file, bytes(500, 4)) },
    { name: 'that is gone', damage: (file: string) => rmSync(file) },
  ])('$name is noticed, and its files are sealed anew', async ({ name, damage }) => {
    const place = `spooled-${name.replaceAll(' ', '-')}`;
    makeTree(join(folder, place), { 'spooled.bin': bytes(90 * KIB, name.length) });
    for (const { node } of world.localnet.nodes) node.setDelay(3_000);
    const killed = await runFloeText(['--home', home.path, 'sync'], {
      onLine: (line, child) => {
        if (/registered/i.test(line)) child.kill('SIGKILL');
      },
    });
    for (const { node } of world.localnet.nodes) node.setDelay(0);
    expect(killed.code).toBe(137);
    const [pack = ''] = readdirSync(join(home.path, 'spool'));
    damage(join(home.path, 'spool', pack));

    const doctor = await home.floe(['doctor']);
    expect(doctor.code).toBe(8);
    expect(doctor.json['findings']).toContainEqual(
      expect.objectContaining({ area: 'spool', state: 'bad', code: 'spool-damaged' }),
    );
    const sync = await home.must(['sync']);
    expect(sync['folders']).toMatchObject([{ published: true, unread: [] }]);
    await home.must(['doctor']);
    const target = world.path(`back-${place}`);
    await home.must(['restore', 'Documents', '--to', target, '--path', `${place}/**`]);
    expectTree(target, { [place]: { 'spooled.bin': bytes(90 * KIB, name.length) } });
  });
});
