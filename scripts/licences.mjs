/**
 * @file Writes src-main/host/licences.json: what is shipped with Floe, and under which licence.
 *
 *     node scripts/licences.mjs
 *
 * npm packages by the lockfile: those that the engine runs with, and those whose code the window is
 * built from. Crates by cargo: those that are linked into the native addon. The file is committed,
 * since a packaged app has neither lockfile; a tidy test fails when it is stale.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const LICENCES_FILE = join(root, 'src-main/host/licences.json');

/** Not imported by anything, and still shipped. */
const SHIPPED_TOOLS = ['electron'];
const IMPORT_PATTERN = /(?:from|import)\s+['"]([^'".#][^'"]*)['"]/g;

const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));

/** Packages of package.json that the window's sources import. */
function windowPackages(manifest) {
  const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  const folder = join(root, 'src-renderer');
  const imported = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|svelte|css)$/.test(name) && !/\.test\.ts$/.test(name))
    .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(IMPORT_PATTERN)])
    .map(([, module]) => module);
  return names.filter((name) =>
    imported.some((module) => module === name || module.startsWith(`${name}/`)),
  );
}

/** Where npm has put a package that the one at `from` asks for: in it, or nearest above it. */
function placeOf(packages, from, name) {
  const folders = from.split('/node_modules/');
  for (let depth = folders.length; depth >= 0; depth -= 1) {
    const above = folders.slice(0, depth).join('/node_modules/');
    const place = `${above === '' ? '' : `${above}/`}node_modules/${name}`;
    if (place in packages) return place;
  }
  return undefined;
}

/** Some packages name their licence only in its text, which begins with its title. */
const licenceTitle = (place) =>
  readFileSync(join(root, place, 'LICENSE'), 'utf8')
    .split('\n')[0]
    .replace(/ License$/, '')
    .trim();

export function npmLicences() {
  const { packages } = readJson('package-lock.json');
  const places = new Set(
    Object.keys(packages).filter((place) => place !== '' && !packages[place].dev),
  );
  const add = (place) => {
    if (place === undefined || places.has(place)) return;
    places.add(place);
    for (const name of Object.keys(packages[place].dependencies ?? {})) {
      add(placeOf(packages, place, name));
    }
  };
  for (const name of windowPackages(readJson('package.json'))) add(`node_modules/${name}`);
  for (const name of SHIPPED_TOOLS) places.add(`node_modules/${name}`);
  return [...places].map((place) => ({
    name: place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length),
    version: packages[place].version,
    licence: packages[place].license ?? licenceTitle(place),
  }));
}

function crateLicences() {
  const args = ['tree', '--locked', '-e', 'normal', '-p', 'floe-binding', '--prefix', 'none'];
  const { status, stdout } = spawnSync('cargo', [...args, '--format', '{p}|{l}'], {
    cwd: join(root, 'native'),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error('cargo tree failed');
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('floe-'))
    .map((line) => {
      const [crate = '', licence = ''] = line.replace(/ \(\*\)$/, '').split('|');
      const [name = '', version = ''] = crate.split(' ');
      return { name, version: version.slice(1), licence };
    });
}

/** By name, each package once. */
export function inOrder(entries) {
  const byKey = new Map(entries.map((one) => [`${one.name}@${one.version}`, one]));
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const list = { npm: inOrder(npmLicences()), crates: inOrder(crateLicences()) };
  writeFileSync(LICENCES_FILE, `${JSON.stringify(list, undefined, 2)}\n`);
}
