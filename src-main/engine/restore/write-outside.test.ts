/** @file Whatever a tree says and whoever else is at work: nothing is written outside the target. */
import { spawn } from 'node:child_process';
import {
  lstatSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectTree, symlink } from '#test/support/tree.ts';
import type {
  PlacedEntry,
  RestoreDirectory,
  RestoreFile,
  RestoreSymlink,
} from './write-entries.ts';
import {
  leaveScene,
  prepareScene,
  aDirectory,
  aFile,
  aLink,
  begin,
  folder,
  open,
  outside,
  outsideMode,
  placeOne,
  raw,
  remarks,
  restoreAll,
  target,
  withContent,
  writeFile,
} from '#test/support/restore-scene.ts';

beforeEach(prepareScene);
afterEach(leaveScene);

describe('a hostile tree', () => {
  test('its names are left out and reported, and nothing is written outside', async () => {
    const hostile = [
      '..',
      '.',
      '',
      '/',
      '../outside/x',
      '/etc/x',
      'a/b',
      'nul\0',
      '../../x',
      'a/../../outside/y',
    ];
    await restoreAll([
      ...hostile.map((name) => withContent(name, 'evil')),
      ...hostile.map((name) => ({ entry: aDirectory(name), entries: [withContent('x', 'evil')] })),
      withContent('good', 'good'),
      withContent('good', 'evil twin'),
    ]);
    expectTree(target, { good: 'good' });
    expect(readdirSync(outside)).toEqual([]);
    expect(readdirSync(folder.path).toSorted()).toEqual(['outside', 'target']);
    const reasons = remarks.map((remark) => (remark.kind === 'left-out' ? remark.reason : ''));
    expect(reasons.filter((reason) => reason === 'hostile')).toHaveLength(20);
    expect(reasons.filter((reason) => reason === 'duplicate')).toHaveLength(1);
  });

  test('500 odd names are restored as they are where the disk takes them', async () => {
    const names = Array.from({ length: 500 }, (_, index) => {
      const odd = [
        'C:\\',
        'CON',
        '..\\..\\',
        'a.',
        'b ',
        ':s',
        '%',
        '-rf',
        '\n',
        '\xff',
        '\xc3',
        '~',
      ][index % 12];
      return raw(`${String(odd)}${String(index)}`);
    });
    await restoreAll(
      names.map((name) => ({ entry: { ...aFile('x', 1), name }, content: Buffer.from('x') })),
    );
    expect(readdirSync(target, 'latin1').toSorted()).toEqual(names.toSorted());
  });

  test('a link and a directory of one name do not lead outside', async () => {
    const opened = open();
    const entries = [aLink('d', '../outside'), aDirectory('d')];
    const placed = opened.place(opened.root, entries);
    expect(placed).toHaveLength(1);
    for (const one of placed) opened.addSymlink(one as PlacedEntry<RestoreSymlink>);
    await opened.finish({ isComplete: true });
    expectTree(target, { d: symlink('../outside') });
  });

  test('the name of the staging directory is not for the snapshot to use', async () => {
    const opened = open();
    const [staging] = readdirSync(target);
    expect(opened.place(opened.root, [aFile(String(staging), 1)])).toEqual([]);
    expect(remarks).toMatchObject([{ kind: 'left-out', reason: 'obstructed' }]);
    await opened.finish({ isComplete: true });
  });

  test('a name that the disk refuses is left out', async () => {
    await restoreAll([withContent('x'.repeat(300), 'x'), withContent('ok', 'ok')]);
    expectTree(target, { ok: 'ok' });
    expect(remarks).toMatchObject([{ kind: 'left-out', reason: 'name-refused' }]);
  });
});

