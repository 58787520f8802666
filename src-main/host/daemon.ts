/**
 * @file Serves a home until stopped: one process, one lock, one socket; the engine as soon as there
 * is a vault that opens; browsers, once somebody asks for that; and the homes beside it that folders
 * were moved to.
 */
import type { HostApi } from '#contract/home-api.ts';
import type { EngineEvent } from '#contract/events.ts';
import { WITHHELD_FROM_PAGES } from '#contract/home-methods.ts';
import type { Engine } from '#engine/engine.ts';
import { absolutePathText } from '#engine/ports/file-system.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { makeMemorySmall } from '#platform/resting-memory.ts';
import { systemClock } from '#platform/system-clock.ts';
import { systemRandom } from '#platform/system-random.ts';
import { lockHome, type ConnectOptions } from './connect.ts';
import { serveEngine, type EngineServer } from './engine-server.ts';
import { HomeAnswers } from './home-answers.ts';
import { answerCalls } from './home-calls.ts';
import { homeFailure, homePaths } from './home.ts';
import { Moves } from './moves.ts';
import type { HomeFacts } from './open-home.ts';
import { OtherHomes, type Conditions } from './other-homes.ts';
import { Rest } from './rest.ts';
import { ServedHome } from './served-home.ts';
import { Settings, uploadWish } from './settings.ts';
import { BrowserDoor } from './web/browser-door.ts';
import { WordsDrafts } from './words-drafts.ts';

const TOKEN_BYTES = 32;

export interface ServeOptions extends ConnectOptions {
  /** Whether to watch the folders, too. */
  readonly watch: boolean;
  /** Whether a home is served only with a vault in it that opens. */
  readonly needsVault: boolean;
  /** Where the window was built; browsers get it from there. */
  readonly pagesFolder: string;
  /** The folder of the local network, unless it is the one that FLOE_LOCALNET or the system names. */
  readonly localnetFolder?: string;
  /**
   * Start or join the local network as a process of its own; for a vault only if it is that
   * vault's. Absent where this process is not to start one.
   */
  readonly startTryOut?: (facts: HomeFacts | undefined) => Promise<void>;
  /** Called once the socket answers; what it rejects with ends everything. */
  readonly onReady: (serving: {
    readonly socket: string;
    readonly host: HostApi;
  }) => void | Promise<void>;
  readonly onEvent: (event: EngineEvent) => void;
}

/**
 * Resolves when the signal is aborted or a caller asked the engine to stop, and all is closed.
 *
 * @throws EngineError `home-in-use`, `home-unwritable`; with `needsVault` also why it does not open
 */
export async function serveHome(options: ServeOptions): Promise<void> {
  // What is made last is closed first, whichever step fails.
  const closing = new AsyncDisposableStack();
  try {
    await serve(options, closing);
  } catch (error) {
    throw homeFailure(error, options.home);
  } finally {
    await closing.disposeAsync();
  }
}

async function serve(options: ServeOptions, closing: AsyncDisposableStack): Promise<void> {
  const files = openFileSystem();
  const paths = homePaths(options.home);
  const { startTryOut } = options;
  if (!options.needsVault) files.ensureDirectory(paths.root);
  const lock = lockHome(options.home);
  closing.defer(() => lock.release());
  const settings = new Settings(files, paths, systemClock);
  const home = new ServedHome({
    home: options.home,
    passphraseFile: options.passphraseFile,
    watch: options.watch,
    startTryOut,
    onOpen: (engine) => tellWishes(engine, settings),
    clock: systemClock,
  });
  const drafts = new WordsDrafts({ clock: systemClock, random: systemRandom });
  closing.defer(() => drafts.forget());
  const homeApi = new HomeAnswers({
    home,
    drafts,
    settings,
    localnetFolder: options.localnetFolder,
    startTryOut: startTryOut && (() => startTryOut(undefined)),
    onSettings: async () => {
      if (home.openEngine) await tellWishes(home.openEngine, settings);
      await homes.takeSettings();
    },
  });
  const homes = new OtherHomes({
    serve: (other, signal, onReady) =>
      serveHome(besides(options, { home: other, signal, onReady })),
    tell: (event) => home.tell(event),
    settings: () => settings.read(),
  });
  const moves = new Moves({
    home,
    homes,
    files,
    paths,
    clock: systemClock,
    localnetFolder: options.localnetFolder,
  });
  const callees = {
    home,
    homeApi,
    moveApi: moves,
    onConditions: (conditions: Conditions) => homes.setConditions(conditions),
  };
  const door = new BrowserDoor({
    paths,
    pagesFolder: options.pagesFolder,
    answering: answerCalls({ ...callees, hostApi: undefined, withheld: WITHHELD_FROM_PAGES }),
  });
  const host: HostApi = { admitBrowser: ({ port }) => door.admit(port) };
  const answering = answerCalls({ ...callees, hostApi: host, withheld: [] });

  const serving: { server?: EngineServer } = {};
  // Callers hear how their calls ended before they are hung up on.
  closing.defer(() => serving.server?.close());
  closing.defer(() => door.close());
  closing.defer(() => home.close());
  closing.defer(() => homes.close());
  closing.defer(() => moves.close());
  closing.defer(home.subscribe(options.onEvent));
  const rest = new Rest(systemClock, makeMemorySmall);
  closing.defer(() => rest.close());
  closing.defer(home.subscribe(() => rest.stir()));
  rest.stir();
  const stopped = Promise.withResolvers<undefined>();
  const stop = (): void => stopped.resolve(undefined);
  options.signal.addEventListener('abort', stop, { once: true });
  const opened = home.open();
  if (options.needsVault) {
    await opened;
    if (home.problem !== undefined) throw home.problem;
    await home.engine();
    closing.defer(
      home.subscribe(() => {
        if (home.problem !== undefined) stopped.reject(home.problem);
      }),
    );
  }
  // Whoever held the lock before is gone, and so is whoever listened here.
  files.removeFile(paths.socket);
  const token = Buffer.from(systemRandom.bytes(TOKEN_BYTES)).toString('hex');
  closing.defer(() => files.removeFile(paths.token));
  await files.writeFileDurable(paths.token, Buffer.from(token));
  const socket = absolutePathText(paths.socket);
  const server = await serveEngine({ answering, socketPath: socket, token, onStop: stop });
  serving.server = server;
  closing.defer(() => {
    server.stopListening();
    files.removeFile(paths.socket);
  });
  await moves.resume();
  await options.onReady({ socket, host });
  if (!options.signal.aborted) await stopped.promise;
}

/** A home beside the one that is served: with a vault or not yet, on a network that runs elsewhere. */
function besides(
  { passphraseFile, watch, pagesFolder }: ServeOptions,
  { home, signal, onReady }: Pick<ServeOptions, 'home' | 'signal'> & { onReady: () => void },
): ServeOptions {
  return {
    home,
    passphraseFile,
    watch,
    needsVault: false,
    pagesFolder,
    signal,
    onReady,
    onEvent: () => undefined,
  };
}

/** What the person wishes decides when the engine begins something by itself. */
async function tellWishes({ api }: Engine, settings: Settings): Promise<void> {
  const wishes = await settings.read();
  const { pauseOnMetered, pauseOnBattery } = wishes;
  await api.setConditions({ pauseOnMetered, pauseOnBattery, upload: uploadWish(wishes) });
}
