/**
 * @file What is going on: tasks, packs, storage nodes, history. `activity` gives the whole; events
 * between two answers fill slivers and move packs on, so that the picture is never a second old.
 */
import type { AppConnection } from '#contract/app-api.ts';
import type { EngineEvent } from '#contract/events.ts';
import type { HistoryEntry, NodeActivity, PackActivity, Task } from '#contract/task-api.ts';
import { Live } from './live.svelte.ts';

const isOpen = (task: Task): boolean => task.state === 'running' || task.state === 'waiting';

export class Activity {
  #tasks = $state.raw<readonly Task[]>([]);
  #packs = $state.raw<readonly PackActivity[]>([]);
  readonly #live: Live<{
    readonly nodes: readonly NodeActivity[];
    readonly history: readonly HistoryEntry[];
  }>;

  readonly running = $derived(this.#tasks.filter(isOpen));

  constructor(connection: AppConnection) {
    this.#live = new Live(
      connection,
      async (signal) => {
        // Each as soon as it is there: an event that comes after an answer is newer than it.
        const [activity] = await Promise.all([
          connection.api.activity({}, { signal }).then((told) => {
            this.#packs = told.packs;
            return told;
          }),
          connection.api.tasks({}, { signal }).then((told) => {
            this.#tasks = told;
          }),
        ]);
        return activity;
      },
      (event) =>
        event.kind === 'task' ||
        event.kind === 'pack' ||
        event.kind === 'status-changed' ||
        event.kind === 'sync-ended',
    );
    connection.subscribe((event) => this.#receive(event));
  }

  get isLoaded(): boolean {
    return this.#live.value !== undefined;
  }

  get problem() {
    return this.#live.problem;
  }

  get tasks(): readonly Task[] {
    return this.#tasks;
  }

  get packs(): readonly PackActivity[] {
    return this.#packs;
  }

  get nodes(): readonly NodeActivity[] {
    return this.#live.value?.nodes ?? [];
  }

  get history(): readonly HistoryEntry[] {
    return this.#live.value?.history ?? [];
  }

  /** The running sync of a folder, for the share beside its name. */
  taskOf(folderId: string): Task | undefined {
    return this.running.find((task) => task.folderId === folderId && task.kind === 'sync');
  }

  refresh(): void {
    this.#live.refresh();
  }

  #receive(event: EngineEvent): void {
    if (event.kind === 'task') {
      const others = this.#tasks.filter(({ taskId }) => taskId !== event.task.taskId);
      this.#tasks = [event.task, ...others];
    } else if (event.kind === 'shards') {
      this.#packs = this.#packs.map((pack) =>
        pack.packId === event.packId
          ? { ...pack, shards: event.shards, storedShards: countStored(event.shards) }
          : pack,
      );
    } else if (event.kind === 'pack') {
      this.#packs = this.#packs.map((pack) =>
        pack.packId === event.packId ? { ...pack, step: event.step } : pack,
      );
    }
  }
}

function countStored(shards: string): number {
  let count = 0;
  for (const shard of shards) if (shard === '1') count += 1;
  return count;
}
