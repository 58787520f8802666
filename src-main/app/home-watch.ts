/** @file What one home says of itself: asked again whenever it tells that something changed. */
import type { VaultStatus } from '#contract/api.ts';
import type { AppApi } from '#contract/app-api.ts';
import type { SerializedError } from '#contract/errors.ts';
import type { EngineEvent } from '#contract/events.ts';
import type { HomeState } from '#contract/home-api.ts';
import type { RenewalPlan } from '#contract/storage-api.ts';
import type { Task } from '#contract/task-api.ts';
import { CallFailure, type EngineClient } from './engine-client.ts';
import { Rounds } from './rounds.ts';

export interface HomeFacts {
  readonly home: HomeState | undefined;
  readonly status: VaultStatus | undefined;
  /** Why there is no status although the home is open. */
  readonly statusProblem: SerializedError | undefined;
  readonly tasks: readonly Task[];
  readonly renewal: RenewalPlan | undefined;
}

const NO_VAULT_OPEN = {
  status: undefined,
  statusProblem: undefined,
  tasks: [],
  renewal: undefined,
};

export const NOTHING_KNOWN: HomeFacts = { home: undefined, ...NO_VAULT_OPEN };

/** What is told often and changes nothing that is shown here. */
const SAYS_NOTHING_NEW: readonly EngineEvent['kind'][] = [
  'progress',
  'shards',
  'pack',
  'other-home',
  'moves-changed',
];
/** A plan asks the chain; its price does not change by the minute. */
const PLAN_AFTER_MS = 60_000;

export class HomeWatch {
  readonly #client: EngineClient;
  readonly #networkName: string | undefined;
  readonly #onChange: () => void;
  readonly #rounds = new Rounds(() => this.#ask());
  #facts = NOTHING_KNOWN;
  #plannedAtMs = -Infinity;
  #isPlanning = false;

  /** `networkName`: of a home beside the one that the client talks to. */
  constructor(client: EngineClient, networkName: string | undefined, onChange: () => void) {
    this.#client = client;
    this.#networkName = networkName;
    this.#onChange = onChange;
  }

  get facts(): HomeFacts {
    return this.#facts;
  }

  ask(): void {
    void this.#rounds.now();
  }

  eventArrived(event: EngineEvent): void {
    if (event.kind === 'task') {
      const others = this.#facts.tasks.filter(({ taskId }) => taskId !== event.task.taskId);
      this.#change({ tasks: [...others, event.task] });
    } else if (!SAYS_NOTHING_NEW.includes(event.kind)) this.#rounds.soon();
  }

  /** What is known stays until the answer is there. */
  async #ask(): Promise<void> {
    const home = await this.#call('home', {});
    this.#change({ home });
    if (home.state !== 'open') {
      this.#change(NO_VAULT_OPEN);
      return;
    }
    this.#change({ tasks: await this.#call('tasks', {}) });
    try {
      this.#change({ status: await this.#call('status', {}), statusProblem: undefined });
    } catch (error) {
      if (!(error instanceof CallFailure) || this.#client.link.state !== 'up') throw error;
      this.#change({ status: undefined, statusProblem: error.problem });
      return;
    }
    void this.#plan();
  }

  /** Beside the rounds: a plan waits for its turn behind a sync, and what is true of it does not. */
  async #plan(): Promise<void> {
    if (this.#isPlanning || Date.now() - this.#plannedAtMs <= PLAN_AFTER_MS) return;
    this.#isPlanning = true;
    const renewal = await this.#call('planRenewal', {}).catch(() => undefined);
    this.#isPlanning = false;
    this.#plannedAtMs = Date.now();
    if (this.#facts.home?.state === 'open') this.#change({ renewal });
  }

  async #call<Method extends keyof AppApi>(
    method: Method,
    request: Parameters<AppApi[Method]>[0],
  ): Promise<Awaited<ReturnType<AppApi[Method]>>> {
    return this.#client.callAt(this.#networkName, method, request);
  }

  #change(part: Partial<HomeFacts>): void {
    this.#facts = { ...this.#facts, ...part };
    this.#onChange();
  }
}
