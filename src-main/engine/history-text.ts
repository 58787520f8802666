/** @file What was done, in sentences for a person who looks back. */
import type { RestoreReport, SyncReport } from '#contract/api.ts';
import type { SerializedError } from '#contract/errors.ts';
import type { HistoryEntry } from '#contract/task-api.ts';
import { bytesText } from './model/bytes-text.ts';
import { countText } from './model/count-text.ts';
import { plainProblem } from './problems.ts';

type Entry = Omit<HistoryEntry, 'entryId' | 'atMs'>;

/** A sync that published something; undefined when there was nothing to do. */
export function syncedEntry(report: SyncReport['folders'][number]): Entry | undefined {
  if (!report.published) return undefined;
  const counts = [
    counted(report.filesAdded, 'new file'),
    counted(report.filesChanged, 'changed file'),
    counted(report.filesRemoved, 'removed file'),
  ].filter((text) => text !== undefined);
  const what = counts.length === 0 ? 'its state' : counts.join(', ');
  return {
    kind: 'sync',
    folderName: report.name,
    sentence: `${report.name}: stored ${what} in ${bytesText(report.bytesSealed)}.`,
    told: {
      what: 'stored',
      folder: report.name,
      added: report.filesAdded,
      changed: report.filesChanged,
      removed: report.filesRemoved,
      bytes: report.bytesSealed,
    },
    problem: undefined,
  };
}

export function syncFailedEntry(folderName: string, problem: SerializedError): Entry {
  const plain = plainProblem(problem);
  return {
    kind: 'problem',
    folderName,
    sentence: `${folderName}: ${plain.message}`,
    told: { what: 'problem', folder: folderName, problem: plain },
    problem,
  };
}

export function restoredEntry(folderName: string, report: RestoreReport): Entry {
  const count = report.filesRestored + report.filesAlreadyThere;
  const files = counted(count, 'file') ?? 'no files';
  const lost = counted(report.lost.length, 'entry', 'entries');
  const ending = lost === undefined ? '' : `; ${lost} could not be restored`;
  return {
    kind: 'restore',
    folderName,
    sentence: `${folderName}: restored ${files} to ${report.target}${ending}.`,
    told: {
      what: 'restored',
      folder: folderName,
      files: count,
      target: report.target,
      lost: report.lost.length,
    },
    problem: undefined,
  };
}

/** Undefined for none. */
function counted(count: number, one: string, many?: string): string | undefined {
  return count === 0 ? undefined : countText(count, one, many);
}
