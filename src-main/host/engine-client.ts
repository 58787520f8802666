/** @file Reaches the engine that serves a home, if one does. */
import { createConnection, type Socket } from 'node:net';
import type { EngineApi, EngineConnection } from '#contract/api.ts';
import type { EngineEvent } from '#contract/events.ts';
import type { HomeApi, HostApi } from '#contract/home-api.ts';
import type { MoveApi } from '#contract/move-api.ts';
import { homeMethods, hostMethods, moveMethods } from '#contract/home-methods.ts';
import { methods } from '#contract/methods.ts';
import {
  decodeMessage,
  encodeMessage,
  type ClientMessage,
  type EngineMessage,
} from '#contract/wire.ts';
import { deserializeError, EngineError } from '#engine/model/engine-error.ts';
import { receiveFrames, sendFrame } from './frames.ts';

interface PendingCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface RemoteEngine extends EngineConnection {
  readonly api: EngineApi & HomeApi & MoveApi & HostApi;
  readonly pid: number;
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>;
  /** Ask the engine to stop; resolves when it has closed the connection. */
  stop(): Promise<void>;
}

/** Connect to the engine at `socketPath`, or give undefined when nobody answers there. */
export async function connectToEngine(
  socketPath: string,
  token: string,
): Promise<RemoteEngine | undefined> {
  const socket = await openSocket(socketPath);
  if (socket === undefined) return undefined;
  const pending = new Map<number, PendingCall>();
  const listeners = new Set<(event: EngineEvent) => void>();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const pid = await new Promise<number | undefined>((resolve) => {
    socket.once('close', () => {
      resolve(undefined);
      for (const call of pending.values()) call.reject(wentAway());
      pending.clear();
    });
    receiveFrames(socket, (text) => {
      const message = decodeMessage(text) as EngineMessage;
      if (message.type === 'welcome') resolve(message.pid);
      else if (message.type === 'event') for (const listener of listeners) listener(message.event);
      else settle(pending, message);
    });
    const hello: ClientMessage = { type: 'hello', token };
    sendFrame(socket, encodeMessage(hello));
  });
  if (pid === undefined) return undefined;
  const send = (message: ClientMessage): void => sendFrame(socket, encodeMessage(message));
  return {
    pid,
    closed,
    api: remoteApi(pending, socket, send),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      socket.end();
      await closed;
    },
    stop: async () => {
      send({ type: 'stop' });
      await closed;
    },
  };
}

const wentAway = (): EngineError =>
  new EngineError('home-in-use', 'the engine of this home went away');

async function openSocket(socketPath: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(socketPath);
    socket.once('error', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('connect', () => {
      // From here on an error is followed by `close`, which is handled.
      socket.on('error', () => socket.destroy());
      resolve(socket);
    });
  });
}

function settle(
  pending: Map<number, PendingCall>,
  message: Extract<EngineMessage, { id: number }>,
): void {
  const call = pending.get(message.id);
  pending.delete(message.id);
  if (message.type === 'result') call?.resolve(message.value);
  else call?.reject(deserializeError(message.error));
}

function remoteApi(
  pending: Map<number, PendingCall>,
  socket: Socket,
  send: (message: ClientMessage) => void,
): RemoteEngine['api'] {
  let lastId = 0;
  const call = async (
    method: string,
    request: unknown,
    signal: AbortSignal | undefined,
  ): Promise<unknown> => {
    signal?.throwIfAborted();
    if (socket.closed) throw wentAway();
    lastId += 1;
    const id = lastId;
    const cancel = (): void => send({ type: 'cancel', id });
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject });
        send({ type: 'call', id, method, request });
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  };
  // Every method of the schema tables is forwarded; the tables are mapped over the APIs.
  return Object.fromEntries(
    Object.keys({ ...methods, ...homeMethods, ...moveMethods, ...hostMethods }).map((method) => [
      method,
      (request: unknown, options?: { signal?: AbortSignal }) =>
        call(method, request, options?.signal),
    ]),
  ) as unknown as RemoteEngine['api'];
}
