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
import { hostMethods, WITHHELD_FROM_PAGES } from '#contract/home-methods.ts';
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
    method: v.pipe(v.string(), v.regex(/^[a-zA-Z]{1,40}$/), v.check(isForWindows)),
    request: v.unknown(),
  }),
  v.strictObject({ type: v.literal('cancel'), id }),
]);
/** A call that the home hands on to a home beside it: the same holds for what it names. */
const handedOn = v.looseObject({ method: v.pipe(v.string(), v.check(isForWindows)) });

/** The socket belongs to whoever runs Floe; a window shows what others wrote, and gets less. */
function isForWindows(method: string): boolean {
  return !WITHHELD_FROM_PAGES.includes(method) && !(method in hostMethods);
}

/** Whether a window may send this text to the engine. */
export function isAllowedText(text: unknown): text is string {
  if (typeof text !== 'string' || text.length > TEXT_CHARACTERS_MAX) return false;
  try {
    const message = decodeMessage(text);
    if (!v.is(windowMessage, message)) return false;
    const isHandedOn = message.type === 'call' && message.method === 'callOtherHome';
    return !isHandedOn || v.is(handedOn, message.request);
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
  // A window that hears nothing takes its port for refused.
  post({ type: 'state', state: link.state });
  link.open();
}
