/** @file What differs between two trees. Directories that are the same are not looked into. */
import type { SnapshotChanges } from '#contract/browse-api.ts';
import type {
  DirectoryShelf,
  ShelvedDirectory,
  ShelvedEntry,
  TreeSource,
} from './directory-shelf.ts';

/** Changes that are named; all are counted. */
const EXAMPLES_MAX = 200;

interface Pair {
  readonly path: string;
  readonly from: ShelvedEntry['treeId'];
  readonly to: ShelvedEntry['treeId'];
}

/** `from` absent is an empty folder. Files and links are counted; directories are only places. */
export async function compareTrees(
  shelf: DirectoryShelf,
  from: TreeSource | undefined,
  to: TreeSource,
  signal: AbortSignal,
): Promise<SnapshotChanges> {
  const changes = new Changes();
  const read = async (
    treeId: ShelvedEntry['treeId'],
    source: TreeSource | undefined,
  ): Promise<ShelvedDirectory> =>
    treeId === undefined || !source ? [] : shelf.read(treeId, source, signal);
  const pending: Pair[] = [{ path: '', from: from?.rootTree, to: to.rootTree }];
  for (let pair = pending.pop(); pair; pair = pending.pop()) {
    signal.throwIfAborted();
    if (pair.from === pair.to) continue;
    const before = await read(pair.from, from);
    const after = await read(pair.to, to);
    const below: Pair[] = [];
    for (const [one, other] of pairs(before, after)) {
      const path = joined(pair.path, (one ?? other)?.text ?? '');
      if (one?.treeId !== undefined || other?.treeId !== undefined) {
        below.push({ path, from: one?.treeId, to: other?.treeId });
      }
      changes.note(path, leaf(one), leaf(other));
    }
    pending.push(...below.toReversed());
  }
  return changes.all;
}

const joined = (parent: string, name: string): string =>
  parent === '' ? name : `${parent}/${name}`;

/** A directory is no leaf: what lies in it is compared for itself. */
const leaf = (entry: ShelvedEntry | undefined): ShelvedEntry | undefined =>
  entry?.kind === 'directory' ? undefined : entry;

/** The entries of two directories side by side, in the order of their names. */
function* pairs(
  before: ShelvedDirectory,
  after: ShelvedDirectory,
): Generator<readonly [ShelvedEntry | undefined, ShelvedEntry | undefined]> {
  let left = 0;
  let right = 0;
  while (left < before.length || right < after.length) {
    const one = before[left];
    const other = after[right];
    const isLeft = one !== undefined && (other === undefined || one.name <= other.name);
    const isRight = other !== undefined && (one === undefined || other.name <= one.name);
    if (isLeft) left += 1;
    if (isRight) right += 1;
    yield [isLeft ? one : undefined, isRight ? other : undefined];
  }
}

/** Whether a person would say that it is the same. */
export const isSameState = (one: ShelvedEntry, other: ShelvedEntry): boolean =>
  one.kind === other.kind &&
  one.contentKey === other.contentKey &&
  one.sizeBytes === other.sizeBytes &&
  one.mtimeMs === other.mtimeMs &&
  one.mode === other.mode;

class Changes {
  readonly #counts = { added: 0, changed: 0, removed: 0, addedBytes: 0, removedBytes: 0 };
  readonly #examples: SnapshotChanges['examples'][number][] = [];

  get all(): SnapshotChanges {
    return { ...this.#counts, examples: this.#examples };
  }

  note(path: string, one: ShelvedEntry | undefined, other: ShelvedEntry | undefined): void {
    if ((!one && !other) || (one && other && isSameState(one, other))) return;
    const change = !one ? 'added' : !other ? 'removed' : 'changed';
    const grownBytes = (other?.sizeBytes ?? 0) - (one?.sizeBytes ?? 0);
    this.#counts[change] += 1;
    if (grownBytes > 0) this.#counts.addedBytes += grownBytes;
    else this.#counts.removedBytes -= grownBytes;
    if (this.#examples.length < EXAMPLES_MAX) this.#examples.push({ path, change });
  }
}
