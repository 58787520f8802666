/** @file What a user interface holds: the home, the engine, and the shell where there is one. */
import type { EngineApi } from './api.ts';
import type { BrowseApi } from './browse-api.ts';
import type { EngineEvent } from './events.ts';
import type { HomeApi } from './home-api.ts';
import type { MoveApi } from './move-api.ts';
import type { ShellApi, ShellEvent } from './shell-api.ts';
import type { StorageApi } from './storage-api.ts';
import type { TaskApi } from './task-api.ts';

export interface AppApi extends HomeApi, MoveApi, EngineApi, BrowseApi, TaskApi, StorageApi {}

/** How a user interface reaches the rest, whatever carries it. */
export interface AppConnection {
  readonly api: AppApi;
  readonly shell: ShellApi | undefined;
  subscribe(listener: (event: EngineEvent) => void): () => void;
  subscribeShell(listener: (event: ShellEvent) => void): () => void;
  /** `down` while the engine is away; calls are refused then, and it comes back by itself. */
  readonly state: 'connecting' | 'up' | 'down';
  onState(listener: (state: AppConnection['state']) => void): () => void;
}
