/**
 * @file MoveApi, answered: the moves of a home's folders to homes beside it, and their record in
 * moves.json, from which they go on when the engine begins again.
 */
import * as v from 'valibot';
import type { FolderStatus } from '#contract/api.ts';
import type { FolderMove, MoveApi } from '#contract/move-api.ts';
import { EngineError, hasCode, isAbort, serializeError } from '#engine/model/engine-error.ts';
import { pathBelow, type FileSystem } from '#engine/ports/file-system.ts';
import type { Clock } from '#engine/ports/ports.ts';
import { addThere, homeBeside, isSetUpFor, moveFolder, sizeOf } from './folder-move.ts';
import { quoteWithoutVault } from './found-vault.ts';
import { setAside, type HomePaths } from './home.ts';
import { resolveNetwork } from './network-choice.ts';
import type { OtherHomes } from './other-homes.ts';
import type { ServedHome } from './served-home.ts';

const MOVES_FILE = 'moves.json';
const MOVES_BYTES_MAX = 1_048_576;
/** How often a move that cannot go on looks whether it can. */
const LOOK_MS = 15_000;
/** After so many looks it is tried whatever it looked like. */
const LOOKS_MAX = 40;

const movesFile = v.object({
  homes: v.array(v.object({ networkName: v.string(), home: v.string() })),
  moves: v.array(
    v.object({
      folderId: v.string(),
      folderName: v.string(),
      networkName: v.string(),
      isDone: v.boolean(),
    }),
  ),
});
type MovesFile = v.InferOutput<typeof movesFile>;

interface Move {
  readonly folderId: string;
  readonly folderName: string;
  readonly networkName: string;
  readonly ending: AbortController;
  isDone: boolean;
  folderIdThere: string | undefined;
  problem: unknown;
  /** Ends its waiting. */
  tryNow: () => void;
}

export interface MovesOptions {
  readonly home: ServedHome;
  readonly homes: OtherHomes;
  readonly files: FileSystem;
  readonly paths: HomePaths;
  readonly clock: Clock;
  readonly localnetFolder: string | undefined;
}

export class Moves implements MoveApi {
  readonly #options: MovesOptions;
  readonly #moves = new Map<string, Move>();
  readonly #closing = new AbortController();
  /** Quotes share one folder, and each record is written before the next. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: MovesOptions) {
    this.#options = options;
  }

  /** Serve the homes that earlier moves made, and go on with what has not ended. */
  async resume(): Promise<void> {
    const { homes } = this.#options;
    const file = await this.#read();
    for (const { networkName, home } of file.homes) {
      homes.open(networkName, home).catch(() => undefined);
    }
    for (const { isDone, ...about } of file.moves) this.#begin(about, isDone);
  }

  close(): void {
    this.#closing.abort(new DOMException('the home was closed', 'AbortError'));
  }

