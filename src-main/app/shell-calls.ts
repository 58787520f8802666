/**
 * @file ShellApi: what the UI may ask of the operating system, one schema for each method.
 *
 * There is no general bridge: no path is read or written that a native dialog did not return, and
 * no address is opened that explorers.ts does not list.
 */
import { open } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { dialog, shell, type BrowserWindow, type OpenDialogOptions } from 'electron';
import * as v from 'valibot';
import { isExplorerUrl } from '#contract/explorers.ts';
import type { ShellApi } from '#contract/shell-api.ts';
import type { ShellMethod } from '#contract/shell-bridge.ts';
import { copySecret } from './clipboard.ts';
import { printPage } from './print-page.ts';

const TITLE_CHARACTERS_MAX = 200;
const FILE_NAME_CHARACTERS_MAX = 200;
/** A ledger of years. */
const TEXT_CHARACTERS_MAX = 16 * 1024 * 1024;
const PAGE_CHARACTERS_MAX = 2 * 1024 * 1024;
const SECRET_CHARACTERS_MAX = 4_096;
const PATH_CHARACTERS_MAX = 32_768;
/** A recovery kit is a few kilobytes. */
const KIT_BYTES_MAX = 64 * 1024;

type Schemas = {
  readonly [Method in ShellMethod]: v.GenericSchema<unknown, Parameters<ShellApi[Method]>[0]>;
};

const title = v.pipe(v.string(), v.maxLength(TITLE_CHARACTERS_MAX));

export const shellMethods: Schemas = {
  chooseFolder: v.strictObject({ title }),
  saveText: v.strictObject({
    // A name, not a way out of the folder that the person chooses.
    fileName: v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(FILE_NAME_CHARACTERS_MAX),
      // eslint-disable-next-line no-control-regex -- no control character may be in a file's name
      v.regex(/^[^/\\\0-\x1f]+$/),
    ),
    text: v.pipe(v.string(), v.maxLength(TEXT_CHARACTERS_MAX)),
  }),
  openText: v.strictObject({ title }),
  printPage: v.strictObject({ html: v.pipe(v.string(), v.maxLength(PAGE_CHARACTERS_MAX)) }),
  openExternal: v.strictObject({ url: v.pipe(v.string(), v.check(isExplorerUrl)) }),
  showFolder: v.strictObject({
    path: v.pipe(v.string(), v.maxLength(PATH_CHARACTERS_MAX), v.check(isAbsolute)),
  }),
  copySecret: v.strictObject({ text: v.pipe(v.string(), v.maxLength(SECRET_CHARACTERS_MAX)) }),
  quit: v.strictObject({}),
};

export const isShellMethod = (text: unknown): text is ShellMethod =>
  typeof text === 'string' && Object.prototype.hasOwnProperty.call(shellMethods, text);

export function shellApi(window: BrowserWindow, quit: () => void): ShellApi {
  return {
    chooseFolder: async (request) => ({
      path: await choose(window, { title: request.title, properties: ['openDirectory'] }),
    }),
    saveText: async ({ fileName, text }) => {
      const { canceled, filePath } = await dialog.showSaveDialog(window, { defaultPath: fileName });
      if (canceled || !filePath) return { path: undefined };
      await writePrivately(filePath, text);
      return { path: filePath };
    },
    openText: async (request) => {
      const path = await choose(window, { title: request.title, properties: ['openFile'] });
      return { text: path === undefined ? undefined : await readStart(path) };
    },
    printPage: ({ html }) => printPage(html),
    openExternal: ({ url }) => shell.openExternal(url),
    // Shows it in its folder: opening a path could run what lies there.
    showFolder: async ({ path }) => shell.showItemInFolder(path),
    copySecret: ({ text }) => copySecret(text),
    quit: async () => quit(),
  };
}

async function choose(
  window: BrowserWindow,
  options: OpenDialogOptions,
): Promise<string | undefined> {
  const { canceled, filePaths } = await dialog.showOpenDialog(window, options);
  return canceled ? undefined : filePaths[0];
}

/** For the owner alone, whatever lay there before and whatever the umask. */
async function writePrivately(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function readStart(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(KIT_BYTES_MAX);
    const { bytesRead } = await file.read(buffer, 0, KIT_BYTES_MAX, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
