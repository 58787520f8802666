/**
 * @file `npm run golden`: records the golden vaults of this release.
 *
 * Each is made by the engine of today on a local network of its own. A vault that is there already
 * stays: what a release has written is never changed. docs/format.md says when new ones are due.
 */
import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '#contract/version.ts';
import type { Engine } from '#engine/engine.ts';
import { AheadClock } from '../support/ahead-clock.ts';
import {
  describeTree,
  recordVault,
  settleTimes,
  type RecordedSnapshot,
} from '../support/recorded-vault.ts';
import { bytes, hardlink, KIB, makeTree, rawName, sparse, symlink } from '../support/tree.ts';
import { bareVault, startWorld, type BareVault, type World } from '../support/world.ts';

const VAULT_BYTES_MAX = 300 * KIB;
const HOUR_MS = 3_600_000;

/** What is told of a vault while it is made. */
interface Story {
  readonly world: World;
  readonly vault: BareVault;
  readonly clock: AheadClock;
  /** Sync, and remember what each folder held at its newest snapshot. */
  readonly sync: (engine: Engine) => Promise<void>;
}

interface GoldenCase {
  readonly name: string;
  readonly description: string;
  readonly tell: (story: Story) => Promise<void>;
}

const CASES: readonly GoldenCase[] = [
  {
    name: 'small',
    description: 'One folder, one snapshot: text, links, an empty directory, a name of raw bytes.',
    tell: async ({ world, vault, sync }) => {
      const source = world.path('Documents');
      makeTree(source, {
        'hello.txt': 'hello, walrus\n',
        'random.bin': bytes(9 * KIB, 1),
        empty: '',
        'empty directory': {},
        'first name': 'one file, two names',
        'second name': hardlink('first name'),
        link: symlink('../elsewhere'),
        [rawName('\xff not utf8')]: 'raw',
        below: { 'compressible.txt': 'the same line again\n'.repeat(500) },
      });
      await using(vault, {}, async (engine) => {
        await add(engine, source);
        await sync(engine);
      });
    },
  },
  {
    name: 'history',
    description:
      'Two devices share a folder with older snapshots, one pinned, one forgotten, its packs repacked; beside it an archive, and a folder that was removed.',
    tell: tellHistory,
  },
  {
    name: 'large',
    description:
      'A directory in several tree nodes, a file with content lists, sparse files with extents in the entry and outside of it.',
    tell: async ({ world, vault, sync }) => {
      const source = world.path('Large');
      makeTree(source, {
        many: numbered(1_100, (number) => [
          `a name that is long enough to fill nodes ${number}`,
          '',
        ]),
        // Of many chunks, but few that differ.
        'long.txt': Array.from({ length: 10_000 }, (_, index) => `${String(index)}\n`)
          .join('')
          .repeat(30),
        'hole.img': sparse(4_096 * KIB, [[1_024 * KIB, 'in the middle of nothing']]),
        'holes.img': sparse(
          12_000 * KIB,
          Array.from({ length: 1_500 }, (_, index) => [index * 8 * KIB, '.'] as const),
        ),
      });
      await using(vault, {}, async (engine) => {
        await add(engine, source);
        await sync(engine);
      });
    },
  },
];

