/**
 * @file What a folder would bring, by the same scan that protects it. Nothing is written.
 *
 * A person waits for it, so it ends after a while with what it has seen.
 */
import type { FolderPreview } from '#contract/browse-api.ts';
import { displayPath, joinRawPath, type RawPath } from '../model/ids.ts';
import { FileError, pathBelow, type AbsolutePath, type SourceFiles } from '../ports/file-system.ts';
import type { Clock } from '../ports/ports.ts';
import type { FileChange, KnownEntry } from '../source/change.ts';
import { FolderScan } from '../source/scanner.ts';

/** After this the figures are lower bounds. */
const TIME_MAX_MS = 8_000;
const EXAMPLES_MAX = 5;
const LARGEST_MAX = 10;
const UNREAD_MAX = 100;
const RULES_MAX = 200;

export interface PreviewOptions {
  readonly files: SourceFiles;
  readonly clock: Clock;
  readonly root: AbsolutePath;
  readonly excludes: readonly string[];
  readonly ownDirectories: readonly AbsolutePath[];
  readonly signal: AbortSignal;
}

interface LeftOut {
  fileCount: number;
  sizeBytes: number;
  readonly examples: string[];
}

/** @throws EngineError `folder-missing`, `folder-unreadable`, `usage` for a bad pattern */
export async function previewTree(
  options: PreviewOptions,
): Promise<Omit<FolderPreview, 'path' | 'suggestedName'>> {
  return new Preview(options).run();
}

class Preview {
  readonly #options: PreviewOptions;
  readonly #endMs: number;
  readonly #ignored = new Map<string, LeftOut>();
  readonly #unread: { path: string; reason: string }[] = [];
  #largest: { path: string; sizeBytes: number }[] = [];
  #isPartial = false;

  constructor(options: PreviewOptions) {
    this.#options = options;
    this.#endMs = options.clock.monotonicMs() + TIME_MAX_MS;
  }

  async run(): Promise<Omit<FolderPreview, 'path' | 'suggestedName'>> {
    const { files, root, excludes, ownDirectories, signal } = this.#options;
    const nothing = new Map<RawPath, KnownEntry>();
    const scan = new FolderScan<KnownEntry>({
      files,
      root,
      known: () => nothing,
      knownFiles: 0,
      ignorePatterns: excludes,
      ownDirectories,
      signal,
    });
    for await (const directory of scan) {
      for (const change of directory.entries) await this.#note(change);
      this.#largest = largestOf(this.#largest);
      if (this.#isLate()) break;
    }
    return {
      fileCount: scan.summary.files,
      sizeBytes: scan.summary.bytes,
      ignored: [...this.#ignored]
        .map(([rule, leftOut]) => ({ rule, ...leftOut }))
        .sort((one, other) => other.sizeBytes - one.sizeBytes || other.fileCount - one.fileCount)
        .slice(0, RULES_MAX),
      largest: this.#largest,
      unread: this.#unread,
      isPartial: this.#isPartial,
    };
  }

  async #note(change: FileChange<KnownEntry>): Promise<void> {
    const path = displayPath(change.path);
    if (change.kind === 'ignored') {
      await this.#leaveOut(change);
    } else if (change.kind === 'unreadable') {
      if (this.#unread.length < UNREAD_MAX) this.#unread.push({ path, reason: change.reason });
    } else if (change.kind === 'added' && change.stat.kind === 'file') {
      this.#largest.push({ path, sizeBytes: change.stat.sizeBytes });
    }
  }

  async #leaveOut(
    change: Extract<FileChange<KnownEntry>, { readonly kind: 'ignored' }>,
  ): Promise<void> {
    const { rule, path, seen } = change;
    let leftOut = this.#ignored.get(rule);
    if (!leftOut) {
      leftOut = { fileCount: 0, sizeBytes: 0, examples: [] };
      this.#ignored.set(rule, leftOut);
    }
    const isDirectory = seen.kind === 'directory';
    if (leftOut.examples.length < EXAMPLES_MAX) {
      leftOut.examples.push(`${displayPath(path)}${isDirectory ? '/' : ''}`);
    }
    if (isDirectory) {
      await this.#countBelow(path, leftOut);
    } else if (seen.kind === 'file') {
      leftOut.fileCount += 1;
      leftOut.sizeBytes += seen.sizeBytes;
    }
  }

  /** Nobody looks into what is ignored but for its size. */
  async #countBelow(top: RawPath, leftOut: LeftOut): Promise<void> {
    const { files, root, signal } = this.#options;
    const pending = [top];
    for (let path = pending.pop(); path !== undefined && !this.#isLate(); path = pending.pop()) {
      try {
        const { entries } = await files.listDirectory(pathBelow(root, path), signal);
        for (const { name, stat } of entries) {
          if (stat?.kind === 'directory') pending.push(joinRawPath(path, name));
          if (stat?.kind !== 'file') continue;
          leftOut.fileCount += 1;
          leftOut.sizeBytes += stat.sizeBytes;
        }
      } catch (error) {
        // What cannot be listed and is left out anyway is nobody's worry.
        if (!(error instanceof FileError)) throw error;
      }
    }
  }

  #isLate(): boolean {
    this.#isPartial ||= this.#options.clock.monotonicMs() >= this.#endMs;
    return this.#isPartial;
  }
}

const largestOf = (files: { path: string; sizeBytes: number }[]) =>
  files.sort((one, other) => other.sizeBytes - one.sizeBytes).slice(0, LARGEST_MAX);
