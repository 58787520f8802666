/** @file What a status says belongs together, whatever happens while the chain is asked. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { bareVault, startWorld } from '#test/support/world.ts';
import { makeTree } from '#test/support/tree.ts';

/** What happens once while the chain is asked for blobs. */
const meanwhile = vi.hoisted(() => ({ work: undefined as (() => Promise<unknown>) | undefined }));

vi.mock(import('#engine/sui/chain.ts'), async (importOriginal) => {
  const original = await importOriginal();
  return {
    ...original,
    openChain: (...args) => {
      const chain = original.openChain(...args);
      const read = chain.readBlobObjects.bind(chain);
      chain.readBlobObjects = async (...asked) => {
        const { work } = meanwhile;
        meanwhile.work = undefined;
        await work?.();
        return read(...asked);
      };
      return chain;
    },
  };
});

test('a status asked for while a snapshot is published tells of one moment', async () => {
  const world = await startWorld();
  // It does not watch: what is asked of the chain is asked by this test.
  const engine = (await bareVault(world, 'home')).open();
  const path = world.path('Documents');
  makeTree(path, { 'a.txt': 'a' });
  try {
    await engine.api.addFolder({ path, excludes: [], permanent: false });
    await engine.api.sync({});
    writeFileSync(join(path, 'b.txt'), 'b');
    meanwhile.work = () => engine.api.sync({});
    const [during] = (await engine.api.status({})).folders;
    expect(during).toMatchObject({ snapshotCount: 1, fileCount: 1 });
    const [after] = (await engine.api.status({})).folders;
    expect(after).toMatchObject({ snapshotCount: 2, fileCount: 2 });
  } finally {
    await engine.close();
    await world.close();
  }
});

test('a problem that is over while another folder is looked at is not told', async () => {
  const world = await startWorld();
  const engine = (await bareVault(world, 'home')).open();
  const path = world.path('Second');
  try {
    for (const name of ['First', 'Second']) {
      makeTree(world.path(name), { 'a.txt': name });
      await engine.api.addFolder({ path: world.path(name), excludes: [], permanent: false });
    }
    await engine.api.sync({});
    rmSync(path, { recursive: true });
    await expect(engine.api.sync({ folder: 'Second' })).rejects.toMatchObject({
      code: 'folder-missing',
    });
    makeTree(path, { 'a.txt': 'Second', 'b.txt': 'b' });
    meanwhile.work = () => engine.api.sync({ folder: 'Second' });
    const [, during] = (await engine.api.status({})).folders;
    expect(during).toMatchObject({ fileCount: 2, state: 'protected', problem: undefined });
  } finally {
    await engine.close();
    await world.close();
  }
});
