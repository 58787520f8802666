/** @file What is said of one restore, in the language on screen. */
import type { Task } from '#contract/task-api.ts';
import { say } from '../../lib/words/words.svelte.ts';

export const isGoingOn = (task: Task): boolean =>
  task.state === 'running' || task.state === 'waiting';

export const hasLosses = (task: Task): boolean => (task.restore?.report?.lost.length ?? 0) > 0;

/** What is missing is fetched by going on, whatever the reason was. */
export const canResume = (task: Task): boolean =>
  task.state === 'failed' ||
  task.state === 'cancelled' ||
  task.state === 'interrupted' ||
  (task.state === 'done' && hasLosses(task));

export function titleOf(task: Task): string {
  const folder = task.folderName ?? '';
  switch (task.state) {
    case 'waiting':
    case 'running':
      return say('restore.task.title', { folder });
    case 'done':
      if (hasLosses(task)) return say('restore.task.title-lost', { folder });
      return (task.restore?.paths.length ?? 0) > 0
        ? say('restore.task.title-done-some', { folder })
        : say('restore.task.title-done', { folder });
    case 'failed':
      // A restore that lost some files has still brought back the others.
      return say(task.restore?.report ? 'restore.task.title-lost' : 'restore.task.title-failed', {
        folder,
      });
    case 'cancelled':
      return say('restore.task.title-cancelled', { folder });
    case 'interrupted':
      return say('restore.task.title-interrupted', { folder });
  }
}

export function markOf(task: Task): 'protected' | 'working' | 'attention' | 'none' {
  if (isGoingOn(task)) return 'working';
  if (task.state === 'failed' || hasLosses(task)) return 'attention';
  return task.state === 'done' ? 'protected' : 'none';
}
