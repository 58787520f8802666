/** @file The carrier in a browser: a WebSocket to the home server, made again whenever it is lost. */
import type { AppConnection } from '#contract/app-api.ts';
import { CLOSE_CODES } from '#contract/browser-wire.ts';
import { decodeMessage, encodeMessage } from '#contract/wire.ts';
import type { EngineMessage } from '#contract/wire.ts';
import { isLetIn } from './admission.ts';
import type { Carrier } from './message-connection.ts';

/** Short at first, so that a restarted engine is seen within a second or two; never a storm. */
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 2_000;

export interface SocketCarrierOptions {
  readonly url: string;
  readonly token: string;
  /** The session is known no more: only a new code helps. */
  readonly onRefused: () => void;
}

export class SocketCarrier implements Carrier {
  readonly #options: SocketCarrierOptions;
  #socket: WebSocket | undefined;
  #state: AppConnection['state'] = 'connecting';
  #retryMs = RETRY_MS_MIN;
  #onText: (text: string) => void = () => undefined;
  #onState: (state: AppConnection['state']) => void = () => undefined;

  constructor(options: SocketCarrierOptions) {
    this.#options = options;
    this.#open();
  }

  send(text: string): void {
    if (this.#state === 'up') this.#socket?.send(text);
  }

  onText(listener: (text: string) => void): void {
    this.#onText = listener;
  }

  onState(listener: (state: AppConnection['state']) => void): void {
    this.#onState = listener;
    listener(this.#state);
  }

  #open(): void {
    const socket = new WebSocket(this.#options.url);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      socket.send(encodeMessage({ type: 'hello', token: this.#options.token }));
    });
    socket.addEventListener('message', (event: MessageEvent<string>) => {
      if (this.#state === 'up') this.#onText(event.data);
      else if ((decodeMessage(event.data) as EngineMessage).type === 'welcome') this.#welcome();
    });
    socket.addEventListener('close', (event) => void this.#lose(event.code));
  }

  #welcome(): void {
    this.#retryMs = RETRY_MS_MIN;
    this.#become('up');
  }

  async #lose(code: number): Promise<void> {
    this.#become('down');
    if (code === CLOSE_CODES.notAdmitted || !(await isLetIn())) {
      this.#options.onRefused();
      return;
    }
    setTimeout(() => this.#open(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
  }

  #become(state: AppConnection['state']): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#onState(state);
  }
}
