/**
 * @file The homes beside this one, each on a network of its own: served by this process with its own
 * lock, socket and engine, unless somebody serves them already, and called over their sockets.
 */
import type { EngineEvent } from '#contract/events.ts';
import type { AppSettings } from '#contract/home-api.ts';
import { isHomeMethod } from '#contract/home-methods.ts';
import { isEngineMethod } from '#contract/methods.ts';
import type { OtherHome } from '#contract/move-api.ts';
import type { TaskApi } from '#contract/task-api.ts';
import { EngineError, isAbort, serializeError } from '#engine/model/engine-error.ts';
import { callMethod } from './answers.ts';
import { connectRemote } from './connect.ts';
import type { RemoteEngine } from './engine-client.ts';

export interface OtherHomesOptions {
  /** Serve a home until the signal is aborted; `onReady` is called once its socket answers. */
  readonly serve: (home: string, signal: AbortSignal, onReady: () => void) => Promise<void>;
  /** Told whatever happens in one of them, and when one comes or goes. */
  readonly tell: (event: EngineEvent) => void;
  /** The settings of this home, which hold for all of them: they are the person's, not a vault's. */
  readonly settings: () => Promise<AppSettings>;
}

/** What the shell says of the machine. */
export type Conditions = Parameters<TaskApi['setConditions']>[0];

interface Beside {
  readonly home: string;
  /** Settled when the home answers; rejected when it cannot be served. */
  readonly connection: Promise<RemoteEngine>;
  /** Resolves when it is served no more. */
  readonly ended: Promise<unknown>;
  problem: unknown;
}

export class OtherHomes {
  readonly #options: OtherHomesOptions;
  readonly #closing = new AbortController();
  readonly #homes = new Map<string, Beside>();
  /** What the shell has said of the machine so far. */
  #conditions: Conditions = {};

  constructor(options: OtherHomesOptions) {
    this.#options = options;
  }

  get all(): OtherHome[] {
    return [...this.#homes].map(([networkName, { home, problem }]) => ({
      networkName,
      home,
      problem: problem === undefined ? undefined : serializeError(problem),
    }));
  }

  /** Serve a home from now on. Asked again for one that could not be served, tries again. */
  async open(networkName: string, home: string): Promise<RemoteEngine> {
    const known = this.#homes.get(networkName);
    if (known && known.problem === undefined) return known.connection;
    const serving = this.#serve(home);
    const beside: Beside = {
      home,
      connection: serving.ready.then(() => this.#connect(networkName, home)),
      // A connection can end before what serves the home does.
      ended: Promise.all([known?.ended, serving.ended]),
      problem: undefined,
    };
    this.#homes.set(networkName, beside);
    const fail = (problem: unknown): void => {
      if (isAbort(problem) || this.#closing.signal.aborted) return;
      beside.problem = problem;
      this.#options.tell({ kind: 'moves-changed' });
    };
    beside.connection
      .then(async ({ closed }) => {
        this.#options.tell({ kind: 'moves-changed' });
        await closed;
        throw wentAway(home);
      })
      .catch(fail);
    return beside.connection;
  }

  /** The connection to a home that was opened. */
  async connected(networkName: string): Promise<RemoteEngine> {
    const beside = this.#homes.get(networkName);
    if (!beside) throw new EngineError('usage', `no home on ${networkName} is served here`);
    return this.open(networkName, beside.home);
  }

  /** A method of its HomeApi or EngineApi; its host listens to nobody from here. */
  async call(
    networkName: string,
    method: string,
    request: unknown,
    signal: AbortSignal,
  ): Promise<unknown> {
    if (!isHomeMethod(method) && !isEngineMethod(method)) {
      throw new EngineError('usage', `there is no method ${method}`);
    }
    const { api } = await this.connected(networkName);
    return callMethod(api, method, request, signal);
  }

  /** What the shell says of the machine is so for every engine on it. */
  async setConditions({ hasWoken, ...conditions }: Conditions): Promise<void> {
    this.#conditions = { ...this.#conditions, ...conditions };
    const said = hasWoken === undefined ? this.#conditions : { ...this.#conditions, hasWoken };
    for (const { connection } of this.#homes.values()) {
      await connection.then(({ api }) => api.setConditions(said)).catch(() => undefined);
    }
  }

  /** The settings have changed here. */
  async takeSettings(): Promise<void> {
    for (const { connection } of this.#homes.values()) {
      await connection.then((remote) => this.#brief(remote)).catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new DOMException('the home was closed', 'AbortError'));
    for (const { connection, ended } of this.#homes.values()) {
      await connection.then((remote) => remote.close()).catch(() => undefined);
      await ended;
    }
  }

  #serve(home: string): { readonly ready: Promise<void>; readonly ended: Promise<void> } {
    const ready = Promise.withResolvers<undefined>();
    const run = async (): Promise<void> => {
      const remote = await connectRemote(home).catch(() => undefined);
      if (!remote) {
        await this.#options.serve(home, this.#closing.signal, () => ready.resolve(undefined));
        ready.reject(wentAway(home));
        return;
      }
      await remote.close();
      ready.resolve(undefined);
      await new Promise<void>((resolve) => {
        this.#closing.signal.addEventListener('abort', () => resolve(), { once: true });
      });
    };
    const ended = run().catch((error: unknown) => ready.reject(error));
    return { ready: ready.promise, ended };
  }

  async #connect(networkName: string, home: string): Promise<RemoteEngine> {
    const remote = await connectRemote(home);
    if (!remote) throw new EngineError('home-in-use', `another Floe uses ${home}`);
    remote.subscribe((event) => {
      // Its engine may just have opened, and knows nothing yet.
      if (event.kind === 'home-changed')
        remote.api.setConditions(this.#conditions).catch(() => undefined);
      this.#options.tell({ kind: 'other-home', networkName, event });
      // What is worth a notification is so from whichever home it comes.
      if (event.kind !== 'notice') return;
      this.#options.tell({ ...event, cause: `${networkName}: ${event.cause}` });
    });
    await this.#brief(remote);
    return remote;
  }

  async #brief({ api }: RemoteEngine): Promise<void> {
    await api.updateSettings(await this.#options.settings());
    // Refused while there is no engine there; it is told when there is.
    await api.setConditions(this.#conditions).catch(() => undefined);
  }
}

const wentAway = (home: string): EngineError =>
  new EngineError('home-in-use', `the engine of ${home} went away`);