async function tellHistory({ world, vault, clock, sync }: Story): Promise<void> {
  await world.localnet.setPrices({ storageFrostPerMib: 3_000_000n, writeFrostPerMib: 20_000n });
  const [shared, archive, gone] = ['Shared', 'Archive', 'Gone'].map((name) => world.path(name));
  if (!shared || !archive || !gone) return;
  makeTree(shared, {
    // So many that the index of a small commit stays a segment of its own.
    notes: numbered(60, (number) => [number, `note ${number}`]),
    'changing.txt': '0\n',
    'large.bin': bytes(20 * KIB, 2),
  });
  makeTree(archive, { 'paper.txt': 'archived for good' });
  makeTree(gone, { 'gone.txt': 'no longer protected' });
  await using(vault, { clock }, async (engine) => {
    await add(engine, shared);
    await add(engine, archive, { permanent: true });
    await add(engine, gone);
    await sync(engine);
    const { api } = engine;
    await api.removeFolder({ folder: 'Gone' });
    for (let change = 1; change <= 5; change += 1) {
      clock.aheadMs += 5 * HOUR_MS;
      appendFileSync(join(shared, 'changing.txt'), `${String(change)}\n`);
      writeFileSync(join(shared, `new ${String(change)}.bin`), bytes(3 * KIB, 10 + change));
      await sync(engine);
    }
    const history = (await api.snapshots({ folder: 'Shared' })).map((one) => one.snapshotId);
    await api.pinSnapshot({ folder: 'Shared', snapshot: history[3]!, isPinned: true });
    await api.forgetSnapshot({ folder: 'Shared', snapshot: history[2]!, now: true });
    rmSync(join(shared, 'large.bin'));
    clock.aheadMs += 5 * HOUR_MS;
    await sync(engine);
    const { compaction } = await api.compact({});
    if (!compaction) throw new Error('there was nothing to repack: the story has to change');
    await world.localnet.advanceEpoch({ count: 2 });
    await sync(engine);
    await api.forgetSnapshot({ folder: 'Shared', snapshot: history[1]!, now: false });
    clock.aheadMs += 5 * HOUR_MS;
    appendFileSync(join(shared, 'changing.txt'), 'last\n');
    await sync(engine);
  });
  const other = world.path('other', 'Shared');
  mkdirSync(world.path('other'));
  makeTree(other, { 'of the other.txt': 'by the second device' });
  await using(await vault.blank('second'), { clock }, async (engine) => {
    await add(engine, other, { joins: 'Shared' });
    clock.aheadMs += 5 * HOUR_MS;
    await sync(engine);
  });
}

const numbered = (
  count: number,
  entry: (number: string) => readonly [string, string],
): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => entry(String(index))));

const add = (
  { api }: Engine,
  path: string,
  options: { permanent?: boolean; joins?: string } = {},
): Promise<unknown> => api.addFolder({ path, excludes: [], permanent: false, ...options });

async function using<Answer>(
  vault: BareVault,
  ports: Parameters<BareVault['open']>[0],
  work: (engine: Engine) => Promise<Answer>,
): Promise<Answer> {
  const engine = vault.open(ports);
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

/** What folders held, by folder and the moment of the snapshot: repacking gives one another ID. */
type Trees = Map<string, readonly string[]>;
const treeKey = (folder: string, atMs: number): string => `${folder} ${String(atMs)}`;

async function syncAndDescribe({ api }: Engine, trees: Trees): Promise<void> {
  const here = async () =>
    (await api.status({})).folders.filter((one) => one.isHere && !one.removed);
  for (const { path } of await here()) settleTimes(path);
  await api.sync({});
  for (const { name, path, newestSnapshot } of await here()) {
    if (newestSnapshot) trees.set(treeKey(name, newestSnapshot.atMs), describeTree(path));
  }
}

/** What a blank machine finds, with what each snapshot must hold. */
async function snapshotsOf(vault: BareVault, trees: Trees): Promise<RecordedSnapshot[]> {
  const found = await using(await vault.blank('blank'), {}, ({ api }) => api.snapshots({}));
  return found.map(({ snapshotId, folderName: folder, atMs }) => {
    const tree = trees.get(treeKey(folder, atMs));
    if (!tree) throw new Error(`nobody knows what ${folder} held at ${String(atMs)}`);
    return { snapshotId, folder, tree };
  });
}

async function record({ name, description, tell }: GoldenCase): Promise<void> {
  const file = join(import.meta.dirname, `${VERSION}-${name}.json`);
  if (existsSync(file)) return console.log(`${file} is there already`);
  const world = await startWorld({ shards: 4, nodes: 4 });
  try {
    const vault = await bareVault(world, 'first');
    const trees: Trees = new Map();
    const sync = (engine: Engine) => syncAndDescribe(engine, trees);
    await tell({ world, vault, clock: new AheadClock(), sync });
    const recorded = await recordVault(world.localnet, world.path('network'), {
      description,
      release: VERSION,
      words: vault.words.join(' '),
      snapshots: await snapshotsOf(vault, trees),
    });
    const text = `${JSON.stringify(recorded, undefined, 1)}\n`;
    if (text.length > VAULT_BYTES_MAX) throw new Error(`${name} has ${String(text.length)} bytes`);
    writeFileSync(file, text);
    console.log(`${file}: ${String(text.length)} bytes`);
  } finally {
    await world.close();
  }
}

for (const one of CASES) await record(one);
