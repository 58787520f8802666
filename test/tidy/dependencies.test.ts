/** @file Every dependency stands in docs/dependencies.md with its reason; versions are exact. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const text = read('docs/dependencies.md');
const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
const npm = {
  ...manifest['dependencies'],
  ...manifest['devDependencies'],
  ...manifest['optionalDependencies'],
};
const workspace = read('native/Cargo.toml');
const crateLines = workspace.slice(
  workspace.indexOf('[workspace.dependencies]'),
  workspace.indexOf('[workspace.lints'),
);
const crates = [...crateLines.matchAll(/^([a-z0-9_-]+) = /gm)].map(([, name]) => name ?? '');

/** Whether the text names the package, alone or by a pattern such as `@types/*`. */
function isNamed(name: string): boolean {
  const scope = name.includes('/') ? `${name.slice(0, name.indexOf('/'))}/*` : undefined;
  return text.includes(name) || (scope !== undefined && text.includes(scope));
}

describe('docs/dependencies.md', () => {
  test.each(Object.keys(npm))('says why %s', (name) => {
    expect(isNamed(name)).toBe(true);
  });

  test.each(crates)('says why the crate %s', (name) => {
    expect(isNamed(name)).toBe(true);
  });
});

describe('package.json', () => {
  test.each(Object.entries(npm))('pins %s exactly', (_name, version) => {
    expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
  });
});
