/** @file Texts that become files of the person, and back: by the shell's dialogs, or the browser's. */
import type { App } from '../../lib/state/app.svelte.ts';

/** A recovery kit is one page; nothing else is ever read. */
const TEXT_BYTES_MAX = 64 * 1024;

/** Save a text. Gives where, as far as this machine tells, or undefined when it was not wanted. */
export async function saveText(
  app: App,
  fileName: string,
  text: string,
  type = 'text/plain',
): Promise<string | undefined> {
  if (app.shell) return (await app.shell.saveText({ fileName, text })).path;
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 0);
  return fileName;
}

export class FileTooLargeError extends Error {
  override readonly name = 'FileTooLargeError';
}

/** The text of a file that was chosen in the browser. */
export async function readText(file: File): Promise<string> {
  if (file.size > TEXT_BYTES_MAX) throw new FileTooLargeError(file.name);
  return file.text();
}
