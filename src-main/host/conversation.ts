/**
 * @file One caller's conversation with the home, whatever carries it: a token first, then calls and
 * events. The same on the home's socket and on a browser's WebSocket.
 *
 * A caller that breaks a rule is hung up on; a caller that goes away takes its calls with it: their
 * signals are aborted.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';
import type { EngineEvent } from '#contract/events.ts';
import {
  decodeMessage,
  encodeMessage,
  type ClientMessage,
  type EngineMessage,
} from '#contract/wire.ts';
import { serializeError } from '#engine/model/engine-error.ts';

/** A caller has a few calls open and their cancels; this bounds a runaway one. */
const CALLS_PER_CALLER_MAX = 64;
/** A caller that has not taken this much misses events; answers are never dropped. */
const EVENT_BYTES_WAITING_MAX = 1_048_576;

/** Who answers: the home with its engine. A request is parsed before anything sees it. */
export interface Answering {
  call(method: string, request: unknown, signal: AbortSignal): Promise<unknown>;
  subscribe(listener: (event: EngineEvent) => void): () => void;
}

/** What carries the texts of one caller. */
export interface Channel {
  send(text: string): void;
  /** Bytes that were sent and not taken yet. */
  waitingBytes(): number;
  hangUp(why: 'not-admitted' | 'refused'): void;
}

export interface ConversationOptions {
  readonly answering: Answering;
  readonly isToken: (text: string) => boolean;
  /** The caller asked the engine to stop; absent where it may not. */
  readonly onStop: (() => void) | undefined;
}

export interface Conversation {
  receive(text: string): void;
  /** The caller has gone. */
  end(): void;
}

const clientMessage = v.variant('type', [
  v.strictObject({ type: v.literal('hello'), token: v.string() }),
  v.strictObject({
    type: v.literal('call'),
    id: v.pipe(v.number(), v.safeInteger()),
    method: v.string(),
    request: v.unknown(),
  }),
  v.strictObject({ type: v.literal('cancel'), id: v.pipe(v.number(), v.safeInteger()) }),
  v.strictObject({ type: v.literal('stop') }),
]);

export function openConversation(channel: Channel, options: ConversationOptions): Conversation {
  const running = new Map<number, AbortController>();
  let unsubscribe: (() => void) | undefined;
  let hasEnded = false;
  const send = (message: EngineMessage): void => {
    if (!hasEnded) channel.send(encodeMessage(message));
  };
  const end = (): void => {
    hasEnded = true;
    unsubscribe?.();
    for (const controller of running.values()) controller.abort();
  };
  const hangUp: Channel['hangUp'] = (why) => {
    end();
    channel.hangUp(why);
  };
  const hello = (message: ClientMessage): void => {
    if (message.type !== 'hello' || !options.isToken(message.token)) {
      hangUp('not-admitted');
      return;
    }
    unsubscribe = options.answering.subscribe((event) => {
      if (channel.waitingBytes() < EVENT_BYTES_WAITING_MAX) send({ type: 'event', event });
    });
    send({ type: 'welcome', pid: process.pid });
  };
  const call = ({ id, method, request }: Extract<ClientMessage, { type: 'call' }>): void => {
    if (running.size >= CALLS_PER_CALLER_MAX || running.has(id)) {
      hangUp('refused');
      return;
    }
    const controller = new AbortController();
    running.set(id, controller);
    void options.answering
      .call(method, request, controller.signal)
      .then(
        (value): EngineMessage => ({ type: 'result', id, value }),
        (error: unknown): EngineMessage => ({ type: 'error', id, error: serializeError(error) }),
      )
      .then((reply) => {
        running.delete(id);
        send(reply);
      });
  };
  return {
    receive: (text) => {
      if (hasEnded) return;
      const message = parseMessage(text);
      if (message === undefined) hangUp('refused');
      else if (unsubscribe === undefined) hello(message);
      else if (message.type === 'call') call(message);
      else if (message.type === 'cancel') running.get(message.id)?.abort();
      else if (message.type === 'stop' && options.onStop) options.onStop();
      else hangUp('refused');
    },
    end,
  };
}

function parseMessage(text: string): ClientMessage | undefined {
  try {
    const parsed = v.safeParse(clientMessage, decodeMessage(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** SHA-256, so that secrets of any length can be compared in constant time, and kept as digests. */
export const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether `text` is the secret of this digest, in the same time for every text. */
export const isSecret = (text: string, digest: Uint8Array): boolean =>
  timingSafeEqual(digestOf(text), digest);