  // Declared as arrow functions: they are called by name.
  readonly quoteMove: MoveApi['quoteMove'] = async ({ folder, network }, options) =>
    this.#inTurn(async () => {
      const choice = await this.#network(network);
      const { path } = this.#options.home;
      const home = homeBeside(path, choice);
      const hasVault = await isSetUpFor(home, path, choice);
      const signal = options?.signal ?? this.#closing.signal;
      const size = sizeOf(await this.#source(folder, signal));
      const networkName = choice.network.name;
      const quote = hasVault
        ? await this.#quoteThere(networkName, home, size, signal)
        : await quoteWithoutVault(path, choice, size, signal);
      return { networkName, home, hasVault, quote };
    });

  readonly openOtherHome: MoveApi['openOtherHome'] = async ({ network }) => {
    const { home: here, homes } = this.#options;
    const choice = await this.#network(network);
    const home = homeBeside(here.path, choice);
    await isSetUpFor(home, here.path, choice);
    await homes.open(choice.network.name, home);
    return { networkName: choice.network.name, home, problem: undefined };
  };

  readonly otherHomes: MoveApi['otherHomes'] = async () => ({
    homes: this.#options.homes.all,
    moves: [...this.#moves.values()].map(told),
  });

  readonly callOtherHome: MoveApi['callOtherHome'] = async (given, options) => {
    const { networkName, method, request } = given;
    const signal = options?.signal ?? this.#closing.signal;
    return this.#options.homes.call(networkName, method, request, signal);
  };

  readonly startMove: MoveApi['startMove'] = async ({ folder, networkName }, options) => {
    const signal = options?.signal ?? this.#closing.signal;
    const source = await this.#source(folder, signal);
    const known = this.#moves.get(source.folderId);
    if (known && !known.isDone && known.networkName === networkName) {
      known.tryNow();
      return told(known);
    }
    if (known && !known.isDone) {
      throw new EngineError('usage', `${source.name} is moving to ${known.networkName} already`);
    }
    // Refuses a folder that cannot be added there before anything is noted.
    const { api } = await this.#options.homes.connected(networkName);
    const there = await addThere(api, source, signal);
    const { folderId, name: folderName } = source;
    const move = this.#begin({ folderId, folderName, networkName }, false, there.folderId);
    await this.#write();
    return told(move);
  };

  readonly endMove: MoveApi['endMove'] = async ({ folder }, options) => {
    const move = [...this.#moves.values()].find(
      ({ folderId, folderName }) => folderId === folder || folderName === folder,
    );
    if (!move) throw new EngineError('folder-unknown', `${folder} is not moving`);
    move.ending.abort(new DOMException('the move was ended', 'AbortError'));
    this.#moves.delete(move.folderId);
    await this.#write();
    this.#changed();
    if (move.isDone || move.folderIdThere === undefined) return;
    const { api } = await this.#options.homes.connected(move.networkName);
    await api.removeFolder({ folder: move.folderIdThere }, options);
  };

  #begin(
    about: Pick<Move, 'folderId' | 'folderName' | 'networkName'>,
    isDone: boolean,
    folderIdThere?: string,
  ): Move {
    const ending = new AbortController();
    const move: Move = {
      ...about,
      ending,
      isDone,
      folderIdThere,
      problem: undefined,
      tryNow: () => undefined,
    };
    this.#moves.set(about.folderId, move);
    this.#changed();
    // Ends when the home is closed or the move is ended, which is what the rejection says.
    if (!isDone) this.#carry(move).catch(() => undefined);
    return move;
  }

  /** Try until it is done. What stands in the way is told meanwhile. */
  async #carry(move: Move): Promise<void> {
    const signal = AbortSignal.any([this.#closing.signal, move.ending.signal]);
    while (!move.isDone) {
      try {
        await this.#tryOnce(move, signal);
      } catch (error) {
        if (signal.aborted || isAbort(error)) return;
        move.problem = error;
        this.#changed();
        await this.#untilItMayGoOn(move, error, signal);
      }
    }
    move.problem = undefined;
    await this.#write();
    this.#changed();
  }

  async #tryOnce(move: Move, signal: AbortSignal): Promise<void> {
    const { home, homes } = this.#options;
    const to = await homes.connected(move.networkName);
    const { api: from } = await home.engine();
    const { folders } = await from.status({}, { signal });
    const source = folders.find(({ folderId }) => folderId === move.folderId);
    // Let go of before a crash, and not noted any more.
    if (source && !source.removed) {
      move.folderIdThere = (await addThere(to.api, source, signal)).folderId;
      this.#changed();
      await moveFolder({ from, to, source }, signal);
    }
    move.isDone = true;
  }

  /** Until what stood in the way is gone, somebody asks, or enough time has passed to try. */
  async #untilItMayGoOn(move: Move, problem: unknown, signal: AbortSignal): Promise<void> {
    const asked = new AbortController();
    move.tryNow = () => asked.abort();
    for (let look = 0; look < LOOKS_MAX; look += 1) {
      await this.#options.clock
        .sleep(LOOK_MS, AbortSignal.any([signal, asked.signal]))
        .catch(() => signal.throwIfAborted());
      if (asked.signal.aborted) return;
      const canGoOn = await this.#canGoOn(move, problem, signal).catch(() => false);
      signal.throwIfAborted();
      if (canGoOn) return;
    }
  }

  async #canGoOn(move: Move, problem: unknown, signal: AbortSignal): Promise<boolean> {
    const { api } = await this.#options.homes.connected(move.networkName);
    const { folders } = await api.status({}, { signal });
    if (hasCode(problem, 'home-locked')) return true;
    const there = folders.find(({ folderId }) => folderId === move.folderIdThere);
    if (there?.protectedUntil !== undefined) return true;
    if (!hasCode(problem, 'balance-low')) return false;
    const source = await this.#source(move.folderId, signal);
    const { now: needed } = await api.quote(sizeOf(source), { signal });
    const { missing } = await api.funding({ needed }, { signal });
    return missing.walFrost === 0n && missing.gasMist === 0n;
  }

  async #quoteThere(
    networkName: string,
    home: string,
    size: ReturnType<typeof sizeOf>,
    signal: AbortSignal,
  ) {
    const { api } = await this.#options.homes.open(networkName, home);
    return api.quote(size, { signal });
  }

  async #source(folder: string, signal: AbortSignal): Promise<FolderStatus> {
    const { api } = await this.#options.home.engine();
    const { folders } = await api.status({}, { signal });
    const here = folders.filter(({ isHere, removed }) => isHere && !removed);
    const found = here.find(({ folderId, name }) => folderId === folder || name === folder);
    if (!found) throw new EngineError('folder-unknown', `no folder is called ${folder}`);
    return found;
  }

  async #network(choice: string): ReturnType<typeof resolveNetwork> {
    return resolveNetwork(choice, this.#options.localnetFolder);
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  #changed(): void {
    this.#options.home.tell({ kind: 'moves-changed' });
  }

  async #read(): Promise<MovesFile> {
    const { files, paths, clock } = this.#options;
    const none: MovesFile = { homes: [], moves: [] };
    const bytes = await files.readFile(pathBelow(paths.root, MOVES_FILE), MOVES_BYTES_MAX);
    if (bytes === undefined) return none;
    const parsed = v.safeParse(movesFile, jsonOf(bytes));
    if (parsed.success) return parsed.output;
    setAside(files, paths, [MOVES_FILE], clock.nowMs());
    return none;
  }

  async #write(): Promise<void> {
    const { files, paths, homes } = this.#options;
    await this.#inTurn(async () => {
      const file: MovesFile = {
        homes: homes.all.map(({ networkName, home }) => ({ networkName, home })),
        moves: [...this.#moves.values()].map(({ folderId, folderName, networkName, isDone }) => ({
          folderId,
          folderName,
          networkName,
          isDone,
        })),
      };
      const bytes = Buffer.from(`${JSON.stringify(file, undefined, 2)}\n`);
      await files.writeFileDurable(pathBelow(paths.root, MOVES_FILE), bytes);
    });
  }
}

function told(move: Move): FolderMove {
  const { folderId, folderName, networkName, folderIdThere, isDone, problem } = move;
  return {
    folderId,
    folderName,
    networkName,
    folderIdThere,
    state: isDone ? 'done' : 'moving',
    problem: problem === undefined ? undefined : serializeError(problem),
  };
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
