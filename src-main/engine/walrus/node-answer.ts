/**
 * @file What an answer of a storage node means (walrus-protocol B.1, B.2).
 *
 * Three cases that ask for different behaviour: it worked; the node said no and gave a reason;
 * something failed that says nothing about the request. Reasons are compared as the codes of the
 * JSON envelope; texts are for the log only, since nodes also answer plain text.
 */
import type { ExchangeFailure, ExchangeOutcome } from './http-exchange.ts';

/** Reasons of the JSON error envelope that something here depends on. */
export type RefusalReason =
  | 'NOT_REGISTERED'
  | 'METADATA_NOT_FOUND'
  | 'SLIVER_NOT_FOUND'
  | 'MISSING_SLIVERS'
  | 'SHARD_NOT_ASSIGNED'
  | 'FORBIDDEN_BLOB'
  | 'INVALID_BLOB'
  | 'NO_SUCH_ROUTE'
  | 'OTHER';

export type NodeAnswer<Value> =
  | { readonly kind: 'ok'; readonly value: Value; readonly status: number }
  | {
      readonly kind: 'refused';
      readonly reason: RefusalReason;
      readonly status: number;
      readonly message: string;
    }
  | {
      readonly kind: 'failed';
      readonly failure: ExchangeFailure | 'overloaded' | 'server-error' | 'false-answer';
      readonly message: string;
      /** The node asked to be left alone for this long. */
      readonly retryAfterMs?: number;
    };

const KNOWN_REASONS: ReadonlySet<string> = new Set<RefusalReason>([
  'NOT_REGISTERED',
  'METADATA_NOT_FOUND',
  'SLIVER_NOT_FOUND',
  'MISSING_SLIVERS',
  'SHARD_NOT_ASSIGNED',
  'FORBIDDEN_BLOB',
  'INVALID_BLOB',
]);

/** The node's cache of blobs not yet registered is full: passes by itself. */
const CACHE_SATURATED = 'CACHE_SATURATED';
const MESSAGE_LENGTH_MAX = 200;

/** Read an outcome; `parse` turns a good body into a value, undefined where it is not a true one. */
export function readAnswer<Value>(
  outcome: ExchangeOutcome,
  parse: (body: Buffer) => Value | undefined,
): NodeAnswer<Value> {
  if (outcome.kind === 'failed') return outcome;
  const { status, body } = outcome;
  if (status >= 200 && status < 300) {
    const value = parse(body);
    return value === undefined
      ? { kind: 'failed', failure: 'false-answer', message: `HTTP ${String(status)} unreadable` }
      : { kind: 'ok', value, status };
  }
  const { reason, message } = readEnvelope(body, outcome.isJson);
  const text = `HTTP ${String(status)} ${reason ?? ''} ${message}`.slice(0, MESSAGE_LENGTH_MAX);
  if (status === 429 || reason === CACHE_SATURATED) {
    const wait = outcome.retryAfterMs;
    return {
      kind: 'failed',
      failure: 'overloaded',
      message: text,
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
    };
  }
  if (status >= 500) return { kind: 'failed', failure: 'server-error', message: text };
  return { kind: 'refused', reason: refusalReason(status, reason), status, message: text };
}

function refusalReason(status: number, reason: string | undefined): RefusalReason {
  if (status === 451) return 'FORBIDDEN_BLOB';
  if (reason !== undefined && KNOWN_REASONS.has(reason)) return reason as RefusalReason;
  if (reason === undefined && (status === 404 || status === 405)) return 'NO_SUCH_ROUTE';
  return 'OTHER';
}

function readEnvelope(
  body: Buffer,
  isJson: boolean,
): { readonly reason: string | undefined; readonly message: string } {
  const json = isJson ? parseJson(body) : undefined;
  const error = field(json, 'error');
  const details = field(error, 'details');
  const first: unknown = Array.isArray(details)
    ? details.find((detail) => typeof field(detail, 'reason') === 'string')
    : undefined;
  const reason = field(first, 'reason');
  const message = field(error, 'message');
  return {
    reason: typeof reason === 'string' ? reason : undefined,
    message: typeof message === 'string' ? message : body.toString('latin1', 0, MESSAGE_LENGTH_MAX),
  };
}

/** `data` of the JSON success envelope; undefined for anything else. */
export function successData(body: Buffer): unknown {
  return field(field(parseJson(body), 'success'), 'data');
}

/** A property of something that may not be an object. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
