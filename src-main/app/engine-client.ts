/** @file The shell's own calls to the engine, for tray, notifications and quitting. */
import type { AppApi } from '#contract/app-api.ts';
import type { SerializedError } from '#contract/errors.ts';
import type { EngineEvent } from '#contract/events.ts';
import type { LinkState } from '#contract/shell-bridge.ts';
import { decodeMessage, encodeMessage, type EngineMessage } from '#contract/wire.ts';
import { EngineLink } from './engine-link.ts';

/** A call that the engine answered with a problem, or that it will not answer any more. */
export class CallFailure extends Error {
  readonly problem: SerializedError;

  constructor(problem: SerializedError) {
    super(problem.message);
    this.problem = problem;
  }
}

const ENGINE_AWAY: SerializedError = {
  code: 'home-in-use',
  message: 'the engine went away',
  next: 'Floe starts it again by itself.',
  context: {},
};

interface PendingCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: CallFailure) => void;
}

export class EngineClient {
  readonly link: EngineLink;
  readonly #pending = new Map<number, PendingCall>();
  #lastId = 0;

  constructor(
    home: string,
    listener: {
      readonly onEvent: (event: EngineEvent) => void;
      readonly onState: (state: LinkState) => void;
    },
  ) {
    this.link = new EngineLink(home, {
      onText: (text) => {
        const message = decodeMessage(text) as EngineMessage;
        if (message.type === 'event') listener.onEvent(message.event);
        else if (message.type !== 'welcome') this.#settle(message);
      },
      onState: (state) => {
        if (state === 'down') this.#rejectAll();
        listener.onState(state);
      },
    });
  }

  async call<Method extends keyof AppApi>(
    method: Method,
    request: Parameters<AppApi[Method]>[0],
  ): Promise<Awaited<ReturnType<AppApi[Method]>>> {
    if (this.link.state !== 'up') throw new CallFailure(ENGINE_AWAY);
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = await new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.link.send(encodeMessage({ type: 'call', id, method, request }));
    });
    return answer as Awaited<ReturnType<AppApi[Method]>>;
  }

  /** The same of a home beside this one, by the name of its network. */
  async callAt<Method extends keyof AppApi>(
    networkName: string | undefined,
    method: Method,
    request: Parameters<AppApi[Method]>[0],
  ): Promise<Awaited<ReturnType<AppApi[Method]>>> {
    if (networkName === undefined) return this.call(method, request);
    const answer = await this.call('callOtherHome', { networkName, method, request });
    return answer as Awaited<ReturnType<AppApi[Method]>>;
  }

  /** Ask the engine to end. */
  stopEngine(): void {
    this.link.send(encodeMessage({ type: 'stop' }));
  }

  #settle(message: Extract<EngineMessage, { readonly id: number }>): void {
    const call = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.type === 'result') call?.resolve(message.value);
    else call?.reject(new CallFailure(message.error));
  }

  #rejectAll(): void {
    for (const call of this.#pending.values()) call.reject(new CallFailure(ENGINE_AWAY));
    this.#pending.clear();
  }
}
