/**
 * @file The two doors between a window and main: its port to the engine, and its calls to the shell.
 *
 * [Note: Sender check] Both are open to the main frame of a window that this file was told about,
 * while it shows the app's own origin, and to nobody else. Anything else is refused without a word
 * about why.
 */
import { ipcMain, type BrowserWindow, type IpcMainEvent, type IpcMainInvokeEvent } from 'electron';
import * as v from 'valibot';
import type { SerializedError } from '#contract/errors.ts';
import type { ShellApi } from '#contract/shell-api.ts';
import type { PortMessage, ShellAnswer } from '#contract/shell-bridge.ts';
import { APP_ORIGIN } from './page-files.ts';
import { openBudget } from './rate-limit.ts';
import { isShellMethod, shellApi, shellMethods } from './shell-calls.ts';
import { serveWindowPort } from './window-port.ts';

/** A person clicks; nothing in the UI calls the shell in a loop. */
const CALL_RATE = { perSecond: 5, burst: 20 };

interface TrustedWindow {
  readonly api: ShellApi;
  readonly mayCall: () => boolean;
}

const trusted = new Map<number, TrustedWindow>();

/** Let a window in until it is closed. */
export function trustWindow(window: BrowserWindow, quit: () => void): void {
  const { id } = window.webContents;
  trusted.set(id, { api: shellApi(window, quit), mayCall: openBudget(CALL_RATE, Date.now) });
  window.webContents.once('destroyed', () => trusted.delete(id));
}

function senderOf(event: IpcMainEvent | IpcMainInvokeEvent): TrustedWindow | undefined {
  const { sender, senderFrame } = event;
  const isMainFrame = senderFrame !== null && senderFrame === sender.mainFrame;
  if (!isMainFrame) return undefined;
  // Right after a page was committed its frame may still have no address; its window has.
  const url = senderFrame.url === '' ? sender.getURL() : senderFrame.url;
  if (!url.startsWith(`${APP_ORIGIN}/`)) return undefined;
  return trusted.get(sender.id);
}

/** Open both doors. */
export function serveIpc(home: string): void {
  ipcMain.on('floe:port', (event) => {
    const [port] = event.ports;
    if (!port) return;
    const sender = senderOf(event);
    if (sender?.mayCall()) serveWindowPort(port, home);
    else {
      // A window of ours that asked too often asks again after a while.
      if (sender) port.postMessage({ type: 'closed' } satisfies PortMessage);
      port.close();
    }
  });
  ipcMain.handle('floe:shell', async (event, method: unknown, request: unknown) => {
    const sender = senderOf(event);
    if (!sender) throw new Error('refused');
    return answerShell(sender, method, request);
  });
}

async function answerShell(
  { api, mayCall }: TrustedWindow,
  method: unknown,
  request: unknown,
): Promise<ShellAnswer> {
  if (!mayCall()) return refusal('too many calls');
  if (!isShellMethod(method)) return refusal('there is no such method');
  const parsed = v.safeParse(shellMethods[method], request);
  if (!parsed.success) return refusal(`the request of ${method} is not valid`);
  try {
    const call = api[method].bind(api) as (given: unknown) => Promise<unknown>;
    return { ok: true, value: await call(parsed.output) };
  } catch (error) {
    return refusal(error instanceof Error ? error.message : String(error), 'internal');
  }
}

function refusal(message: string, code: 'usage' | 'internal' = 'usage'): ShellAnswer {
  const next = code === 'usage' ? 'Reload the window.' : 'Try it again, or choose another place.';
  const error: SerializedError = { code, message, next, context: {} };
  return { ok: false, error };
}
