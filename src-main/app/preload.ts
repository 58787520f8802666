/**
 * @file The wire between a window and the shell; runs sandboxed in the window's own process.
 *
 * It hands texts on and decides nothing: main checks everything that comes from here, and a window
 * that replaced this file would gain nothing. It imports types only, so that it is bundled to one
 * file, as a sandboxed preload must be.
 */
import { contextBridge, ipcRenderer } from 'electron';
import type { LinkState, PortMessage, ShellAnswer, ShellBridge } from '#contract/shell-bridge.ts';
import type { ShellEvent } from '#contract/shell-api.ts';

const RECONNECT_MS = 500;

/** Of the page's own world; Node's types know none. */
interface Port {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(text: string): void;
  close(): void;
}

let port: Port | undefined;
let state: LinkState = 'connecting';
let onMessage: ((text: string) => void) | undefined;
let onState: ((state: LinkState) => void) | undefined;
let onShellEvent: ((event: ShellEvent) => void) | undefined;
/** What the shell told before the page listened. */
const earlyShellEvents: ShellEvent[] = [];

function setState(next: LinkState): void {
  if (next === state) return;
  state = next;
  onState?.(state);
}

/**
 * Main closes a port whose texts break the rules; the window gets a new one, and a new start. A port
 * that main takes says something at once. One that stays silent was refused: this may run before
 * main has heard that the page is ours, so it asks again.
 */
function openPort(): void {
  const channel = new MessageChannel();
  const asked = channel.port1 as unknown as Port;
  port = asked;
  const refused = setTimeout(() => {
    asked.close();
    openPort();
  }, RECONNECT_MS);
  asked.onmessage = ({ data }) => {
    clearTimeout(refused);
    const message = data as PortMessage;
    if (message.type === 'message') onMessage?.(message.text);
    else if (message.type === 'state') setState(message.state);
    else {
      setState('down');
      setTimeout(openPort, RECONNECT_MS);
    }
  };
  ipcRenderer.postMessage('floe:port', null, [channel.port2 as never]);
}

ipcRenderer.on('floe:shell-event', (_event, event: ShellEvent) => {
  if (onShellEvent) onShellEvent(event);
  else earlyShellEvents.push(event);
});

const bridge: ShellBridge = {
  platform: process.platform,
  send: (text) => port?.postMessage(text),
  onMessage: (listener) => {
    onMessage = listener;
  },
  onState: (listener) => {
    onState = listener;
    listener(state);
  },
  callShell: (method, request) =>
    ipcRenderer.invoke('floe:shell', method, request) as Promise<ShellAnswer>,
  onShellEvent: (listener) => {
    onShellEvent = listener;
    for (const event of earlyShellEvents.splice(0)) listener(event);
  },
};

openPort();
contextBridge.exposeInMainWorld('floe', bridge);
