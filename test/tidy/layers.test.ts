/**
 * @file The architecture as a failing test. See `layers.mjs` for the table and its reasons.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bannedGlobals, guardedModules, layerOf, layers, takenByApp } from './layers.mjs';

const root = join(import.meta.dirname, '../..');
const sourceRoot = join(root, 'src-main');

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly isTest: boolean;
}

function sourceFiles(): SourceFile[] {
  return readdirSync(sourceRoot, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs)$/.test(name))
    .map((name) => ({
      path: name.replaceAll('\\', '/'),
      text: readFileSync(join(sourceRoot, name), 'utf8'),
      isTest: /\.test\.ts$/.test(name),
    }));
}

const importPattern = /(?:from\s+|import\s*\(\s*|import\s+)['"]([^'"]+)['"]/g;

/** The modules a file imports, as written. */
function importsOf(file: SourceFile): string[] {
  return [...file.text.matchAll(importPattern)].map((match) => match[1] ?? '');
}

/** Where an import lands below src-main, or undefined when it leaves src-main. */
function targetOf(file: SourceFile, specifier: string): string | undefined {
  const alias = /^#(contract|engine|platform|host|localnet|cli|app)\/(.*)$/.exec(specifier);
  if (alias) return `${alias[1]}/${alias[2]}`;
  if (!specifier.startsWith('.')) return undefined;
  const target = normalize(join(dirname(join(sourceRoot, file.path)), specifier));
  const below = relative(sourceRoot, target).replaceAll('\\', '/');
  return below.startsWith('..') ? undefined : below;
}

describe('the window', () => {
  const windowRoot = join(root, 'src-renderer');
  const files = readdirSync(windowRoot, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|svelte)$/.test(name) && !name.endsWith('.test.ts'))
    .map((path) => ({ path, text: readFileSync(join(windowRoot, path), 'utf8'), isTest: false }));

  test('knows the contract and nothing else of src-main', () => {
    const violations = files.flatMap((file) =>
      importsOf(file)
        .filter(
          (name) => /^(#(?!contract\/)|node:|electron$)/.test(name) || name.includes('src-main'),
        )
        .map((name) => `${file.path} imports ${name}`),
    );
    expect(violations).toEqual([]);
  });

  test('has its parts know only what stands below them', () => {
    const below: Readonly<Record<string, readonly string[]>> = {
      lib: ['frame', 'pages', 'components'],
      components: ['frame', 'pages'],
      pages: ['frame'],
    };
    const violations = files.flatMap((file) => {
      const [own = ''] = file.path.split('/');
      return importsOf(file)
        .filter((name) => name.startsWith('.'))
        .map((name) => normalize(join(dirname(file.path), name)).split('/')[0] ?? '')
        .filter((part) => (below[own] ?? []).includes(part))
        .map((part) => `${file.path} imports ${part}`);
    });
    expect(violations).toEqual([]);
  });
});

describe('the layers of src-main', () => {
  const files = sourceFiles();
  const shipped = files.filter((file) => !file.isTest);

  test('every folder stands in the table', () => {
    const unknown = shipped.map((file) => layerOf(file.path)).filter((layer) => !(layer in layers));
    expect([...new Set(unknown)]).toEqual([]);
  });

  test('a folder imports only what the table allows', () => {
    const violations = shipped.flatMap((file) => {
      const own = layerOf(file.path);
      return importsOf(file)
        .map((specifier) => targetOf(file, specifier))
        .filter((target) => target !== undefined)
        .map((target) => layerOf(target))
        .filter((layer) => layer !== own && layer !== 'contract')
        .filter((layer) => !(layers[own] ?? []).includes(layer))
        .map((layer) => `${file.path} imports ${layer}`);
    });
    expect(violations).toEqual([]);
  });

  test('the shell takes nothing that belongs to the engine', () => {
    const targetsOf = (file: SourceFile): string[] =>
      importsOf(file)
        .map((specifier) => targetOf(file, specifier))
        .filter((target) => target !== undefined)
        .filter((target) => layerOf(target) !== 'contract');
    const taken = shipped
      .filter((file) => layerOf(file.path) === 'app')
      .flatMap(targetsOf)
      .filter((target) => layerOf(target) !== 'app');
    expect([...new Set(taken)].sort()).toEqual(takenByApp);
    const below = shipped.filter((file) => takenByApp.includes(file.path)).flatMap(targetsOf);
    expect(below).toEqual([]);
  });

  test('guarded modules are imported only behind their door', () => {
    const violations = shipped.flatMap((file) =>
      guardedModules
        .filter((guard) => !guard.allowed.includes(layerOf(file.path)))
        .flatMap((guard) =>
          importsOf(file)
            .filter((specifier) => guard.modules.includes(specifier))
            .map((specifier) => `${file.path} imports ${specifier}: ${guard.reason}`),
        ),
    );
    expect(violations).toEqual([]);
  });

  test('the engine takes time and chance from its ports', () => {
    const violations = shipped
      .filter((file) => file.path.startsWith('engine/'))
      .flatMap((file) =>
        file.text
          .split('\n')
          .map((line, index) => ({ line, place: `${file.path}:${String(index + 1)}` }))
          .filter(({ line }) => !/^\s*(\*|\/\/)/.test(line) && bannedGlobals.pattern.test(line))
          .map(({ place }) => place),
      );
    expect(violations).toEqual([]);
  });

  test('there is no cycle between folders', () => {
    const names = Object.keys(layers);
    for (const [index, name] of names.entries()) {
      const above = new Set(names.slice(0, index));
      const below = (layers[name] ?? []).filter((other) => !above.has(other));
      expect(below, `${name} names folders that stand below it`).toEqual([]);
    }
  });
});