describe('somebody else at work in the target', () => {
  test('a directory swapped for a link is not written through', async () => {
    const opened = open();
    const placed = opened.addDirectory(placeOne(opened, aDirectory('d')));
    if (!placed) throw new Error('no directory');
    const entries = Array.from({ length: 50 }, (_, index) => aFile(`f${String(index)}`, 1));
    for (const [index, entry] of opened.place(placed, entries).entries()) {
      if (index === 10) renameSync(join(target, 'd'), join(target, 'moved'));
      if (index === 10) symlinkSync('../outside', join(target, 'd'));
      if (index === 30) unlinkSync(join(target, 'd'));
      if (index === 30) symlinkSync(outside, join(target, 'd'));
      await writeFile(opened.addFile(entry as PlacedEntry<RestoreFile>), Buffer.from('x'));
    }
    await opened.finish({ isComplete: true });
    expect(readdirSync(outside)).toEqual([]);
  });

  test('a directory swapped while no handle is held is reported', async () => {
    const opened = open();
    const directories = Array.from({ length: 200 }, (_, index) => aDirectory(`d${String(index)}`));
    const placed = opened
      .place(opened.root, directories)
      .map((one) => opened.addDirectory(one as PlacedEntry<RestoreDirectory>));
    for (const name of ['d0', 'd1']) {
      rmSync(join(target, name), { recursive: true });
      symlinkSync(outside, join(target, name));
    }
    const [first] = placed;
    if (!first) throw new Error('no directory');
    const [entry] = opened.place(first, [aFile('x', 1)]);
    await writeFile(opened.addFile(entry as PlacedEntry<RestoreFile>), Buffer.from('x'));
    await opened.finish({ isComplete: true });
    expect(readdirSync(outside)).toEqual([]);
    expect(remarks).toContainEqual({ kind: 'left-out', path: 'd0/x', reason: 'obstructed' });
    expect(lstatSync(join(folder.path, 'outside')).mode & 0o777).not.toBe(0);
  });

  test('a process that swaps a directory for a link all the time gets nothing written outside', async () => {
    const opened = open();
    const placed = opened.addDirectory(placeOne(opened, aDirectory('d')));
    if (!placed) throw new Error('no directory');
    symlinkSync('../outside', join(target, 'link'));
    // Exchanging the names by renames, as fast as it can.
    const script = `
      const { renameSync } = require('node:fs');
      const swap = (from, to) => { try { renameSync(from, to); } catch {} };
      console.log('ready');
      for (;;) { swap('d', 'aside'); swap('link', 'd'); swap('d', 'link'); swap('aside', 'd'); }`;
    const swapper = spawn(process.execPath, ['-e', script], { cwd: target });
    await new Promise((ready) => swapper.stdout.once('data', ready));
    try {
      const other = Array.from({ length: 100 }, (_, index) => aDirectory(`other${String(index)}`));
      const entries = Array.from({ length: 2000 }, (_, index) => aFile(`f${String(index)}`, 1));
      for (const [index, entry] of opened.place(placed, entries).entries()) {
        await writeFile(opened.addFile(entry as PlacedEntry<RestoreFile>), Buffer.from('x'));
        // Now and then other directories push the handle out, and it has to be found by name.
        if (index % 100 !== 0) continue;
        for (const one of opened.place(opened.root, other)) {
          const made = opened.addDirectory(one as PlacedEntry<RestoreDirectory>);
          const [leaf] = made ? opened.place(made, [aDirectory('leaf')]) : [];
          if (leaf) opened.addDirectory(leaf as PlacedEntry<RestoreDirectory>);
        }
      }
      await opened.finish({ isComplete: true });
    } finally {
      swapper.kill('SIGKILL');
      await new Promise((ended) => swapper.once('exit', ended));
    }
    expect(readdirSync(outside)).toEqual([]);
    expect(lstatSync(outside).mode & 0o777).toBe(outsideMode);
  });

  test('a file that somebody puts in the way stays, and ours is reported', async () => {
    const opened = open();
    const writer = begin(opened, aFile('x', 4));
    await writer.write(Buffer.from('ours'), 0);
    writeFileSync(join(target, 'x'), 'theirs, and longer');
    expect(await writer.finish()).toBe(false);
    await opened.finish({ isComplete: true });
    expectTree(target, { x: 'theirs, and longer' });
    expect(remarks).toEqual([{ kind: 'left-out', path: 'x', reason: 'obstructed' }]);
  });

  test('a link that somebody puts in the way is not followed', async () => {
    const opened = open();
    const writer = begin(opened, aFile('x', 4));
    await writer.write(Buffer.from('ours'), 0);
    symlinkSync('../outside/x', join(target, 'x'));
    expect(await writer.finish()).toBe(false);
    await opened.finish({ isComplete: true });
    expect(readdirSync(outside)).toEqual([]);
  });
});
