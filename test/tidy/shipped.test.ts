/** @file What is said of the shipped program agrees with what is shipped. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VERSION } from '#contract/version.ts';
import { inOrder, LICENCES_FILE, npmLicences } from '../../scripts/licences.mjs';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Licence {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
}

const licences = JSON.parse(readFileSync(LICENCES_FILE, 'utf8')) as {
  readonly npm: readonly Licence[];
  readonly crates: readonly Licence[];
};
const stale = 'run `node scripts/licences.mjs`';

test('the version is that of package.json', () => {
  expect((JSON.parse(read('package.json')) as { version: string }).version).toBe(VERSION);
});

test('the licences name every npm package that is shipped, and no other', () => {
  expect(licences.npm, stale).toEqual(inOrder(npmLicences()));
});

test('the licences name every crate that the addon asks for, at the locked version', () => {
  const locked = [...read('native/Cargo.lock').matchAll(/name = "(.+)"\nversion = "(.+)"/g)].map(
    ([, name = '', version = '']) => `${name} ${version}`,
  );
  const listed = licences.crates.map(({ name, version }) => `${name} ${version}`);
  expect(
    listed.filter((crate) => !locked.includes(crate)),
    stale,
  ).toEqual([]);
  const workspace = read('native/Cargo.toml');
  const direct = [
    ...workspace
      .slice(workspace.indexOf('[workspace.dependencies]'), workspace.indexOf('[workspace.lints'))
      .matchAll(/^([a-z0-9_-]+) = (?!.*path = )/gm),
  ].map(([, name]) => name ?? '');
  const names = new Set(licences.crates.map(({ name }) => name));
  // Of tests and of the build: they are in nothing that is shipped.
  const unshipped = ['proptest', 'napi-build'];
  expect(
    direct.filter((name) => !names.has(name) && !unshipped.includes(name)),
    stale,
  ).toEqual([]);
});

test('every licence is one that Floe may be shipped with', () => {
  const free =
    /^(MIT|Apache-2\.0|ISC|0BSD|BSD-3-Clause|OFL-1\.1|CC0-1\.0|MIT-0|Unlicense|Unicode-3\.0|LLVM-exception)$/;
  const unknown = [...licences.npm, ...licences.crates].filter(
    ({ licence }) =>
      !licence
        .split(/[\s()/]+|\b(?:OR|AND|WITH)\b/)
        .filter((part) => part !== '')
        .every((part) => free.test(part)),
  );
  expect(unknown).toEqual([]);
});
