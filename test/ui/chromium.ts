/**
 * @file The browser that the window is tested in: Chromium from the npm package, unpacked once into
 * .floe-build, with the libraries that a bare machine lacks.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser } from '@playwright/test';
import packaged, { inflate } from '@sparticuz/chromium';

const root = join(import.meta.dirname, '../..');
const folder = join(root, '.floe-build/chromium');
const archives = join(root, 'node_modules/@sparticuz/chromium/bin');
const libraries = join(folder, 'al2023/lib');

/** Unpack what is not unpacked yet. Called once, before the tests. */
export async function unpackChromium(): Promise<string> {
  mkdirSync(folder, { recursive: true });
  // The package unpacks into the temporary folder, which others may write to.
  process.env['TMPDIR'] = folder;
  try {
    if (!existsSync(libraries)) await inflate(join(archives, 'al2023.tar.br'));
    return await packaged.executablePath();
  } finally {
    delete process.env['TMPDIR'];
  }
}

export async function launchChromium(executablePath: string): Promise<Browser> {
  const lacksLibraries = execFileSync('ldd', [executablePath], { encoding: 'utf8' }).includes(
    'not found',
  );
  return chromium.launch({
    executablePath,
    // Chromium refuses to sandbox itself as root.
    args: ['--font-render-hinting=none', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    env: {
      ...process.env,
      ...(lacksLibraries ? { LD_LIBRARY_PATH: libraries } : {}),
    },
  });
}
