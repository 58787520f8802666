/** @file The carrier in the desktop app: the preload's bridge, which holds the message port. */
import type { ShellApi, ShellEvent } from '#contract/shell-api.ts';
import type { ShellBridge, ShellMethod } from '#contract/shell-bridge.ts';
import { CallError } from './call-error.ts';
import type { Carrier, Shell } from './message-connection.ts';

export function carrierOf(bridge: ShellBridge): Carrier {
  return {
    send: (text) => bridge.send(text),
    onText: (listener) => bridge.onMessage(listener),
    onState: (listener) => bridge.onState(listener),
  };
}

export function shellOf(bridge: ShellBridge): Shell {
  const api = new Proxy({} as ShellApi, {
    get: (_target, method: ShellMethod) => async (request: unknown) => {
      const answer = await bridge.callShell(method, request);
      if (!answer.ok) throw new CallError(answer.error);
      return answer.value;
    },
  });
  return {
    api,
    onEvent: (listener: (event: ShellEvent) => void) => bridge.onShellEvent(listener),
  };
}
