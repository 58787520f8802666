/** @file Choosing entries of a snapshot. */
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { choiceOf, choose, EVERYTHING, NOTHING, openedBy, pathsOf, takeOut } from './selection.ts';

/** A small folder: each directory with its entries. */
const tree: Readonly<Record<string, readonly string[]>> = {
  '': ['a', 'b', 'c.txt'],
  a: ['a/x', 'a/y', 'a/z.txt'],
  'a/x': ['a/x/1', 'a/x/2'],
  'a/y': ['a/y/1'],
  b: ['b/1'],
};
const entriesOf = (directory: string): readonly string[] => tree[directory] ?? [];
const everyEntry = Object.values(tree).flat();
const files = everyEntry.filter((path) => !(path in tree));
const chosenFiles = (selection: ReadonlySet<string>): readonly string[] =>
  files.filter((path) => choiceOf(selection, path) === 'all').sort();

describe('a chosen directory', () => {
  const selection = choose(NOTHING, 'a');

  test('holds all that is in it', () => {
    expect(choiceOf(selection, 'a/x/1')).toBe('all');
    expect(choiceOf(selection, 'b')).toBe('none');
    expect(choiceOf(selection, '')).toBe('some');
  });

  test('takes in what was chosen inside it before', () => {
    expect(pathsOf(choose(choose(NOTHING, 'a/x/1'), 'a'))).toEqual(['a']);
  });

  test('does not take in a neighbour whose name begins the same', () => {
    expect(choiceOf(selection, 'ab')).toBe('none');
    expect(pathsOf(choose(choose(NOTHING, 'ab/1'), 'a'))).toEqual(['a', 'ab/1']);
  });

  test('without one file is its other entries, level by level', () => {
    expect(openedBy(selection, 'a/x/1')).toEqual(['a', 'a/x']);
    expect(pathsOf(takeOut(selection, 'a/x/1', entriesOf))).toEqual(['a/x/2', 'a/y', 'a/z.txt']);
  });
});

test('everything is told to the engine as no path at all', () => {
  expect(pathsOf(EVERYTHING)).toEqual([]);
  expect(pathsOf(takeOut(EVERYTHING, 'c.txt', entriesOf))).toEqual(['a', 'b']);
});

test('taking out a directory that is chosen in part leaves nothing of it', () => {
  const selection = choose(choose(NOTHING, 'a/x/1'), 'b');
  expect(pathsOf(takeOut(selection, 'a', entriesOf))).toEqual(['b']);
});

test('any clicking about chooses exactly the files that were clicked in last', () => {
  const click = fc.record({ path: fc.constantFrom('', ...everyEntry), isOn: fc.boolean() });
  fc.assert(
    fc.property(fc.array(click, { maxLength: 20 }), (clicks) => {
      let selection = NOTHING;
      const wanted = new Set<string>();
      for (const { path, isOn } of clicks) {
        selection = isOn ? choose(selection, path) : takeOut(selection, path, entriesOf);
        const inside = files.filter((file) => path === '' || `${file}/`.startsWith(`${path}/`));
        for (const file of inside) {
          if (isOn) wanted.add(file);
          else wanted.delete(file);
        }
      }
      expect(chosenFiles(selection)).toEqual([...wanted].sort());
    }),
  );
});
