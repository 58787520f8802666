/**
 * @file What is worth a notification: each cause once a day, across restarts.
 *
 * A cause that is cured is forgotten when its day is over, so that one which comes and goes is
 * told once, too.
 */
import type { FolderStatus, VaultStatus } from '#contract/api.ts';
import type { EngineEvent } from '#contract/events.ts';
import type { Saying } from '#contract/told.ts';
import type { NoticeTable } from '../local-index/notice-table.ts';
import type { Clock } from '../ports/ports.ts';

const DAY_MS = 86_400_000;
/** Other causes of the same table are somebody else's. */
const CAUSE_PREFIX = 'status: ';

export interface NoticesOptions {
  readonly table: NoticeTable;
  readonly clock: Clock;
  readonly emit: (event: EngineEvent) => void;
}

/** Tell what `status` shows and was not told today. */
export function tellNotices(
  status: Pick<VaultStatus, 'problem' | 'folders' | 'pause'>,
  { table, clock, emit }: NoticesOptions,
): void {
  const nowMs = clock.nowMs();
  const told = table.all();
  const causes = causesOf(status);
  for (const { cause, ...saying } of causes) {
    const toldAtMs = told.get(cause);
    // A moment that lies ahead is from a clock that was wrong.
    if (toldAtMs !== undefined && toldAtMs <= nowMs && nowMs - toldAtMs < DAY_MS) continue;
    table.put(cause, nowMs);
    emit({ kind: 'notice', cause, ...saying });
  }
  const present = new Set(causes.map(({ cause }) => cause));
  for (const [cause, toldAtMs] of told) {
    const isOver = nowMs - toldAtMs >= DAY_MS;
    if (isOver && cause.startsWith(CAUSE_PREFIX) && !present.has(cause)) table.delete(cause);
  }
}

interface Cause extends Saying {
  readonly cause: string;
}

function causesOf({
  problem,
  folders,
  pause,
}: Pick<VaultStatus, 'problem' | 'folders' | 'pause'>): Cause[] {
  // Whoever has no network knows it already.
  const whole = pause?.reason === 'offline' ? undefined : problem;
  return [
    ...(whole ? [{ cause: CAUSE_PREFIX + whole.code, ...sayingOf(whole, undefined) }] : []),
    ...folders.flatMap(({ isHere, removed, problem: own, folderId, name }) =>
      // What concerns all of them is told once.
      !isHere || removed || !own || own.code === problem?.code
        ? []
        : [{ cause: `${CAUSE_PREFIX}${own.code} ${folderId}`, ...sayingOf(own, name) }],
    ),
  ];
}

function sayingOf(
  problem: NonNullable<FolderStatus['problem']>,
  folder: string | undefined,
): Saying {
  const { message, next } = problem;
  return {
    sentence: folder === undefined ? message : `${folder}: ${message}`,
    next,
    told: { what: 'problem', folder, problem },
  };
}
