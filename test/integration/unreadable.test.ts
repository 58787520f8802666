/**
 * What could not be looked at stays as it was, also after a sync that was cut short.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rawPath } from '#engine/model/ids.ts';
import { FileError, type AbsolutePath, type FileSystem } from '#engine/ports/file-system.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { bytes, expectTree, makeTree, MIB } from '../support/tree.ts';
import { bareVault, startWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world.close();
});

/** The real disk, but for one directory that nobody may list. */
function filesWithout(directory: string): FileSystem {
  const files = openFileSystem();
  return new Proxy(files, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (name !== 'listDirectory') return member.bind(target) as unknown;
      return async (path: AbsolutePath, signal?: AbortSignal) => {
        if (path.endsWith(directory)) throw new FileError('denied', 'EACCES', 'list');
        return target.listDirectory(path, signal);
      };
    },
  });
}

test('a directory that cannot be read keeps its tree after a sync was cut short in it', async () => {
  const source = world.path('locked');
  makeTree(source, { 'a.txt': 'a', locked: { 'kept.txt': 'kept', deep: { 'd.txt': 'd' } } });
  const vault = await bareVault(world, 'locked-home');
  const engine = vault.open();
  await engine.api.addFolder({ path: source, name: 'locked', excludes: [], permanent: false });
  await engine.api.sync({});

  // More than a pack holds: the first one is journaled with its files before the commit.
  for (let index = 0; index < 6; index += 1) {
    writeFileSync(join(source, 'locked', `${String(index)}.bin`), bytes(1 * MIB, 60 + index));
  }
  const sealed = Promise.withResolvers<undefined>();
  engine.subscribe((event) => {
    if (event.kind === 'pack' && event.step === 'sealed') sealed.resolve(undefined);
  });
  const failure = expect(engine.api.sync({})).rejects.toMatchObject({ name: 'AbortError' });
  await sealed.promise;
  await engine.close();
  await failure;

  const hindered = vault.open({ files: filesWithout('/locked/locked') });
  const report = (await hindered.api.sync({})).folders[0]!;
  expect(report.unread).toEqual([{ path: 'locked', reason: 'denied' }]);
  const target = world.path('locked-back');
  await hindered.api.restore({ folder: 'locked', target });
  expectTree(target, { 'a.txt': 'a', locked: { 'kept.txt': 'kept', deep: { 'd.txt': 'd' } } });
  await hindered.close();

  const free = vault.open();
  expect((await free.api.sync({})).folders[0]).toMatchObject({ published: true, unread: [] });
  const listed = await free.api.list({ folder: 'locked', path: 'locked' });
  expect(listed.map(({ path }) => path)).toContain(rawPath('locked/5.bin'));
  await free.close();
});
