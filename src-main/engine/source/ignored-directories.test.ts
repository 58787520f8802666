import { afterEach, beforeEach, expect, test } from 'vitest';
import { rawPath } from '#engine/model/ids.ts';
import { absolutePath } from '#engine/ports/file-system.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { makeTree, temporaryFolder } from '#test/support/tree.ts';
import { IgnoredDirectories } from './ignored-directories.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => (folder = temporaryFolder()));
afterEach(() => folder.remove());

const open = (patterns: readonly string[]): IgnoredDirectories =>
  new IgnoredDirectories(openFileSystem(), absolutePath(folder.path), patterns);

test('a directory is left out by the rules that a scan would go by', () => {
  makeTree(folder.path, {
    '.floeignore': 'build/\n',
    build: { deep: {} },
    node_modules: { a: {} },
    app: { '.floeignore': '!/build/\ncache/\n', build: {}, cache: {}, node_modules: {} },
  });
  const ignored = open(['node_modules/']);
  const paths = ['', 'build', 'build/deep', 'node_modules/a', 'app', 'app/build', 'app/cache'];
  expect(Object.fromEntries(paths.map((path) => [path, ignored.has(rawPath(path))]))).toEqual({
    '': false,
    build: true,
    'build/deep': true,
    'node_modules/a': true,
    app: false,
    'app/build': false,
    'app/cache': true,
  });
});

test('a changed rule counts once it is told, and one that cannot be read leaves nothing out', () => {
  makeTree(folder.path, { '.floeignore': 'x/\n', x: {}, y: { '.floeignore': {}, z: {} } });
  const ignored = open([]);
  expect(ignored.has(rawPath('x'))).toBe(true);
  expect(ignored.has(rawPath('y/z'))).toBe(false);
  makeTree(folder.path, { '.floeignore': 'z/\n' });
  ignored.forget();
  expect(ignored.has(rawPath('x'))).toBe(false);
  expect(ignored.has(rawPath('y/z'))).toBe(true);
});
