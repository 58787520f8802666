import {
  appendFileSync,
  chmodSync,
  cpSync,
  linkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  bytes,
  file,
  hardlink,
  KIB,
  makeTree,
  rawName,
  sparse,
  symlink,
  temporaryFolder,
  type Tree,
} from '#test/support/tree.ts';
import { compareTrees } from './compare-trees.ts';

let folder: ReturnType<typeof temporaryFolder>;
let one: string;
let other: string;

const mtimeNs = 1_600_000_000_000_000_001n;
const tree: Tree = {
  a: file('content', { mtimeNs, mode: 0o640, xattrs: { 'user.x': '1' } }),
  big: file(bytes(1200 * KIB), { mtimeNs }),
  hole: sparse(1024 * KIB, [[0, 'x']], { mtimeNs }),
  link: symlink('a', { mtimeNs }),
  twin: hardlink('a'),
  [rawName('\xff')]: file('raw', { mtimeNs }),
  d: { is: 'directory', entries: { e: file('e', { mtimeNs }) }, mtimeNs, mode: 0o700 },
};

beforeEach(() => {
  folder = temporaryFolder();
  one = join(folder.path, 'one');
  other = join(folder.path, 'other');
  makeTree(one, tree);
  makeTree(other, tree);
});
afterEach(() => folder.remove());

const keepTime = (path: string, change: () => void): void => {
  change();
  makeTime(path);
};
const makeTime = (path: string): void => utimesSync(path, 1_600_000_000, 1_600_000_000);

describe('compareTrees', () => {
  test('finds equal trees equal', async () => {
    expect(await compareTrees(one, other)).toEqual([]);
  });

  test.each<{ name: string; path: string; part: string; change: () => void }>([
    {
      name: 'a missing file',
      path: 'd/e',
      part: 'missing',
      change: () => unlinkSync(join(other, 'd/e')),
    },
    {
      name: 'a surplus file',
      path: 'x',
      part: 'surplus',
      change: () => writeFileSync(join(other, 'x'), ''),
    },
    {
      name: 'another mode',
      path: 'a',
      part: 'mode',
      change: () => chmodSync(join(other, 'a'), 0o600),
    },
    { name: 'another time', path: 'a', part: 'mtime', change: () => makeTime(join(other, 'a')) },
    {
      name: 'another size',
      path: 'd/e',
      part: 'size',
      change: () => appendFileSync(join(other, 'd/e'), 'x'),
    },
    {
      name: 'one byte at the end of a large file',
      path: 'big',
      part: 'content',
      change: () =>
        writeFileSync(
          join(other, 'big'),
          Buffer.concat([bytes(1200 * KIB).subarray(1), Buffer.of(1)]),
        ),
    },
    {
      name: 'another target',
      path: 'link',
      part: 'target',
      change: () => {
        unlinkSync(join(other, 'link'));
        symlinkSync('b', join(other, 'link'));
      },
    },
    {
      name: 'another kind',
      path: 'd',
      part: 'kind',
      change: () => {
        rmSync(join(other, 'd'), { recursive: true });
        writeFileSync(join(other, 'd'), '');
      },
    },
    {
      name: 'a twin that is a copy',
      path: 'twin',
      part: 'hard-links',
      change: () => {
        unlinkSync(join(other, 'twin'));
        cpSync(join(other, 'a'), join(other, 'twin'), { preserveTimestamps: true });
      },
    },
    {
      name: 'a hole that was filled',
      path: 'hole',
      part: 'holes',
      change: () =>
        keepTime(join(other, 'hole'), () => {
          const full = Buffer.alloc(1024 * KIB);
          full.write('x');
          writeFileSync(join(other, 'hole'), full);
        }),
    },
    {
      name: 'files that became one',
      path: '\xff',
      part: 'hard-links',
      change: () => {
        unlinkSync(join(other, 'd/e'));
        linkSync(Buffer.from(join(other, '\xff'), 'latin1'), join(other, 'd/e'));
        unlinkSync(join(one, 'd/e'));
        makeTree(join(one, 'd'), { e: file('raw', { mtimeNs }) });
      },
    },
  ])('finds $name', async ({ path, part, change }) => {
    change();
    const differences = await compareTrees(one, other, { except: ['owner'] });
    expect(differences).toContainEqual(expect.objectContaining({ part }));
    expect(differences.map((difference) => difference.path)).toContain(
      path === '\xff' && part === 'hard-links' ? '\xff' : path,
    );
  });

  test('leaves out what it is told to', async () => {
    makeTime(join(other, 'a'));
    writeFileSync(join(other, 'x'), '');
    expect(await compareTrees(one, other, { except: ['mtime'], exceptNames: ['x'] })).toEqual([]);
  });

  test('compares the directories themselves when asked', async () => {
    makeTime(one);
    expect(await compareTrees(one, other)).toEqual([]);
    expect(await compareTrees(one, other, { withRoot: true })).toEqual([
      { path: '', part: 'mtime' },
    ]);
  });
});
