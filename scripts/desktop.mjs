/**
 * @file Fetches an Electron for the desktop app of a checkout, if it can be. Whoever starts Floe
 * without one gets the window in a browser.
 *
 * The Electron that package.json names comes from a host of its own; where that can't be reached,
 * Linux on x64 has the one that the tests run on.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './bootstrap.mjs';

const ELECTRON_PACKAGE = join(root, 'node_modules/electron');
const TEST_ELECTRON_PATTERN = /^electron-\d/;

function say(sentence) {
  process.stderr.write(`floe: ${sentence}\n`);
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
