/** @file When a folder is due to be synced by itself. Pure: the wall clock's time is given. */

/** What is known of a folder's past. Wall clock, Unix ms. */
export interface FolderPast {
  /** When the last sync ended, however it did; undefined before the first of this run. */
  readonly scannedAtMs: number | undefined;
  /** Changes that were noticed since the last sync began. */
  readonly changes:
    | {
        readonly firstAtMs: number;
        readonly lastAtMs: number;
        /** Size of the files that have changed, as far as it is known. */
        readonly bytes: number;
      }
    | undefined;
  /** The last sync failed for a reason that may have passed by then. */
  readonly retryAtMs: number | undefined;
}

export interface Timing {
  /** A change waits until nothing has changed for this long, */
  readonly quietMs: number;
  /** but no longer than this after the first one. */
  readonly commitEveryMs: number;
  /** So much is committed at once, but no sooner than `gapMs` after the last sync. */
  readonly bulk?: { readonly bytes: number; readonly gapMs: number };
  /** Without any change the folder is scanned again after this long. */
  readonly scanEveryMs: number;
  /** Local hours in which a sync may begin, as [from, to) in minutes of the day; [] is always. */
  readonly hours: readonly (readonly [number, number])[];
}

const MINUTE_MS = 60_000;
/** A day of 25 hours, and then some. */
const MINUTES_AHEAD_MAX = 26 * 60;

/** The moment from which on the folder is due. Not later than `nowMs` means: now. */
export function dueAtMs(past: FolderPast, timing: Timing, nowMs: number): number {
  const { scannedAtMs, changes, retryAtMs } = past;
  const due = Math.min(
    // A clock that was set back would make everything wait for a past that does not come again.
    scannedAtMs === undefined || scannedAtMs > nowMs ? nowMs : scannedAtMs + timing.scanEveryMs,
    changes === undefined ? Infinity : commitAtMs(changes, timing, nowMs),
    changes === undefined ? Infinity : bulkAtMs(changes, timing, scannedAtMs),
    retryAtMs ?? Infinity,
  );
  return nextAllowedMs(Math.max(due, nowMs), timing.hours);
}

/** When noticed changes are committed if nothing else comes before. */
function commitAtMs(
  { firstAtMs, lastAtMs }: NonNullable<FolderPast['changes']>,
  { quietMs, commitEveryMs }: Timing,
  nowMs: number,
): number {
  if (firstAtMs > nowMs || lastAtMs > nowMs) return nowMs;
  return Math.min(lastAtMs + quietMs, firstAtMs + commitEveryMs);
}

/** The same when much has changed. */
function bulkAtMs(
  { firstAtMs, bytes }: NonNullable<FolderPast['changes']>,
  { bulk }: Timing,
  scannedAtMs = Number.NEGATIVE_INFINITY,
): number {
  if (!bulk || bytes < bulk.bytes) return Infinity;
  return Math.max(firstAtMs, scannedAtMs + bulk.gapMs);
}

/** The first moment from `fromMs` on that lies in the hours; `fromMs` itself when none ever does. */
export function nextAllowedMs(fromMs: number, hours: Timing['hours']): number {
  for (let minute = 0; minute < MINUTES_AHEAD_MAX; minute += 1) {
    const atMs = minute === 0 ? fromMs : startOfMinute(fromMs) + minute * MINUTE_MS;
    if (isAllowed(atMs, hours)) return atMs;
  }
  return fromMs;
}

const startOfMinute = (atMs: number): number => Math.floor(atMs / MINUTE_MS) * MINUTE_MS;

/** Hours may go over midnight. */
function isAllowed(atMs: number, hours: Timing['hours']): boolean {
  if (hours.length === 0) return true;
  const date = new Date(atMs);
  const minute = date.getHours() * 60 + date.getMinutes();
  return hours.some(([from, to]) =>
    from <= to ? minute >= from && minute < to : minute >= from || minute < to,
  );
}
