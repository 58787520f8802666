import { describe, expect, test } from 'vitest';
import { rawPath, type RawPath } from '#engine/model/ids.ts';
import { IgnoreScope } from './ignore.ts';

const raw = (latin1: string): RawPath => latin1 as RawPath;
const text = (lines: string[]): Uint8Array => Buffer.from(lines.join('\n'));

/** Whether `path` is left out, walking down as the scanner does. */
function isLeftOut(
  path: string,
  patterns: string[],
  files: Record<string, string[]> = {},
): boolean {
  const isDirectory = path.endsWith('/');
  const names = path.replace(/\/$/, '').split('/').map(rawPath);
  let scope: IgnoreScope | undefined = IgnoreScope.ofFolder(patterns);
  let place = '';
  for (const [index, name] of names.entries()) {
    const own = files[place];
    if (own) scope = scope?.withFile(text(own));
    if (!scope) throw new Error('the rules cannot be understood');
    const isLast = index === names.length - 1;
    if (scope.ignores(name, isLast ? isDirectory : true)) return true;
    scope = scope.enter(name);
    place = place === '' ? name : `${place}/${name}`;
  }
  return false;
}

describe('ignore rules', () => {
  test.each([
    { name: 'a name anywhere', path: 'a/b/c.tmp', patterns: ['*.tmp'], is: true },
    { name: 'another case of a name', path: 'A.TMP', patterns: ['*.tmp'], is: false },
    { name: 'an anchored name below', path: 'a/build', patterns: ['/build'], is: false },
    { name: 'an anchored name', path: 'build', patterns: ['/build'], is: true },
    {
      name: 'a file under a pattern for directories',
      path: 'build',
      patterns: ['build/'],
      is: false,
    },
    {
      name: 'a directory under a pattern for directories',
      path: 'build/',
      patterns: ['build/'],
      is: true,
    },
    {
      name: 'what lies in an ignored directory',
      path: 'build/keep',
      patterns: ['build/', '!build/keep'],
      is: true,
    },
    {
      name: 'a name brought back',
      path: 'a/keep.tmp',
      patterns: ['*.tmp', '!keep.tmp'],
      is: false,
    },
    { name: 'two stars', path: 'a/x/y/z.log', patterns: ['a/**/z.log'], is: true },
    { name: 'a comment', path: '#x', patterns: ['#x'], is: false },
    { name: 'an escaped hash', path: '#x', patterns: ['\\#x'], is: true },
    { name: 'a name of two dots and more', path: '..x', patterns: ['*.tmp'], is: false },
    { name: 'no pattern at all', path: 'a', patterns: ['', '   '], is: false },
  ])('$name: $is', ({ path, patterns, is }) => {
    expect(isLeftOut(path, patterns)).toBe(is);
  });

  test('a deeper file overrules a higher one', () => {
    const files = { '': ['*.log'], keep: ['!*.log'] };
    expect(isLeftOut('a.log', [], files)).toBe(true);
    expect(isLeftOut('keep/a.log', [], files)).toBe(false);
    expect(isLeftOut('keep/deeper/a.log', [], files)).toBe(false);
  });

  test('the patterns of a file are relative to its directory', () => {
    const files = { a: ['/x'] };
    expect(isLeftOut('a/x', [], files)).toBe(true);
    expect(isLeftOut('x', [], files)).toBe(false);
    expect(isLeftOut('a/b/x', [], files)).toBe(false);
  });

  test('a directory that a deeper file brings back keeps its entries', () => {
    const files = { a: ['!cache \\[1\\]/'] };
    expect(isLeftOut('cache [1]/x', ['cache*/'], files)).toBe(true);
    expect(isLeftOut('a/cache [1]/x', ['cache*/'], files)).toBe(false);
    expect(isLeftOut('a/cache [1]/y.tmp', ['cache*/', '*.tmp'], files)).toBe(true);
  });

  test('.floeignore itself is never left out', () => {
    expect(isLeftOut('.floeignore', ['*', '.floeignore'])).toBe(false);
  });

  test('a name that is not UTF-8 is matched by what can be read of it', () => {
    const scope = IgnoreScope.ofFolder(['*.tmp']);
    expect(scope.ignores(raw('\xff\xfe.tmp'), false)).toBe(true);
    expect(scope.ignores(raw('\xff\xfe'), false)).toBe(false);
  });

  test('umlauts in patterns match the bytes of names', () => {
    expect(isLeftOut('größe.txt', ['grö*'])).toBe(true);
  });

  test('line ends of Windows do not belong to patterns', () => {
    const scope = IgnoreScope.ofFolder([]).withFile(Buffer.from('*.tmp\r\n*.bak\r\n'));
    expect(scope?.ignores(raw('a.tmp'), false)).toBe(true);
    expect(scope?.ignores(raw('a.bak'), false)).toBe(true);
  });

  test('more paths than a matcher remembers give the same answers', () => {
    const scope = IgnoreScope.ofFolder(['*.tmp']);
    for (let index = 0; index < 60_000; index += 1) {
      const isTemporary = index % 2 === 0;
      const name = raw(`${String(index)}${isTemporary ? '.tmp' : ''}`);
      if (scope.ignores(name, false) !== isTemporary) throw new Error(`wrong for ${name}`);
    }
  });
});
