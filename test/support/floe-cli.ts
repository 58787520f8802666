/**
 * @file Floe as a person runs it: the command line in a process of its own, with --json, on a home
 * and a local network of the test's own.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SerializedError } from '#contract/errors.ts';
import { startLocalnet, type LocalnetOptions, type RunningLocalnet } from '#localnet/localnet.ts';
import { temporaryFolder } from './tree.ts';

const CHECKOUT = join(import.meta.dirname, '..', '..');
/** Most of a short command's time is the compiling of its modules. */
const COMPILE_CACHE = join(tmpdir(), 'floe-test-compile-cache');
const MAIN = join(CHECKOUT, 'src-main', 'cli', 'main.ts');

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What was printed, which with --json is one object. */
  readonly json: Record<string, unknown>;
  /** The error in it, if it is one. */
  readonly error: SerializedError | undefined;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Called with the process as soon as it runs, for instance to send it a signal. */
  readonly onStart?: (child: ChildProcess) => void;
  /** Called with each line of stderr. */
  readonly onLine?: (line: string, child: ChildProcess) => void;
}

/** Run `floe ...args --json` to its end. */
export async function runFloe(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return runFloeText([...args, '--json'], options);
}

/** Run `floe ...args` to its end. */
export async function runFloeText(
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE, ...options.env },
  });
  child.stdin.end(options.input ?? '');
  const text = { stdout: '', stderr: '' };
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text.stdout += piece));
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    text.stderr += piece;
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) options.onLine?.(line, child);
  });
  options.onStart?.(child);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (value, signal) => resolve(value ?? (signal === 'SIGKILL' ? 137 : 1)));
  });
  const json = parsed(text.stdout);
  return { code, ...text, json, error: json['error'] as SerializedError | undefined };
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** A local network in this process, with everything of the test in one folder. */
export interface TestWorld {
  readonly localnet: RunningLocalnet;
  /** Everything lies in here; removed by `close`. */
  readonly base: string;
  readonly networkFile: string;
  /** The folder of the local network. */
  readonly networkDir: string;
  path(name: string): string;
  /** A home of the world; `init` makes it one. */
  home(name: string): TestHome;
  close(): Promise<void>;
}

export interface TestHome {
  readonly path: string;
  /** Run a command on this home. */
  floe(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** The same, which must end with 0; gives what it printed. */
  must(args: readonly string[], options?: RunOptions): Promise<Record<string, unknown>>;
  /** Set up a vault on the world's network; gives its words. */
  init(args?: readonly string[]): Promise<string>;
  /** Start the daemon without watching; resolves when it serves. */
  daemon(env?: NodeJS.ProcessEnv): Promise<{ readonly child: ChildProcess; stop(): Promise<void> }>;
}

export async function openWorld(options: Omit<LocalnetOptions, 'dir'> = {}): Promise<TestWorld> {
  const folder = temporaryFolder();
  const path = (name: string): string => join(folder.path, name);
  const networkDir = path('network');
  const localnet = await startLocalnet({
    port: 0,
    recoveryQuietMs: 200,
    ...options,
    dir: networkDir,
  });
  return {
    localnet,
    base: folder.path,
    networkDir,
    networkFile: join(networkDir, 'network.json'),
    path,
    home: (name) => testHome(path(name), join(networkDir, 'network.json')),
    close: async () => {
      await localnet.close();
      folder.remove();
    },
  };
}

/** A home anywhere. */
export function testHome(path: string, networkFile: string): TestHome {
  const floe: TestHome['floe'] = (args, options) => runFloe(['--home', path, ...args], options);
  const must: TestHome['must'] = async (args, options) => {
    const outcome = await floe(args, options);
    const said = `${outcome.stdout}${outcome.stderr}`.slice(-2_000);
    assert.equal(outcome.code, 0, `floe ${args.join(' ')}: ${said}`);
    return outcome.json;
  };
  return {
    path,
    floe,
    must,
    init: async (args = []) =>
      String((await must(['init', '--network', networkFile, ...args]))['words']),
    daemon: (env) => startDaemon(path, env),
  };
}

async function startDaemon(
  home: string,
  env: NodeJS.ProcessEnv = {},
): Promise<{ child: ChildProcess; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [MAIN, '--home', home, 'daemon', '--no-watch', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the daemon ended with ${String(code)}`)));
  });
  return {
    child,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Write a network file that differs from the world's, and give its path. */
export function changedNetwork(
  world: TestWorld,
  name: string,
  change: (file: Record<string, unknown>) => unknown,
): string {
  const file = structuredClone(world.localnet.networkFile) as unknown as Record<string, unknown>;
  const path = world.path(name);
  writeFileSync(path, JSON.stringify(change(file) ?? file));
  return path;
}

/** Expect an error as a script sees it: exit code, stable code, a sentence and a next step. */
export function expectFailure(outcome: Outcome, code: string, exit: number): SerializedError {
  const said = `${outcome.stdout}${outcome.stderr}`.slice(-2_000);
  assert.ok(outcome.error, `an error object is expected, exit ${String(outcome.code)}: ${said}`);
  assert.equal(outcome.error.code, code, said);
  assert.equal(outcome.code, exit, said);
  assert.ok(outcome.error.message.length > 0 && outcome.error.next.length > 0, said);
  return outcome.error;
}
