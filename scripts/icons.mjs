/**
 * @file Draws the committed sizes of the icons in assets/ from their SVG sources.
 *
 *     node scripts/icons.mjs    writes assets/icons, assets/tray/*.png
 *
 * Sources name two roles by class: `ink` (the floe) and `state` or `state-line` (what it carries).
 * Their colours depend on where the icon stands. test/tidy compares what lies there with what would
 * be drawn.
 */
import { Buffer } from 'node:buffer';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Resvg } from '@resvg/resvg-js';

const assets = join(dirname(dirname(fileURLToPath(import.meta.url))), 'assets');

export const TRAY_STATES = ['protected', 'working', 'attention'];
export const TRAY_SIZES = [16, 22, 32];
const APP_SIZES = [16, 24, 32, 48, 64, 128, 256, 512, 1024];

/** `light` stands on a light panel, `dark` on a dark one; macOS colours a template by itself. */
const THEMES = {
  light: { ink: '#12303f', protected: '#0a7f6f', working: '#9a5b00', attention: '#c3241c' },
  dark: { ink: '#e9f3f7', protected: '#4fd8bf', working: '#ffc043', attention: '#ff7064' },
  template: { ink: '#000', protected: '#000', working: '#000', attention: '#000' },
};

function source(name) {
  return readFileSync(join(assets, name), 'utf8');
}

function draw(svg, size) {
  return new Resvg(svg, { fitTo: { mode: 'width', value: size } }).render().asPng();
}

function colored(svg, ink, state) {
  const style = `<style>.ink{fill:${ink}}.state{fill:${state}}.state-line{stroke:${state}}</style>`;
  return svg.replace(/<svg[^>]*>/, (tag) => `${tag}${style}`);
}

function* trayIcons() {
  for (const state of TRAY_STATES) {
    for (const [theme, colors] of Object.entries(THEMES)) {
      for (const size of TRAY_SIZES) {
        const svg = source(`tray/${state}-${size === 22 ? 22 : 16}.svg`);
        const drawn = colored(svg, colors.ink, colors[state]);
        yield [`tray/${state}-${theme}-${size}.png`, draw(drawn, size)];
        yield [`tray/${state}-${theme}-${size}@2x.png`, draw(drawn, size * 2)];
      }
    }
  }
}

/** Windows: a directory of PNGs, each with its size (0 says 256). */
function ico(pngs) {
  const head = Buffer.alloc(6 + 16 * pngs.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(pngs.length, 4);
  let offset = head.length;
  for (const [index, { size, png }] of pngs.entries()) {
    const at = 6 + 16 * index;
    head.writeUInt8(size % 256, at);
    head.writeUInt8(size % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(png.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += png.length;
  }
  return Buffer.concat([head, ...pngs.map(({ png }) => png)]);
}

/** macOS: PNGs, each under the type that its size has. */
function icns(pngs) {
  const types = { 128: 'ic07', 256: 'ic08', 512: 'ic09', 1024: 'ic10' };
  const parts = pngs.flatMap(({ size, png }) => {
    if (!types[size]) return [];
    const head = Buffer.alloc(8);
    head.write(types[size], 0, 'latin1');
    head.writeUInt32BE(png.length + 8, 4);
    return [head, png];
  });
  const head = Buffer.alloc(8);
  head.write('icns', 0, 'latin1');
  head.writeUInt32BE(8 + parts.reduce((sum, { length }) => sum + length, 0), 4);
  return Buffer.concat([head, ...parts]);
}

function* appIcons() {
  const svg = source('icon.svg');
  const pngs = APP_SIZES.map((size) => ({ size, png: draw(svg, size) }));
  for (const { size, png } of pngs) yield [`icons/${size}x${size}.png`, png];
  yield ['icons/icon.ico', ico(pngs.filter(({ size }) => size <= 256))];
  yield ['icons/icon.icns', icns(pngs)];
}

/**
 * Every generated file of assets/, by its name there.
 *
 * @returns {Map<string, Buffer>}
 */
export function drawIcons() {
  return new Map([...trayIcons(), ...appIcons()]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const icons = drawIcons();
  mkdirSync(join(assets, 'icons'), { recursive: true });
  for (const [name, bytes] of icons) writeFileSync(join(assets, name), bytes);
  process.stdout.write(`floe: ${icons.size} icons in assets\n`);
}
