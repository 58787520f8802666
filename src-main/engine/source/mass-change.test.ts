import { describe, expect, test } from 'vitest';
import { isShrunk, judgeMassChange } from './mass-change.ts';

describe('judgeMassChange', () => {
  test.each([
    { name: 'nothing', known: 100, vanished: 0, shrunk: 0, kind: 'usual' },
    { name: 'a quarter', known: 100, vanished: 25, shrunk: 0, kind: 'usual' },
    { name: 'more than a quarter', known: 100, vanished: 26, shrunk: 0, kind: 'mass-deletion' },
    {
      name: 'a quarter vanished and one shrunk',
      known: 100,
      vanished: 25,
      shrunk: 1,
      kind: 'mass-deletion',
    },
    { name: '500 of many', known: 1_000_000, vanished: 500, shrunk: 0, kind: 'usual' },
    { name: '501 of many', known: 1_000_000, vanished: 501, shrunk: 0, kind: 'mass-deletion' },
    { name: 'four of a small folder', known: 5, vanished: 4, shrunk: 0, kind: 'usual' },
    { name: 'five of a small folder', known: 5, vanished: 5, shrunk: 0, kind: 'mass-deletion' },
    { name: 'a first scan', known: 0, vanished: 0, shrunk: 0, kind: 'usual' },
  ])('$name is $kind', ({ known, vanished, shrunk, kind }) => {
    const judged = judgeMassChange({
      knownFiles: known,
      vanishedFiles: vanished,
      shrunkFiles: shrunk,
    });
    expect(judged.kind).toBe(kind);
  });

  test.each([
    { name: 'to nothing', before: 1, now: 0, is: true },
    { name: 'to half', before: 100, now: 50, is: true },
    { name: 'to a little more than half', before: 100, now: 51, is: false },
    { name: 'from nothing', before: 0, now: 0, is: false },
  ])('a file that went $name has shrunk: $is', ({ before, now, is }) => {
    expect(isShrunk(before, now)).toBe(is);
  });
});
