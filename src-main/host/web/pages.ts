/**
 * @file The built window as a list of files, read once: what is not on the list is not served, so
 * no path of a request ever reaches the disk.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import { pathBelow, type AbsolutePath, type FileSystem } from '#engine/ports/file-system.ts';

const INDEX = 'index.html';
const FILES_MAX = 2_000;
const FILE_BYTES_MAX = 32 * 1024 * 1024;

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
  woff: 'font/woff',
  json: 'application/json; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  webmanifest: 'application/manifest+json',
};

export interface Page {
  readonly bytes: Uint8Array;
  readonly type: string;
}

/**
 * Read the folder that the window was built into, by the path of a URL. Files of a type that the
 * window does not use are left out.
 *
 * @throws EngineError `ui-not-built`
 */
export async function readPages(
  files: FileSystem,
  folder: AbsolutePath,
): Promise<ReadonlyMap<string, Page>> {
  const pages = new Map<string, Page>();
  const readFolder = async (path: AbsolutePath, prefix: string): Promise<void> => {
    for (const { name, stat } of (await files.listDirectory(path)).entries) {
      const place = pathBelow(path, name);
      if (stat?.kind === 'directory') await readFolder(place, `${prefix}${name}/`);
      const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
      if (stat?.kind !== 'file' || type === undefined || pages.size >= FILES_MAX) continue;
      const bytes = await files.readFile(place, FILE_BYTES_MAX);
      if (bytes) pages.set(`${prefix}${name}`, { bytes, type });
    }
  };
  if (files.stat(pathBelow(folder, INDEX))?.kind === 'file') await readFolder(folder, '/');
  const index = pages.get(`/${INDEX}`);
  if (!index) throw new EngineError('ui-not-built', 'the window has not been built');
  return pages.set('/', index);
}
