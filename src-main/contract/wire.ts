/**
 * @file Messages between the engine and whoever talks to it, as one JSON text each.
 *
 * Bigints travel as `{"$bigint":"123"}`; nothing else needs help.
 */
import type { SerializedError } from './errors.ts';
import type { EngineEvent } from './events.ts';

/** A message longer than this is refused: no caller of ours sends one. */
export const WIRE_BYTES_MAX = 64 * 1024 * 1024;

export type ClientMessage =
  | { readonly type: 'hello'; readonly token: string }
  | {
      readonly type: 'call';
      readonly id: number;
      readonly method: string;
      readonly request: unknown;
    }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'stop' };

export type EngineMessage =
  | { readonly type: 'welcome'; readonly pid: number }
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: SerializedError }
  | { readonly type: 'event'; readonly event: EngineEvent };

export function encodeMessage(message: ClientMessage | EngineMessage): string {
  return JSON.stringify(message, (_key, value: unknown) =>
    typeof value === 'bigint' ? { $bigint: value.toString() } : value,
  );
}

/** Parse a message; the caller checks its shape. Throws SyntaxError on anything but JSON. */
export function decodeMessage(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    const tagged = (value as { $bigint?: unknown }).$bigint;
    return typeof tagged === 'string' ? BigInt(tagged) : value;
  });
}
