/**
 * @file `npm run bench`: Floe against restic and against the official encoder, on this machine.
 *
 * What counts are ratios within one run: both programs take turns on the same tree, and medians
 * are compared.
 */
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchBrowse } from './browse.ts';
import { benchEncoder } from './encoder.ts';
import { openFloe, openRestic, resticVersion, type Peer } from './peers.ts';
import {
  browseLines,
  encoderLine,
  memoryLine,
  peerLines,
  ratioLines,
  shellLines,
  type Round,
  type Rounds,
} from './report.ts';
import { benchShell, type ShellPlan } from './shell.ts';
import { makeBenchTree, type TreeShape } from './tree.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
/** Encoded slivers and what the storage nodes keep beside them, for each byte stored. */
const STORE_FACTOR = 4.8;
/** The seed of all trees: FLOE_BENCH_SEED repeats or changes them. */
const SEED = process.env['FLOE_BENCH_SEED'] ?? 'floe';

interface Plan {
  readonly name: string;
  readonly tree: TreeShape;
  readonly rounds: number;
  readonly encoderBytes: number;
  readonly encoderRounds: number;
  readonly browseFiles: number;
  readonly shell: ShellPlan;
  readonly memory: readonly { readonly shards: number; readonly sizeBytes: number }[];
}

const PLANS: Readonly<Record<'quick' | 'medium' | 'full', Plan>> = {
  quick: {
    name: 'quick',
    tree: { files: 2_000, filesBytes: 64 * MIB, largeFileBytes: 64 * MIB },
    rounds: 1,
    encoderBytes: 8 * MIB,
    encoderRounds: 1,
    browseFiles: 10_000,
    shell: { files: 10_000, starts: 2, idleSeconds: 20 },
    memory: [{ shards: 100, sizeBytes: 192 * MIB }],
  },
  medium: {
    name: 'medium',
    tree: { files: 8_000, filesBytes: 256 * MIB, largeFileBytes: 256 * MIB },
    rounds: 3,
    encoderBytes: 32 * MIB,
    encoderRounds: 3,
    browseFiles: 100_000,
    shell: { files: 100_000, starts: 5, idleSeconds: 120 },
    memory: [
      { shards: 100, sizeBytes: 512 * MIB },
      { shards: 1000, sizeBytes: 512 * MIB },
    ],
  },
  full: {
    name: 'full',
    tree: { files: 25_000, filesBytes: 800 * MIB, largeFileBytes: GIB },
    rounds: 3,
    encoderBytes: 32 * MIB,
    encoderRounds: 5,
    browseFiles: 100_000,
    shell: { files: 100_000, starts: 5, idleSeconds: 120 },
    memory: [
      { shards: 100, sizeBytes: GIB },
      { shards: 100, sizeBytes: 4 * GIB },
      { shards: 1000, sizeBytes: GIB },
      { shards: 1000, sizeBytes: 4 * GIB },
    ],
  },
};

const USAGE = `npm run bench -- [--quick | --full] [--only peers|encoder|memory|browse|shell] [--store DIR] [--work DIR]

  --quick        a minute, to see that it runs
  --full         25,000 files and one of 1 GiB, and 4 GiB for the memory
  --only PART    just this part (repeatable)
  --rounds N     how often both programs take their turn
  --store DIR    where storage nodes and restic keep what they store (default /dev/shm)
  --work DIR     where trees, homes and caches lie (default the system's place for such)
`;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    only: {
      type: 'string',
      multiple: true,
      default: ['encoder', 'peers', 'memory', 'browse', 'shell'],
    },
    rounds: { type: 'string' },
    store: { type: 'string', default: '/dev/shm' },
    work: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const say = (...lines: string[]): void => void process.stdout.write(`${lines.join('\n')}\n`);

