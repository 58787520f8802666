/**
 * @file The homes beside this one, each on a network of its own: served by this process with its own
 * lock, socket and engine, unless somebody serves them already, and called over their sockets.
 */
import type { EngineEvent } from '#contract/events.ts';
import { isHomeMethod } from '#contract/home-methods.ts';
import { isEngineMethod } from '#contract/methods.ts';
import type { OtherHome } from '#contract/move-api.ts';
import { EngineError, isAbort, serializeError } from '#engine/model/engine-error.ts';
import { callMethod } from './answers.ts';
import { connectRemote } from './connect.ts';
import type { RemoteEngine } from './engine-client.ts';

export interface OtherHomesOptions {
  /** Serve a home until the signal is aborted; `onReady` is called once its socket answers. */
  readonly serve: (home: string, signal: AbortSignal, onReady: () => void) => Promise<void>;
  /** Told whatever happens in one of them, and when one comes or goes. */
  readonly tell: (event: EngineEvent) => void;
}

interface Beside {
  readonly home: string;
  /** Settled when the home answers; rejected when it cannot be served. */
  readonly connection: Promise<RemoteEngine>;
  /** Resolves when it is served no more. */
  readonly ended: Promise<void>;
  problem: unknown;
}

export class OtherHomes {
  readonly #options: OtherHomesOptions;
  readonly #closing = new AbortController();
  readonly #homes = new Map<string, Beside>();

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
      ended: serving.ended,
      problem: undefined,
    };
    this.#homes.set(networkName, beside);
    const fail = (problem: unknown): void => {
      if (isAbort(problem)) return;
      beside.problem = problem;
      this.#options.tell({ kind: 'moves-changed' });
    };
    beside.connection.then(
      () => this.#options.tell({ kind: 'moves-changed' }),
      (error: unknown) => fail(error),
    );
    void beside.ended.then(() => {
      fail(new EngineError('home-in-use', `the engine of ${home} went away`));
    });
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
      this.#options.tell({ kind: 'other-home', networkName, event });
      // What is worth a notification is so from whichever home it comes.
      if (event.kind !== 'notice') return;
      this.#options.tell({ ...event, cause: `${networkName}: ${event.cause}` });
    });
    return remote;
  }
}
