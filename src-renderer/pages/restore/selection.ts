/**
 * @file Which entries of a snapshot somebody chose. Pure.
 *
 * A chosen directory stands for all that is in it, so a selection stays small however large the
 * folder is. Taking one entry out of a chosen directory replaces it by its other entries, which the
 * caller has to name. Everything is the selection of the root, ''.
 */

export type Selection = ReadonlySet<string>;

export const NOTHING: Selection = new Set();
export const EVERYTHING: Selection = new Set(['']);

export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** The directories above a path, nearest first; the last is the root. */
export function ancestorsOf(path: string): readonly string[] {
  const ancestors: string[] = [];
  for (let current = path; current !== '';) {
    current = parentOf(current);
    ancestors.push(current);
  }
  return ancestors;
}

export type Choice = 'all' | 'some' | 'none';

/** How much of an entry is chosen. */
export function choiceOf(selection: Selection, path: string): Choice {
  if (selection.has(path) || ancestorsOf(path).some((above) => selection.has(above))) return 'all';
  const inside = path === '' ? '' : `${path}/`;
  for (const chosen of selection) if (chosen.startsWith(inside)) return 'some';
  return 'none';
}

/** Choose an entry with all that is in it. */
export function choose(selection: Selection, path: string): Selection {
  if (choiceOf(selection, path) === 'all') return selection;
  const inside = path === '' ? '' : `${path}/`;
  const rest = [...selection].filter((chosen) => !chosen.startsWith(inside));
  return new Set([...rest, path]);
}

/** The directories whose entries `takeOut` needs to know, outermost first. */
export function openedBy(selection: Selection, path: string): readonly string[] {
  const ancestors = ancestorsOf(path);
  const chosen = ancestors.findIndex((above) => selection.has(above));
  return chosen === -1 ? [] : ancestors.slice(0, chosen + 1).reverse();
}

/**
 * Take an entry out again. `entriesOf` gives the paths in each directory of `openedBy`.
 */
export function takeOut(
  selection: Selection,
  path: string,
  entriesOf: (directory: string) => readonly string[],
): Selection {
  const opened = openedBy(selection, path);
  const outermost = opened[0];
  const inside = path === '' ? '' : `${path}/`;
  const rest = [...selection].filter(
    (chosen) => chosen !== path && chosen !== outermost && !chosen.startsWith(inside),
  );
  const onTheWay = new Set([...opened, path]);
  const others = opened.flatMap(entriesOf).filter((entry) => !onTheWay.has(entry));
  return new Set([...rest, ...others]);
}

/** As the engine takes it: no path is everything, so nothing chosen has no form. */
export function pathsOf(selection: Selection): readonly string[] {
  return selection.has('') ? [] : [...selection].sort();
}
