/**
 * @file What the engine tells a person by itself, as a value: what happened, and the figures in it.
 *
 * The English sentence always comes along, for the command line; other languages are made of the
 * value by `words/words.ts`, the same for window, tray and notifications.
 */
import type { SerializedError } from './errors.ts';

/** Amounts are in FROST, as decimal text: a told value is kept as JSON. */
export type Told =
  // History.
  | {
      readonly what: 'stored';
      readonly folder: string;
      readonly added: number;
      readonly changed: number;
      readonly removed: number;
      readonly bytes: number;
    }
  | {
      readonly what: 'restored';
      readonly folder: string;
      readonly files: number;
      readonly target: string;
      readonly lost: number;
    }
  | {
      readonly what: 'renewed';
      readonly folders: string;
      readonly untilMs: number;
      readonly frost: string;
    }
  // A failure, in a notice and in the history.
  | {
      readonly what: 'problem';
      readonly folder: string | undefined;
      readonly problem: Pick<SerializedError, 'code' | 'message' | 'next' | 'context'>;
    }
  // Time and money.
  | { readonly what: 'lost'; readonly folder: string; readonly blobs: number }
  | { readonly what: 'ends'; readonly folder: string; readonly atMs: number }
  | { readonly what: 'ends-as-chosen'; readonly folder: string; readonly atMs: number }
  | { readonly what: 'foreign'; readonly folder: string; readonly blobs: number }
  | { readonly what: 'renewal-stuck'; readonly problem: SerializedError }
  | {
      readonly what: 'runway';
      readonly atMs: number;
      readonly frost: string;
      readonly perMonthFrost: string;
      readonly address: string;
    }
  | { readonly what: 'short-network'; readonly days: number; readonly atMs: number }
  | { readonly what: 'looks-encrypted'; readonly folder: string; readonly files: number };

/** What is told, in English as well; `told` is absent in what an earlier release wrote. */
export interface Saying {
  readonly sentence: string;
  readonly next: string;
  readonly told?: Told | undefined;
}
