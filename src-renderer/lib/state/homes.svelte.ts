/**
 * @file The homes that this window can show: the one that serves it, and those on other networks that
 * its folders moved to. One is shown at a time.
 */
import { createContext } from 'svelte';
import type { SerializedError } from '#contract/errors.ts';
import type { FolderMove, OtherHome } from '#contract/move-api.ts';
import { OtherHomeConnection } from '../connection/other-home-connection.ts';
import { App } from './app.svelte.ts';
import { Live } from './live.svelte.ts';

/** Which one was shown last; absent for the one that serves the window. */
const SHOWN_KEY = 'floe-shown-home';

export interface HomeBeside {
  /** Absent for the home that serves the window. */
  readonly networkName: string | undefined;
  readonly app: App;
  /** Why it cannot be served now. */
  readonly problem: SerializedError | undefined;
}

export class Homes {
  readonly main: App;
  readonly #live: Live<{
    readonly homes: readonly OtherHome[];
    readonly moves: readonly FolderMove[];
  }>;
  /** Made when first asked for, kept for the life of the window. */
  readonly #others: Record<string, App> = {};
  #wanted = $state(window.localStorage.getItem(SHOWN_KEY) ?? undefined);

  constructor(main: App) {
    this.main = main;
    const { connection } = main;
    this.#live = new Live(
      connection,
      async (signal) => {
        const told = await connection.api.otherHomes({}, { signal });
        // Made before a view asks: what is made within a derived value does not change it any more.
        for (const { networkName } of told.homes) this.at(networkName);
        return told;
      },
      (event) => event.kind === 'moves-changed',
    );
  }

  /** The network of the shown home, if it is not the one that serves the window. */
  get shownName(): string | undefined {
    return this.others.some(({ networkName }) => networkName === this.#wanted)
      ? this.#wanted
      : undefined;
  }

  get shown(): App {
    return this.shownName === undefined ? this.main : this.at(this.shownName);
  }

  get others(): readonly OtherHome[] {
    return this.#live.value?.homes ?? [];
  }

  /** Every home but the one on screen, and without those that are served and have no vault. */
  get beside(): readonly HomeBeside[] {
    const others = this.others.map(({ networkName, problem }) => ({
      networkName,
      app: this.at(networkName),
      problem,
    }));
    const main = { networkName: undefined, app: this.main, problem: undefined };
    return [main, ...others].filter(
      ({ app }) => app !== this.shown && app.home.value?.state !== 'empty',
    );
  }

  get isLoaded(): boolean {
    return this.#live.value !== undefined;
  }

  moveOf(folderId: string | undefined): FolderMove | undefined {
    return this.#live.value?.moves.find((move) => move.folderId === folderId);
  }

  /** The home on another network, as a view asks it. */
  at(networkName: string): App {
    this.#others[networkName] ??= new App(
      new OtherHomeConnection(this.main.connection, networkName),
      this.main.theme,
      this.main,
    );
    return this.#others[networkName];
  }

  show(networkName: string | undefined): void {
    if (networkName === undefined) window.localStorage.removeItem(SHOWN_KEY);
    else window.localStorage.setItem(SHOWN_KEY, networkName);
    this.#wanted = networkName;
    this.shown.router.go({ view: 'folders' });
  }

  refresh(): void {
    this.#live.refresh();
  }
}

export const [useHomes, provideHomes] = createContext<Homes>();
