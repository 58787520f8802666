/** @file The carrier in a browser: a WebSocket to the home server, made again whenever it is lost. */
import type { AppConnection } from '#contract/app-api.ts';
import type { Carrier } from './message-connection.ts';

/** Short at first, so that a restarted engine is seen within a second or two; never a storm. */
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 2_000;

export class SocketCarrier implements Carrier {
  readonly #url: string;
  #socket: WebSocket | undefined;
  #retryMs = RETRY_MS_MIN;
  #onText: (text: string) => void = () => undefined;
  #onState: (state: AppConnection['state']) => void = () => undefined;

  constructor(url: string) {
    this.#url = url;
    this.#open();
  }

  send(text: string): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  onText(listener: (text: string) => void): void {
    this.#onText = listener;
  }

  onState(listener: (state: AppConnection['state']) => void): void {
    this.#onState = listener;
    listener(this.#socket?.readyState === WebSocket.OPEN ? 'up' : 'connecting');
  }

  #open(): void {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.#retryMs = RETRY_MS_MIN;
      this.#onState('up');
    });
    socket.addEventListener('message', (event: MessageEvent<string>) => this.#onText(event.data));
    socket.addEventListener('close', () => {
      this.#onState('down');
      setTimeout(() => this.#open(), this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
    });
  }
}
