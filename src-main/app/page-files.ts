/**
 * @file What `app://floe/` answers, from a fixed list of files. Knows no Electron.
 *
 * What can be fetched is what lay in the folder at the start: a request is looked up, never joined to
 * a path. Every answer carries the content policy.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { CONTENT_SECURITY_POLICY } from '#contract/browser-wire.ts';

export const APP_ORIGIN = 'app://floe';

const MIME_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
};

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What the scheme answers for the files of a folder. */
export function answerFrom(folder: string): (method: string, url: string) => Answer {
  const files = new Map<string, { readonly path: string; readonly mimeType: string }>();
  collect(folder, '', files);
  return (method, url) => {
    const file = method === 'GET' ? files.get(pathOf(url)) : undefined;
    if (!file) return answer(404, 'text/plain', Buffer.from('not found'));
    return answer(200, file.mimeType, readFileSync(file.path));
  };
}

function collect(
  folder: string,
  prefix: string,
  files: Map<string, { readonly path: string; readonly mimeType: string }>,
): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const mimeType = MIME_TYPES[extname(entry.name)];
    if (entry.isDirectory()) collect(path, `${prefix}/${entry.name}`, files);
    else if (mimeType) files.set(`${prefix}/${entry.name}`, { path, mimeType });
  }
}

function pathOf(url: string): string {
  const { origin, protocol: scheme, host, pathname } = new URL(url);
  // Node gives schemes that it doesn't know no origin.
  const from = origin === 'null' ? `${scheme}//${host}` : origin;
  if (from !== APP_ORIGIN) return '';
  return pathname === '/' ? '/index.html' : pathname;
}

function answer(status: number, mimeType: string, body: Buffer): Answer {
  return {
    status,
    headers: {
      'content-type': mimeType,
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-cache',
    },
    body,
  };
}
