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
  /** How often each file vanished less how often it appeared: a file may have several names. */
  readonly #balance = new Map<string, number>();
  #vanishedCount = 0;

  constructor(options: { readonly isNeeded: boolean }) {
    this.#isNeeded = options.isNeeded;
  }

  /** Files gone and not found elsewhere. */
  get vanishedCount(): number {
    return this.#vanishedCount;
  }

  appear(file: Traits): void {
    if (this.#isNeeded && this.#add(file, -1) > 0) this.#vanishedCount -= 1;
  }

  vanish(file: Traits): void {
    if (this.#add(file, 1) >= 0) this.#vanishedCount += 1;
  }

  /** Change the balance of a file; returns what it was before. */
  #add(file: Traits, change: number): number {
    const key = `${String(file.inode)}:${String(file.sizeBytes)}:${String(file.mtimeNs)}`;
    const before = this.#balance.get(key);
    if (before !== undefined || this.#balance.size < CANDIDATES_MAX) {
      this.#balance.set(key, (before ?? 0) + change);
    }
    return before ?? 0;
  }
}
