/**
 * @file A local network as a process: start it, say so, obey commands, end in order. The command
 * line is thin around this.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { SerializedError } from '#contract/errors.ts';
import {
  deserializeError,
  EngineError,
  hasCode,
  serializeError,
} from '#engine/model/engine-error.ts';
import { runControlCommand } from './control-commands.ts';
import { callLocalnet, serveControl } from './control-channel.ts';
import { startLocalnet, type LocalnetOptions } from './localnet.ts';
import type { LocalnetNetworkFile } from './network-file.ts';

const LOG_FILE = 'localnet.log';
/** How often a joined or stopping network is looked at. */
const POLL_MS = 200;

/** What a detached process tells the one that started it, once. */
type Announcement = { readonly ready: LocalnetNetworkFile } | { readonly error: SerializedError };

/**
 * Run a local network until the signal or a `stop` command. `onReady` is called once it serves.
 */
export async function runLocalnet(
  options: LocalnetOptions,
  onReady: (networkFile: LocalnetNetworkFile) => void,
  signal: AbortSignal,
): Promise<void> {
  const stopped = Promise.withResolvers<void>();
  const stop = (): void => stopped.resolve();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const localnet = await startLocalnet(options);
    let control: { close(): Promise<void> } | undefined;
    try {
      control = await serveControl(options.dir, async (name, given) => {
        if (name !== 'stop') return runControlCommand(localnet, name, given);
        stop();
        return { stopping: true };
      });
      announce({ ready: localnet.networkFile });
      if (!signal.aborted) onReady(localnet.networkFile);
      if (!signal.aborted) await stopped.promise;
    } finally {
      await localnet.close();
      // Last, so that whoever asked for the stop can see when the directory is free again.
      await control?.close();
    }
  } catch (error) {
    announce({ error: serializeError(error) });
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Only a process that was started detached has somebody to tell. */
function announce(announcement: Announcement): void {
  if (process.connected) process.send?.(announcement);
}

/**
 * As `runLocalnet`, but where another process already runs the directory's network, stay beside it
 * until the signal, and leave it running.
 */
export async function joinLocalnet(
  options: LocalnetOptions,
  onReady: (networkFile: LocalnetNetworkFile) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    await runLocalnet(options, onReady, signal);
  } catch (error) {
    if (!hasCode(error, 'localnet-in-use')) throw error;
    onReady(await networkFileOf(options.dir));
    while (!signal.aborted) {
      await pause(POLL_MS, signal);
      if (!signal.aborted) await callLocalnet(options.dir, 'ping');
    }
  }
}

async function networkFileOf(dir: string): Promise<LocalnetNetworkFile> {
  const status = await callLocalnet(dir, 'status');
  return status['network'] as LocalnetNetworkFile;
}

/**
 * Start the same command without `--detach` in the background, and wait until it serves.
 * `commandLine` is what follows the runtime: the script and its arguments.
 */
export async function startDetached(
  dir: string,
  commandLine: readonly string[],
): Promise<LocalnetNetworkFile> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const log = openSync(join(dir, LOG_FILE), 'a', 0o600);
  try {
    const child = spawn(process.execPath, [...process.execArgv, ...commandLine], {
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
    });
    const announcement = await new Promise<Announcement>((resolve, reject) => {
      child.once('message', (message) => resolve(message as Announcement));
      child.once('error', reject);
      child.once('exit', (code) => {
        const text = `the local network ended with ${String(code)}; see ${join(dir, LOG_FILE)}`;
        reject(new EngineError('internal', text));
      });
    });
    if ('error' in announcement) throw deserializeError(announcement.error);
    child.disconnect();
    child.unref();
    return announcement.ready;
  } finally {
    closeSync(log);
  }
}

/** Stop the network of a directory and wait until it has. */
export async function stopLocalnet(dir: string): Promise<void> {
  await callLocalnet(dir, 'stop');
  for (;;) {
    try {
      await callLocalnet(dir, 'ping');
    } catch (error) {
      if (hasCode(error, 'localnet-not-running')) return;
      throw error;
    }
    await pause(POLL_MS);
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal?.addEventListener('abort', finish, { once: true });
  });
}
