/**
 * @file What the desktop app costs a person who does not look at it: how long from its start until
 * the tray icon is there and says how things stand, and what shell and engine take with the window
 * closed and very many files watched.
 *
 * Memory is the proportional share (PSS): what several processes have in common counts once.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { wordsOf } from '../../src-main/app/words.ts';
import { startBus, TrayHost } from '#test/desktop/buses.ts';
import { startDisplay } from '#test/desktop/display.ts';
import { requireSystemPackages } from '../../scripts/system-packages.mjs';
import { testElectron } from '../../scripts/test-electron.mjs';
import { makeManyFiles } from './browse.ts';
import { MAIN, startLocalnet } from './localnet.ts';
import { measure, processorMs, sharedBytes } from './measure.ts';

const ROOT = join(import.meta.dirname, '../..');
const ASK_MS = 5;
/** Every state of a folder on a local network is said with these; nothing that comes before it is. */
const STATE_WORDS = wordsOf.en.tryOut;
/** After the first scan the engine rests; what it did before does not count. */
const SETTLE_MS = 30_000;

export interface ShellResult {
  readonly files: number;
  readonly trayMs: readonly number[];
  /** Until the tray tells the state of the folder, which only the engine knows. */
  readonly toldMs: readonly number[];
  readonly idleSeconds: number;
  readonly idleCpuMs: number;
  readonly memory: readonly { readonly name: string; readonly bytes: number }[];
}

export interface ShellPlan {
  readonly files: number;
  readonly starts: number;
  readonly idleSeconds: number;
}

/** Starts of the app on a home whose folder is protected; the last one is left alone for a while. */
export async function benchShell(
  plan: ShellPlan,
  store: string,
  work: string,
): Promise<ShellResult> {
  requireSystemPackages();
  const electron = join(testElectron(), 'electron');
  execFileSync(process.execPath, [join(ROOT, 'scripts/bundles.mjs')], { stdio: 'inherit' });
  const home = join(work, 'home');
  const localnet = await startLocalnet(join(store, 'localnet'), { shards: 10, nodes: 4 });
  const display = await startDisplay();
  const [session, system] = [await startBus(), await startBus()];
  try {
    await protectManyFiles(home, work, plan.files, localnet.networkFile);
    const environment: Record<string, string> = {
      PATH: process.env['PATH'] ?? '',
      LANG: 'C.UTF-8',
      DISPLAY: display.name,
      DBUS_SESSION_BUS_ADDRESS: session.address,
      DBUS_SYSTEM_BUS_ADDRESS: system.address,
      FLOE_HOME: home,
    };
    for (const name of ['HOME', 'XDG_CONFIG_HOME', 'XDG_RUNTIME_DIR']) {
      environment[name] = join(work, name);
      mkdirSync(environment[name], { mode: 0o700 });
    }
    const trayMs: number[] = [];
    const toldMs: number[] = [];
    const launch = async (): Promise<ChildProcess> => {
      const tray = await TrayHost.open(session);
      const startedMs = performance.now();
      const args = [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ROOT, '--hidden'];
      const child = spawn(electron, args, { env: environment, stdio: 'ignore' });
      await tray.tooltip();
      trayMs.push(performance.now() - startedMs);
      while (!(await tray.tooltip()).includes(STATE_WORDS)) await pass(ASK_MS);
      toldMs.push(performance.now() - startedMs);
      tray.close();
      return child;
    };
    for (let start = 1; start < plan.starts; start += 1) await end(await launch());
    const shell = await launch();
    try {
      await pass(SETTLE_MS);
      const idle = await watchIdle(shell.pid ?? 0, plan.idleSeconds);
      return { files: plan.files, trayMs, toldMs, ...idle };
    } finally {
      await end(shell);
    }
  } finally {
    await session.close();
    await system.close();
    await display.close();
    await localnet.stop();
  }
}

async function protectManyFiles(
  home: string,
  work: string,
  files: number,
  networkFile: unknown,
): Promise<void> {
  const folder = join(work, 'Many');
  makeManyFiles(folder, files);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const file = join(work, 'network.json');
  writeFileSync(file, JSON.stringify(networkFile));
  for (const args of [['init', '--network', file], ['add', folder], ['sync']]) {
    await measure(process.execPath, [MAIN, '--home', home, '--json', ...args]);
  }
}

async function end(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

async function watchIdle(
  shellPid: number,
  seconds: number,
): Promise<Pick<ShellResult, 'idleSeconds' | 'idleCpuMs' | 'memory'>> {
  const all = [shellPid, ...descendants(shellPid)];
  const cpuMs = (): number => all.reduce((sum, pid) => sum + processorMs(pid), 0);
  const beforeMs = cpuMs();
  await pass(seconds * 1000);
  const idleCpuMs = cpuMs() - beforeMs;
  const memory = all.map((pid) => ({ name: nameOf(pid), bytes: sharedBytes(pid) }));
  return { idleSeconds: seconds, idleCpuMs, memory };
}

/** Every process below one: a child belongs to the thread that started it. */
function descendants(pid: number): number[] {
  const tasks = `/proc/${String(pid)}/task`;
  const children = readdirSync(tasks).flatMap((task) =>
    readFileSync(join(tasks, task, 'children'), 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number),
  );
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** What a person would call a process: the engine, or the part of Chromium that it is. */
function nameOf(pid: number): string {
  // Chromium's children write their whole command line as one argument.
  const words = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').split(/[\0 ]/);
  if (words.includes('daemon')) return 'engine';
  return words.find((one) => one.startsWith('--type='))?.slice('--type='.length) ?? 'shell';
}
