/** @file Before the tests of the window: its pages are built, and Chromium is unpacked. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { unpackChromium } from './chromium.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly chromium: string;
  }
}

const root = join(import.meta.dirname, '../..');

export default async function setUp(project: TestProject): Promise<void> {
  execFileSync(process.execPath, [join(root, 'scripts/bundles.mjs')], { stdio: 'inherit' });
  project.provide('chromium', await unpackChromium());
}
