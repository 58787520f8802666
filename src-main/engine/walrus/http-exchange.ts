/**
 * @file One HTTP/1.1 request to a storage node and its answer, each as one buffer.
 *
 * Speaks undici's dispatch interface directly, without streams: the engine's CPU time per byte is
 * decided here.
 */
import type { Dispatcher, Pool } from 'undici';
import type { Clock } from '#engine/ports/ports.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { ExchangeWatch, WatchedExchange } from './exchange-watch.ts';
import { onAbort } from './on-abort.ts';

/** A body that is made only when it is this request's turn, so that waiting costs no memory. */
export interface RequestBody {
  readonly sizeBytes: number;
  read(): Uint8Array;
  /** The peer has taken all of what `read` gave: its memory may be used for something else. */
  taken?(bytes: Uint8Array): void;
}

export interface Exchange {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** Path and query below the origin. */
  readonly path: string;
  readonly body?: RequestBody;
  /** A longer answer is cut off and counts as false. */
  readonly answerBytesMax: number;
  /** Where the answer's memory comes from, and where the caller gives it back. */
  readonly answerMemory?: BufferPool;
  /** What the answer is expected to have, for the bound on bytes under way. */
  readonly answerBytesExpected: number;
  /** Lower goes first when there is no room for all. */
  readonly rank: number;
  readonly signal: AbortSignal;
  /** Called at most once: the node is silent for longer than usual, or so are those before it. */
  readonly onStall?: () => void;
}

export type ExchangeFailure =
  /** No connection: refused, no route, no such name. */
  | 'unreachable'
  /** The connection ended before the answer did. */
  | 'reset'
  | 'timeout'
  /** The TLS peer is not the storage node that the chain names. */
  | 'swapped-certificate'
  /** The answer is longer than any true one. */
  | 'oversized';

export type ExchangeOutcome =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly isJson: boolean;
      readonly retryAfterMs: number | undefined;
      readonly body: Buffer;
    }
  | { readonly kind: 'failed'; readonly failure: ExchangeFailure; readonly message: string };

const OCTET_STREAM = ['content-type', 'application/octet-stream'];

/** What is told of a request while it is under way. */
export interface ExchangeObserver {
  /** The first byte of the answer has come. */
  onFirstByte(): void;
  /** Nothing has come for longer than usual. */
  onStall(): void;
  /** A byte has come after a stall. */
  onRecovery(): void;
}

export interface SendOptions {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly watch: ExchangeWatch;
  /** Of the monotonic clock. */
  readonly deadlineAtMs: number;
  readonly observer: ExchangeObserver;
}

/** Send one request and gather its answer. Rejects only with the signal's reason. */
export function sendRequest(request: Exchange, options: SendOptions): Promise<ExchangeOutcome> {
  return new RequestUnderWay(request, options).outcome;
}

class RequestUnderWay implements Dispatcher.DispatchHandler, WatchedExchange {
  readonly outcome: Promise<ExchangeOutcome>;
  lastByteAtMs: number;
  deadlineAtMs: number;
  isStalled = false;
  readonly #settlement = Promise.withResolvers<ExchangeOutcome>();
  readonly #options: SendOptions;
  readonly #answer: AnswerBuffer;
  readonly #forgetAbort: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  readonly #body: RequestBody | undefined;
  #bodyBytes: Uint8Array | undefined;
  #isSettled = false;

