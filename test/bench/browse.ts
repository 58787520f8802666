/**
 * @file How long a person waits who looks into a snapshot of very many files: for a directory and
 * for a search, when the snapshot was looked into before.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bareVault, startWorld } from '#test/support/world.ts';
import { median } from './measure.ts';

const FILES_PER_DIRECTORY = 100;
const ROUNDS = 15;
const PAGE = { path: '', offset: 0, limit: 200 } as const;

export interface BrowseResult {
  readonly files: number;
  /** The first look, with everything read from the storage nodes. */
  readonly firstMs: number;
  readonly openMs: number;
  readonly searchMs: number;
}

/** A folder of `files` small files, half of them in one directory, protected and looked into. */
export async function benchBrowse(files: number): Promise<BrowseResult> {
  const world = await startWorld();
  try {
    const folder = world.path('Many');
    makeManyFiles(folder, files);
    const engine = (await bareVault(world, 'home')).open();
    try {
      await engine.api.addFolder({ path: folder, excludes: [], permanent: false });
      await engine.api.sync({});
      const request = { folder: 'Many', text: 'no such name', limit: 200 };
      const search = () => engine.api.search(request);
      const open = (round: number) =>
        engine.api.browse({
          folder: 'Many',
          ...PAGE,
          path: 'flat',
          sort: round % 2 === 0 ? 'size' : 'name',
        });
      return {
        files,
        firstMs: await timed(search),
        searchMs: await medianOf(search),
        openMs: await medianOf(open),
      };
    } finally {
      await engine.close();
    }
  } finally {
    await world.close();
  }
}

/** Half of the files lie in one directory, the others a hundred to each. */
export function makeManyFiles(folder: string, files: number): void {
  const flat = join(folder, 'flat');
  mkdirSync(flat, { recursive: true });
  for (let number = 0; number < files / 2; number += 1) {
    writeFileSync(join(flat, `Photo ${String(number)} of summer.jpg`), String(number % 97));
  }
  for (let number = 0; number < files / 2; number += 1) {
    const directory = join(folder, `d${String(Math.floor(number / FILES_PER_DIRECTORY))}`);
    if (number % FILES_PER_DIRECTORY === 0) mkdirSync(directory);
    writeFileSync(join(directory, `Letter ${String(number)}.txt`), String(number % 97));
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

async function medianOf(work: (round: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) times.push(await timed(() => work(round)));
  return median(times);
}
