import { describe, expect, test } from 'vitest';
import { rawPath } from '../model/ids.ts';
import { isPart, partKey, selectionOf, type AskedPart } from './selection.ts';

const wanted = (asked: AskedPart, paths: readonly string[]): string[] =>
  paths.filter((path) => selectionOf(asked).wants(rawPath(path)));
const entered = (asked: AskedPart, paths: readonly string[]): string[] =>
  paths.filter((path) => selectionOf(asked).mayHoldWanted(rawPath(path)));

const TREE = ['a', 'a/b', 'a/b/c.txt', 'a/bc', 'd.txt', 'é', 'é/ü.txt'];

describe('a selection', () => {
  test.each([
    { name: 'nothing chosen is everything', asked: {}, wants: TREE },
    { name: 'no paths are everything', asked: { paths: [] }, wants: TREE },
    { name: 'the root is everything', asked: { paths: ['a/b', ''] }, wants: TREE },
    { name: 'a file', asked: { paths: ['d.txt'] }, wants: ['d.txt'] },
    {
      name: 'a directory with all in it, and no namesake of its beginning',
      asked: { paths: ['a/b'] },
      wants: ['a/b', 'a/b/c.txt'],
    },
    {
      name: 'several paths',
      asked: { paths: ['/a/b/c.txt', 'é/'] },
      wants: ['a/b/c.txt', 'é', 'é/ü.txt'],
    },
    { name: 'a pattern', asked: { glob: 'a/*/*.txt' }, wants: ['a/b/c.txt'] },
    {
      name: 'a pattern within paths',
      asked: { glob: '**/*.txt', paths: ['é'] },
      wants: ['é/ü.txt'],
    },
    { name: 'a path that looks like a pattern', asked: { paths: ['*'] }, wants: [] },
  ])('of $name', ({ asked, wants }) => {
    expect(wanted(asked, TREE)).toEqual(wants);
  });

  test('enters only the directories that lead to it, and those in it', () => {
    expect(entered({ paths: ['a/b'] }, ['a', 'a/b', 'a/b/x', 'a/c', 'é'])).toEqual([
      'a',
      'a/b',
      'a/b/x',
    ]);
  });
});

describe('what was asked for', () => {
  test('has one key, however it was written', () => {
    expect(partKey({ paths: ['b', 'a/'] })).toBe(partKey({ paths: ['a', 'b', 'a'] }));
    expect(partKey({ paths: ['a'] })).not.toBe(partKey({ paths: ['b'] }));
    expect(partKey({ paths: [] })).toBe(partKey({}));
    expect(partKey({ glob: 'a' })).toBe('a');
  });

  test('is a part only if it leaves something out', () => {
    expect(
      [{}, { paths: [] }, { paths: ['/'] }, { paths: ['a'] }, { glob: '*' }].map(isPart),
    ).toEqual([false, false, false, true, true]);
  });
});
