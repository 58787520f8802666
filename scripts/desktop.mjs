/**
 * @file Makes the desktop app of a checkout ready, as far as it can be: bundles it when it is stale,
 * and fetches an Electron. Whoever starts Floe without one gets the window in a browser.
 *
 * The Electron that package.json names comes from a host of its own; where that can't be reached,
 * Linux on x64 has the one that the tests run on.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './bootstrap.mjs';

const STAMP = join(root, '.floe-build/app');
const BUNDLE = join(root, 'dist/app/main.cjs');
const CONFIG = 'src-main/app/vite.config.ts';
/** What the bundle is made of: the app, and what it imports of the rest. */
const READ = ['src-main/app', 'src-main/contract', 'src-main/host/frames.ts', 'src-main/platform'];
const ELECTRON_PACKAGE = join(root, 'node_modules/electron');
const TEST_ELECTRON_PATTERN = /^electron-\d/;

function say(sentence) {
  process.stderr.write(`floe: ${sentence}\n`);
}

function* filesOf(path) {
  if (/\.\w+$/.test(path)) {
    yield path;
    return;
  }
  const entries = readdirSync(path, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) yield* filesOf(below);
    else if (!entry.name.endsWith('.test.ts')) yield below;
  }
}

function fingerprint() {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  for (const name of READ) {
    for (const file of filesOf(join(root, name))) hash.update(file).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** Bundle the app with vite when it is stale. @param {string} node */
export function buildApp(node) {
  const now = fingerprint();
  if (existsSync(BUNDLE) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === now) return;
  say('building the desktop app');
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const args = [vite, 'build', '--config', CONFIG, '--logLevel', 'warn'];
  const { status } = spawnSync(node, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    say('the desktop app could not be built; vite says why above');
    return;
  }
  mkdirSync(dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, now);
}

function hasElectron() {
  if (process.env.ELECTRON_OVERRIDE_DIST_PATH !== undefined) return true;
  const build = join(root, '.floe-build');
  return (
    existsSync(join(ELECTRON_PACKAGE, 'path.txt')) ||
    (existsSync(build) && readdirSync(build).some((name) => TEST_ELECTRON_PATTERN.test(name)))
  );
}

/** Fetch an Electron unless there is one. Failing is no error. @param {string} node */
export function fetchElectron(node) {
  if (hasElectron()) return;
  say('fetching Electron (once)');
  const quietly = (script) =>
    spawnSync(node, [script], { cwd: root, stdio: 'ignore' }).status === 0;
  if (quietly(join(ELECTRON_PACKAGE, 'install.js'))) return;
  const isForTests = process.platform === 'linux' && process.arch === 'x64';
  if (isForTests && quietly(join(root, 'scripts/test-electron.mjs'))) return;
  say('Electron cannot be fetched here');
}
