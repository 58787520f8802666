/** @file Secrets on the clipboard leave it again, if nothing else has taken their place. */
import { clipboard } from 'electron';

const SECRET_MS = 30_000;

let secret: string | undefined;
let timer: NodeJS.Timeout | undefined;

export async function copySecret(text: string): Promise<void> {
  clearTimeout(timer);
  secret = text;
  await clipboard.writeText(text);
  timer = setTimeout(() => void clearSecret(), SECRET_MS);
}

/** Also when the app quits: nobody would do it later. */
export async function clearSecret(): Promise<void> {
  clearTimeout(timer);
  // Later versions of Electron answer with promises, earlier ones at once.
  if (secret !== undefined && (await clipboard.readText()) === secret) clipboard.clear();
  secret = undefined;
}
