/**
 * @file Builds what is run as a bundle when it is stale, and says so in one line: the command line
 * with the engine (dist/engine), the pages of the window (dist/renderer), and the desktop shell
 * around them (dist/app).
 *
 * Stale means: what Vite reads is not what it read at the last build. What is new is built beside what
 * is there and takes its place by a rename: an engine or a shell that serves it meanwhile never finds
 * half of it. Uses builtins only, like native.mjs; Vite itself runs on the Node that the lockfile pins.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const builds = [
  {
    name: 'engine',
    sentence: 'building the engine',
    config: 'src-main/cli/vite.config.ts',
    built: 'dist/engine/main.js',
    read: ['src-main'],
  },
  {
    name: 'renderer',
    sentence: 'building the pages of the window',
    config: 'vite.config.ts',
    built: 'dist/renderer/index.html',
    read: ['src-renderer', 'src-main/contract', 'vite.config.ts', 'svelte.config.js'],
  },
  {
    name: 'app',
    sentence: 'building the desktop shell',
    config: 'src-main/app/vite.config.ts',
    built: 'dist/app/main.cjs',
    read: ['src-main/app', 'src-main/contract', 'src-main/host', 'src-main/platform'],
  },
];

function* filesOf(path) {
  const entries = readdirSync(path, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) yield* filesOf(below);
    else if (!entry.name.endsWith('.test.ts')) yield below;
  }
}

function fingerprint(read) {
  const hash = createHash('sha256');
  for (const name of [...read, 'package.json', 'package-lock.json']) {
    const path = join(root, name);
    const files = /\.\w+$/.test(name) ? [path] : filesOf(path);
    for (const file of files) hash.update(relative(root, file)).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** Put `next` in the place of `folder`, and let go of what was there. */
function takePlace(next, folder) {
  const last = `${next}-last`;
  try {
    if (existsSync(folder)) renameSync(folder, last);
    renameSync(next, folder);
  } catch (error) {
    // Somebody else has just built the same, and was first.
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error;
    rmSync(next, { recursive: true, force: true });
  }
  rmSync(last, { recursive: true, force: true });
}

for (const { name, sentence, config, built, read } of builds) {
  const stamp = join(root, '.floe-build', name);
  const now = fingerprint(read);
  const isFresh =
    existsSync(join(root, built)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === now;
  if (isFresh) continue;
  process.stderr.write(`floe: ${sentence}\n`);
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const folder = join(root, dirname(built));
  // Two that build at once are not in each other's way.
  const next = join(root, '.floe-build', `${name}-${process.pid}`);
  const args = [vite, 'build', '--config', join(root, config), '--logLevel', 'warn'];
  const { status } = spawnSync(process.execPath, [...args, '--outDir', next, '--emptyOutDir'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) {
    rmSync(next, { recursive: true, force: true });
    process.exit(1);
  }
  mkdirSync(dirname(folder), { recursive: true });
  takePlace(next, folder);
  writeFileSync(stamp, now);
}
