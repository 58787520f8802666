/** @file Which connection there is. Nothing else in the UI knows. */
import type { AppConnection } from '#contract/app-api.ts';
import type { ShellBridge } from '#contract/shell-bridge.ts';
import { MessageConnection } from './message-connection.ts';
import { carrierOf, shellOf } from './shell-carrier.ts';
import { SocketCarrier } from './socket-carrier.ts';

declare global {
  interface Window {
    readonly floe?: ShellBridge;
  }
}

export function connect(): AppConnection {
  const bridge = window.floe;
  if (bridge) return new MessageConnection(carrierOf(bridge), shellOf(bridge));
  const url = new URL('/engine', window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return new MessageConnection(new SocketCarrier(url.href));
}
