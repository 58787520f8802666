/**
 * @file Speaks HTTP to an upload relay.
 *
 * How long a whole upload may take depends on its size. A relay that takes no bytes any more, takes
 * them too slowly, or is silent for longer than storing so much may take, is given up.
 */
import { Readable } from 'node:stream';
import type { Agent } from 'undici';
import { EngineError } from '#engine/model/engine-error.ts';
import type { Clock } from '#engine/ports/ports.ts';
import { loadUndici } from '../load-undici.ts';

export interface RelayLimits {
  readonly connectTimeoutMs: number;
  /** How long no byte of the body may be taken. */
  readonly stallMs: number;
  /** The slowest that a body may be taken, beside `stallMs`: packs wait for each other. */
  readonly takenBytesPerSecond: number;
  /** Silence after the last byte, beside what the relay needs to store the blob. */
  readonly answerMs: number;
  /** The slowest relay that is waited for, in encoded bytes: it sends them to the storage nodes. */
  readonly storeBytesPerSecond: number;
  /** Waits before a request is repeated that a relay has failed at. */
  readonly retryDelaysMs: readonly number[];
  /** How long a call may have taken to be repeated. */
  readonly retryWithinMs: number;
}

export const DEFAULT_RELAY_LIMITS: RelayLimits = {
  connectTimeoutMs: 10_000,
  stallMs: 60_000,
  takenBytesPerSecond: 64 * 1024,
  answerMs: 60_000,
  storeBytesPerSecond: 1024 * 1024,
  // A relay hears of the transaction that pays it from a full node of its own, within seconds: what
  // has taken longer fails for another reason, and a large body is not sent again.
  retryDelaysMs: [500, 2_000],
  retryWithinMs: 10_000,
};

/** Sent at once; between two pieces the relay's pace shows. */
const PIECE_BYTES = 64 * 1024;
/** A certificate of a thousand nodes in decimal numbers has some kilobytes. */
const ANSWER_BYTES_MAX = 64 * 1024;
/** Of a refusal's text. */
const REASON_CHARACTERS_MAX = 200;
const WATCH_INTERVAL_MS = 250;

export interface RelayCall {
  readonly method: 'GET' | 'POST';
  /** With the query. */
  readonly path: string;
  readonly body?: Uint8Array;
  /** Of the blob: how much the relay has to store before it can answer. */
  readonly encodedBytes?: number;
  /** The last byte of the body has been taken, so long after the first was offered. */
  readonly onSent?: (elapsedMs: number) => void;
  readonly signal: AbortSignal;
}

export class RelayClient {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #limits: RelayLimits;
  #agent: Agent | undefined;

  constructor(options: {
    readonly url: string;
    readonly clock: Clock;
    readonly limits: RelayLimits;
  }) {
    this.#url = options.url;
    this.#clock = options.clock;
    this.#limits = options.limits;
  }

