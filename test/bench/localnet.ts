/** @file A local network as a process of its own, so that what its nodes cost is told apart. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const MAIN = join(import.meta.dirname, '../../dist/engine/main.js');

export interface LocalnetOptions {
  readonly shards: number;
  readonly nodes: number;
}

export interface LocalnetProcess {
  readonly pid: number;
  readonly networkFile: unknown;
  stop(): Promise<void>;
}

export async function startLocalnet(
  folder: string,
  options: LocalnetOptions,
): Promise<LocalnetProcess> {
  const { shards, nodes } = options;
  const child: ChildProcess = spawn(
    process.execPath,
    [
      ...[MAIN, 'localnet', 'start', '--dir', folder, '--port', '0'],
      ...['--shards', String(shards), '--nodes', String(nodes)],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  if (child.stdout === null || child.pid === undefined) throw new Error('no local network');
  const lines = createInterface({ input: child.stdout });
  const first = await new Promise<string | undefined>((resolve) => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(undefined));
  });
  if (first === undefined) throw new Error('the local network did not start');
  return {
    pid: child.pid,
    networkFile: JSON.parse(first),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
