/**
 * @file Runs a command to its end and measures it: wall, processor time, peak memory.
 *
 * Processor time is what the kernel adds to this process when a child of it ends, so it is exact
 * for whatever the child is: Node, or a Go program. Linux only.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Clock ticks a second in /proc; fixed by the kernel's interface to programs. */
const TICKS_PER_SECOND = 100;
const MS_PER_TICK = 1000 / TICKS_PER_SECOND;
const KIB = 1024;
const POLL_MS = 20;
/** Fields of /proc/PID/stat after the name, which is in parentheses and may hold spaces. */
const FIELD = { userTicks: 11, systemTicks: 12, childUserTicks: 13, childSystemTicks: 14 } as const;

export interface Measurement {
  readonly wallMs: number;
  /** User and system time of the command, and of what it has waited for. */
  readonly cpuMs: number;
  readonly peakBytes: number;
  readonly stdout: string;
}

function statFields(pid: number | 'self'): number[] {
  const text = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
  return text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
}

/** Processor time of children that have ended. */
function endedChildrenMs(): number {
  const fields = statFields('self');
  return (
    ((fields[FIELD.childUserTicks] ?? 0) + (fields[FIELD.childSystemTicks] ?? 0)) * MS_PER_TICK
  );
}

/** Processor time of a process that runs. */
export function processorMs(pid: number): number {
  const fields = statFields(pid);
  return ((fields[FIELD.userTicks] ?? 0) + (fields[FIELD.systemTicks] ?? 0)) * MS_PER_TICK;
}

/** The most memory that a process has had so far. */
function peakBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'latin1');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * KIB;
  } catch {
    return 0;
  }
}

/** The memory that a process has, with what it shares divided among those that share it. */
export function sharedBytes(pid: number): number {
  const rollup = readFileSync(`/proc/${String(pid)}/smaps_rollup`, 'latin1');
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]) * KIB;
}

/** Run a command that must succeed. Nothing else may end meanwhile. */
export async function measure(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Measurement> {
  const beforeMs = endedChildrenMs();
  const startedMs = performance.now();
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let peak = 0;
  const poll = setInterval(() => {
    if (child.pid !== undefined) peak = Math.max(peak, peakBytes(child.pid));
  }, POLL_MS);
  try {
    const { code, stdout, stderr } = await untilEnd(child);
    const wallMs = performance.now() - startedMs;
    if (code !== 0) {
      throw new Error(
        `${command} ${args.join(' ')} ended with ${String(code)}\n${stderr}${stdout}`,
      );
    }
    return { wallMs, cpuMs: endedChildrenMs() - beforeMs, peakBytes: peak, stdout };
  } finally {
    clearInterval(poll);
  }
}

async function untilEnd(
  child: ChildProcess,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (piece: Buffer) => stdout.push(piece));
  child.stderr?.on('data', (piece: Buffer) => stderr.push(piece));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const text = (pieces: Buffer[]): string => Buffer.concat(pieces).toString('utf8');
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
};