  get host(): string {
    return new URL(this.#url).host;
  }

  /**
   * The body of a 200 answer.
   *
   * Throws `relay-unreachable` when it does not answer or fails, `relay-refused` when it does not
   * want to.
   */
  async call(call: RelayCall): Promise<Buffer> {
    const startedAtMs = this.#clock.monotonicMs();
    for (let attempt = 0; ; attempt += 1) {
      const { status, body } = await this.#send(call);
      if (status === 200) return body;
      const reason = printable(body);
      const context = { relay: this.host, status, reason };
      if (!isPassing(status)) {
        const message = `the upload relay ${this.host} refuses: ${reason || String(status)}`;
        throw new EngineError('relay-refused', message, { context });
      }
      const delayMs = this.#limits.retryDelaysMs[attempt];
      const tookMs = this.#clock.monotonicMs() - startedAtMs;
      if (delayMs === undefined || tookMs > this.#limits.retryWithinMs) {
        const message = `the upload relay ${this.host} answers with HTTP status ${String(status)}`;
        throw new EngineError('relay-unreachable', message, { context });
      }
      await this.#clock.sleep(delayMs, call.signal);
    }
  }

  async close(): Promise<void> {
    await this.#agent?.destroy();
  }

  async #send(call: RelayCall): Promise<{ readonly status: number; readonly body: Buffer }> {
    const { signal, body, method } = call;
    const { request, Agent } = loadUndici();
    this.#agent ??= new Agent({
      connect: { timeout: this.#limits.connectTimeoutMs },
      // Time is kept here, by the engine's clock.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const ended = new AbortController();
    const patience = new Patience(call, this.#limits, this.#clock);
    const watching = patience.watch(ended);
    try {
      signal.throwIfAborted();
      const answer = await request(`${this.#url}${call.path}`, {
        method,
        dispatcher: this.#agent,
        signal: AbortSignal.any([signal, ended.signal]),
        ...(body
          ? {
              body: Readable.from(patience.pieces(body), { objectMode: false }),
              headers: {
                'content-type': 'application/octet-stream',
                'content-length': String(body.length),
              },
            }
          : {}),
      });
      return { status: answer.statusCode, body: await readAnswer(answer.body) };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof EngineError) throw error;
      const why = ended.signal.aborted ? 'it is silent' : reasonOf(error);
      throw new EngineError(
        'relay-unreachable',
        `the upload relay ${this.host} does not answer: ${why}`,
        { context: { relay: this.host }, cause: error },
      );
    } finally {
      patience.end();
      await watching;
    }
  }
}

/** How long a call is waited for, from what happens to it. */
class Patience {
  readonly #call: RelayCall;
  readonly #limits: RelayLimits;
  readonly #clock: Clock;
  readonly #over = new AbortController();
  readonly #startedAtMs: number;
  #heardAtMs: number;
  #isSent: boolean;

  constructor(call: RelayCall, limits: RelayLimits, clock: Clock) {
    this.#call = call;
    this.#limits = limits;
    this.#clock = clock;
    this.#startedAtMs = clock.monotonicMs();
    this.#heardAtMs = this.#startedAtMs;
    this.#isSent = call.body === undefined;
  }

  /** The body, piece by piece as the socket takes it. */
  *pieces(body: Uint8Array): Generator<Uint8Array> {
    const startedAtMs = this.#clock.monotonicMs();
    for (let start = 0; start < body.length; start += PIECE_BYTES) {
      this.#heardAtMs = this.#clock.monotonicMs();
      yield body.subarray(start, start + PIECE_BYTES);
    }
    this.#heardAtMs = this.#clock.monotonicMs();
    this.#isSent = true;
    this.#call.onSent?.(this.#heardAtMs - startedAtMs);
  }

  /** Abort `ended` when the relay is silent for too long. Resolves after `end`. */
  async watch(ended: AbortController): Promise<void> {
    try {
      while (!this.#isOver()) {
        await this.#clock.sleep(WATCH_INTERVAL_MS, this.#over.signal);
      }
      ended.abort();
    } catch {
      // It is over.
    }
  }

  end(): void {
    this.#over.abort();
  }

  #isOver(): boolean {
    const { stallMs, takenBytesPerSecond, answerMs, storeBytesPerSecond } = this.#limits;
    const { body, encodedBytes = 0 } = this.#call;
    const nowMs = this.#clock.monotonicMs();
    const silentMs = nowMs - this.#heardAtMs;
    if (this.#isSent) return silentMs > answerMs + (encodedBytes / storeBytesPerSecond) * 1000;
    const bodyMs = stallMs + ((body?.length ?? 0) / takenBytesPerSecond) * 1000;
    return silentMs > stallMs || nowMs - this.#startedAtMs > bodyMs;
  }
}

async function readAnswer(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of body) {
    sizeBytes += part.length;
    if (sizeBytes > ANSWER_BYTES_MAX) {
      throw new EngineError('relay-invalid-answer', 'the answer of the upload relay is too long');
    }
    parts.push(part);
  }
  return Buffer.concat(parts, sizeBytes);
}

/** It passes by itself: too many requests, or the relay has a problem of its own. */
const isPassing = (status: number): boolean => status === 408 || status === 429 || status >= 500;

/** Text from outside, as it may be shown. */
const printable = (body: Buffer): string =>
  body
    .subarray(0, REASON_CHARACTERS_MAX)
    .toString('utf8')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim();

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'for an unknown reason';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return error.message || code || error.name;
}
