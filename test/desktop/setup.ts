/**
 * @file Before the desktop tests: the shell is built, its Electron unpacked, and a display runs that
 * has no screen.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestProject } from 'vitest/node';
import { requireSystemPackages } from '../../scripts/system-packages.mjs';
import { testElectron } from '../../scripts/test-electron.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly display: string;
    readonly electron: string;
  }
}

const root = join(import.meta.dirname, '../..');

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  requireSystemPackages();
  project.provide('electron', testElectron());
  execFileSync(process.execPath, [join(root, 'scripts/window.mjs')], { stdio: 'inherit' });

  const server = spawn(
    'Xvfb',
    ['-displayfd', '3', '-screen', '0', '1920x1080x24', '-nolisten', 'tcp'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] },
  );
  const numbers = server.stdio[3] as NodeJS.ReadableStream;
  const [number] = (await once(createInterface({ input: numbers }), 'line')) as [string];
  project.provide('display', `:${number}`);
  return async () => {
    const exit = once(server, 'exit');
    server.kill();
    await exit;
  };
}
