import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scrypt } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { absolutePath } from '#engine/ports/file-system.ts';
import type { SecretStore } from '#engine/ports/ports.ts';
import { bytes, temporaryFolder } from '#test/support/tree.ts';
import { openFileSystem } from './file-system.ts';
import {
  openSealedFiles,
  openTryOutFiles,
  readPassphraseFile,
  TRY_OUT_PASSPHRASE_FILE,
  type DeriveKey,
} from './secret-store.ts';
import { systemRandom } from './system-random.ts';

const files = openFileSystem();
let folder: ReturnType<typeof temporaryFolder>;

beforeEach(() => (folder = temporaryFolder()));
afterEach(() => folder.remove());

/** A key that depends on all it is given; the real one is tested where it lives. */
const deriveKey: DeriveKey = (passphrase, salt, cost, outputBytes) =>
  new Promise((resolve, reject) => {
    const all = Buffer.concat([salt, Buffer.from(JSON.stringify(cost))]);
    scrypt(passphrase, all, outputBytes, { N: 2 }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });

const secret = bytes(64, 42);
const common = () => ({
  files,
  directory: absolutePath(join(folder.path, 's')),
  deriveKey,
  random: systemRandom,
});
const withPassphrase = (passphrase: string): SecretStore =>
  openSealedFiles({ ...common(), askPassphrase: async () => Buffer.from(passphrase) });

describe('secrets in sealed files', () => {
  test('come back with the passphrase', async () => {
    await withPassphrase('correct').set('seed', secret);
    expect(await withPassphrase('correct').get('seed')).toEqual(secret);
    expect(await withPassphrase('correct').get('other')).toBeUndefined();
  });

  test('do not come back with another one', async () => {
    await withPassphrase('correct').set('seed', secret);
    await expect(withPassphrase('wrong').get('seed')).rejects.toMatchObject({
      code: 'passphrase-wrong',
    });
  });

  test('are nowhere on the disk in the open, and for their owner alone', async () => {
    await withPassphrase('correct').set('seed', secret);
    const path = join(folder.path, 's/seed.sealed');
    expect(readFileSync(path).includes(Buffer.from(secret.subarray(0, 16)))).toBe(false);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('a secret does not open under another name', async () => {
    await withPassphrase('p').set('seed', secret);
    writeFileSync(
      join(folder.path, 's/other.sealed'),
      readFileSync(join(folder.path, 's/seed.sealed')),
    );
    await expect(withPassphrase('p').get('other')).rejects.toMatchObject({
      code: 'passphrase-wrong',
    });
  });

  test('every changed byte is noticed', async () => {
    await withPassphrase('p').set('seed', secret);
    const path = join(folder.path, 's/seed.sealed');
    const sealed = readFileSync(path);
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Buffer.from(sealed);
      changed[index] = (changed[index] ?? 0) ^ 1;
      writeFileSync(path, changed);
      await expect(withPassphrase('p').get('seed')).rejects.toMatchObject({
        code: expect.stringMatching(/passphrase-wrong|secret-store-unavailable/) as unknown,
      });
    }
  });

  test('a file that asks for all memory is refused before it is tried', async () => {
    await withPassphrase('p').set('seed', secret);
    const path = join(folder.path, 's/seed.sealed');
    const sealed = readFileSync(path);
    sealed.writeUInt32LE(0xffffffff, 12);
    writeFileSync(path, sealed);
    await expect(withPassphrase('p').get('seed')).rejects.toMatchObject({
      code: 'secret-store-unavailable',
    });
  });

  test('the passphrase is asked for once, and again when it was wrong', async () => {
    await withPassphrase('right').set('a', secret);
    const answers = ['wrong', 'right', 'never'];
    let asked = 0;
    const store = openSealedFiles({
      ...common(),
      askPassphrase: async () => Buffer.from(answers[asked++] ?? ''),
    });
    await expect(store.get('a')).rejects.toMatchObject({ code: 'passphrase-wrong' });
    expect(await store.get('a')).toEqual(secret);
    expect(await store.get('a')).toEqual(secret);
    expect(asked).toBe(2);
  });

  test('can be deleted', async () => {
    const store = withPassphrase('p');
    await store.set('a', secret);
    await store.delete('a');
    await store.delete('a');
    expect(await store.get('a')).toBeUndefined();
  });

  test.each(['../x', 'a/b', '', 'A', 'x'.repeat(65)])('a secret is not called %j', async (name) => {
    await expect(withPassphrase('p').set(name, secret)).rejects.toThrow(RangeError);
  });
});

describe('secrets of the try-out network', () => {
  test('open by themselves, with a declared passphrase for their owner alone', async () => {
    await openTryOutFiles(common()).set('seed', secret);
    expect(await openTryOutFiles(common()).get('seed')).toEqual(secret);
    const directory = join(folder.path, 's');
    expect(readdirSync(directory).toSorted()).toEqual(['seed.sealed', TRY_OUT_PASSPHRASE_FILE]);
    expect(statSync(join(directory, TRY_OUT_PASSPHRASE_FILE)).mode & 0o777).toBe(0o600);
  });
});

describe('a passphrase file', () => {
  test.each([
    { name: 'with a line end', content: 'pass phrase\n', is: 'pass phrase' },
    { name: 'with one of Windows', content: 'p\r\n', is: 'p' },
    { name: 'without', content: 'p', is: 'p' },
    { name: 'with two', content: 'p\n\n', is: 'p\n' },
    { name: 'with spaces', content: ' p \n', is: ' p ' },
  ])('$name', async ({ content, is }) => {
    const path = join(folder.path, 'p');
    writeFileSync(path, content);
    expect(Buffer.from(await readPassphraseFile(files, path)).toString()).toBe(is);
  });

  test.each([
    { name: 'that is empty', content: '\n' },
    { name: 'that is missing', content: undefined },
  ])('$name is refused', async ({ content }) => {
    const path = join(folder.path, 'p');
    if (content !== undefined) writeFileSync(path, content);
    await expect(readPassphraseFile(files, path)).rejects.toMatchObject({
      code: 'secret-store-unavailable',
    });
  });
});
