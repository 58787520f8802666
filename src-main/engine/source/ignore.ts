/**
 * @file Which entries of a folder are left out.
 *
 * gitignore syntax: the patterns given for the folder, and a `.floeignore` in any directory, whose
 * patterns are relative to that directory. The deepest file with a word on a path decides, the
 * folder's own patterns come last. What lies in an ignored directory is ignored. `.floeignore`
 * itself never is, so that a restored folder leaves out the same.
 *
 * Names that are not UTF-8 are matched with U+FFFD in place of the bytes that are wrong.
 */
import ignore, { type Ignore } from 'ignore';
import { EngineError } from '#engine/model/engine-error.ts';
import type { RawPath } from '#engine/model/ids.ts';

export const IGNORE_FILE_NAME = '.floeignore' as RawPath;
/** A larger file is refused, and its directory with it, rather than read in part. */
export const IGNORE_FILE_BYTES_MAX = 1024 * 1024;

/** Paths tested by one compiled matcher before it is compiled anew: it remembers each of them. */
const TESTS_PER_MATCHER = 50_000;

/** What a set of patterns says about a path; `rule` is the pattern that decided. */
type Verdict =
  | { readonly kind: 'ignored'; readonly rule: string }
  | { readonly kind: 'included' }
  | { readonly kind: 'silent' };
const INCLUDED: Verdict = { kind: 'included' };
const SILENT: Verdict = { kind: 'silent' };

/** The patterns of one file, compiled. */
class PatternSet {
  readonly #patterns: readonly string[];
  #matcher: Ignore;
  #testCount = 0;

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns;
    this.#matcher = compile(patterns);
  }

  test(path: string): Verdict {
    if (++this.#testCount > TESTS_PER_MATCHER) {
      this.#matcher = compile(this.#patterns);
      this.#testCount = 0;
    }
    const { ignored, unignored, rule } = this.#matcher.test(path);
    if (ignored) return { kind: 'ignored', rule: rule?.pattern ?? '' };
    return unignored ? INCLUDED : SILENT;
  }

  /**
   * The same patterns for a directory that a deeper file has brought back: without this, the
   * matcher would still take everything in it for ignored.
   */
  bringingBack(directory: string): PatternSet {
    const literal = directory.replace(/[\\*?[\]!#\s]/g, '\\$&');
    return new PatternSet([...this.#patterns, `!/${literal}`]);
  }
}

function compile(patterns: readonly string[]): Ignore {
  // Git on Linux tells cases apart, and so do the names in a snapshot.
  return ignore({ ignoreCase: false, allowRelativePaths: true }).add([...patterns]);
}

interface Layer {
  readonly patterns: PatternSet;
  /** From the directory of the patterns down to the scope's directory: '' or 'a/b/'. */
  readonly prefix: string;
}

/** The rules that hold for the entries of one directory. Immutable. */
export class IgnoreScope {
  /** Outermost first. */
  readonly #layers: readonly Layer[];

  private constructor(layers: readonly Layer[]) {
    this.#layers = layers;
  }

  /** The scope of a folder's root. Throws `usage` when a pattern cannot be understood. */
  static ofFolder(patterns: readonly string[]): IgnoreScope {
    const set = parsePatterns(patterns);
    if (set === 'invalid') throw new EngineError('usage', 'an ignore pattern cannot be understood');
    return new IgnoreScope(set === 'empty' ? [] : [{ patterns: set, prefix: '' }]);
  }

  /** Whether the entry is left out. */
  ignores(name: RawPath, isDirectory: boolean): boolean {
    return this.ruleFor(name, isDirectory) !== undefined;
  }

  /** The pattern by which the entry is left out; undefined when it is kept. */
  ruleFor(name: RawPath, isDirectory: boolean): string | undefined {
    if (this.#layers.length === 0 || name === IGNORE_FILE_NAME) return undefined;
    const text = readableName(name) + (isDirectory ? '/' : '');
    for (let index = this.#layers.length - 1; index >= 0; index -= 1) {
      const layer = this.#layers[index];
      const verdict = layer?.patterns.test(layer.prefix + text) ?? SILENT;
      if (verdict.kind !== 'silent') return verdict.kind === 'ignored' ? verdict.rule : undefined;
    }
    return undefined;
  }

  /** The scope of the directory `name` in this one, before its own `.floeignore` is read. */
  enter(name: RawPath): IgnoreScope {
    const text = readableName(name);
    return new IgnoreScope(
      this.#layers.map(({ patterns, prefix }) => {
        const path = `${prefix}${text}`;
        const isOverruled = patterns.test(`${path}/`).kind === 'ignored';
        return {
          patterns: isOverruled ? patterns.bringingBack(path) : patterns,
          prefix: `${path}/`,
        };
      }),
    );
  }

  /** This scope with the directory's own `.floeignore`; undefined when it can't be understood. */
  withFile(content: Uint8Array): IgnoreScope | undefined {
    const set = parsePatterns(Buffer.from(content).toString('utf8').split(/\r?\n/));
    if (set === 'invalid') return undefined;
    if (set === 'empty') return this;
    return new IgnoreScope([...this.#layers, { patterns: set, prefix: '' }]);
  }
}

function parsePatterns(lines: readonly string[]): PatternSet | 'empty' | 'invalid' {
  const patterns = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
  if (patterns.length === 0) return 'empty';
  try {
    const set = new PatternSet(patterns);
    // Patterns are compiled when they are first used.
    set.test('a/b');
    return set;
  } catch {
    return 'invalid';
  }
}

// eslint-disable-next-line no-control-regex -- the whole ASCII range is meant
const ASCII_PATTERN = /^[\x00-\x7f]*$/;

function readableName(name: RawPath): string {
  return ASCII_PATTERN.test(name) ? name : Buffer.from(name, 'latin1').toString('utf8');
}
