/** @file Every view has an address that leads back to it. */
import { describe, expect, test } from 'vitest';
import { hrefOf, parentOf, parseRoute, sectionOf } from './routes.ts';
import type { Route } from './routes.ts';

const routes: readonly Route[] = [
  { view: 'folders' },
  { view: 'add-folder' },
  { view: 'folder', folderId: 'abc', tab: 'files', snapshotId: undefined, path: '' },
  { view: 'folder', folderId: 'a/b c', tab: 'rules', snapshotId: 's1', path: 'Fotos & Co/ä?#.txt' },
  { view: 'move', folderId: undefined },
  { view: 'move', folderId: 'a/b c' },
  { view: 'activity' },
  { view: 'activity-pack', packId: 'p1' },
  { view: 'restore', folderId: undefined, snapshotId: undefined, paths: [] },
  { view: 'restore', folderId: 'f', snapshotId: 's', paths: ['a/b', 'c=d&e'] },
  { view: 'restore-task', taskId: 't' },
  { view: 'storage' },
  { view: 'network' },
  { view: 'settings' },
  { view: 'kit' },
  { view: 'about' },
];

describe('an address', () => {
  test.each(routes.map((route) => ({ href: hrefOf(route), route })))(
    '$href leads to its view',
    ({ href, route }) => {
      expect(parseRoute(href)).toEqual(route);
    },
  );

  test.each(['', '#', '#/', '#/nowhere', '#/folder/', '#/%E0%A4%A'])(
    '%s that is unknown leads to the folders',
    (hash) => {
      expect(parseRoute(hash)).toEqual({ view: 'folders' });
    },
  );
});

describe('Esc', () => {
  test('leads from a folder to the folders, and from there nowhere', () => {
    const folder = parseRoute('#/folder/abc/rules');
    expect(parentOf(folder)).toEqual({ view: 'folders' });
    expect(parentOf({ view: 'folders' })).toBeUndefined();
  });
});

describe('the sidebar', () => {
  test('marks the section that a view belongs to', () => {
    expect(sectionOf(parseRoute('#/restore/task-1'))).toBe('restore');
    expect(sectionOf(parseRoute('#/add-folder'))).toBe('folders');
  });
});
