/**
 * @file The engine of a home, wherever it runs: the one that serves the home, else one in this
 * process for as long as the connection is open.
 */
import type { EngineConnection } from '#contract/api.ts';
import type { Engine } from '#engine/engine.ts';
import { EngineError } from '#engine/model/engine-error.ts';
import { absolutePathText, type FileLock } from '#engine/ports/file-system.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { connectToEngine, type RemoteEngine } from './engine-client.ts';
import { homeFailure, homePaths } from './home.ts';
import { openHome, openHomeForRebuild, passphraseFrom } from './open-home.ts';

const TOKEN_BYTES_MAX = 1_024;

export interface ConnectOptions {
  readonly home: string;
  readonly passphraseFile: string | undefined;
  readonly signal: AbortSignal;
}

/** The engine that serves a home, if one does. */
export async function connectRemote(home: string): Promise<RemoteEngine | undefined> {
  const paths = homePaths(home);
  const token = await openFileSystem().readFile(paths.token, TOKEN_BYTES_MAX);
  if (token === undefined) return undefined;
  return connectToEngine(absolutePathText(paths.socket), Buffer.from(token).toString('utf8'));
}

/**
 * Take the home's lock: one engine at a time.
 *
 * @throws EngineError `home-in-use`, `home-not-initialised`, `home-unwritable`
 */
export function lockHome(home: string): FileLock {
  const files = openFileSystem();
  const paths = homePaths(home);
  if (files.stat(paths.root) === undefined) {
    throw new EngineError('home-not-initialised', `there is no vault in ${home}`);
  }
  let lock: FileLock | undefined;
  try {
    lock = files.lockFile(paths.lock);
  } catch (error) {
    throw homeFailure(error, home);
  }
  if (!lock) throw new EngineError('home-in-use', `another Floe uses ${home}`);
  return lock;
}

/** Connect to the serving engine, or run one in this process until `close`. */
export async function connectEngine(options: ConnectOptions): Promise<EngineConnection> {
  const remote = await connectRemote(options.home);
  if (remote) return remote;
  return holdingLock(options.home, () =>
    openHome(options.home, { askPassphrase: passphraseFrom(options.passphraseFile) }),
  );
}

/**
 * Run an engine in this process although the home's index may be damaged; `setAside` names the
 * folder that keeps the damaged files, if there were any.
 *
 * @throws EngineError `home-in-use` also while an engine serves the home: its index is open
 */
export async function connectForRebuild(
  options: ConnectOptions,
): Promise<EngineConnection & { readonly setAside: string | undefined }> {
  const remote = await connectRemote(options.home);
  if (remote) {
    await remote.close();
    const message = `the engine of ${options.home} runs; stop it before its index is rebuilt`;
    throw new EngineError('home-in-use', message, { context: { pid: remote.pid } });
  }
  let setAside: string | undefined;
  const connection = await holdingLock(options.home, async () => {
    const opened = await openHomeForRebuild(options.home, passphraseFrom(options.passphraseFile));
    ({ setAside } = opened);
    return opened.engine;
  });
  return { ...connection, setAside };
}

async function holdingLock(home: string, open: () => Promise<Engine>): Promise<EngineConnection> {
  const lock = lockHome(home);
  try {
    const engine = await open();
    return {
      api: engine.api,
      subscribe: (listener) => engine.subscribe(listener),
      close: async () => {
        await engine.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw homeFailure(error, home);
  }
}