/** A directory for `work`, gone afterwards whatever happens. */
async function inFolders<Result>(
  work: (folders: { store: string; work: string }) => Promise<Result>,
): Promise<Result> {
  const folders = {
    store: mkdtempSync(join(options.store, 'floe-bench-')),
    work: mkdtempSync(join(options.work, 'floe-bench-')),
  };
  const clear = (): void => {
    for (const folder of Object.values(folders)) rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', clear);
  try {
    return await work(folders);
  } finally {
    clear();
    process.off('exit', clear);
  }
}

/** @throws Error naming the directory that is too full */
function needSpace(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw new Error(
    `${folder} has ${String(Math.floor(free / MIB))} MiB free and ${String(Math.ceil(bytes / MIB))} are needed; name another with --store or --work`,
  );
}

async function benchPeers(plan: Plan): Promise<void> {
  const restic = resticVersion();
  say('', '# Protect, protect again unchanged, restore', '');
  say(
    `tree: ${plan.tree.files.toLocaleString('en')} files with ${String(plan.tree.filesBytes / MIB)} MiB and one of ${String(plan.tree.largeFileBytes / MIB)} MiB; half is noise, half compresses by two`,
    'floe: 100 shards on 16 storage nodes in one process, direct uploads, zstd level 1; the spool and every journal row are fsynced',
    restic === undefined
      ? 'restic is not installed, so there is no ratio: sudo apt-get install restic'
      : `${restic}: local repository, compression auto (zstd default level); it fsyncs what it stores, which costs nothing on tmpfs`,
  );
  const totalBytes = plan.tree.filesBytes + plan.tree.largeFileBytes;
  const rounds: Rounds = { floe: [], restic: [] };
  await inFolders(async ({ store, work }) => {
    needSpace(store, totalBytes * STORE_FACTOR);
    needSpace(work, totalBytes * (1.5 + 2 * plan.rounds));
    const folder = join(work, 'tree');
    makeBenchTree(folder, plan.tree, SEED);
    for (let round = 0; round < plan.rounds; round += 1) {
      const turns = [
        ...(restic === undefined ? [] : (['restic'] as const)),
        ...(['floe'] as const),
      ];
      // Neither always runs on what the other has left in the caches.
      for (const name of round % 2 === 0 ? turns : turns.toReversed()) {
        const places = { store: join(store, name), home: join(work, 'home') };
        const open = name === 'floe' ? openFloe : openRestic;
        const peer = await open(folder, places, { shards: 100, nodes: 16 });
        try {
          rounds[name].push(await runRound(peer, join(work, `restored-${name}-${String(round)}`)));
        } finally {
          await peer.close();
          for (const place of Object.values(places)) rmSync(place, { recursive: true });
        }
        say(...peerLines(name, rounds[name].slice(-1), totalBytes));
      }
    }
  });
  say('', 'Medians:', ...peerLines('floe', rounds.floe, totalBytes));
  if (restic === undefined) return;
  say(...peerLines('restic', rounds.restic, totalBytes), '', ...ratioLines(rounds));
}

async function runRound(peer: Peer, target: string): Promise<Round> {
  const protect = await peer.protect();
  // The first unchanged run after a protect pays for nothing that later ones do not pay for.
  const protectAgain = await peer.protectAgain();
  // What it wrote stays until the end: for minutes after so many files were deleted, ext4 takes
  // twice as long to create others, and the next program would pay for that.
  const restore = await peer.restore(target);
  return { protect, protectAgain, restore };
}

async function benchMemory(plan: Plan): Promise<void> {
  say('', "# The engine's peak memory while it protects one large file", '');
  for (const { shards, sizeBytes } of plan.memory) {
    await inFolders(async ({ store, work }) => {
      needSpace(store, sizeBytes * STORE_FACTOR);
      needSpace(work, sizeBytes * 1.2);
      const folder = join(work, 'tree');
      mkdirSync(folder);
      makeBenchTree(folder, { files: 1, filesBytes: 1, largeFileBytes: sizeBytes }, SEED);
      const places = { store: join(store, 'floe'), home: join(work, 'home') };
      const peer = await openFloe(folder, places, { shards, nodes: 16 });
      try {
        say(memoryLine(shards, sizeBytes, await peer.protect()));
      } finally {
        await peer.close();
      }
    });
  }
}

async function main(): Promise<void> {
  if (options.help) return say(USAGE);
  if (process.platform !== 'linux') throw new Error('the benchmarks read /proc and need Linux');
  const plan = PLANS[options.quick ? 'quick' : options.full ? 'full' : 'medium'];
  const rounds = options.rounds === undefined ? plan.rounds : Number(options.rounds);
  say(
    `floe bench, ${plan.name}; Node ${process.versions.node}, ${String(availableParallelism())} cores, seed ${SEED}`,
  );
  if (options.only.includes('encoder')) {
    say('', '# The encoder against @mysten/walrus-wasm', '');
    for (const shards of [100, 1000]) {
      const { encoderBytes, encoderRounds } = plan;
      say(encoderLine(await benchEncoder(shards, encoderBytes, encoderRounds)));
    }
  }
  if (options.only.includes('peers')) await benchPeers({ ...plan, rounds });
  if (options.only.includes('memory')) await benchMemory(plan);
  if (options.only.includes('browse')) {
    say('', '# Looking into a snapshot, from the cache', '');
    say(...browseLines(await benchBrowse(plan.browseFiles)));
  }
  if (options.only.includes('shell')) {
    say('', '# The desktop app with its window closed', '');
    await inFolders(async ({ store, work }) => {
      say(...shellLines(await benchShell(plan.shell, store, work)));
    });
  }
}

await main();
