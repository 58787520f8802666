/**
 * @file Tells files that moved within a folder from files that are gone.
 *
 * A renamed directory with a thousand files is no mass deletion. A file counts as moved when one
 * with the same inode, size and modification time appears elsewhere in the same scan.
 */
import type { KnownEntry } from './change.ts';

/** Files remembered while a scan runs; what exceeds it counts as gone, which errs safely. */
const CANDIDATES_MAX = 1_000_000;

type Traits = Pick<KnownEntry, 'inode' | 'sizeBytes' | 'mtimeNs'>;

export class MoveDetector {
  readonly #isNeeded: boolean;
  /** How often each file appeared: a file may have several names. */
  readonly #appeared = new Map<string, number>();
  readonly #vanished = new Map<string, number>();
  #vanishedUnremembered = 0;

  constructor(options: { readonly isNeeded: boolean }) {
    this.#isNeeded = options.isNeeded;
  }

  appear(file: Traits): void {
    if (this.#isNeeded) count(this.#appeared, file);
  }

  vanish(file: Traits): void {
    if (!count(this.#vanished, file)) this.#vanishedUnremembered += 1;
  }

  /** Files gone and not found elsewhere. */
  vanishedCount(): number {
    let total = this.#vanishedUnremembered;
    for (const [key, times] of this.#vanished) {
      total += Math.max(0, times - (this.#appeared.get(key) ?? 0));
    }
    return total;
  }
}

function count(files: Map<string, number>, file: Traits): boolean {
  const key = `${String(file.inode)}:${String(file.sizeBytes)}:${String(file.mtimeNs)}`;
  const times = files.get(key);
  if (times === undefined && files.size >= CANDIDATES_MAX) return false;
  files.set(key, (times ?? 0) + 1);
  return true;
}
