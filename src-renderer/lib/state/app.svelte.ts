/**
 * @file What every view shares: the connection and the engine's latest word on the large questions.
 *
 * The engine is the only one who knows. A click sends a request, and the screen changes when the
 * answer or an event comes; nothing is guessed ahead.
 */
import { createContext } from 'svelte';
import type { AppApi, AppConnection } from '#contract/app-api.ts';
import type { VaultStatus } from '#contract/api.ts';
import type { AppSettings, HomeState } from '#contract/home-api.ts';
import type { ShellApi } from '#contract/shell-api.ts';
import { words } from '../words/words.svelte.ts';
import { Activity } from './activity.svelte.ts';
import { Announcer } from './announcer.svelte.ts';
import { Link } from './link.svelte.ts';
import { Live } from './live.svelte.ts';
import { Router } from './router.svelte.ts';
import type { Theme } from './theme.svelte.ts';
import { Toasts } from './toasts.svelte.ts';

/** So that "5 minutes ago" stays true while nothing else happens. */
const CLOCK_MS = 30_000;

export class App {
  readonly connection: AppConnection;
  readonly link: Link;
  readonly home: Live<HomeState>;
  readonly settings: Live<AppSettings>;
  readonly status: Live<VaultStatus>;
  readonly activity: Activity;
  readonly router: Router;
  readonly announcer: Announcer;
  readonly toasts: Toasts;
  readonly theme: Theme;
  /** Now, to the half minute, for words such as "5 minutes ago". */
  nowMs = $state(Date.now());
  isPaletteOpen = $state(false);

  /** Beside another one it shares what is the window's: its address, and what is announced in it. */
  constructor(connection: AppConnection, theme: Theme, beside?: App) {
    this.connection = connection;
    this.router = beside?.router ?? new Router();
    this.announcer = beside?.announcer ?? new Announcer();
    this.toasts = beside?.toasts ?? new Toasts(this.announcer);
    this.theme = theme;
    this.link = new Link(connection);
    const { api } = connection;
    this.home = new Live(
      connection,
      (signal) => api.home({}, { signal }),
      (event) => event.kind === 'home-changed',
    );
    this.settings = new Live(
      connection,
      (signal) => api.settings({}, { signal }),
      (event) => event.kind === 'home-changed',
    );
    this.status = new Live(
      connection,
      (signal) => api.status({ withSpread: true }, { signal }),
      (event) =>
        event.kind === 'status-changed' ||
        event.kind === 'folders-changed' ||
        event.kind === 'home-changed' ||
        event.kind === 'sync-began' ||
        event.kind === 'sync-ended',
    );
    this.activity = new Activity(connection);
    setInterval(() => (this.nowMs = Date.now()), CLOCK_MS);
  }

  get api(): AppApi {
    return this.connection.api;
  }

  /** What only the desktop shell can do; undefined in a browser. */
  get shell(): ShellApi | undefined {
    return this.connection.shell;
  }

  get isTryOut(): boolean {
    return this.home.value?.isTryOut ?? this.status.value?.network.isTryOut ?? false;
  }

  /** Language and theme as the settings say; called whenever they change. */
  followSettings(): void {
    words.use(this.settings.value?.language ?? 'system');
    this.theme.use(this.settings.value?.theme ?? 'system');
  }
}

export const [useApp, provideApp] = createContext<App>();
