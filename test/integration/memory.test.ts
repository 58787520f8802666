/**
 * @file The memory of an engine at work: no core file gets it, and no other process of its user
 * reads it. Linux has both ways in; on others there is nothing that this could look at.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWorld, type TestHome, type TestWorld } from '#test/support/floe-cli.ts';
import { bytes, KIB, makeTree } from '#test/support/tree.ts';

const MAIN = join(import.meta.dirname, '../../src-main/cli/main.ts');
const NATIVE_OS = join(import.meta.dirname, '../../src-main/platform/native-os.ts');
const isLinux = process.platform === 'linux';

let world: TestWorld;
let home: TestHome;

beforeAll(async () => {
  world = await openWorld({ shards: 13, nodes: 4 });
  home = world.home('home');
  await home.init();
  const folder = world.path('folder');
  makeTree(folder, { 'file.bin': bytes(300 * KIB, 1) });
  await home.must(['add', folder]);
  for (const { node } of world.localnet.nodes) node.setDelay(60_000);
}, 120_000);

afterAll(() => world.close());

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<NodeJS.Signals | null>;
}

/** Run Node where core files are allowed, and let them fall into `directory`. */
function startNode(directory: string, args: readonly string[]): Started {
  mkdirSync(directory, { recursive: true });
  const child = spawn(
    'sh',
    ['-c', 'ulimit -c unlimited; exec "$0" "$@"', process.execPath, ...args],
    {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('exit', (_, signal) => resolve(signal)),
  );
  return { child, ended };
}

/** A sync whose storage nodes do not answer: it holds words, keys, names and contents. */
async function startEngine(directory: string): Promise<Started> {
  const started = startNode(directory, [MAIN, '--home', home.path, 'sync']);
  await new Promise<void>((resolve, reject) => {
    let said = '';
    started.child.stderr?.on('data', (piece: Buffer) => {
      said += piece.toString();
      if (/registered/i.test(said)) resolve();
    });
    void started.ended.then(() => reject(new Error(`the sync ended: ${said}`)));
  });
  return started;
}

const coresIn = (directory: string): string[] =>
  readdirSync(directory).filter((name) => name.startsWith('core'));

test.runIf(isLinux)(
  'an engine that is aborted leaves no core file',
  async () => {
    const place = world.path('engine');
    const { child, ended } = await startEngine(place);
    const limits = readFileSync(`/proc/${String(child.pid)}/limits`, 'utf8');
    expect(limits).toMatch(/^Max core file size +0 +0 /m);
    child.kill('SIGABRT');
    expect(await ended).toBe('SIGABRT');
    expect(coresIn(place)).toEqual([]);

    // Where core files fall beside the process, one that holds no secrets leaves one.
    if (readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim() !== 'core') return;
    const other = world.path('other');
    const idle = startNode(other, ['-e', 'process.abort()']);
    expect(await idle.ended).toBe('SIGABRT');
    expect(coresIn(other)).toHaveLength(1);
  },
  60_000,
);

/** Somebody who is not root, since root may read everything. */
const somebody = process.geteuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const canRunAsSomebody =
  isLinux &&
  spawnSync('test', ['-r', NATIVE_OS, '-a', '-x', process.execPath], somebody).status === 0;

/** A process that says a word once `script` has run, and then waits. */
async function startWaiting(script: string): Promise<ChildProcess> {
  const waiting = `${script}; console.log('ready'); setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', waiting], {
    ...somebody,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

/** Whether another process of the same user is let into the memory of this one. */
const isReadable = ({ pid }: ChildProcess): boolean =>
  spawnSync('head', ['-c', '1', `/proc/${String(pid)}/maps`], somebody).status === 0;

test.runIf(canRunAsSomebody)(
  'the memory of a process with secrets is no file of its user',
  async () => {
    const open = await startWaiting('');
    const closed = await startWaiting(
      `(await import(${JSON.stringify(NATIVE_OS)})).keepMemoryPrivate()`,
    );
    try {
      expect(isReadable(open)).toBe(true);
      expect(isReadable(closed)).toBe(false);
    } finally {
      open.kill('SIGKILL');
      closed.kill('SIGKILL');
    }
  },
);
