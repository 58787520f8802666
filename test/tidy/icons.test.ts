/** @file The committed icons are what their SVG sources draw, in every size, and nothing else. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { drawIcons } from '../../scripts/icons.mjs';

const assets = join(import.meta.dirname, '../../assets');
const drawn = drawIcons();

describe('the icons in assets', () => {
  test.each([...drawn.keys()])('%s is up to date (node scripts/icons.mjs)', (name) => {
    expect(readFileSync(join(assets, name)).equals(drawn.get(name) ?? Buffer.alloc(0))).toBe(true);
  });

  test('are all drawn from a source', () => {
    const there = readdirSync(assets, { recursive: true, encoding: 'utf8' })
      .map((name) => name.replaceAll('\\', '/'))
      .filter((name) => /\.(png|ico|icns)$/.test(name));
    expect(there.filter((name) => !drawn.has(name))).toEqual([]);
  });
});
