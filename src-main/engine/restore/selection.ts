/** @file Which part of a snapshot is wanted: all of it, what a pattern matches, or chosen paths. */
import { createHash } from 'node:crypto';
import picomatch from 'picomatch';
import { EngineError } from '../model/engine-error.ts';
import { displayPath, type RawPath } from '../model/ids.ts';

/** What a person asked for. Without either, and with no paths chosen: everything. */
export interface AskedPart {
  readonly glob?: string | undefined;
  /** As they are displayed; a directory with all that is in it. */
  readonly paths?: readonly string[] | undefined;
}

/** Whether a path is wanted, and whether anything below it may be. */
export interface Selection {
  wants(path: RawPath): boolean;
  mayHoldWanted(directory: RawPath): boolean;
}

const EVERYTHING: Selection = { wants: () => true, mayHoldWanted: () => true };

/** Whether only a part was asked for. */
export const isPart = ({ glob, paths = [] }: AskedPart): boolean =>
  glob !== undefined || chosen(paths).length > 0;

/** Says what was asked for: equal texts, equal parts. */
export function partKey({ glob, paths = [] }: AskedPart): string {
  const list = chosen(paths);
  if (list.length === 0) return glob ?? '';
  const digest = createHash('sha256').update(JSON.stringify(list)).digest('hex');
  return `${glob ?? ''} paths ${digest}`;
}

/**
 * The selection that was asked for, with everything below what it names.
 *
 * @throws EngineError `usage` for a glob that cannot be understood
 */
export function selectionOf(asked: AskedPart): Selection {
  const list = chosen(asked.paths ?? []);
  const byPaths = list.length === 0 ? EVERYTHING : selectionOfPaths(list);
  if (asked.glob === undefined) return byPaths;
  const byGlob = selectionOfGlob(asked.glob);
  return {
    wants: (path) => byGlob.wants(path) && byPaths.wants(path),
    mayHoldWanted: (directory) =>
      byGlob.mayHoldWanted(directory) && byPaths.mayHoldWanted(directory),
  };
}

/** Sorted, each once, without slashes at their ends; none when the root is among them. */
function chosen(paths: readonly string[]): string[] {
  const list = [...new Set(paths.map((path) => path.replace(/^\/+|\/+$/g, '')))].sort();
  return list[0] === '' ? [] : list;
}

function selectionOfPaths(paths: readonly string[]): Selection {
  const wanted = new Set(paths);
  const leading = new Set(paths.flatMap((path) => [...outerPaths(path)].slice(1)));
  const isWanted = (text: string): boolean => outerPaths(text).some((outer) => wanted.has(outer));
  return {
    wants: (path) => isWanted(displayPath(path)),
    mayHoldWanted: (directory) => {
      const text = displayPath(directory);
      return leading.has(text) || isWanted(text);
    },
  };
}

function selectionOfGlob(glob: string): Selection {
  const pattern = glob.replace(/^\/+|\/+$/g, '');
  let matches: (text: string) => boolean;
  try {
    matches = picomatch(pattern, { dot: true, nonegate: true });
  } catch (error) {
    throw new EngineError('usage', 'the pattern cannot be understood', { cause: error });
  }
  const { base } = picomatch.scan(pattern);
  const wantsText = (text: string): boolean => outerPaths(text).some((outer) => matches(outer));
  return {
    wants: (path) => wantsText(displayPath(path)),
    mayHoldWanted: (directory) => {
      const text = displayPath(directory);
      // The part of the pattern without wildcards leads the way down.
      const isOnTheWay = base === '' || base === text || base.startsWith(`${text}/`);
      const isBelowBase = base === '' || text === base || text.startsWith(`${base}/`);
      return isOnTheWay || isBelowBase || wantsText(text);
    },
  };
}

/** A path and the directories it lies in, innermost first. */
function outerPaths(text: string): string[] {
  const outer: string[] = [];
  for (let end = text.length; end > 0; end = text.lastIndexOf('/', end - 1)) {
    outer.push(text.slice(0, end));
  }
  return outer;
}
