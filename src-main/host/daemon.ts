/** @file Serves a home until stopped: the engine, its socket, and the watching of its folders. */
import { absolutePathText } from '#engine/ports/file-system.ts';
import type { EngineEvent } from '#contract/events.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { systemRandom } from '#platform/system-random.ts';
import { lockHome, type ConnectOptions } from './connect.ts';
import { serveEngine } from './engine-server.ts';
import { homePaths } from './home.ts';
import { openHome } from './open-home.ts';

const TOKEN_BYTES = 32;

export interface ServeOptions extends ConnectOptions {
  /** Whether to watch the folders, too. */
  readonly watch: boolean;
  readonly onReady: (socket: string) => void;
  readonly onEvent: (event: EngineEvent) => void;
}

/** Resolves when the signal is aborted or a caller asked the engine to stop, and all is closed. */
export async function serveHome(options: ServeOptions): Promise<void> {
  const files = openFileSystem();
  const paths = homePaths(options.home);
  const lock = lockHome(options.home);
  try {
    const engine = await openHome(options.home, options.passphraseFile);
    const unsubscribe = engine.subscribe(options.onEvent);
    // Whoever held the lock before is gone, and so is whoever listened here.
    files.removeFile(paths.socket);
    const token = Buffer.from(systemRandom.bytes(TOKEN_BYTES)).toString('hex');
    await files.writeFileDurable(paths.token, Buffer.from(token));
    const stopped = Promise.withResolvers<undefined>();
    const stop = (): void => stopped.resolve(undefined);
    options.signal.addEventListener('abort', stop, { once: true });
    const socketPath = absolutePathText(paths.socket);
    const server = await serveEngine({ connection: engine, socketPath, token, onStop: stop });
    try {
      options.onReady(socketPath);
      if (options.watch) await engine.watch();
      if (!options.signal.aborted) await stopped.promise;
    } finally {
      files.removeFile(paths.token);
      server.stopListening();
      files.removeFile(paths.socket);
      unsubscribe();
      // Callers hear how their calls ended before they are hung up on.
      await engine.close();
      await server.close();
    }
  } finally {
    lock.release();
  }
}
