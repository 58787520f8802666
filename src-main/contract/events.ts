/**
 * @file What the engine tells by itself. An event says what is; it never asks for work.
 */
import type { SerializedError } from './errors.ts';
import type { Task } from './task-api.ts';
import type { Saying } from './told.ts';

/** The steps of a pack's way, named by their past participle, as the Activity view shows them. */
export type PackStep = 'sealed' | 'encoded' | 'registered' | 'uploaded' | 'certified' | 'published';

export interface ProgressEvent {
  readonly kind: 'progress';
  readonly task: 'scan' | 'protect' | 'restore';
  readonly folderId: string;
  readonly folderName: string;
  readonly filesDone: number;
  readonly filesTotal: number | undefined;
  readonly bytesDone: number;
  readonly bytesTotal: number | undefined;
  readonly elapsedMs: number;
  /** What is being worked on, for a person. */
  readonly current: string | undefined;
}

export interface PackEvent {
  readonly kind: 'pack';
  readonly packId: string;
  readonly folderName: string | undefined;
  readonly step: PackStep;
  readonly sizeBytes: number;
  readonly blobId: string | undefined;
  readonly storedShards: number | undefined;
  readonly shardCount: number | undefined;
  /** How it goes to the storage nodes; undefined until that is chosen. */
  readonly way?: 'direct' | 'relay' | undefined;
}

/** Slivers have landed: told at most five times a second a pack. */
export interface ShardsEvent {
  readonly kind: 'shards';
  readonly packId: string;
  /** By shard index: '1' stored, '0' not yet. */
  readonly shards: string;
}

export type EngineEvent =
  | ProgressEvent
  | PackEvent
  | ShardsEvent
  | { readonly kind: 'task'; readonly task: Task }
  /** Something that `status` tells has changed: ask again when it is shown. */
  | { readonly kind: 'status-changed' }
  /** What `home` or `settings` tells has changed. */
  | { readonly kind: 'home-changed' }
  /** What `otherHomes` tells has changed. */
  | { readonly kind: 'moves-changed' }
  /** What a home beside this one tells. */
  | {
      readonly kind: 'other-home';
      readonly networkName: string;
      readonly event: EngineEvent;
    }
  /**
   * Worth a notification: once for each cause and day, by the engine's own count. `cause` names the
   * cause for as long as it lasts.
   */
  | (Saying & { readonly kind: 'notice'; readonly cause: string })
  | { readonly kind: 'folders-changed' }
  | { readonly kind: 'sync-began'; readonly folderId: string; readonly folderName: string }
  | {
      readonly kind: 'sync-ended';
      readonly folderId: string;
      readonly folderName: string;
      readonly problem: SerializedError | undefined;
    }
  | {
      readonly kind: 'watch-degraded';
      readonly folderId: string;
      readonly folderName: string;
      readonly reason: string;
    };
