/**
 * @file Builds the window's pages (dist/renderer) when they are stale, and says so in one line.
 *
 * Stale means: what Vite reads is not what it read at the last build. Uses builtins only, like
 * native.mjs; Vite itself runs on the Node that the lockfile pins.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, '.floe-build/renderer');
const built = join(root, 'dist/renderer/index.html');
const read = [
  'src-renderer',
  'src-main/contract',
  'vite.config.ts',
  'svelte.config.js',
  'package-lock.json',
];

function* filesOf(path) {
  const entries = readdirSync(path, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) yield* filesOf(below);
    else if (!entry.name.endsWith('.test.ts')) yield below;
  }
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const name of read) {
    const path = join(root, name);
    const files = /\.\w+$/.test(name) ? [path] : filesOf(path);
    for (const file of files) hash.update(relative(root, file)).update(readFileSync(file));
  }
  return hash.digest('hex');
}

const now = fingerprint();
if (!existsSync(built) || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== now) {
  process.stderr.write('floe: building the pages of the window\n');
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const { status } = spawnSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.exit(1);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, now);
}
