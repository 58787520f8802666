/** @file The standalone restorer stands alone, and what lies beside it says what Floe says. */
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PUBLIC_NETWORKS } from '#host/networks.ts';
import { restorerManifest } from '../support/restorer.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('restorer/restore.mjs', () => {
  const imports = [...read('restorer/restore.mjs').matchAll(/\bfrom '([^']+)'/g)].map(
    ([, name = '']) => name,
  );
  const packages = Object.keys(restorerManifest.dependencies);

  test('imports Node and its own packages, nothing of this tree', () => {
    const isOwn = (name: string): boolean =>
      isBuiltin(name) || packages.some((one) => name.startsWith(`${one}/`) || name === one);
    expect(imports.filter((name) => !isOwn(name))).toEqual([]);
  });

  test.each(packages)('has a use for %s', (name) => {
    expect(imports.some((one) => one.startsWith(name))).toBe(true);
  });
});

test('the packages of the restorer are those that its tests run with', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
    string,
    Record<string, string>
  >;
  expect({ ...dependencies, ...devDependencies }).toMatchObject(restorerManifest.dependencies);
});

test.each(Object.values(PUBLIC_NETWORKS))(
  'the restorer finds $name where Floe finds it',
  (network) => {
    const { name, rpc, walrus, nodes } = network;
    expect(JSON.parse(read(`restorer/${name}.json`))).toEqual({
      name,
      rpc,
      walrus: { stakingObjectId: walrus.stakingObjectId },
      nodes: { scheme: nodes.scheme },
    });
  },
);
