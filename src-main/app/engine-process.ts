/**
 * @file Starts the engine of the home, and again whenever nobody serves it. Joins one that does.
 *
 *     link up ──────────────────────────── nothing to do, whoever serves
 *     link down, no child ──(delay)──▶ start one ──▶ link up
 *     child ended ──(longer delay after each quick end)──▶ start one
 *
 * The engine is a process of its own and outlives every window, and even a shell that crashes: the
 * next shell joins it. Its pid is noted, so that quitting ends the engine that a shell started, and
 * leaves one alone that somebody runs as a service.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { utilityProcess, type UtilityProcess } from 'electron';
import { errorCodes, type SerializedError } from '#contract/errors.ts';
import type { LinkState } from '#contract/shell-bridge.ts';
import type { EngineClient } from './engine-client.ts';
import type { Places } from './places.ts';

/** Time for an engine that is already there to answer, before another one is started. */
const JOIN_MS = 300;
const RESTART_MS_MIN = 250;
const RESTART_MS_MAX = 30_000;
/** Who lived this long was no failure to start. */
const LIVED_MS = 30_000;
/** Time for an engine to end its calls and close its files; then it is killed, and loses nothing. */
const STOP_MS_MAX = 15_000;

const PID_FILE = 'engine.pid';

type EngineChild =
  | { readonly kind: 'node'; readonly process: ChildProcess }
  | { readonly kind: 'utility'; readonly process: UtilityProcess };

export class EngineProcess {
  readonly #places: Places;
  readonly #onFailure: (problem: SerializedError | undefined) => void;
  #child: EngineChild | undefined;
  #timer: NodeJS.Timeout | undefined;
  #restartMs = RESTART_MS_MIN;
  #isStopping = false;
  #isUp = false;
  /** Resolves when the child that there is has ended. */
  #childEnd: Promise<void> = Promise.resolve();
  #onDown: (() => void) | undefined;

  /** `onFailure` hears why an engine ended by itself before it answered; undefined once one answers. */
  constructor(places: Places, onFailure: (problem: SerializedError | undefined) => void) {
    this.#places = places;
    this.#onFailure = onFailure;
  }

  /** Start one soon, unless one answers before that. */
  open(): void {
    this.#startAfter(JOIN_MS);
  }

  linkChanged(state: LinkState, enginePid: number | undefined): void {
    this.#isUp = state === 'up';
    if (this.#isUp) {
      clearTimeout(this.#timer);
      this.#onFailure(undefined);
      if (enginePid !== undefined && enginePid === this.#child?.process.pid) {
        writeFileSync(this.#pidFile(), String(enginePid), { mode: 0o600 });
      } else {
        // Another one serves. Ours would wait for the home, and take it when that one ends.
        this.#child?.process.kill();
      }
    } else if (this.#isStopping) this.#onDown?.();
    else if (!this.#child) this.#startAfter(JOIN_MS);
  }

  /** End the engine if a shell started it, and start none any more. */
  async stop(client: EngineClient): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    const child = this.#child?.process;
    const pid = client.link.enginePid;
    const isOurs = pid !== undefined && (pid === child?.pid || pid === this.#notedPid());
    const isDown = new Promise<void>((resolve) => {
      this.#onDown = resolve;
    });
    if (child?.pid !== pid) child?.kill();
    if (isOurs) client.stopEngine();
    const last = setTimeout(() => {
      killNow(child?.pid);
      if (isOurs) killNow(pid);
    }, STOP_MS_MAX);
    await Promise.all([this.#childEnd, isOurs ? isDown : undefined]);
    clearTimeout(last);
    if (isOurs) rmSync(this.#pidFile(), { force: true });
  }

  #startAfter(delayMs: number): void {
    clearTimeout(this.#timer);
    if (this.#isStopping) return;
    this.#timer = setTimeout(() => {
      if (!this.#isUp && !this.#child) this.#start();
    }, delayMs);
  }

  #start(): void {
    const startedAt = Date.now();
    let said = '';
    let tellEnd: () => void;
    this.#childEnd = new Promise((resolve) => {
      tellEnd = resolve;
    });
    const onEnd = (): void => {
      this.#child = undefined;
      tellEnd();
      if (this.#isStopping) return;
      const lived = Date.now() - startedAt;
      this.#restartMs =
        lived > LIVED_MS ? RESTART_MS_MIN : Math.min(RESTART_MS_MAX, this.#restartMs * 2);
      if (lived <= LIVED_MS && !this.#isUp) this.#onFailure(failureOf(said));
      if (!this.#isUp) this.#startAfter(this.#restartMs);
    };
    this.#child = launchEngine(this.#places, (text) => (said += text), onEnd);
  }

  #pidFile(): string {
    return join(this.#places.userData, PID_FILE);
  }

  #notedPid(): number | undefined {
    try {
      return Number(readFileSync(this.#pidFile(), 'utf8'));
    } catch {
      return undefined;
    }
  }
}

function killNow(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

/**
 * Start an engine: under the Node that lies beside the app, or, where none comes as a package, in a
 * utility process of Electron's own Node.
 */
function launchEngine(
  { node, engineEntry, engineRoot, home }: Places,
  onText: (text: string) => void,
  onEnd: () => void,
): EngineChild {
  const args = ['--home', home, '--json', 'daemon', '--for-window'];
  if (node === undefined) {
    const child = utilityProcess.fork(engineEntry, args, { stdio: 'pipe', cwd: engineRoot });
    child.stdout?.on('data', (piece: Buffer) => onText(piece.toString('utf8')));
    child.once('exit', onEnd);
    return { kind: 'utility', process: child };
  }
  const child = spawn(node, [engineEntry, ...args], {
    // A group of its own: Ctrl-C in a terminal ends the shell, which ends the engine in order.
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'ignore'],
    cwd: engineRoot,
    windowsHide: true,
  });
  child.stdout.on('data', (piece: Buffer) => onText(piece.toString('utf8')));
  let hasEnded = false;
  const endOnce = (): void => {
    if (!hasEnded) onEnd();
    hasEnded = true;
  };
  child.once('error', endOnce);
  child.once('exit', endOnce);
  return { kind: 'node', process: child };
}

/** With --json, a command that fails prints its problem. */
function failureOf(said: string): SerializedError {
  try {
    const { error } = JSON.parse(said.trim()) as { error?: SerializedError };
    if (error) return error;
  } catch {
    // It was killed, or Node could not even start it.
  }
  const { next } = errorCodes['engine-away'];
  return { code: 'engine-away', message: 'it ended by itself', next, context: {} };
}
