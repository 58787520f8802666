/**
 * Goal: whatever a tree says, the standalone restorer writes nothing outside its target.
 * Method: an engine whose entries get hostile names while they are encoded, so that seals and IDs
 * are right and only the restorer stands between them and the disk.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { installRestorer } from '../support/restorer.ts';
import { expectTree, makeTree, symlink } from '../support/tree.ts';
import { bareVault, startWorld, type World } from '../support/world.ts';

/** Names on disk, and what the tree says instead: as many bytes, so that nothing else changes. */
const HOSTILE: Readonly<Record<string, string>> = {
  '@@': '..',
  '@@@up.txt': '../up.txt',
  '@tmp@floe-restorer-absolute': '/tmp/floe-restorer-absolute',
  'nul@.txt': 'nul\0.txt',
  // A second entry called like the link before it.
  'link-': 'link+',
};

vi.mock(import('#engine/archive/tree-entry.ts'), async (importOriginal) => {
  const original = await importOriginal();
  return {
    ...original,
    encodeEntry: (entry) => {
      const bytes = Buffer.from(original.encodeEntry(entry));
      const name = HOSTILE[entry.name];
      // Tag and length of the name stand before it.
      if (name !== undefined) bytes.write(name, 2, 'latin1');
      return new Uint8Array(bytes);
    },
  };
});

let world: World;
beforeAll(async () => {
  world = await startWorld({ shards: 4, nodes: 4 });
});
afterAll(() => world.close());

test('hostile names and a file behind a link are refused, and everything else is restored', async () => {
  const source = world.path('source');
  const outside = world.path('outside');
  makeTree(outside, { 'mine.txt': 'not to be touched' });
  makeTree(source, {
    ...Object.fromEntries(Object.keys(HOSTILE).map((name) => [name, 'evil'])),
    'link+': symlink(join(outside, 'mine.txt')),
    'kept.txt': 'kept',
    below: { '@@@up.txt': 'evil', 'kept too.txt': 'kept too' },
  });
  const vault = await bareVault(world, 'home');
  const engine = vault.open();
  await engine.api.addFolder({ path: source, name: 'hostile', excludes: [], permanent: false });
  await engine.api.sync({});
  await engine.close();

  const restorer = installRestorer(world.path('restorer'));
  const target = world.path('target');
  const before = readdirSync(world.path()).toSorted();
  const network = ['--network', world.path('network', 'network.json')];
  const { code, stderr } = await restorer.run(
    ['restore', 'hostile', '--to', target, ...network],
    vault.words.join(' '),
  );
  expect(code).toBe(3);
  expect(stderr.match(/^lost: /gm)).toHaveLength(Object.keys(HOSTILE).length + 1);
  expect(stderr).not.toMatch(/(?!\n)\p{Cc}/u);
  expect(readdirSync(world.path()).toSorted()).toEqual([...before, 'target'].toSorted());
  expect(existsSync('/tmp/floe-restorer-absolute')).toBe(false);
  expect(readFileSync(join(outside, 'mine.txt'), 'utf8')).toBe('not to be touched');
  expectTree(target, {
    'link+': symlink(join(outside, 'mine.txt')),
    'kept.txt': 'kept',
    below: { 'kept too.txt': 'kept too' },
  });
});
