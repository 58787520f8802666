import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { absolutePath } from '#engine/ports/file-system.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { changedBytes } from './changed-bytes.ts';

test('what changed at a path is counted by the size of files', async () => {
  const root = mkdtempSync(join(tmpdir(), 'floe-changed-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'album'));
  writeFileSync(join(root, 'album', 'one'), Buffer.alloc(3_000));
  writeFileSync(join(root, 'album', 'two'), Buffer.alloc(4_000));
  // When it was modified can be anything; it was put here now.
  utimesSync(join(root, 'album', 'two'), 1, 1);
  symlinkSync('album', join(root, 'link'));
  const files = openFileSystem();
  const at = (name: string, sinceMs = 0) =>
    changedBytes(files, absolutePath(join(root, name)), sinceMs);
  expect(await at('album/one')).toBe(3_000);
  expect(await at('album')).toBe(7_000);
  expect(await at('album', Date.now() + 60_000)).toBe(0);
  expect(await at('link')).toBe(0);
  expect(await at('gone')).toBe(0);
});
