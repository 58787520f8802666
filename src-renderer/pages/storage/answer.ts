/** @file The first line of the Storage view: what is most worth knowing, from the forecast. Pure. */
import type { StorageForecast } from '#contract/storage-api.ts';

export type Answer =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'lapsed'; readonly folder: string }
  | { readonly kind: 'runs-out'; readonly atMs: number }
  | { readonly kind: 'lasts'; readonly atMs: number };

/** What is lost already stands before what will be, and that before what is well. */
export function answerOf(
  forecast: Pick<StorageForecast, 'folders' | 'runsOutAt'>,
  nowMs: number,
): Answer {
  const ends = forecast.folders.flatMap(({ name, protectedUntil }) =>
    protectedUntil ? [{ name, atMs: protectedUntil.atMs }] : [],
  );
  const earliest = ends.sort((a, b) => a.atMs - b.atMs)[0];
  if (!earliest) return { kind: 'nothing' };
  if (earliest.atMs <= nowMs) return { kind: 'lapsed', folder: earliest.name };
  if (forecast.runsOutAt) return { kind: 'runs-out', atMs: forecast.runsOutAt.atMs };
  return { kind: 'lasts', atMs: earliest.atMs };
}
