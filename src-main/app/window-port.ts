/**
 * @file Between a window's port and the engine's socket: checks what the window sends, forwards the
 * rest unread.
 *
 * A window may call and cancel. It cannot say hello, since it has no token, and cannot stop the
 * engine. A text that is too long, malformed or one too many ends the port: our own renderer never
 * sends one.
 */
import * as v from 'valibot';
import type { MessagePortMain } from 'electron';
import type { PortMessage } from '#contract/shell-bridge.ts';
import { decodeMessage } from '#contract/wire.ts';
import { EngineLink } from './engine-link.ts';
import { openBudget } from './rate-limit.ts';

/** The longest request there is: a folder's ignore rules. */
export const TEXT_CHARACTERS_MAX = 4 * 1024 * 1024;
const TEXT_RATE = { perSecond: 200, burst: 400 };

const id = v.pipe(v.number(), v.safeInteger());
const windowMessage = v.variant('type', [
  v.strictObject({
    type: v.literal('call'),
    id,
    method: v.pipe(v.string(), v.regex(/^[a-zA-Z]{1,40}$/)),
    request: v.unknown(),
  }),
  v.strictObject({ type: v.literal('cancel'), id }),
]);

/** Whether a window may send this text to the engine. */
export function isAllowedText(text: unknown): text is string {
  if (typeof text !== 'string' || text.length > TEXT_CHARACTERS_MAX) return false;
  try {
    return v.is(windowMessage, decodeMessage(text));
  } catch {
    return false;
  }
}

export function serveWindowPort(port: MessagePortMain, home: string): void {
  const post = (message: PortMessage): void => port.postMessage(message);
  const link = new EngineLink(home, {
    onText: (text) => post({ type: 'message', text }),
    onState: (state) => post({ type: 'state', state }),
  });
  const mayPass = openBudget(TEXT_RATE, Date.now);
  port.on('close', () => link.close());
  port.on('message', ({ data }) => {
    if (isAllowedText(data) && mayPass()) link.send(data);
    else {
      post({ type: 'closed' });
      link.close();
      port.close();
    }
  });
  port.start();
  link.open();
}
