/**
 * @file What the shell knows: of the engine's process, of the home that it serves, and of the homes
 * beside it, to which folders have moved.
 *
 * Holds the engine's last words and decides nothing; `tray-menu.ts` turns them into what is shown.
 */
import type { SerializedError } from '#contract/errors.ts';
import type { EngineEvent } from '#contract/events.ts';
import type { AppSettings } from '#contract/home-api.ts';
import type { OtherHome } from '#contract/move-api.ts';
import type { LinkState } from '#contract/shell-bridge.ts';
import type { EngineClient } from './engine-client.ts';
import { HomeWatch, NOTHING_KNOWN, type HomeFacts } from './home-watch.ts';
import { Rounds } from './rounds.ts';

export interface OtherHomeFacts extends HomeFacts {
  readonly networkName: string;
  /** Why it cannot be served now. */
  readonly problem: SerializedError | undefined;
}

export interface ShellState extends HomeFacts {
  readonly link: LinkState;
  /** Why no engine answers, once one has ended by itself. */
  readonly engineProblem: SerializedError | undefined;
  readonly settings: AppSettings | undefined;
  readonly others: readonly OtherHomeFacts[];
}

export const INITIAL_STATE: ShellState = {
  ...NOTHING_KNOWN,
  link: 'connecting',
  engineProblem: undefined,
  settings: undefined,
  others: [],
};

/** What no event tells: dates pass. */
const ASK_EVERY_MS = 15 * 60_000;

export class ShellStateKeeper {
  readonly #client: EngineClient;
  readonly #onChange: (state: ShellState) => void;
  readonly #main: HomeWatch;
  readonly #beside = new Map<string, HomeWatch>();
  readonly #rounds = new Rounds(() => this.#ask());
  #homes: readonly OtherHome[] = [];
  #link: LinkState = 'connecting';
  #engineProblem: SerializedError | undefined;
  #settings: AppSettings | undefined;

  constructor(client: EngineClient, onChange: (state: ShellState) => void) {
    this.#client = client;
    this.#onChange = onChange;
    this.#main = new HomeWatch(client, undefined, () => this.#changed());
    setInterval(() => this.#askAll(), ASK_EVERY_MS).unref();
  }

  get state(): ShellState {
    return {
      ...this.#main.facts,
      link: this.#link,
      engineProblem: this.#engineProblem,
      settings: this.#settings,
      others: this.#homes.map(({ networkName, problem }) => ({
        // Of one that cannot be served nothing is known any more.
        ...((problem ? undefined : this.#beside.get(networkName)?.facts) ?? NOTHING_KNOWN),
        networkName,
        problem,
      })),
    };
  }

  linkChanged(link: LinkState): void {
    this.#link = link;
    this.#changed();
    if (link === 'up') this.#askAll();
  }

  engineFailed(engineProblem: SerializedError | undefined): void {
    this.#engineProblem = engineProblem;
    this.#changed();
  }

  eventArrived(event: EngineEvent): void {
    if (event.kind === 'home-changed' || event.kind === 'moves-changed') this.#rounds.soon();
    if (event.kind !== 'other-home') this.#main.eventArrived(event);
    else this.#beside.get(event.networkName)?.eventArrived(event.event);
  }

  #askAll(): void {
    void this.#rounds.now();
    this.#main.ask();
  }

  async #ask(): Promise<void> {
    this.#settings = await this.#client.call('settings', {});
    this.#changed();
    const { homes } = await this.#client.call('otherHomes', {});
    const named = new Set(homes.map(({ networkName }) => networkName));
    for (const name of this.#beside.keys()) if (!named.has(name)) this.#beside.delete(name);
    this.#homes = homes;
    for (const { networkName, problem } of homes) {
      const watch = new HomeWatch(this.#client, networkName, () => this.#changed());
      this.#beside.set(networkName, this.#beside.get(networkName) ?? watch);
      // To ask one that cannot be served is to have it tried again at once, and told about again.
      if (!problem) this.#beside.get(networkName)?.ask();
    }
    this.#changed();
  }

  #changed(): void {
    this.#onChange(this.state);
  }
}
