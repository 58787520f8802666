/** @file A call that failed, as the UI holds it. */
import { errorCodes } from '#contract/errors.ts';
import type { ErrorCode, SerializedError } from '#contract/errors.ts';

/** What the engine or the host answered, or `engine-away` when nobody could answer. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly problem: SerializedError;

  constructor(problem: SerializedError) {
    super(problem.message);
    this.problem = problem;
  }
}

export function problemWithCode(code: ErrorCode, message: string): SerializedError {
  return { code, message, next: errorCodes[code].next, context: {} };
}

/** The caller changed its mind; never shown. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** The problem behind anything that was thrown, so that every view shows one kind of thing. */
export function problemOf(error: unknown): SerializedError {
  if (error instanceof CallError) return error.problem;
  return problemWithCode('internal', error instanceof Error ? error.message : String(error));
}
