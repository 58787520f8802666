/**
 * @file Prints a page that came as text, in a window of its own that runs no script and loads nothing.
 *
 * The page holds secrets (the recovery kit): its session lives in memory, and the text is forgotten
 * when the dialog is closed.
 */
import { BrowserWindow, session, type Session } from 'electron';
import { serveScheme } from './app-protocol.ts';
import { guardSession, WEB_PREFERENCES } from './guards.ts';
import { APP_ORIGIN } from './page-files.ts';

/** The kit brings its style and its QR code with it. */
const PRINT_POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE_URL = `${APP_ORIGIN}/print`;

/** What is being printed; one page at a time. */
let page: string | undefined;

function printSession(): Session {
  // Without `persist:` a partition is never written to disk.
  const own = session.fromPartition('print');
  if (own.protocol.isProtocolRegistered?.('app') ?? own.protocol.isProtocolHandled('app')) {
    return own;
  }
  guardSession(own);
  serveScheme(own, (method, url) => ({
    status: method === 'GET' && url === PAGE_URL && page !== undefined ? 200 : 404,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': PRINT_POLICY,
      'cache-control': 'no-store',
    },
    body: Buffer.from(page ?? ''),
  }));
  return own;
}

/** Resolves when the dialog was closed, whether or not anything was printed. */
export async function printPage(html: string): Promise<void> {
  if (page !== undefined) return;
  page = html;
  const window = new BrowserWindow({
    show: false,
    webPreferences: { ...WEB_PREFERENCES, session: printSession(), javascript: false },
  });
  try {
    await window.loadURL(PAGE_URL);
    await new Promise<void>((resolve) => {
      window.webContents.print({ printBackground: true }, () => resolve());
    });
  } finally {
    page = undefined;
    window.destroy();
  }
}
