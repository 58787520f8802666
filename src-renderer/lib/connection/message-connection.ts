/**
 * @file AppConnection over any carrier of texts. The only place that pairs calls with answers.
 *
 * A carrier reconnects by itself; this class refuses calls while it is away and fails those that
 * were under way when it went, because nobody will answer them any more. Work that was begun goes
 * on in the engine all the same: views ask `tasks` again once the state is `up`.
 */
import type { AppApi, AppConnection } from '#contract/app-api.ts';
import type { CallOptions } from '#contract/api.ts';
import type { EngineEvent } from '#contract/events.ts';
import type { ShellApi, ShellEvent } from '#contract/shell-api.ts';
import { decodeMessage, encodeMessage } from '#contract/wire.ts';
import type { EngineMessage } from '#contract/wire.ts';
import { CallError, problemWithCode } from './call-error.ts';

export interface Carrier {
  send(text: string): void;
  onText(listener: (text: string) => void): void;
  /** Tells the present state at once, and every change. */
  onState(listener: (state: AppConnection['state']) => void): void;
}

export interface Shell {
  readonly api: ShellApi;
  onEvent(listener: (event: ShellEvent) => void): void;
}

interface Call {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class MessageConnection implements AppConnection {
  readonly api: AppApi;
  readonly shell: ShellApi | undefined;
  state: AppConnection['state'] = 'connecting';
  readonly #carrier: Carrier;
  readonly #calls = new Map<number, Call>();
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  readonly #shellListeners = new Set<(event: ShellEvent) => void>();
  readonly #stateListeners = new Set<(state: AppConnection['state']) => void>();
  #lastId = 0;

  constructor(carrier: Carrier, shell?: Shell) {
    this.#carrier = carrier;
    this.shell = shell?.api;
    shell?.onEvent((event) => this.#shellListeners.forEach((listener) => listener(event)));
    this.api = new Proxy({} as AppApi, {
      get: (_target, method: string) => (request: unknown, options?: CallOptions) =>
        this.#call(method, request, options?.signal),
    });
    carrier.onText((text) => this.#receive(text));
    carrier.onState((state) => this.#become(state));
  }

  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  subscribeShell(listener: (event: ShellEvent) => void): () => void {
    this.#shellListeners.add(listener);
    return () => this.#shellListeners.delete(listener);
  }

  onState(listener: (state: AppConnection['state']) => void): () => void {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  }

  #call(method: string, request: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.state !== 'up') return reject(awayError());
      if (signal?.aborted) return reject(abortError());
      const id = ++this.#lastId;
      const abort = () => {
        this.#calls.delete(id);
        this.#carrier.send(encodeMessage({ type: 'cancel', id }));
        reject(abortError());
      };
      signal?.addEventListener('abort', abort, { once: true });
      const settled = () => signal?.removeEventListener('abort', abort);
      this.#calls.set(id, {
        resolve: (value) => (settled(), resolve(value)),
        reject: (error) => (settled(), reject(error)),
      });
      this.#carrier.send(encodeMessage({ type: 'call', id, method, request }));
    });
  }

  #receive(text: string): void {
    const message = decodeMessage(text) as EngineMessage;
    if (message.type === 'event') {
      this.#listeners.forEach((listener) => listener(message.event));
    } else if (message.type === 'result' || message.type === 'error') {
      const call = this.#calls.get(message.id);
      this.#calls.delete(message.id);
      if (message.type === 'result') call?.resolve(message.value);
      else call?.reject(new CallError(message.error));
    }
  }

  #become(state: AppConnection['state']): void {
    this.state = state;
    if (state !== 'up') {
      const unanswered = [...this.#calls.values()];
      this.#calls.clear();
      unanswered.forEach((call) => call.reject(awayError()));
    }
    this.#stateListeners.forEach((listener) => listener(state));
  }
}

function awayError(): CallError {
  return new CallError(problemWithCode('engine-away', 'The engine does not answer.'));
}

function abortError(): DOMException {
  return new DOMException('The call was cancelled.', 'AbortError');
}
