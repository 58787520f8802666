/**
 * @file An operating failure: the world did not cooperate.
 *
 * The engine throws no other error on purpose. A broken assumption of our own is reported with
 * `node:assert` instead. A caller that changed its mind is an `AbortError`, never logged.
 */
import { errorCodes, type ErrorCode, type Retry, type SerializedError } from '#contract/errors.ts';

export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: ErrorCode;
  readonly context: SerializedError['context'];

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly context?: SerializedError['context']; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.context = options.context ?? {};
  }

  get retry(): Retry {
    return errorCodes[this.code].retry;
  }
}

/** Whether `error` is an EngineError of the given code. */
export function hasCode(error: unknown, code: ErrorCode): error is EngineError {
  return error instanceof EngineError && error.code === code;
}

/** Whether the caller changed its mind. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** The error as it crosses a wire. Anything that is not an EngineError is `internal`. */
export function serializeError(error: unknown): SerializedError {
  const code: ErrorCode = error instanceof EngineError ? error.code : 'internal';
  const cause = error instanceof Error ? error.cause : undefined;
  return {
    code,
    message: error instanceof Error ? error.message : String(error),
    next: errorCodes[code].next,
    context: error instanceof EngineError ? error.context : {},
    ...(cause instanceof Error ? { cause: serializeError(cause) } : {}),
  };
}

/** The EngineError that another process serialized. */
export function deserializeError(wire: SerializedError): EngineError {
  return new EngineError(wire.code, wire.message, {
    context: wire.context,
    ...(wire.cause ? { cause: deserializeError(wire.cause) } : {}),
  });
}
