/** @file Long lists draw what is on screen, and keys lead where they say. */
import { describe, expect, test } from 'vitest';
import { indexAfterKey, rowsInView, scrollToShow } from './window-of-rows.ts';

describe('the rows in view', () => {
  test.each([
    { name: 'at the top', scrollTop: 0, first: 0, end: 18 },
    { name: 'in the middle', scrollTop: 44 * 1000, first: 992, end: 1018 },
    { name: 'at the bottom', scrollTop: 44 * 99_990, first: 99_982, end: 100_000 },
  ])('$name are few of 100,000', ({ scrollTop, first, end }) => {
    expect(rowsInView(scrollTop, 440, 44, 100_000)).toEqual({ first, end });
  });

  test('are none of an empty list, or before it is measured', () => {
    expect(rowsInView(0, 440, 44, 0)).toEqual({ first: 0, end: 0 });
    expect(rowsInView(0, 0, 0, 10)).toEqual({ first: 0, end: 0 });
  });

  test('exist when a list has become shorter than its scroll position', () => {
    const { first, end } = rowsInView(44 * 500, 440, 44, 3);
    expect(first).toBeLessThanOrEqual(2);
    expect(end).toBe(3);
  });
});

describe('scrolling to a row', () => {
  test.each([
    { name: 'above the view', index: 2, expected: 88 },
    { name: 'inside the view', index: 12, expected: 440 },
    { name: 'below the view', index: 30, expected: 31 * 44 - 440 },
  ])('$name', ({ index, expected }) => {
    expect(scrollToShow(index, 440, 440, 44)).toBe(expected);
  });
});

describe('a key in a list', () => {
  test.each([
    { key: 'ArrowDown', active: 3, expected: 4 },
    { key: 'ArrowDown', active: 9, expected: 9 },
    { key: 'ArrowUp', active: 0, expected: 0 },
    { key: 'ArrowDown', active: -1, expected: 0 },
    { key: 'Home', active: 7, expected: 0 },
    { key: 'End', active: 0, expected: 9 },
    { key: 'PageDown', active: 0, expected: 4 },
    { key: 'PageUp', active: 9, expected: 5 },
    { key: 'x', active: 3, expected: undefined },
  ])('$key at $active leads to $expected', ({ key, active, expected }) => {
    expect(indexAfterKey(key, active, 10, 4)).toBe(expected);
  });

  test('leads nowhere in an empty list', () => {
    expect(indexAfterKey('ArrowDown', -1, 0, 4)).toBeUndefined();
  });
});
