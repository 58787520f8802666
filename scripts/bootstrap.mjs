/**
 * @file Makes a checkout ready to run: dependencies, the pinned Node, the native addon, the bundles.
 *
 * Runs on the machine's own Node (20 or newer) before anything is installed, so it uses builtins
 * only. Everything after it runs on the Node that the lockfile pins.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const NODE_MAJOR_MIN = 20;
const PINNED_NODE = join(root, 'node_modules/.bin/node');
/** Without a packaged Node for the platform, the machine's own must be able to run TypeScript. */
const OWN_NODE_MIN = [22, 18];
const STAMP = join(root, 'node_modules/.floe-installed');
/** A second command waits for the first one's installation; a dead one's lock is taken over. */
const LOCK = join(root, '.floe-build/bootstrap.lock');
const LOCK_POLL_MS = 250;

function fail(sentence) {
  process.stderr.write(`floe: ${sentence}\n`);
  process.exit(1);
}

function say(sentence) {
  process.stderr.write(`floe: ${sentence}\n`);
}

/** What node_modules depends on: the lockfile, the install settings and the platform. */
function installFingerprint() {
  const hash = createHash('sha256');
  for (const name of ['package-lock.json', '.npmrc']) hash.update(readFileSync(join(root, name)));
  return hash.update(`${process.platform} ${process.arch}`).digest('hex');
}

function installDependencies() {
  const fingerprint = installFingerprint();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === fingerprint) return;
  say('installing dependencies (once per lockfile)');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = spawnSync(npm, ['ci', '--ignore-scripts', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) fail('npm ci failed; its messages stand above');
  writeFileSync(STAMP, fingerprint);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** The process that holds the lock; 0 when it has just been given back. */
function readLockOwner() {
  try {
    return Number(readFileSync(LOCK, 'utf8'));
  } catch {
    return 0;
  }
}

/** Run `work` while no other checkout command installs or builds. */
function exclusively(work) {
  mkdirSync(dirname(LOCK), { recursive: true });
  for (;;) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
      break;
    } catch {
      const owner = readLockOwner();
      if (owner > 0 && isAlive(owner)) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_POLL_MS);
      } else {
        rmSync(LOCK, { force: true });
      }
    }
  }
  try {
    work();
  } finally {
    rmSync(LOCK, { force: true });
  }
}

/** What a checkout runs once it is ready; the sources do the same, and begin more slowly. */
export const program = join(root, 'dist/engine/main.js');

/** The Node that runs Floe: the pinned one where its package exists, else the machine's own. */
export function nodePath() {
  return existsSync(PINNED_NODE) ? PINNED_NODE : process.execPath;
}

function checkOwnNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < NODE_MAJOR_MIN) {
    fail(`Node ${NODE_MAJOR_MIN} or newer is needed; this is ${process.versions.node}`);
  }
  return major > OWN_NODE_MIN[0] || (major === OWN_NODE_MIN[0] && minor >= OWN_NODE_MIN[1]);
}

/**
 * Install and build whatever is stale. Quick when nothing is: the sources are hashed.
 *
 * @returns the path of the Node to run Floe with
 */
export function bootstrap() {
  const ownNodeIsEnough = checkOwnNode();
  exclusively(() => {
    installDependencies();
    const node = nodePath();
    if (node === process.execPath && !ownNodeIsEnough) {
      fail(
        `no Node ${OWN_NODE_MIN.join('.')} comes as a package for ${process.platform}-${process.arch}: install it yourself`,
      );
    }
    const native = spawnSync(node, [join(root, 'scripts/native.mjs')], {
      cwd: root,
      stdio: ['ignore', 2, 2],
    });
    if (native.status !== 0) fail('the native addon could not be built; cargo says why above');
    const bundles = spawnSync(node, [join(root, 'scripts/bundles.mjs')], {
      cwd: root,
      stdio: ['ignore', 2, 2],
    });
    if (bundles.status !== 0) fail('the engine or its window could not be built; see above');
  });
  return nodePath();
}

/**
 * Become `node args...`: same terminal, same signals, same exit code.
 *
 * @param {string} node
 * @param {readonly string[]} args
 */
export function become(node, args, environment = {}) {
  const child = spawn(node, args, {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  // The terminal sends Ctrl-C to the whole group; a `kill` reaches only us and is passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) => fail(error.message));
  child.on('exit', (code, signal) => {
    process.exit(signal === 'SIGINT' ? 130 : signal === null ? (code ?? 1) : 1);
  });
}
