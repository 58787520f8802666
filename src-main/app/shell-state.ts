/**
 * @file What the shell knows of the engine: asked again whenever the engine says that it changed.
 *
 * Holds the engine's last words and decides nothing; `tray-menu.ts` turns them into what is shown.
 */
import type { VaultStatus } from '#contract/api.ts';
import type { SerializedError } from '#contract/errors.ts';
import type { EngineEvent } from '#contract/events.ts';
import type { AppSettings, HomeState } from '#contract/home-api.ts';
import type { LinkState } from '#contract/shell-bridge.ts';
import type { RenewalPlan } from '#contract/storage-api.ts';
import type { Task } from '#contract/task-api.ts';
import { CallFailure, type EngineClient } from './engine-client.ts';

export interface ShellState {
  readonly link: LinkState;
  /** Why no engine answers, once one has ended by itself. */
  readonly engineProblem: SerializedError | undefined;
  readonly home: HomeState | undefined;
  readonly settings: AppSettings | undefined;
  readonly status: VaultStatus | undefined;
  /** Why there is no status although the home is open. */
  readonly statusProblem: SerializedError | undefined;
  readonly tasks: readonly Task[];
  readonly renewal: RenewalPlan | undefined;
}

export const INITIAL_STATE: ShellState = {
  link: 'connecting',
  engineProblem: undefined,
  home: undefined,
  settings: undefined,
  status: undefined,
  statusProblem: undefined,
  tasks: [],
  renewal: undefined,
};

/** What is told often and changes nothing that is shown here. */
const SAYS_NOTHING_NEW: readonly EngineEvent['kind'][] = [
  'progress',
  'shards',
  'pack',
  'other-home',
];
/** Many events in a row are one question. */
const ASK_AFTER_MS = 200;
/** A plan asks the chain; its price does not change by the minute. */
const PLAN_AFTER_MS = 60_000;
/** What no event tells: dates pass. */
const ASK_EVERY_MS = 15 * 60_000;

export class ShellStateKeeper {
  readonly #client: EngineClient;
  readonly #onChange: (state: ShellState) => void;
  #state = INITIAL_STATE;
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;
  #mustAskAgain = false;
  #plannedAtMs = -Infinity;

  constructor(client: EngineClient, onChange: (state: ShellState) => void) {
    this.#client = client;
    this.#onChange = onChange;
    setInterval(() => this.#askSoon(), ASK_EVERY_MS).unref();
  }

  get state(): ShellState {
    return this.#state;
  }

  linkChanged(link: LinkState): void {
    this.#change({ link });
    if (link === 'up') void this.#ask();
  }

  engineFailed(engineProblem: SerializedError | undefined): void {
    this.#change({ engineProblem });
  }

  eventArrived(event: EngineEvent): void {
    if (event.kind === 'task') this.#taskChanged(event.task);
    else if (!SAYS_NOTHING_NEW.includes(event.kind)) this.#askSoon();
  }

  #taskChanged(task: Task): void {
    const others = this.#state.tasks.filter(({ taskId }) => taskId !== task.taskId);
    this.#change({ tasks: [...others, task] });
  }

  #askSoon(): void {
    this.#timer ??= setTimeout(() => void this.#ask(), ASK_AFTER_MS);
  }

  /** One round of questions at a time; what changes meanwhile is asked in the next. */
  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isAsking) {
      this.#mustAskAgain = true;
      return;
    }
    this.#isAsking = true;
    try {
      do {
        this.#mustAskAgain = false;
        await this.#askOnce();
      } while (this.#mustAskAgain && this.#state.link === 'up');
    } catch (error) {
      // The link went down under a question; the next `up` asks again.
      if (!(error instanceof CallFailure)) throw error;
    } finally {
      this.#isAsking = false;
    }
  }

  async #askOnce(): Promise<void> {
    const home = await this.#client.call('home', {});
    const settings = await this.#client.call('settings', {});
    this.#change({ home, settings });
    if (home.state !== 'open') {
      this.#change({ status: undefined, statusProblem: undefined, tasks: [], renewal: undefined });
      return;
    }
    this.#change({ tasks: await this.#client.call('tasks', {}) });
    try {
      const status = await this.#client.call('status', {});
      this.#change({ status, statusProblem: undefined });
    } catch (error) {
      if (!(error instanceof CallFailure) || this.#state.link !== 'up') throw error;
      this.#change({ status: undefined, statusProblem: error.problem });
      return;
    }
    if (Date.now() - this.#plannedAtMs > PLAN_AFTER_MS) {
      this.#plannedAtMs = Date.now();
      this.#change({ renewal: await this.#client.call('planRenewal', {}).catch(() => undefined) });
    }
  }

  #change(part: Partial<ShellState>): void {
    this.#state = { ...this.#state, ...part };
    this.#onChange(this.#state);
  }
}
