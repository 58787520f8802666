/**
 * @file What a person can get wrong with secrets, folders, and what is asked of a vault.
 * Each has its own code, exit code, sentence and next step, and nothing is lost by it.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  changedNetwork,
  expectFailure,
  type TestHome,
  type TestWorld,
} from '#test/support/floe-cli.ts';
import { openProtectedHome, TREE, type ProtectedHome } from '#test/support/protected-home.ts';
import { expectTree, makeTree } from '#test/support/tree.ts';

let world: TestWorld;
let home: TestHome;
let documents: string;
let freshHome: ProtectedHome['freshHome'];
let writeText: ProtectedHome['writeText'];

beforeAll(async () => {
  ({ world, home, documents, freshHome, writeText } = await openProtectedHome());
});
afterAll(() => world.close());

describe('secrets on a network that is not a try-out', () => {
  let file: string;
  let passphrase: string;
  beforeAll(() => {
    file = changedNetwork(world, 'elsewhere.json', (json) => ({ ...json, name: 'elsewhere' }));
    passphrase = writeText('passphrase.txt', 'a passphrase of the test\n');
  });

  test('need words that were confirmed', async () => {
    const fresh = freshHome();
    const args = ['--passphrase-file', passphrase, 'init', '--network', file];
    expectFailure(await fresh.floe(args), 'kit-unconfirmed', 7);
    assert.ok(!existsSync(join(fresh.path, 'vault.json')));
  });

  test('are opened by their passphrase and by nothing else', async () => {
    const fresh = freshHome();
    const kit = world.path('kit.txt');
    const made = await fresh.must([
      '--passphrase-file',
      passphrase,
      'init',
      '--network',
      file,
      '--kit-file',
      kit,
    ]);
    expect(made['words']).toBeUndefined();
    expectFailure(await fresh.floe(['status']), 'secret-store-unavailable', 7);
    expectFailure(
      await fresh.floe(['--passphrase-file', world.path('none'), 'status']),
      'secret-store-unavailable',
      7,
    );
    const wrong = writeText('wrong-passphrase.txt', 'another one');
    expectFailure(await fresh.floe(['--passphrase-file', wrong, 'status']), 'passphrase-wrong', 7);
    await fresh.must(['status'], { env: { FLOE_PASSPHRASE_FILE: passphrase } });
    // The kit alone opens nothing yet: nothing was published.
    const blank = freshHome();
    expectFailure(
      await blank.floe([
        '--passphrase-file',
        passphrase,
        'init',
        '--network',
        file,
        '--words-file',
        kit,
      ]),
      'words-open-nothing',
      7,
    );
  });

  test('that are damaged on disk are named', async () => {
    const fresh = freshHome();
    await fresh.init();
    const secret = join(fresh.path, 'secrets');
    rmSync(secret, { recursive: true });
    expectFailure(await fresh.floe(['status']), 'secret-store-unavailable', 7);
  });
});

describe('add', () => {
  test.each([
    { name: 'a folder that is missing', path: () => world.path('none'), code: 'folder-missing' },
    {
      name: 'a file',
      path: () => writeText('just-a-file', 'x'),
      code: 'folder-missing',
    },
    { name: 'a folder inside', path: () => join(documents, 'below'), code: 'folder-nested' },
    { name: 'the folder around', path: () => world.base, code: 'folder-nested' },
    { name: 'the same folder again', path: () => documents, code: 'folder-nested' },
    { name: "Floe's own home", path: () => home.path, code: 'folder-nested' },
    {
      name: "a folder in Floe's home",
      path: () => join(home.path, 'spool'),
      code: 'folder-nested',
    },
    {
      name: 'a link to the protected folder',
      path: () => {
        const link = world.path('link-to-documents');
        if (!existsSync(link)) symlinkSync(documents, link);
        return link;
      },
      code: 'folder-nested',
    },
  ])('of $name is refused', async ({ path, code }) => {
    expectFailure(await home.floe(['add', path()]), code, 2);
  });

  test.skipIf(process.getuid?.() === 0)('of a folder that may not be read is refused', async () => {
    const path = world.path('locked');
    mkdirSync(path, { mode: 0 });
    expectFailure(await home.floe(['add', path]), 'folder-unreadable', 2);
  });

  test.each([
    { name: 'a name that is taken', args: ['--name', 'Documents'], code: 'folder-name-taken' },
    { name: 'a colon in its name', args: ['--name', 'a:b'], code: 'usage' },
    { name: 'an empty name', args: ['--name', ''], code: 'usage' },
    { name: 'a name that is too long', args: ['--name', 'x'.repeat(300)], code: 'usage' },
    { name: 'a slash in its name', args: ['--name', 'a/b'], code: 'usage' },
  ])('with $name is refused', async ({ args, code }) => {
    const path = world.path('other-folder');
    mkdirSync(path, { recursive: true });
    expectFailure(await home.floe(['add', path, ...args]), code, 2);
  });

  test('that was refused has added nothing', async () => {
    expect((await home.must(['folders']))['folders']).toHaveLength(1);
  });
});

/** Stands for a target in the world's folder. */
const NEVER = 'TARGET';

