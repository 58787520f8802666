/**
 * @file The desktop shell, once Electron is ready: window, tray and the engine's process, joined.
 *
 *     engine ──events──▶ ShellStateKeeper ──state──▶ trayView ──▶ tray, progress
 *     tray, links, second starts ──actions──▶ here ──calls──▶ engine
 */
import { app, powerMonitor, session } from 'electron';
import type { AppApi } from '#contract/app-api.ts';
import type { EngineEvent } from '#contract/events.ts';
import { problemWords } from '#contract/words/words.ts';
import { serveScheme } from './app-protocol.ts';
import { clearSecret } from './clipboard.ts';
import { ConditionWatch } from './conditions.ts';
import { linkAmong, screenOfLink } from './deep-link.ts';
import { CallFailure, EngineClient } from './engine-client.ts';
import { EngineProcess } from './engine-process.ts';
import { guardSession } from './guards.ts';
import { knownHomes, nameOf } from './headline.ts';
import { serveIpc } from './ipc.ts';
import { setStartAtLogin } from './login-item.ts';
import { showNotice } from './notices.ts';
import { answerFrom } from './page-files.ts';
import type { Places } from './places.ts';
import { ask, quitQuestion, renewQuestion, tellProblem } from './questions.ts';
import { ShellStateKeeper, type ShellState } from './shell-state.ts';
import { openHomes, pauseEndMs, trayView, type TrayAction } from './tray-menu.ts';
import { hasTrayHost, TrayIcon } from './tray.ts';
import { mainWindow, type MainWindow } from './windows.ts';
import { languageOf, wordsOf, type Language } from './words.ts';

export interface StartOptions {
  readonly places: Places;
  readonly isHidden: boolean;
  readonly args: readonly string[];
  /** Starts this app again: for the login item. */
  readonly command: readonly string[];
}

export class Shell {
  readonly #options: StartOptions;
  readonly #window: MainWindow;
  readonly #tray: TrayIcon;
  readonly #client: EngineClient;
  readonly #engine: EngineProcess;
  readonly #keeper: ShellStateKeeper;
  readonly #conditions: ConditionWatch;
  #hasTrayHost = true;
  #isQuitting = false;
  #isAsking = false;
  #startsAtLogin: boolean | undefined;

