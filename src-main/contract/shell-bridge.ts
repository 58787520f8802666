/**
 * @file What the preload puts on `window.floe` in the desktop app: a wire and nothing else.
 *
 * Messages are the texts of wire.ts. The preload neither reads nor makes any; the shell checks what
 * the window sends (`call` and `cancel` only: it says hello by itself, with a token that no window
 * ever sees) and passes on what the engine answers. While the state is `down`, texts that are sent
 * are dropped, and calls under way will never be answered.
 */
import type { ShellApi, ShellEvent } from './shell-api.ts';
import type { SerializedError } from './errors.ts';

export type ShellMethod = keyof ShellApi;

export type ShellAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: SerializedError };

export type LinkState = 'connecting' | 'up' | 'down';

/** What the shell sends through the port. */
export type PortMessage =
  /** An engine's message as it came. */
  | { readonly type: 'message'; readonly text: string }
  | { readonly type: 'state'; readonly state: LinkState }
  /** The last one: what came broke the rules. */
  | { readonly type: 'closed' };

export interface ShellBridge {
  /** The operating system, for the few places that look different on it. */
  readonly platform: string;
  /** One ClientMessage, encoded by wire.ts. */
  send(text: string): void;
  /** Every EngineMessage, as encoded by wire.ts. At most one listener: the last one set. */
  onMessage(listener: (text: string) => void): void;
  /** Tells the present state at once, and every change. At most one listener: the last one set. */
  onState(listener: (state: LinkState) => void): void;
  /** A method of ShellApi. */
  callShell(method: ShellMethod, request: unknown): Promise<ShellAnswer>;
  /** At most one listener: the last one set. */
  onShellEvent(listener: (event: ShellEvent) => void): void;
}

/** The screens that a link or the tray may open. It is all that a link can do. */
export const screens = [
  'folders',
  'activity',
  'restore',
  'storage',
  'network',
  'settings',
  'kit',
  'about',
] as const;

export type Screen = (typeof screens)[number];
