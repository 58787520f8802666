/**
 * @file The standalone restorer as somebody runs it who has nothing else: a copy of its one file
 * beside its four packages, in a process that may load no addon and start no other.
 */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

const CHECKOUT = join(import.meta.dirname, '..', '..');
const RESTORER = join(CHECKOUT, 'restorer');

/** What restorer/package.json says. */
export const restorerManifest = JSON.parse(
  readFileSync(join(RESTORER, 'package.json'), 'utf8'),
) as { readonly dependencies: Readonly<Record<string, string>> };

export interface RestorerRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Restorer {
  /** Run it with the words on stdin. */
  run(args: readonly string[], words: string): Promise<RestorerRun>;
}

/** Put the restorer into a folder that does not exist yet. */
export function installRestorer(folder: string): Restorer {
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(RESTORER, 'restore.mjs'), join(folder, 'restore.mjs'));
  for (const name of Object.keys(restorerManifest.dependencies)) {
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true });
    symlinkSync(join(CHECKOUT, 'node_modules', name), join(folder, 'node_modules', name));
  }
  const permissions = ['--permission', '--allow-fs-read=*', '--allow-fs-write=*'];
  return {
    run: async (args, words) => {
      const child = spawn(process.execPath, [...permissions, 'restore.mjs', ...args], {
        cwd: folder,
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      child.stdin.end(words);
      const text = { stdout: '', stderr: '' };
      child.stdout.setEncoding('utf8').on('data', (piece: string) => (text.stdout += piece));
      child.stderr.setEncoding('utf8').on('data', (piece: string) => (text.stderr += piece));
      const code = await new Promise<number>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (value) => resolve(value ?? 1));
      });
      return { code, ...text };
    },
  };
}
