/**
 * @file What the engine tells by itself. An event says what is; it never asks for work.
 */
import type { SerializedError } from './errors.ts';

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
}

export type EngineEvent =
  | ProgressEvent
  | PackEvent
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
