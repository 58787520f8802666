/** @file From the name of a method and what arrived with it to an answer. */
import * as v from 'valibot';
import type { CallOptions } from '#contract/api.ts';
import { EngineError } from '#engine/model/engine-error.ts';

/**
 * What arrived, as the method's schema has it.
 *
 * @throws EngineError `usage`
 */
export function parseRequest(
  method: string,
  schema: v.GenericSchema<unknown, unknown>,
  request: unknown,
): unknown {
  const parsed = v.safeParse(schema, request);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  // The path and not the message, which may repeat what was given: a passphrase, for instance.
  throw new EngineError('usage', `the request of ${method} is not valid`, {
    context: { field: v.getDotPath(issue) ?? '', expected: issue.expected ?? '' },
  });
}

/** Call a method of an API with a request that its schema has parsed. */
export async function callMethod(
  api: object,
  method: string,
  request: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  const methods = api as Record<
    string,
    (request: unknown, options: CallOptions) => Promise<unknown>
  >;
  const found = methods[method];
  if (!found) throw new EngineError('usage', `there is no method ${method}`);
  return found.call(api, request, { signal });
}
