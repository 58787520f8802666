/**
 * @file Where secrets and names are not: after protecting, crashing and restoring, every file of
 * the home, the spool, the logs, the storage nodes and the temporary folder is searched for the
 * words, the seed, the keys, and the names and contents that the test has put into the tree.
 *
 * Declared exceptions: the sealed words with the try-out passphrase beside them (docs/design.md,
 * section 4), and names in the local index, which is 0600 (docs/threat-model.md).
 */
import { readFileSync, readdirSync, lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deriveVaultKeys, seedFromWords } from '#engine/codec/keys.ts';
import { deriveAccount } from '#engine/sui/account.ts';
import { openWorld, runFloeText, type TestHome, type TestWorld } from '#test/support/floe-cli.ts';
import { bytes, expectTree, KIB, makeTree } from '#test/support/tree.ts';

const SEEDED_NAME = 'marmalade-octopus';
const SEEDED_DIRECTORY = 'zeppelin-quarry';
const SEEDED_EXCLUDE = 'walnut-parade';
const SEEDED_FOLDER = 'Juniper-Ledgers';
const SEEDED_TEXT = 'The heron signs for nobody before the ninth of May. '.repeat(40);
const SEEDED_LINK = 'periwinkle-target';

const TREE = {
  [`${SEEDED_NAME}.txt`]: SEEDED_TEXT,
  [SEEDED_DIRECTORY]: { [`${SEEDED_NAME}-2.bin`]: bytes(200 * KIB, 4) },
};

let world: TestWorld;
let home: TestHome;
let words: string;
let temporary: string;
let output = '';

beforeAll(async () => {
  world = await openWorld({ shards: 13, nodes: 4 });
  home = world.home('home');
  temporary = world.path('tmp');
  mkdirSync(temporary);
  const env = { TMPDIR: temporary };
  words = await home.init();
  const folder = world.path(SEEDED_FOLDER);
  makeTree(folder, TREE);
  const say = (outcome: { stdout: string; stderr: string }): void => {
    output += outcome.stdout + outcome.stderr;
  };
  await home.must(['add', folder, '--exclude', `*.${SEEDED_EXCLUDE}`], { env });
  await home.must(['sync'], { env });

  // Killed in the middle of an upload: a sealed pack lies in the spool.
  makeTree(join(folder, `${SEEDED_DIRECTORY}-later`), { [SEEDED_LINK]: bytes(80 * KIB, 5) });
  for (const { node } of world.localnet.nodes) node.setDelay(3_000);
  const killed = await runFloeText(['--home', home.path, 'sync'], {
    env,
    onLine: (line, child) => {
      if (/registered/i.test(line)) child.kill('SIGKILL');
    },
  });
  expect(killed.code).toBe(137);
  expect(readdirSync(join(home.path, 'spool')).length).toBeGreaterThan(0);
  for (const { node } of world.localnet.nodes) node.setDelay(0);

  // Something fails, so that the log has something to say.
  for (const { node } of world.localnet.nodes.slice(0, 3)) await node.kill();
  say(await home.floe(['status'], { env }));
  for (const { node } of world.localnet.nodes) await node.heal();
}, 300_000);

afterAll(() => world.close());

interface Found {
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer;
}

function filesBelow(root: string): Found[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { path, mode: lstatSync(path).mode & 0o7777, content: readFileSync(path) };
    });
}

/** A secret in every form in which it might be written down. */
const formsOf = (secret: Uint8Array): Buffer[] => {
  const raw = Buffer.from(secret);
  return [
    raw,
    ...(['hex', 'base64', 'base64url'] as const).map((as) => Buffer.from(raw.toString(as))),
  ];
};

async function secretNeedles(): Promise<{ name: string; forms: Buffer[] }[]> {
  const list = words.split(' ');
  const seed = await seedFromWords(list);
  const keys = deriveVaultKeys(seed, world.localnet.chain.chainIdentifier);
  const account = deriveAccount(seed, 0);
  const vault = Object.entries(keys).filter(
    (entry): entry is [string, Uint8Array] => entry[1] instanceof Uint8Array,
  );
  return [
    { name: 'the words', forms: [Buffer.from(words)] },
    // Three in a row are no accident.
    ...[0, 6, 12, 18].map((at) => ({
      name: `words from ${String(at)}`,
      forms: [' ', '\n', ',', '","'].map((gap) => Buffer.from(list.slice(at, at + 3).join(gap))),
    })),
    { name: 'the seed', forms: formsOf(seed) },
    ...vault.map(([name, key]) => ({ name: `vault key ${name}`, forms: formsOf(key) })),
    { name: 'the account key', forms: [Buffer.from(account.exportPrivateKey())] },
  ];
}

