import { describe, expect, test } from 'vitest';
import type { RawPath } from '#engine/model/ids.ts';
import { DIRTY_PATHS_MAX, DIRTY_PATHS_PER_DIRECTORY_MAX, DirtyAggregator } from './aggregator.ts';
import { DirtyPaths } from './dirty-paths.ts';

const raw = (path: string): RawPath => path as RawPath;

describe('DirtyAggregator', () => {
  test('gives each path once, in order, and is empty afterwards', () => {
    const dirty = new DirtyAggregator();
    for (const path of ['b', 'a/x', 'b', 'a/x']) dirty.add(raw(path));
    expect(dirty.take()).toEqual({ kind: 'paths', paths: ['a/x', 'b'] });
    expect(dirty.isEmpty).toBe(true);
  });

  test('many paths in one directory become the directory', () => {
    const dirty = new DirtyAggregator();
    for (let index = 0; index < DIRTY_PATHS_PER_DIRECTORY_MAX; index += 1) {
      dirty.add(raw(`d/${String(index)}`));
    }
    expect(dirty.take()).toMatchObject({ paths: { length: DIRTY_PATHS_PER_DIRECTORY_MAX } });
    for (let index = 0; index <= DIRTY_PATHS_PER_DIRECTORY_MAX; index += 1) {
      dirty.add(raw(`d/${String(index)}`));
    }
    dirty.add(raw('d/late'));
    dirty.add(raw('d/deeper/x'));
    dirty.add(raw('da'));
    expect(dirty.take()).toEqual({ kind: 'paths', paths: ['d', 'da'] });
  });

  test('paths below a directory that becomes dirty are not told twice', () => {
    const dirty = new DirtyAggregator();
    dirty.add(raw('d/deep/er/x'));
    for (let index = 0; index <= DIRTY_PATHS_PER_DIRECTORY_MAX; index += 1) {
      dirty.add(raw(`d/${String(index)}`));
    }
    expect(dirty.take()).toEqual({ kind: 'paths', paths: ['d'] });
  });

  test('too many paths become everything and take no memory', () => {
    const dirty = new DirtyAggregator();
    for (let index = 0; index <= DIRTY_PATHS_MAX; index += 1) {
      dirty.add(raw(`${String(index)}/x`));
    }
    expect(dirty.take()).toEqual({ kind: 'everything' });
    for (let index = 0; index < 100_000; index += 1)
      dirty.add(raw(`d${String(index % 700)}/${String(index)}`));
    expect(dirty.take()).toEqual({ kind: 'everything' });
    dirty.add(raw('a'));
    expect(dirty.take()).toEqual({ kind: 'paths', paths: ['a'] });
  });

  test('the root is everything', () => {
    const dirty = new DirtyAggregator();
    dirty.add(raw('a'));
    dirty.add(raw(''));
    expect(dirty.take()).toEqual({ kind: 'everything' });
  });
});

describe('DirtyPaths', () => {
  const dirty = new DirtyPaths([raw('a/b/file'), raw('c')]);

  test.each([
    { name: 'that leads to a dirty path', path: 'a', must: true },
    { name: 'that holds a dirty file', path: 'a/b', must: true },
    { name: 'beside it', path: 'a/d', must: false },
    { name: 'that is dirty', path: 'c', must: true },
    { name: 'below a dirty one', path: 'c/x/y', must: true },
    { name: 'with a longer name', path: 'cc', must: false },
  ])('a directory $name is visited: $must', ({ path, must }) => {
    expect(dirty.mustVisit(raw(path))).toBe(must);
  });

  test('no paths at all mean everything', () => {
    expect(new DirtyPaths(undefined).mustVisit(raw('x'))).toBe(true);
    expect(new DirtyPaths([raw('')]).mustVisit(raw('x'))).toBe(true);
    expect(new DirtyPaths([]).mustVisit(raw('x'))).toBe(false);
  });
});