describe('a folder, snapshot or path that does not exist', () => {
  test.each([
    { args: ['sync', 'Nothing'], code: 'folder-unknown' },
    { args: ['remove', 'Nothing'], code: 'folder-unknown' },
    { args: ['extend', 'Nothing', '--epochs', '1'], code: 'folder-unknown' },
    { args: ['snapshots', 'Nothing'], code: 'folder-unknown' },
    { args: ['ls', 'Nothing'], code: 'folder-unknown' },
    { args: ['restore', 'Nothing', '--to', NEVER], code: 'folder-unknown' },
    { args: ['ls', 'Documents:no/such'], code: 'path-unknown' },
    { args: ['ls', 'Documents', '--snapshot', 'ffff'], code: 'snapshot-unknown' },
    {
      args: ['restore', 'Documents', '--to', NEVER, '--snapshot', 'ffff'],
      code: 'snapshot-unknown',
    },
    {
      args: ['restore', 'Documents', '--to', NEVER, '--path', 'no/such/**'],
      code: 'path-unknown',
    },
  ])('floe $args says so', async ({ args, code }) => {
    const target = world.path('never');
    const given = args.map((arg) => (arg === NEVER ? target : arg));
    const error = expectFailure(await home.floe(given), code, 2);
    expect(error.next).toMatch(/floe /);
    assert.ok(!existsSync(target), 'nothing is made for what is not there');
  });
});

describe('a restore target', () => {
  test('that holds something else is left as it is', async () => {
    const target = world.path('full-target');
    makeTree(target, { 'mine.txt': 'mine' });
    const outcome = await home.floe(['restore', 'Documents', '--to', target]);
    expectFailure(outcome, 'restore-target-not-empty', 2);
    expectTree(target, { 'mine.txt': 'mine' });
  });

  test('that is a file is refused', async () => {
    const target = writeText('file-target', 'mine');
    const outcome = await home.floe(['restore', 'Documents', '--to', target]);
    expectFailure(outcome, 'restore-target-unwritable', 2);
    expect(readFileSync(target, 'utf8')).toBe('mine');
  });

  test.each([
    { name: 'the folder itself', target: () => documents },
    { name: 'a folder inside', target: () => join(documents, 'below') },
    { name: 'a new folder inside', target: () => join(documents, 'new', 'er') },
    {
      name: 'a new folder behind a link',
      target: () => {
        const link = world.path('way-in');
        if (!existsSync(link)) symlinkSync(documents, link);
        return join(link, 'new');
      },
    },
    { name: "Floe's home", target: () => join(home.path, 'back') },
  ])('that is $name is refused', async ({ target }) => {
    const outcome = await home.floe(['restore', 'Documents', '--to', target()]);
    expectFailure(outcome, 'restore-target-inside-folder', 2);
    expectTree(documents, TREE);
  });
});
