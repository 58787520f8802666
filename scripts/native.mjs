/**
 * @file Builds the native addon when it is stale, and says so in one line.
 *
 * Stale means: the sources, the Rust toolchain or the platform are not those of the last build.
 * Runs on any Node from 20 on and uses builtins only: the addon must exist before anything else
 * does. The one file it makes is native/floe.<platform>-<arch>.node, replaced in one step so that a
 * program that has the old one loaded keeps it.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const nativeRoot = join(root, 'native');
const addon = join(nativeRoot, `floe.${process.platform}-${process.arch}.node`);
const stamp = join(root, '.floe-build', `native.${process.platform}-${process.arch}`);
const target = process.env.CARGO_TARGET_DIR ?? join(nativeRoot, 'target');

const LIBRARY_NAMES = {
  win32: 'floe_binding.dll',
  darwin: 'libfloe_binding.dylib',
};
const library = LIBRARY_NAMES[process.platform] ?? 'libfloe_binding.so';

/** Compiled by cargo; tests and benchmarks beside the sources change nothing that is built. */
const SOURCE_PATTERN = /\.(rs|toml|lock)$/;
const SKIPPED = new Set(['target', 'tests', 'benches', 'examples']);

function say(sentence) {
  process.stderr.write(`floe: ${sentence}\n`);
}

function fail(sentence) {
  say(sentence);
  process.exit(1);
}

function* sourceFiles(directory) {
  const entries = readdirSync(directory, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && !SKIPPED.has(entry.name)) yield* sourceFiles(path);
    else if (entry.isFile() && SOURCE_PATTERN.test(entry.name)) yield path;
  }
}

function toolchain() {
  const result = spawnSync('cargo', ['--version', '--verbose'], {
    cwd: nativeRoot,
    encoding: 'utf8',
  });
  if (result.status !== 0) {
    fail('cargo is needed to build the native addon: install Rust from https://rustup.rs');
  }
  return result.stdout;
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const path of sourceFiles(nativeRoot)) {
    const bytes = readFileSync(path);
    hash.update(`${relative(nativeRoot, path)}\0${bytes.length}\0`).update(bytes);
  }
  const flags = process.env.RUSTFLAGS ?? '';
  return hash.update(`${toolchain()}\0${flags}\0${process.platform}-${process.arch}`).digest('hex');
}

function build() {
  const cargo = ['build', '--release', '--locked', '--package', 'floe-binding'];
  const result = spawnSync('cargo', cargo, { cwd: nativeRoot, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) fail('cargo could not build the native addon; it says why above');
  const fresh = `${addon}.${process.pid}`;
  copyFileSync(join(target, 'release', library), fresh);
  renameSync(fresh, addon);
}

const current = fingerprint();
if (existsSync(addon) && existsSync(stamp) && readFileSync(stamp, 'utf8') === current) {
  say('the native addon is up to date');
} else {
  say('building the native addon (a minute or two)');
  build();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, current);
}
