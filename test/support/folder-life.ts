/**
 * @file The life of one folder on one or two devices, as a test tells it: files, snapshots and what
 * each must hold. What is expected is kept here, apart from anything the engine says.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Engine } from '#engine/engine.ts';
import type { BareVault } from './world.ts';

export { AheadClock } from './ahead-clock.ts';

export const FOLDER = 'life';

/** What a folder holds: text by path. */
export type Content = ReadonlyMap<string, string>;

export interface Device {
  readonly name: string;
  readonly vault: BareVault;
  readonly source: string;
  engine: Engine | undefined;
}

/** Chance that tells the same story for the same seed. */
export type Choose = (below: number) => number;

/** Change a few files of a folder. */
export function edit(source: string, choose: Choose): void {
  mkdirSync(source, { recursive: true });
  for (let count = 1 + choose(3); count > 0; count -= 1) {
    const directory = join(source, ['', 'one', 'two'][choose(3)] ?? '');
    const path = join(directory, `file ${String(choose(6))}`);
    if (choose(4) === 0) {
      rmSync(path, { force: true });
      continue;
    }
    mkdirSync(directory, { recursive: true });
    // Of a few texts, so that what was gone comes back; now and then one that fills packs.
    const size = choose(8) === 0 ? 120_000 : 40 + choose(3_000);
    writeFileSync(path, textOf(choose(24), size));
  }
}

/** Text that does not compress away. */
function textOf(seed: number, size: number): string {
  let state = (seed + 1) * 0x9e3779b9;
  let text = '';
  while (text.length < size) {
    state = (Math.imul(state, 0x01000193) ^ (state >>> 13)) >>> 0;
    text += state.toString(36);
  }
  return text.slice(0, size);
}

export function contentOf(folder: string, below = ''): Map<string, string> {
  const content = new Map<string, string>();
  for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    if (entry.isDirectory())
      for (const [name, text] of contentOf(folder, path)) content.set(name, text);
    else content.set(path, readFileSync(join(folder, path), 'utf8'));
  }
  return content;
}

/**
 * What each snapshot that the history shows must hold, by the moment that it is of: a commit of the
 * same tree takes the place of the one before.
 */
export class ExpectedHistory {
  readonly #contents = new Map<number, Content>();

  note(atMs: number, content: Content): void {
    this.#contents.set(atMs, content);
  }

  /** Restore the oldest snapshots that `engine` sees, and compare. Gives the moments of all. */
  async check(engine: Engine, target: string, count = Infinity): Promise<number[]> {
    const snapshots = await engine.api.snapshots({ folder: FOLDER });
    for (const { snapshotId, atMs } of snapshots.toReversed().slice(0, count)) {
      const wanted = this.#contents.get(atMs);
      expect(wanted, `snapshot ${snapshotId} of ${String(atMs)} was made by nobody`).toBeDefined();
      const report = await engine.api.restore({ folder: FOLDER, snapshot: snapshotId, target });
      expect(report.lost).toEqual([]);
      expect(contentOf(target)).toEqual(wanted);
      rmSync(target, { recursive: true });
    }
    return snapshots.map(({ atMs }) => atMs);
  }
}
