/**
 * @file The entries of one directory of a snapshot, or the hits of a search, as a list that is loaded
 * by pages. A directory of 100,000 entries costs what is on screen.
 */
import type { AppApi } from '#contract/app-api.ts';
import type { ListEntry } from '#contract/api.ts';
import { Paged } from '../../lib/state/paged.svelte.ts';

/** More hits would not be read; the search is made narrower instead. */
const HITS_MAX = 1_000;

export interface Place {
  readonly folder: string;
  readonly snapshot: string;
  readonly path: string;
}

export function entriesOf(api: AppApi, place: Place): Paged<ListEntry> {
  return new Paged(async (offset, limit, signal) => {
    const { entries, total } = await api.browse({ ...place, offset, limit }, { signal });
    return { rows: entries, total };
  });
}

/** Hits anywhere in the snapshot. They come at once, and are handed out by pages like the rest. */
export function hitsOf(api: AppApi, { folder, snapshot }: Place, text: string): Paged<ListEntry> {
  let hits: Promise<readonly ListEntry[]> | undefined;
  return new Paged(async (offset, limit, signal) => {
    hits ??= api
      .search({ folder, snapshot, text, limit: HITS_MAX }, { signal })
      .then(({ entries }) => entries);
    const all = await hits;
    return { rows: all.slice(offset, offset + limit), total: all.length };
  });
}
