/**
 * @file Where execution reads objects from.
 */
import type { SuiObject } from '../move/object.ts';

/** What is known of an id that has no object now. */
export type Tombstone = {
  readonly kind: 'deleted' | 'wrapped';
  readonly id: string;
  readonly version: bigint;
  readonly digest: string;
};

export interface ObjectReader {
  /** The current version. */
  get(id: string): SuiObject | undefined;
  /** How an object that was there ended. */
  tombstone(id: string): Tombstone | undefined;
}