  constructor(options: StartOptions) {
    this.#options = options;
    const { places } = options;
    guardSession(session.defaultSession);
    serveScheme(session.defaultSession, answerFrom(places.renderer));
    serveIpc(places.home);
    this.#window = mainWindow(places, {
      quit: () => void this.askToQuit(),
      keepsWindow: () => !this.#hasTrayHost,
      isQuitting: () => this.#isQuitting,
    });
    this.#tray = new TrayIcon(places.trayIcons, (action) => void this.#act(action));
    this.#client = new EngineClient(places.home, {
      onEvent: (event) => this.#eventArrived(event),
      onState: (link) => {
        this.#engine.linkChanged(link, this.#client.link.enginePid);
        this.#keeper.linkChanged(link);
        if (link === 'up') this.#conditions.tellAll();
      },
    });
    this.#keeper = new ShellStateKeeper(this.#client, (state) => this.#stateChanged(state));
    this.#engine = new EngineProcess(places, (problem) => this.#keeper.engineFailed(problem));
    this.#conditions = new ConditionWatch((conditions) => {
      // While the engine is away there is nobody to tell; it is told all when it is back.
      this.#client.call('setConditions', conditions).catch(() => undefined);
    });
    this.#stateChanged(this.#keeper.state);
    this.#client.link.open();
    this.#engine.open();
    this.#conditions.open();
    void this.#begin();
  }

  /** Somebody started Floe again, or followed a link: bring what they want. */
  open(args: readonly string[]): void {
    const link = linkAmong(args);
    const screen = link === undefined ? undefined : screenOfLink(link);
    this.#window.show(screen && { kind: 'open-screen', screen });
  }

  /** Quit was asked for by the system's menu, a shortcut or the tray: with a question. */
  async askToQuit(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const isYes = await ask(quitQuestion(knownHomes(this.#keeper.state), this.#language()));
    this.#isAsking = false;
    if (isYes) await this.quit();
  }

  get isQuitting(): boolean {
    return this.#isQuitting;
  }

  async #begin(): Promise<void> {
    this.#hasTrayHost = await hasTrayHost(process.platform);
    const { isHidden, args } = this.#options;
    if (!isHidden) this.open(args);
    else if (!this.#hasTrayHost) this.#window.showMinimized();
    // The session ends: nobody can answer a question, and the engine must close its files.
    powerMonitor.on('shutdown', () => void this.quit());
  }

  #language(): Language {
    return languageOf(this.#keeper.state.settings?.language, app.getLocale());
  }

  #stateChanged(state: ShellState): void {
    const view = trayView(state, this.#language());
    this.#tray.show(view);
    this.#window.setProgress(view.progress);
    const wanted = state.settings?.startAtLogin;
    if (wanted !== undefined && wanted !== this.#startsAtLogin) {
      this.#startsAtLogin = wanted;
      setStartAtLogin(wanted, this.#options.command);
    }
  }

  #eventArrived(event: EngineEvent): void {
    this.#keeper.eventArrived(event);
    if (event.kind === 'notice' && this.#keeper.state.settings?.notifyProblems !== false) {
      showNotice(event, this.#language(), () =>
        this.#window.show({ kind: 'open-screen', screen: 'activity' }),
      );
    }
  }

  async #act(action: TrayAction): Promise<void> {
    try {
      switch (action.kind) {
        case 'open':
          this.#window.show(
            action.screen && {
              kind: 'open-screen',
              screen: action.screen,
              networkName: action.networkName,
            },
          );
          return;
        case 'sync':
          await this.#askOpenHomes('startSync', {});
          return;
        case 'pause':
          await this.#askOpenHomes('pause', { untilMs: pauseEndMs(action.until, new Date()) });
          return;
        case 'resume':
          await this.#askOpenHomes('resume', {});
          return;
        case 'renew':
          await this.#renew(action.networkName);
          return;
        case 'quit':
          await this.askToQuit();
          return;
      }
    } catch (error) {
      if (!(error instanceof CallFailure)) throw error;
      const { happened, next } = problemWords(error.problem, this.#language());
      await tellProblem(happened, next);
    }
  }

  /** Each is asked, whatever another one answers. */
  async #askOpenHomes<Method extends 'startSync' | 'pause' | 'resume'>(
    method: Method,
    request: Parameters<AppApi[Method]>[0],
  ): Promise<void> {
    const asked = openHomes(this.#keeper.state).map(({ networkName }) =>
      this.#client.callAt(networkName, method, request),
    );
    for (const outcome of await Promise.allSettled(asked)) {
      if (outcome.status === 'rejected') throw outcome.reason;
    }
  }

  /** The price in the menu may be old: it is asked again, shown, and only then paid. */
  async #renew(networkName: string | undefined): Promise<void> {
    const language = this.#language();
    const plan = await this.#client.callAt(networkName, 'planRenewal', {});
    if (plan.problem) {
      const { happened, next } = problemWords(plan.problem, language);
      await tellProblem(wordsOf[language].renewFailed, `${happened} ${next}`);
      return;
    }
    const known = knownHomes(this.#keeper.state);
    const payer = known.length > 1 && known.find((home) => home.networkName === networkName);
    const name = payer ? nameOf(payer, wordsOf[language]) : undefined;
    if (plan.folders.length > 0 && (await ask(renewQuestion(plan, name, language)))) {
      await this.#client.callAt(networkName, 'renew', {
        walFrostMax: plan.cost.walFrost,
      });
    }
  }

  /** Without a question: it was answered, or nobody can answer one. */
  async quit(): Promise<void> {
    if (this.#isQuitting) return;
    this.#isQuitting = true;
    await clearSecret();
    this.#conditions.close();
    await this.#engine.stop(this.#client);
    this.#client.link.close();
    app.quit();
  }
}
