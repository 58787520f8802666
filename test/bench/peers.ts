/**
 * @file The two programs that are compared, each as first protect, unchanged protect and restore.
 *
 * Both keep what they store on tmpfs. Floe's storage nodes are a process of their own, so its
 * engine's processor time and theirs are told apart; restic has no such other half.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAIN, startLocalnet, type LocalnetOptions } from './localnet.ts';
import { measure, processorMs, type Measurement } from './measure.ts';

const FOLDER_NAME = 'bench';

/** One measured step. */
export interface Step extends Measurement {
  /** Of the storage nodes, where there are any. */
  readonly nodeCpuMs: number;
}

export interface Places {
  /** On tmpfs: what is stored. */
  readonly store: string;
  /** The program's own files. */
  readonly home: string;
}

/** A program in one round: from an empty store to a restored folder. */
export interface Peer {
  protect(): Promise<Step>;
  protectAgain(): Promise<Step>;
  restore(target: string): Promise<Step>;
  close(): Promise<void>;
}

export function resticVersion(): string | undefined {
  const result = spawnSync('restic', ['version'], { encoding: 'utf8' });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

export async function openRestic(folder: string, places: Places): Promise<Peer> {
  const environment = {
    // A repository that is deleted with this run.
    RESTIC_PASSWORD: 'bench',
    RESTIC_REPOSITORY: places.store,
    RESTIC_CACHE_DIR: places.home,
  };
  const run = async (...args: string[]): Promise<Step> => ({
    ...(await measure('restic', ['--quiet', ...args], environment)),
    nodeCpuMs: 0,
  });
  await run('init');
  return {
    protect: () => run('backup', folder),
    protectAgain: () => run('backup', folder),
    restore: (target) => run('restore', 'latest', '--target', target),
    close: async () => undefined,
  };
}

export async function openFloe(
  folder: string,
  places: Places,
  options: LocalnetOptions,
): Promise<Peer> {
  const localnet = await startLocalnet(places.store, options);
  const floe = async (...args: string[]): Promise<Step> => {
    const beforeMs = processorMs(localnet.pid);
    const step = await measure(process.execPath, [MAIN, '--home', places.home, '--json', ...args]);
    return { ...step, nodeCpuMs: processorMs(localnet.pid) - beforeMs };
  };
  try {
    mkdirSync(places.home, { recursive: true });
    const networkFile = join(places.home, '../network.json');
    writeFileSync(networkFile, JSON.stringify(localnet.networkFile));
    await floe('init', '--network', networkFile);
    await floe('add', folder, '--name', FOLDER_NAME);
  } catch (error) {
    await localnet.stop();
    throw error;
  }
  return {
    protect: () => floe('sync', FOLDER_NAME),
    protectAgain: () => floe('sync', FOLDER_NAME),
    restore: (target) => floe('restore', FOLDER_NAME, '--to', target),
    close: () => localnet.stop(),
  };
}