const nameNeedles = [
  SEEDED_NAME,
  SEEDED_DIRECTORY,
  SEEDED_EXCLUDE,
  SEEDED_FOLDER,
  SEEDED_LINK,
  SEEDED_TEXT.slice(0, 40),
].map((text) => ({ name: text, forms: [Buffer.from(text), Buffer.from(text, 'utf16le')] }));

function expectNone(
  files: readonly Found[],
  needles: readonly { readonly name: string; readonly forms: readonly Buffer[] }[],
): void {
  const found = files.flatMap(({ path, content }) =>
    needles
      .filter(({ forms }) => forms.some((form) => content.includes(form)))
      .map(({ name }) => `${name} in ${path}`),
  );
  expect(found).toEqual([]);
}

const isIndex = (path: string): boolean => /index\.db(-wal|-shm)?$/.test(path);

test('words, seed and keys are in no file at all', async () => {
  const files = [
    ...filesBelow(world.networkDir),
    ...filesBelow(home.path),
    ...filesBelow(temporary),
  ];
  expect(files.length).toBeGreaterThan(20);
  expectNone(files, await secretNeedles());
  expectNone(
    [{ path: 'what was printed', mode: 0, content: Buffer.from(output) }],
    await secretNeedles(),
  );
});

test('names, paths and contents are in the local index and nowhere else', () => {
  const files = [
    ...filesBelow(world.networkDir),
    ...filesBelow(home.path),
    ...filesBelow(temporary),
  ];
  expectNone(
    files.filter(({ path }) => !isIndex(path)),
    nameNeedles,
  );
  // The names themselves are no needle that can't be found.
  const names = files.filter(({ path }) => isIndex(path)).map(({ content }) => content);
  expect(Buffer.concat(names).includes(SEEDED_NAME)).toBe(true);
  // Contents are not in the index either.
  expect(Buffer.concat(names).includes(SEEDED_TEXT.slice(0, 40))).toBe(false);
  // Nor is a name of the tree the name of a file that we made.
  const paths = files.map(({ path }) => path).join('\n');
  for (const { name } of nameNeedles) expect(paths).not.toContain(name);
});

test('everything of the home is for its owner alone', () => {
  const open = readdirSync(home.path, { recursive: true, withFileTypes: true })
    .map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }))
    .filter(({ entry, path }) => {
      const mode = lstatSync(path).mode & 0o7777;
      return entry.isDirectory() ? mode !== 0o700 : mode !== 0o600;
    })
    .map(({ path }) => `${path} ${(lstatSync(path).mode & 0o7777).toString(8)}`);
  expect(open).toEqual([]);
  expect(lstatSync(home.path).mode & 0o7777).toBe(0o700);
});

test('the same holds once the crash is settled, and on the machine that restored', async () => {
  const env = { TMPDIR: temporary };
  await home.must(['sync'], { env });
  expect(readdirSync(join(home.path, 'spool'))).toEqual([]);
  const file = world.path('words.txt');
  writeFileSync(file, words);
  const blank = world.home('blank');
  await blank.must(['init', '--network', world.networkFile, '--words-file', file], { env });
  rmSync(file);
  await blank.must(['restore', SEEDED_FOLDER, '--to', world.path('back')], { env });
  expectTree(world.path('back'), {
    ...TREE,
    [`${SEEDED_DIRECTORY}-later`]: { [SEEDED_LINK]: bytes(80 * KIB, 5) },
  });
  const files = [
    ...filesBelow(world.networkDir),
    ...filesBelow(home.path),
    ...filesBelow(blank.path),
    ...filesBelow(temporary),
  ];
  expectNone(files, await secretNeedles());
  expectNone(
    files.filter(({ path }) => !isIndex(path)),
    nameNeedles,
  );
});

test('a recovery kit is the one file with the words, and is for its owner alone', async () => {
  const kit = world.path('kit.txt');
  const other = world.home('with-kit');
  const made = await other.must(['init', '--network', world.networkFile, '--kit-file', kit]);
  const content = readFileSync(kit, 'utf8');
  for (const word of String(made['words']).split(' ')) expect(content).toContain(word);
  expect(lstatSync(kit).mode & 0o7777).toBe(0o600);
});
