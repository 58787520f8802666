/**
 * @file `fetch` with the limits the SDK's clients lack: a time for the whole request including
 * its body, a largest answer, and no HTTP status that could be mistaken for an answer.
 *
 * The SDK's clients wrap what their `fetch` throws, each in its own way. The real reason is kept
 * in `FetchFailures` under the signal of the call, where `sdk-rpc.ts` finds it.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import type { Clock } from '#engine/ports/ports.ts';

/** Covers the slowest call, an execution that waits for finality (1 s observed, 0.3 typical). */
const REQUEST_TIMEOUT_MS = 30_000;
/** 50 objects of the largest size Sui allows (250 KiB), base64 in JSON, fit with room to spare. */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
/** Statuses of `Response` that may not carry a body. */
const BODILESS_STATUSES: readonly number[] = [204, 205, 304];

/** What really happened to a call, by the signal that the call was made with. */
export type FetchFailures = WeakMap<AbortSignal, EngineError>;

export function openBoundedFetch(options: {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly endpointName: string;
  readonly failures: FetchFailures;
  /** The server's own clock, Unix ms, to the second. */
  readonly onServerTime?: ((endpointName: string, serverMs: number) => void) | undefined;
}): typeof fetch {
  const { clock, endpointName, failures, onServerTime } = options;
  return async (input, init) => {
    const caller = init?.signal ?? undefined;
    const request = new AbortController();
    const timer = new AbortController();
    const onCallerAbort = (): void => request.abort(caller?.reason);
    if (caller?.aborted) onCallerAbort();
    caller?.addEventListener('abort', onCallerAbort, { once: true });
    let timedOut = false;
    void clock.sleep(REQUEST_TIMEOUT_MS, timer.signal).then(
      () => {
        timedOut = true;
        request.abort();
      },
      () => undefined,
    );
    try {
      const response = await options.fetch(input, { ...init, signal: request.signal });
      const serverMs = Date.parse(response.headers.get('date') ?? '');
      if (!Number.isNaN(serverMs)) onServerTime?.(endpointName, serverMs);
      const body = await readBody(response);
      if (!response.ok) throw statusError(endpointName, response.status);
      return new Response(BODILESS_STATUSES.includes(response.status) ? null : body, {
        status: response.status,
        headers: response.headers,
      });
    } catch (error) {
      if (caller?.aborted) throw error;
      const failure = timedOut
        ? unreachable(endpointName, `no answer within ${String(REQUEST_TIMEOUT_MS)} ms`, error)
        : error instanceof EngineError
          ? error
          : unreachable(endpointName, reasonOf(error), error);
      if (caller) failures.set(caller, failure);
      throw failure;
    } finally {
      timer.abort();
      caller?.removeEventListener('abort', onCallerAbort);
    }
  };
}

/** The whole body, or `rpc-invalid-answer` once it is longer than anything we ask for. */
async function readBody(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const step = await reader?.read();
    if (step === undefined || step.done) break;
    const part = step.value as Uint8Array;
    sizeBytes += part.length;
    if (sizeBytes > ANSWER_BYTES_MAX) {
      await reader?.cancel();
      throw new EngineError(
        'rpc-invalid-answer',
        `an answer exceeds ${String(ANSWER_BYTES_MAX)} B`,
      );
    }
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts, sizeBytes));
}

/**
 * A status other than 2xx is never an answer: gRPC-web and JSON-RPC report their own errors under
 * 200. A 404 in particular is an endpoint that speaks another protocol, not "object not found".
 */
function statusError(endpointName: string, status: number): EngineError {
  const passing = status === 408 || status === 425 || status === 429 || status >= 500;
  return new EngineError(
    passing ? 'rpc-unreachable' : 'rpc-invalid-answer',
    `${endpointName} answers with HTTP status ${String(status)}`,
    { context: { endpoint: endpointName, status } },
  );
}

function unreachable(endpointName: string, why: string, cause: unknown): EngineError {
  return new EngineError('rpc-unreachable', `${endpointName} does not answer: ${why}`, {
    context: { endpoint: endpointName },
    cause,
  });
}

/** Node hides the socket's error below a general "fetch failed". */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error) return cause.message || cause.name;
  return error instanceof Error ? error.message : String(error);
}
