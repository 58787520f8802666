/**
 * @file MoveApi, answered: the moves of a home's folders to homes beside it, and their record in
 * moves.json, from which they go on when the engine begins again.
 */
import type { FolderStatus } from '#contract/api.ts';
import type { FolderMove, MoveApi } from '#contract/move-api.ts';
import { EngineError, hasCode, serializeError } from '#engine/model/engine-error.ts';
import type { FileSystem } from '#engine/ports/file-system.ts';
import type { Clock } from '#engine/ports/ports.ts';
import {
  addThere,
  homeBeside,
  isSetUpFor,
  moveFolder,
  removeThere,
  sizeOf,
} from './folder-move.ts';
import { quoteWithoutVault } from './found-vault.ts';
import type { HomePaths } from './home.ts';
import { readMoves, writeMoves, type MovesRecord } from './moves-file.ts';
import { resolveNetwork } from './network-choice.ts';
import type { OtherHomes } from './other-homes.ts';
import type { ServedHome } from './served-home.ts';

/** How often a move that cannot go on looks whether it can. */
const LOOK_MS = 15_000;
/** After so many looks it is tried whatever it looked like. */
const LOOKS_MAX = 40;

interface Move {
  readonly folderId: string;
  readonly folderName: string;
  readonly networkName: string;
  /** It is on its way back: the home there lets go of the folder. */
  readonly isEnding: boolean;
  readonly stop: AbortController;
  /** Resolves when nothing is done for it any more. */
  carried: Promise<void>;
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
  /** The last in each queue: one for every folder, one for quotes, one for the record. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(options: MovesOptions) {
    this.#options = options;
  }

  /** Serve the homes that earlier moves made, and go on with what has not ended. */
  async resume(): Promise<void> {
    const { homes } = this.#options;
    const file = await readMoves(this.#options);
    for (const { networkName, home } of file.homes) {
      homes.open(networkName, home).catch(() => undefined);
    }
    for (const about of file.moves) this.#begin(about);
  }

  close(): void {
    this.#closing.abort(new DOMException('the home was closed', 'AbortError'));
  }

  // Declared as arrow functions: they are called by name.
  readonly quoteMove: MoveApi['quoteMove'] = async ({ folder, network }, options) => {
    const choice = await this.#network(network);
    const { path } = this.#options.home;
    const home = homeBeside(path, choice);
    const hasVault = await isSetUpFor(home, path, choice);
    const signal = options?.signal ?? this.#closing.signal;
    const size = sizeOf(await this.#source(folder, signal));
    const networkName = choice.network.name;
    const quote = hasVault
      ? await this.#quoteThere(networkName, home, size, signal)
      : // They share one folder.
        await this.#inTurn('quotes', () => quoteWithoutVault(path, choice, size, signal));
    return { networkName, home, hasVault, quote };
  };

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
    moves: [...this.#moves.values()].filter(({ isEnding }) => !isEnding).map(told),
  });

  readonly callOtherHome: MoveApi['callOtherHome'] = async (given, options) => {
    const { networkName, method, request } = given;
    const signal = options?.signal ?? this.#closing.signal;
    return this.#options.homes.call(networkName, method, request, signal);
  };

  readonly startMove: MoveApi['startMove'] = async ({ folder, networkName }, options) => {
    const signal = options?.signal ?? this.#closing.signal;
    const { folderId } = await this.#source(folder, signal);
    return this.#inTurn(folderId, () => this.#start(folderId, networkName, signal));
  };

  readonly endMove: MoveApi['endMove'] = async ({ folder }) => {
    const move = [...this.#moves.values()].find(
      ({ folderId, folderName }) => folderId === folder || folderName === folder,
    );
    if (!move) throw new EngineError('folder-unknown', `${folder} is not moving`);
    return this.#inTurn(move.folderId, () => this.#end(move.folderId));
  };

  async #start(folderId: string, networkName: string, signal: AbortSignal): Promise<FolderMove> {
    const source = await this.#source(folderId, signal);
    const known = this.#moves.get(folderId);
    if (known && !known.isDone) {
      if (known.isEnding || known.networkName !== networkName) {
        const what = known.isEnding ? 'is still being let go of on' : 'is moving already to';
        throw new EngineError('usage', `${source.name} ${what} ${known.networkName}`);
      }
      known.tryNow();
      return told(known);
    }
    // Refuses a folder that cannot be added there before anything is noted.
    const { api } = await this.#options.homes.connected(networkName);
    const there = await addThere(api, source, signal);
    const { name: folderName } = source;
    const move = this.#begin({
      folderId,
      folderName,
      networkName,
      folderIdThere: there.folderId,
      isDone: false,
      isEnding: false,
    });
    await this.#write();
    return told(move);
  }

  async #end(folderId: string): Promise<void> {
    const move = this.#moves.get(folderId);
    if (!move || move.isEnding) return;
    if (move.isDone) {
      this.#moves.delete(folderId);
      this.#changed();
    } else {
      move.stop.abort(new DOMException('the move was ended', 'AbortError'));
      // The home here may be letting go of the folder at this moment: only then is it known.
      this.#begin({ ...move, isEnding: true }, move.carried);
    }
    await this.#write();
  }

  #begin(about: MovesRecord['moves'][number], after?: Promise<void>): Move {
    const { folderId, folderName, networkName, folderIdThere, isDone, isEnding } = about;
    const move: Move = {
      folderId,
      folderName,
      networkName,
      folderIdThere,
      isDone,
      isEnding,
      stop: new AbortController(),
      carried: Promise.resolve(),
      problem: undefined,
      tryNow: () => undefined,
    };
    this.#moves.set(folderId, move);
    this.#changed();
    // Ends when the home is closed or the move is ended, which is what the rejection says.
    if (!isDone) move.carried = this.#carry(move, after).catch(() => undefined);
    return move;
  }

  /** Try until it is done. What stands in the way is told meanwhile. */
  async #carry(move: Move, after: Promise<void> | undefined): Promise<void> {
    const signal = AbortSignal.any([this.#closing.signal, move.stop.signal]);
    await after;
    while (!move.isDone) {
      try {
        await (move.isEnding ? this.#letGoThere(move, signal) : this.#tryOnce(move, signal));
        move.isDone = true;
      } catch (error) {
        if (signal.aborted) return;
        move.problem = error;
        this.#changed();
        await this.#untilItMayGoOn(move, error, signal);
      }
    }
    if (move.isEnding) this.#moves.delete(move.folderId);
    move.problem = undefined;
    await this.#write();
    this.#changed();
  }

  async #tryOnce(move: Move, signal: AbortSignal): Promise<void> {
    const source = await this.#stillHere(move, signal);
    // Let go of before a crash, and not noted any more.
    if (!source) return;
    const to = await this.#options.homes.connected(move.networkName);
    const { folderId } = await addThere(to.api, source, signal);
    if (folderId !== move.folderIdThere) {
      move.folderIdThere = folderId;
      await this.#write();
      this.#changed();
    }
    const { api: from } = await this.#options.home.engine();
    await moveFolder({ from, to, source }, signal);
  }

  /** Not if the folder was let go of here after all: it is protected there alone. */
  async #letGoThere(move: Move, signal: AbortSignal): Promise<void> {
    const source = await this.#stillHere(move, signal);
    if (!source) return;
    const { api } = await this.#options.homes.connected(move.networkName);
    try {
      await removeThere(api, source, signal);
    } catch (error) {
      if (!hasCode(error, 'home-not-initialised')) throw error;
    }
  }

  async #stillHere(move: Move, signal: AbortSignal): Promise<FolderStatus | undefined> {
    const { api } = await this.#options.home.engine();
    const { folders } = await api.status({}, { signal });
    return folders.find(({ folderId, removed }) => folderId === move.folderId && !removed);
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
    if (move.isEnding || hasCode(problem, 'home-locked') || hasCode(problem, 'home-in-use')) {
      return true;
    }
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

  async #inTurn<Result>(queue: string, work: () => Promise<Result>): Promise<Result> {
    const mine = (this.#last.get(queue) ?? Promise.resolve()).then(work);
    this.#last.set(
      queue,
      mine.catch(() => undefined),
    );
    return mine;
  }

  #changed(): void {
    this.#options.home.tell({ kind: 'moves-changed' });
  }

  async #write(): Promise<void> {
    await this.#inTurn('record', () =>
      writeMoves(this.#options, {
        homes: this.#options.homes.all,
        moves: [...this.#moves.values()],
      }),
    );
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
