/**
 * @file Before the desktop tests: the shell is built, its Electron unpacked, and a display runs that
 * has no screen.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { requireSystemPackages } from '../../scripts/system-packages.mjs';
import { testElectron } from '../../scripts/test-electron.mjs';
import { startDisplay } from './display.ts';

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
  execFileSync(process.execPath, [join(root, 'scripts/bundles.mjs')], { stdio: 'inherit' });

  const display = await startDisplay();
  project.provide('display', display.name);
  return display.close;
}
