import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { absolutePath, type FolderWatch, type WatchEvent } from '#engine/ports/file-system.ts';
import { makeTree, rawName, temporaryFolder } from '#test/support/tree.ts';
import { ChokidarWatchFiles } from './watch.ts';

let folder: ReturnType<typeof temporaryFolder>;
let root: string;
let watch: FolderWatch | undefined;
let events: WatchEvent[];
let waiting: (() => void)[];

beforeEach(() => {
  folder = temporaryFolder();
  root = join(folder.path, 'root');
  mkdirSync(root);
  events = [];
  waiting = [];
});
afterEach(async () => {
  await watch?.close();
  watch = undefined;
  folder.remove();
});

async function start(isIgnored: (directory: string) => boolean = () => false): Promise<void> {
  watch = await new ChokidarWatchFiles().watchFolder(absolutePath(root), {
    isIgnored,
    onEvent: (event) => {
      events.push(event);
      for (const wake of waiting.splice(0)) wake();
    },
  });
}

/** Wait until an event has come that fits. */
async function until(fits: (event: WatchEvent) => boolean): Promise<void> {
  while (!events.some(fits)) await new Promise<void>((resume) => waiting.push(resume));
}

const dirty = (path: string) => (event: WatchEvent) =>
  event.kind === 'dirty' && event.path === Buffer.from(path, 'utf8').toString('latin1');

describe('a watched folder', () => {
  test('tells of files that are made, written, renamed and removed', async () => {
    makeTree(root, { a: 'a', d: { b: 'b', c: 'c' } });
    await start();
    appendFileSync(join(root, 'd/b'), 'more');
    await until(dirty('d/b'));
    writeFileSync(join(root, 'new'), 'x');
    await until(dirty('new'));
    renameSync(join(root, 'a'), join(root, 'renamed'));
    await until(dirty('renamed'));
    await until(dirty('a'));
    unlinkSync(join(root, 'd/c'));
    await until(dirty('d/c'));
  });

  test('tells of what happens in directories made later', async () => {
    await start();
    mkdirSync(join(root, 'new/deeper'), { recursive: true });
    await until(dirty('new'));
    await until(dirty('new/deeper'));
    // The directory is known; its watch begins at some time after that.
    const written = until(dirty('new/deeper/x'));
    const writing = setInterval(() => appendFileSync(join(root, 'new/deeper/x'), 'x'), 50);
    await written;
    clearInterval(writing);
  });

  test('knows names that are not ASCII', async () => {
    makeTree(root, { größe: { ä: 'x' } });
    await start();
    appendFileSync(join(root, 'größe/ä'), 'x');
    await until(dirty('größe/ä'));
  });

  test('a name that is not UTF-8 makes its directory dirty', async () => {
    mkdirSync(join(root, 'd'));
    await start();
    makeTree(join(root, 'd'), { [rawName('\xff')]: 'x' });
    await until(dirty('d'));
  });

  test('does not look through links', async () => {
    makeTree(folder.path, { outside: { x: 'x' } });
    symlinkSync('../outside', join(root, 'link'));
    await start();
    appendFileSync(join(folder.path, 'outside/x'), 'more');
    writeFileSync(join(root, 'end'), 'x');
    await until(dirty('end'));
    expect(events.filter((event) => event.kind === 'dirty' && event.path.includes('x'))).toEqual(
      [],
    );
  });

  test('spares ignored directories', async () => {
    makeTree(root, { cache: { deep: {} } });
    await start((directory) => directory === 'cache');
    writeFileSync(join(root, 'cache/deep/x'), 'x');
    writeFileSync(join(root, 'end'), 'x');
    await until(dirty('end'));
    expect(events.some((event) => event.kind === 'dirty' && event.path.startsWith('cache'))).toBe(
      false,
    );
  });

  test('says that events may be lost when more come than the system keeps', async () => {
    makeTree(root, { a: '', b: '' });
    await start();
    // Nobody reads the queue during this loop.
    for (let index = 0; index < 10_000; index += 1) {
      appendFileSync(join(root, index % 2 === 0 ? 'a' : 'b'), 'x');
    }
    await until((event) => event.kind === 'overflow');
  });

  test('that does not exist cannot be watched', async () => {
    rmSync(root, { recursive: true });
    await start();
    expect(events).toContainEqual({ kind: 'unwatchable', systemCode: 'ENOENT' });
  });

  test.each([
    { name: 'removed', replace: () => undefined },
    { name: 'replaced by another', replace: () => mkdirSync(root) },
  ])('that is $name cannot be watched any more', async ({ replace }) => {
    await start();
    rmSync(root, { recursive: true });
    replace();
    await until((event) => event.kind === 'unwatchable');
  });
});
