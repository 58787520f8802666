/**
 * @file Floe's other processes, started from this one: the local network and the engine.
 *
 * Each is the same command line with other arguments, under the same Node. A child says on stdout
 * that it is ready, with one line of JSON; everything else it says goes to stderr.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { EngineError } from '#engine/model/engine-error.ts';
import type { ErrorCode } from '#contract/errors.ts';

/** The sources start the sources, and the bundle the bundle. */
const MAIN = join(import.meta.dirname, `main${extname(import.meta.filename)}`);

export interface FloeProcess {
  /** The line that said it was ready. */
  readonly ready: Record<string, unknown>;
  readonly child: ChildProcess;
  /** Ends when the process does. */
  readonly ended: Promise<number>;
  /** Ask it to stop, and wait until it has. */
  stop(): Promise<void>;
}

/**
 * Start `floe ...args --json` and wait for its line.
 *
 * @throws EngineError with the child's own code when it fails instead
 */
export async function startFloe(
  args: readonly string[],
  options: { readonly stderr: 'inherit' | 'ignore'; readonly env?: NodeJS.ProcessEnv },
): Promise<FloeProcess> {
  // A group of its own: Ctrl-C reaches only the parent, which stops its children in order.
  const child = spawn(process.execPath, [MAIN, ...args, '--json'], {
    stdio: ['ignore', 'pipe', options.stderr],
    env: options.env ?? process.env,
    detached: process.platform !== 'win32',
  });
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1));
  });
  const lines = createInterface({ input: child.stdout });
  const first = await new Promise<string | undefined>((resolve, reject) => {
    child.once('error', reject);
    lines.once('line', resolve);
    lines.once('close', () => resolve(undefined));
  });
  const ready = parseLine(first);
  const error = ready?.['error'] as { code: ErrorCode; message: string } | undefined;
  if (ready === undefined || error !== undefined) {
    await ended;
    throw error
      ? new EngineError(error.code, error.message)
      : new EngineError('internal', `floe ${args.join(' ')} ended without an answer`);
  }
  return {
    ready,
    child,
    ended,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}

/**
 * Run `floe ...args --json` to its end and give what it printed.
 *
 * @throws EngineError with the command's own code when it fails
 */
export async function runFloe(args: readonly string[]): Promise<Record<string, unknown>> {
  const child = spawn(process.execPath, [MAIN, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const pieces: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (value) => resolve(value ?? 1));
  });
  const answer = parseLine(Buffer.concat(pieces).toString('utf8').trim()) ?? {};
  const error = answer['error'] as { code: ErrorCode; message: string } | undefined;
  if (error) throw new EngineError(error.code, error.message);
  if (code !== 0) {
    throw new EngineError('internal', `floe ${args.join(' ')} ended with ${String(code)}`);
  }
  return answer;
}

function parseLine(line: string | undefined): Record<string, unknown> | undefined {
  if (line === undefined) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
