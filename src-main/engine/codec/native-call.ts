/**
 * @file The door to the addon: its errors become EngineError, an AbortSignal stops its work.
 *
 * The addon throws `code: sentence`. Its codes name what is wrong with the input and are kept as
 * `context.reason`; the engine's own code says what follows from it.
 */
import { Cancellation } from '#native';
import type { ErrorCode } from '#contract/errors.ts';
import { EngineError } from '../model/engine-error.ts';

const NATIVE_MESSAGE_PATTERN = /^([a-z0-9-]+): ([^]*)$/;

/** Native codes that do not mean `encoding-invalid-input`. */
const ENGINE_CODES: Readonly<Record<string, ErrorCode>> = {
  'blob-too-large': 'blob-too-large',
  inconsistent: 'blob-inconsistent',
  insufficient: 'slivers-insufficient',
  'seal-version': 'format-unknown',
  'seal-damaged': 'pack-damaged',
  internal: 'internal',
};

const CANCELLED = 'cancelled';

/** The error that a message of the addon stands for. */
export function engineErrorFromNative(message: string, cause?: unknown): EngineError {
  const [, reason, sentence] = NATIVE_MESSAGE_PATTERN.exec(message) ?? [];
  if (reason === undefined || sentence === undefined) {
    return new EngineError('internal', message, { cause });
  }
  const code = ENGINE_CODES[reason] ?? 'encoding-invalid-input';
  return new EngineError(code, sentence, { context: { reason }, cause });
}

function translate(error: unknown): unknown {
  return error instanceof Error && !(error instanceof EngineError)
    ? engineErrorFromNative(error.message, error)
    : error;
}

/** Call a function of the addon that answers at once. */
export function callNative<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw translate(error);
  }
}

/**
 * Call a function of the addon that works on the thread pool.
 *
 * Rejects with the signal's reason when it is aborted, but not before the work has ended: until
 * then the addon reads the caller's bytes.
 */
export async function runNative<T>(
  call: (cancellation: Cancellation) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const cancellation = new Cancellation();
  const cancel = (): void => {
    cancellation.cancel();
  };
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    return await call(cancellation);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith(`${CANCELLED}: `)) {
      signal?.throwIfAborted();
    }
    throw translate(error);
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}
