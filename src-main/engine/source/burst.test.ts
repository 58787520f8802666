import { expect, test } from 'vitest';
import type { RawPath } from '../model/ids.ts';
import { judgeBurst, type PackedFile } from './burst.ts';

const files = (
  count: number,
  name: (index: number) => string,
  packedShare?: number,
): PackedFile[] =>
  Array.from({ length: count }, (_, index) => ({ path: name(index) as RawPath, packedShare }));
const gone = files(12, (index) => `papers/${String(index)}.odt`, 0.4);

test.each([
  {
    name: 'encrypted under a further extension',
    gone,
    fresh: files(12, (i) => `papers/${String(i)}.odt.locked`, 1),
    changed: 24,
    burst: 12,
  },
  {
    name: 'encrypted under another extension',
    gone,
    fresh: files(12, (i) => `papers/${String(i)}.xyz`, 1),
    changed: 24,
    burst: 12,
  },
  {
    name: 'a few only',
    gone: gone.slice(0, 9),
    fresh: files(9, (i) => `papers/${String(i)}.xyz`, 1),
    changed: 9,
    burst: undefined,
  },
  {
    name: 'among many other changes',
    gone,
    fresh: files(12, (i) => `papers/${String(i)}.xyz`, 1),
    changed: 40,
    burst: undefined,
  },
  {
    name: 'converted to what compresses as well',
    gone,
    fresh: files(12, (i) => `papers/${String(i)}.txt`, 0.5),
    changed: 24,
    burst: undefined,
  },
  {
    name: 'photos that never compressed',
    gone: files(12, (i) => `${String(i)}.jpg`, 0.99),
    fresh: files(12, (i) => `${String(i)}.png`, 1),
    changed: 24,
    burst: undefined,
  },
  {
    name: 'of other names',
    gone,
    fresh: files(12, (i) => `papers/new ${String(i)}.zip`, 1),
    changed: 24,
    burst: undefined,
  },
  {
    name: 'in another folder',
    gone,
    fresh: files(12, (i) => `archive/${String(i)}.zip`, 1),
    changed: 24,
    burst: undefined,
  },
  {
    name: 'of which nothing is known',
    gone: files(12, (i) => `papers/${String(i)}.odt`),
    fresh: files(12, (i) => `papers/${String(i)}.xyz`, 1),
    changed: 24,
    burst: undefined,
  },
])('files $name: $burst', ({ gone: before, fresh, changed, burst }) => {
  expect(judgeBurst(before, fresh, changed)).toBe(burst);
});
