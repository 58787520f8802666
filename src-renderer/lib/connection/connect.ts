/** @file Which connection there is. Nothing else in the UI knows. */
import type { AppConnection } from '#contract/app-api.ts';
import { ENGINE_PATH } from '#contract/browser-wire.ts';
import type { ShellBridge } from '#contract/shell-bridge.ts';
import { enter } from './admission.ts';
import { MessageConnection } from './message-connection.ts';
import { carrierOf, shellOf } from './shell-carrier.ts';
import { SocketCarrier } from './socket-carrier.ts';

declare global {
  interface Window {
    /** The preload's bridge, in the desktop app. */
    readonly floe?: ShellBridge;
  }
}

/** The connection of this window; undefined in a browser that is not let in. */
export async function connect(): Promise<AppConnection | undefined> {
  const bridge = window.floe;
  if (bridge) return new MessageConnection(carrierOf(bridge), shellOf(bridge));
  const token = await enter();
  if (token === undefined) return undefined;
  const url = `ws://${window.location.host}${ENGINE_PATH}`;
  const onRefused = () => window.location.reload();
  return new MessageConnection(new SocketCarrier({ url, token, onRefused }));
}
