/** @file What is said of one folder, in the language on screen. */
import type { FolderStatus } from '#contract/api.ts';
import type { Task } from '#contract/task-api.ts';
import type { Cost } from '#contract/storage-api.ts';
import { describeProblem } from '../lib/words/problem-words.ts';
import { say, words } from '../lib/words/words.svelte.ts';

export type ShownState = 'protected' | 'working' | 'attention' | 'none';

export function shownState(folder: FolderStatus): ShownState {
  if (folder.removed || !folder.isHere) return 'none';
  return folder.state === 'protected' && !folder.newestSnapshot ? 'none' : folder.state;
}

/** One line: the state, and what follows from it. */
export function stateLine(folder: FolderStatus, task: Task | undefined, isTryOut: boolean): string {
  if (folder.removed) return say('state.removed');
  if (folder.problem && folder.state === 'attention') {
    return describeProblem(folder.problem).happened;
  }
  if (folder.state === 'working') {
    return [say('state.working'), ...progressParts(task)].join(' · ');
  }
  return protectedLine(folder, isTryOut);
}

function protectedLine(folder: FolderStatus, isTryOut: boolean): string {
  if (!folder.protectedUntil) {
    return say(folder.isHere ? 'state.waiting-first' : 'state.elsewhere');
  }
  const date = words.format.shortDate(folder.protectedUntil.atMs);
  return isTryOut ? say('tryout.row', { date }) : say('state.protected-until', { date });
}

/** Share and time left of a running task, as far as known. */
export function progressParts(task: Task | undefined): string[] {
  const progress = task?.progress;
  if (!progress) return [];
  const share = shareOf(task);
  return [
    ...(share === undefined ? [] : [words.format.percent(share)]),
    ...(progress.remainingMs === undefined
      ? []
      : [say('eta.left', { time: words.format.duration(progress.remainingMs) })]),
  ];
}

export const taskTitle = (task: Task): string =>
  say(`activity.task-${task.kind}`, { folder: task.folderName ?? say('activity.everything') });

/** Of a renewal or a repacking: 3 of 10 blobs. */
export function blobsText(task: Task): string | undefined {
  const blobs = task.progress?.blobs;
  if (!blobs) return undefined;
  const total = say('count.blobs', { count: blobs.total });
  return say('progress.of', { done: words.format.number(blobs.done), total });
}

/** From 0 to 1: by blobs or bytes, else by files; undefined while the end is not known. */
export function shareOf(task: Task): number | undefined {
  const progress = task.progress;
  if (!progress) return undefined;
  const { bytesDone, bytesTotal, filesDone, filesTotal, blobs } = progress;
  if (blobs && blobs.total > 0) return Math.min(blobs.done / blobs.total, 1);
  if (bytesTotal !== undefined && bytesTotal > 0) return Math.min(bytesDone / bytesTotal, 1);
  if (filesTotal !== undefined && filesTotal > 0) return Math.min(filesDone / filesTotal, 1);
  return undefined;
}

export function filesAndSize(fileCount: number, sizeBytes: number): string {
  return say('size.in-files', {
    size: words.format.bytes(sizeBytes),
    files: say('count.files', { count: fileCount }),
  });
}

/** 0.41 WAL + 0.002 SUI; a part that is nothing is left out. */
export function costText(cost: Cost): string {
  const parts = [
    ...(cost.walFrost > 0n ? [words.format.wal(cost.walFrost)] : []),
    ...(cost.gasMist > 0n ? [words.format.sui(cost.gasMist)] : []),
  ];
  return parts.length === 0 ? words.format.wal(0n) : parts.join(' + ');
}
