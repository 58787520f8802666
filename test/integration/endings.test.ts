/**
 * What ends: the storage of packs, whole folders of it, and registrations on their way. Whatever
 * has ended is stored anew, and keeps nothing else from being restored.
 */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareTrees } from '#platform/compare-trees.ts';
import { bytes, KIB, makeTree, MIB } from '../support/tree.ts';
import { bareVault, startWorld, type World } from '../support/world.ts';

/** More than the network sells ahead. */
const EPOCHS_PAST_ALL = 54;

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world.close();
});

test('a folder whose storage has ended is stored anew, and restored from words', async () => {
  const source = world.path('lapsing');
  makeTree(source, { 'a.bin': bytes(1 * MIB, 31), sub: { 'b.txt': 'b' }, 'gone.txt': 'gone' });
  const vault = await bareVault(world, 'lapsing-home');
  const engine = vault.open();
  await engine.api.addFolder({ path: source, name: 'lapsing', excludes: [], permanent: false });
  await engine.api.sync({});
  rmSync(join(source, 'gone.txt'));
  writeFileSync(join(source, 'sub', 'c.txt'), 'c');
  await engine.api.sync({});

  await world.localnet.advanceEpoch({ count: EPOCHS_PAST_ALL });
  const report = (await engine.api.sync({})).folders[0]!;
  expect(report).toMatchObject({ published: true });
  expect(report.protectedUntil).toBeDefined();
  // And from then on nothing is read or stored again.
  expect((await engine.api.sync({})).folders[0]).toMatchObject({
    published: false,
    bytesRead: 0,
  });
  await world.localnet.advanceEpoch({ count: 1 });
  expect((await engine.api.sync({})).folders[0]).toMatchObject({ published: false, bytesRead: 0 });
  await engine.close();

  const blank = (await vault.blank('lapsing-blank')).open();
  const target = world.path('lapsing-back');
  expect((await blank.api.restore({ folder: 'lapsing', target })).lost).toEqual([]);
  expect(await compareTrees(source, target)).toEqual([]);
  await blank.close();
});

test('what is left of a folder is stored anew when only some of its packs have ended', async () => {
  const source = world.path('partly');
  makeTree(source, { 'old.bin': bytes(600 * KIB, 41), sub: { 'b.txt': 'b' } });
  const vault = await bareVault(world, 'partly-home');
  const engine = vault.open();
  await engine.api.addFolder({ path: source, name: 'partly', excludes: [], permanent: false });
  await engine.api.sync({});
  await world.localnet.advanceEpoch({ count: EPOCHS_PAST_ALL / 2 });
  makeTree(join(source, 'new'), { 'new.bin': bytes(600 * KIB, 42) });
  await engine.api.sync({});
  await world.localnet.advanceEpoch({ count: EPOCHS_PAST_ALL / 2 });

  const report = (await engine.api.sync({})).folders[0]!;
  expect(report.protectedUntil).toBeDefined();
  // What has not ended is not paid for again.
  expect(report.bytesSealed).toBeLessThan(1 * MIB);
  await engine.close();

  const blank = (await vault.blank('partly-blank')).open();
  const target = world.path('partly-back');
  expect((await blank.api.restore({ folder: 'partly', target })).lost).toEqual([]);
  expect(await compareTrees(source, target)).toEqual([]);
  await blank.close();
});

test('a folder whose storage has ended keeps no other from being seen and restored', async () => {
  const vault = await bareVault(world, 'two-home');
  const engine = vault.open();
  makeTree(world.path('left'), { 'l.txt': 'left' });
  makeTree(world.path('right'), { 'r.txt': 'right' });
  await engine.api.addFolder({ path: world.path('left'), excludes: [], permanent: false });
  await engine.api.sync({});
  await world.localnet.advanceEpoch({ count: EPOCHS_PAST_ALL / 2 });
  await engine.api.addFolder({ path: world.path('right'), excludes: [], permanent: false });
  await engine.api.sync({ folder: 'right' });
  await world.localnet.advanceEpoch({ count: EPOCHS_PAST_ALL / 2 });
  await engine.close();

  const blank = (await vault.blank('two-blank')).open();
  const { folders } = await blank.api.status({});
  expect(folders.find(({ name }) => name === 'right')).toMatchObject({ state: 'protected' });
  const target = world.path('right-back');
  expect((await blank.api.restore({ folder: 'right', target })).lost).toEqual([]);
  expect(await compareTrees(world.path('right'), target)).toEqual([]);
  expect((await blank.api.snapshots({})).map(({ folderName }) => folderName)).toEqual(['right']);
  await expect(
    blank.api.restore({ folder: 'left', target: world.path('left-back') }),
  ).rejects.toThrow();
  makeTree(world.path('third'), { 't.txt': 'third' });
  await blank.api.addFolder({ path: world.path('third'), excludes: [], permanent: false });
  await blank.close();
});

test('a registration that ended on the way is made anew', async () => {
  const source = world.path('waiting');
  makeTree(source, { 'a.bin': bytes(300 * KIB, 51) });
  const vault = await bareVault(world, 'waiting-home');
  const engine = vault.open();
  await engine.api.addFolder({ path: source, name: 'waiting', excludes: [], permanent: false });
  const registered = Promise.withResolvers<undefined>();
  engine.subscribe((event) => {
    if (event.kind === 'pack' && event.step === 'registered') registered.resolve(undefined);
  });
  const failure = expect(engine.api.sync({})).rejects.toMatchObject({ name: 'AbortError' });
  await registered.promise;
  await engine.close();
  await failure;
  await world.localnet.advanceEpoch({ count: EPOCHS_PAST_ALL });

  const again = vault.open();
  expect((await again.api.sync({})).folders[0]!.protectedUntil).toBeDefined();
  const target = world.path('waiting-back');
  await again.api.restore({ folder: 'waiting', target });
  expect(await compareTrees(source, target)).toEqual([]);
  await again.close();
});

describe('an emptied folder whose storage has ended', () => {
  test('is not published as empty', async () => {
    const source = world.path('emptied');
    makeTree(source, Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, `${i}`])));
    const vault = await bareVault(world, 'emptied-home');
    const engine = vault.open();
    await engine.api.addFolder({ path: source, name: 'emptied', excludes: [], permanent: false });
    await engine.api.sync({});
    await world.localnet.advanceEpoch({ count: EPOCHS_PAST_ALL });
    for (const name of readdirSync(source)) rmSync(join(source, name));
    await expect(engine.api.sync({})).rejects.toMatchObject({ code: 'folder-missing' });
    writeFileSync(join(source, 'one'), '1');
    await expect(engine.api.sync({})).rejects.toMatchObject({ code: 'mass-deletion' });
    expect((await engine.api.sync({ acceptDeletions: true })).folders[0]).toMatchObject({
      published: true,
    });
    await engine.close();
  });
});
