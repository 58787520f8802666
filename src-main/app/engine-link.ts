/**
 * @file One caller's link to the engine that serves the home. It goes down and comes back by itself.
 *
 * Owns the handshake: the token is read here, from the home, and goes no further. Everything after
 * the welcome is handed on as text.
 */
import { readFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { decodeMessage, encodeMessage } from '#contract/wire.ts';
import type { LinkState } from '#contract/shell-bridge.ts';
import { receiveFrames, sendFrame } from '#host/frames.ts';

const SOCKET_FILE = 'engine.sock';
const TOKEN_FILE = 'engine.token';
/** Nobody waits longer than this for a line that is there again. */
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 1_000;

export interface EngineLinkListener {
  readonly onText: (text: string) => void;
  readonly onState: (state: LinkState) => void;
}

export class EngineLink {
  readonly #home: string;
  readonly #listener: EngineLinkListener;
  #state: LinkState = 'connecting';
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MS_MIN;
  #isClosed = false;
  #enginePid: number | undefined;

  constructor(home: string, listener: EngineLinkListener) {
    this.#home = home;
    this.#listener = listener;
  }

  /** Connect, and again whenever the line is lost, until `close`. */
  open(): void {
    this.#connect();
  }

  get state(): LinkState {
    return this.#state;
  }

  /** The process that answers, while the link is up. */
  get enginePid(): number | undefined {
    return this.#enginePid;
  }

  /** Send a text; dropped unless the link is up. */
  send(text: string): void {
    if (this.#state === 'up' && this.#socket) sendFrame(this.#socket, text);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  #connect(): void {
    let token: string;
    try {
      token = readFileSync(join(this.#home, TOKEN_FILE), 'utf8');
    } catch {
      this.#down();
      return;
    }
    const socket = createConnection(join(this.#home, SOCKET_FILE));
    this.#socket = socket;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#down());
    socket.on('connect', () => {
      receiveFrames(socket, (text) => this.#receive(text));
      sendFrame(socket, encodeMessage({ type: 'hello', token }));
    });
  }

  #receive(text: string): void {
    if (this.#isClosed) return;
    if (this.#state === 'up') {
      this.#listener.onText(text);
      return;
    }
    const message = decodeMessage(text) as { readonly type?: string; readonly pid?: number };
    if (message.type !== 'welcome') return;
    this.#enginePid = message.pid;
    this.#retryMs = RETRY_MS_MIN;
    this.#tell('up');
  }

  #down(): void {
    this.#socket = undefined;
    this.#enginePid = undefined;
    if (this.#isClosed) return;
    this.#tell('down');
    this.#timer = setTimeout(() => this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2);
  }

  #tell(state: LinkState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#listener.onState(state);
  }
}