  constructor(request: Exchange, options: SendOptions) {
    this.outcome = this.#settlement.promise;
    this.#options = options;
    this.#answer = new AnswerBuffer(request.answerBytesMax, request.answerMemory);
    this.lastByteAtMs = options.clock.monotonicMs();
    this.deadlineAtMs = options.deadlineAtMs;
    const body = request.body?.read();
    this.#body = request.body;
    this.#bodyBytes = body;
    this.#forgetAbort = onAbort(request.signal, () => {
      if (!this.#end()) return;
      this.#settlement.reject(request.signal.reason);
      this.#controller?.abort(new Error('no longer wanted'));
    });
    options.watch.add(this);
    const message = {
      method: request.method,
      path: request.path,
      headers: body === undefined ? null : OCTET_STREAM,
      body: body === undefined ? null : asBuffer(body),
      // Every request of the protocol may be repeated: stores are keyed by content.
      idempotent: true,
    };
    options.pool.dispatch(message, this);
  }

  onStall(): void {
    this.#options.observer.onStall();
  }

  onDeadline(): void {
    this.#fail('timeout', 'no answer in time');
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isSettled) controller.abort(new Error('no longer wanted'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#byteCame();
    this.#options.observer.onFirstByte();
    if (!this.#answer.start(status, headers)) this.#fail('oversized', 'the answer is too long');
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#byteCame();
    if (!this.#answer.append(chunk)) this.#fail('oversized', 'the answer is too long');
  }

  onResponseEnd(): void {
    if (!this.#end()) return;
    // Only who has read all of a body accepts it. After any other answer the socket may still hold
    // on to the bytes.
    if (this.#bodyBytes !== undefined && this.#answer.isSuccess) {
      this.#body?.taken?.(this.#bodyBytes);
    }
    this.#bodyBytes = undefined;
    this.#settlement.resolve(this.#answer.outcome());
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(failureOf(error), messageOf(error));
  }

  #byteCame(): void {
    this.lastByteAtMs = this.#options.clock.monotonicMs();
    if (!this.isStalled) return;
    this.isStalled = false;
    this.#options.observer.onRecovery();
  }

  #fail(failure: ExchangeFailure, message: string): void {
    if (!this.#end()) return;
    this.#settlement.resolve({ kind: 'failed', failure, message });
    this.#controller?.abort(new Error(message));
  }

  /** Whether this was the first end. */
  #end(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#options.watch.remove(this);
    this.#forgetAbort();
    return true;
  }
}

/** Gathers an answer's body into one buffer of the announced size. */
class AnswerBuffer {
  #status = 0;
  #isJson = false;
  #retryAfterMs: number | undefined;
  #announced: Buffer | undefined;
  #chunks: Buffer[] = [];
  #sizeBytes = 0;
  readonly #bytesMax: number;
  readonly #memory: BufferPool | undefined;

  constructor(bytesMax: number, memory: BufferPool | undefined) {
    this.#bytesMax = bytesMax;
    this.#memory = memory;
  }

  start(status: number, headers: Record<string, string | string[] | undefined>): boolean {
    this.#status = status;
    this.#isJson = headerText(headers['content-type']).startsWith('application/json');
    const retryAfter = headerText(headers['retry-after']);
    if (/^[0-9]{1,4}$/.test(retryAfter)) this.#retryAfterMs = Number(retryAfter) * 1000;
    const length = headerText(headers['content-length']);
    if (!/^[0-9]{1,15}$/.test(length)) return true;
    if (Number(length) > this.#bytesMax) return false;
    const sizeBytes = Number(length);
    this.#announced = this.#memory
      ? asBuffer(this.#memory.take(sizeBytes).subarray(0, sizeBytes))
      : Buffer.allocUnsafeSlow(sizeBytes);
    return true;
  }

  get isSuccess(): boolean {
    return this.#status >= 200 && this.#status < 300;
  }

  append(chunk: Buffer): boolean {
    const position = this.#sizeBytes;
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes > this.#bytesMax) return false;
    if (this.#announced === undefined) this.#chunks.push(chunk);
    else chunk.copy(this.#announced, position);
    return true;
  }

  outcome(): ExchangeOutcome {
    return {
      kind: 'answered',
      status: this.#status,
      isJson: this.#isJson,
      retryAfterMs: this.#retryAfterMs,
      body: this.#announced?.subarray(0, this.#sizeBytes) ?? Buffer.concat(this.#chunks),
    };
  }
}

function headerText(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? '';
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const UNREACHABLE_CODES = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** TLS says no before any request was sent; the texts differ by reason, the prefix does not. */
const TLS_CODE_PATTERN = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

function failureOf(error: Error): ExchangeFailure {
  if (error.name === 'SwappedCertificateError') return 'swapped-certificate';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (UNREACHABLE_CODES.has(code)) return 'unreachable';
  if (TLS_CODE_PATTERN.test(code)) return 'swapped-certificate';
  return 'reset';
}

function messageOf(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return `${error.message}${code}`;
}
