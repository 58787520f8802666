/**
 * @file One storage node over HTTP/1.1: requests in, answers or failures out. No policy.
 *
 * Speaks undici's dispatch interface directly. A body is one buffer in each direction, without
 * streams: the engine's CPU time per byte is decided here. What an answer means is told apart in
 * `node-answer.ts`; whether to ask again is decided in `retry.ts`.
 */
import { Pool, type Dispatcher } from 'undici';
import type { StorageNode } from '#engine/model/walrus.ts';
import type { Clock } from '#engine/ports/ports.ts';
import { openAdmission, type Admission, type Permit } from './admission.ts';
import type { ExchangeWatch, WatchedExchange } from './exchange-watch.ts';
import { KEEP_ALIVE_MS, type Limits } from './limits.ts';
import { HealthRecord, type NodeHealth } from './node-health.ts';
import { nodeConnector, nodeOrigin, type NodeScheme, type NodeTrust } from './trust.ts';

/** A body that is made only when it is this request's turn, so that waiting costs no memory. */
export interface RequestBody {
  readonly sizeBytes: number;
  read(): Uint8Array;
}

export interface Exchange {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** Path and query below the origin. */
  readonly path: string;
  readonly body?: RequestBody;
  /** A longer answer is cut off and counts as false. */
  readonly answerBytesMax: number;
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

export interface NodeConnection {
  readonly storageNode: StorageNode;
  readonly health: HealthRecord;
  /** Whether recovery symbols can be asked for; false once the node said that it has no such route. */
  offersRecoverySymbols: boolean;
  /** Rejects only with the signal's reason. */
  exchange(request: Exchange): Promise<ExchangeOutcome>;
  /** Ask this node last for a while. */
  isAvoided(): boolean;
  /** Count an answer that was not true against the node. */
  reportFalseAnswer(message: string): void;
  report(): NodeHealth;
  close(): Promise<void>;
}

export interface ConnectionSetting {
  readonly scheme: NodeScheme;
  readonly trust: NodeTrust;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly watch: ExchangeWatch;
  /** The bound on all nodes together. */
  readonly totalAdmission: Admission;
}

const OCTET_STREAM = ['content-type', 'application/octet-stream'];

export function openNodeConnection(
  storageNode: StorageNode,
  connectionCount: number,
  setting: ConnectionSetting,
): NodeConnection {
  const { clock, limits, watch } = setting;
  const health = new HealthRecord(limits.avoidMs);
  const origin = nodeOrigin(setting.scheme, storageNode.networkAddress);
  const nodeAdmission = openAdmission(connectionCount, limits.nodeInFlightBytesMax);
  const pool =
    origin === undefined ? undefined : openPool(origin, connectionCount, storageNode, setting);
  const queued = new Set<() => void>();
  let stalledCount = 0;

  const stallQueued = (): void => {
    // Those behind a node that says nothing are as late as those it has.
    if (stalledCount < nodeAdmission.countInside) return;
    for (const onStall of queued) onStall();
    queued.clear();
  };

  const settle = (outcome: ExchangeOutcome, firstByteMs: number): void => {
    if (outcome.kind === 'answered' && outcome.status < 500) {
      health.succeeded(firstByteMs);
      return;
    }
    const message = outcome.kind === 'failed' ? outcome.message : `HTTP ${String(outcome.status)}`;
    const isFalse =
      outcome.kind === 'failed' &&
      (outcome.failure === 'swapped-certificate' || outcome.failure === 'oversized');
    if (isFalse) health.answeredFalsely(message, clock.monotonicMs(), clock.nowMs());
    else health.failed(message, clock.monotonicMs(), clock.nowMs());
  };

  const run = async (request: Exchange, total: Permit): Promise<ExchangeOutcome> => {
    if (pool === undefined) {
      return { kind: 'failed', failure: 'unreachable', message: 'the on-chain address is invalid' };
    }
    const startedAtMs = clock.monotonicMs();
    const allowanceMs =
      (setting.totalAdmission.bytesInside / limits.transferBytesPerSecondMin) * 1000;
    let isStalled = false;
    let firstByteMs = 0;
    const outcome = await dispatch(pool, request, clock, watch, {
      deadlineAtMs: startedAtMs + limits.answerTimeoutMs + allowanceMs,
      onFirstByte: () => {
        firstByteMs = clock.monotonicMs() - startedAtMs;
        watch.observe(firstByteMs);
      },
      onStall: () => {
        isStalled = true;
        stalledCount += 1;
        health.stalled(clock.monotonicMs());
        // A silent node must not keep others waiting for its share of the bytes under way.
        total.setAside();
        request.onStall?.();
        stallQueued();
      },
    }).finally(() => {
      if (isStalled) stalledCount -= 1;
    });
    settle(outcome, firstByteMs);
    return outcome;
  };

  const exchange = async (request: Exchange): Promise<ExchangeOutcome> => {
    const bytes = (request.body?.sizeBytes ?? 0) + request.answerBytesExpected;
    let onQueueStall: (() => void) | undefined;
    if (request.onStall !== undefined) {
      onQueueStall = request.onStall;
      queued.add(onQueueStall);
    }
    let own: Permit | undefined;
    let total: Permit | undefined;
    try {
      if (stalledCount > 0) stallQueued();
      own = await nodeAdmission.enter(bytes, request.rank, request.signal);
      total = await setting.totalAdmission.enter(bytes, request.rank, request.signal);
      if (onQueueStall !== undefined) queued.delete(onQueueStall);
      request.signal.throwIfAborted();
      return await run(request, total);
    } finally {
      if (onQueueStall !== undefined) queued.delete(onQueueStall);
      total?.leave();
      own?.leave();
    }
  };

  return {
    storageNode,
    health,
    offersRecoverySymbols: true,
    exchange,
    isAvoided: () => health.isAvoided(clock.monotonicMs()),
    reportFalseAnswer: (message) => {
      health.answeredFalsely(message, clock.monotonicMs(), clock.nowMs());
    },
    report: () => ({
      nodeId: storageNode.nodeId,
      name: storageNode.name,
      networkAddress: storageNode.networkAddress,
      successCount: health.successCount,
      failureCount: health.failureCount,
      invalidAnswerCount: health.invalidAnswerCount,
      latencyMs: health.latencyMs,
      lastError: health.lastError,
      isAvoided: health.isAvoided(clock.monotonicMs()),
    }),
    close: async () => pool?.destroy(),
  };
}

function openPool(
  origin: string,
  connectionCount: number,
  storageNode: StorageNode,
  setting: ConnectionSetting,
): Pool {
  return new Pool(origin, {
    connections: connectionCount,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // The watch keeps time by the engine's clock; undici's own timers stay off.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: nodeConnector({
      trust: setting.trust,
      networkPublicKey: storageNode.networkPublicKey,
      timeoutMs: setting.limits.connectTimeoutMs,
    }),
  });
}

/** Send one request and gather its answer. Rejects only with the signal's reason. */
function dispatch(
  pool: Pool,
  request: Exchange,
  clock: Clock,
  watch: ExchangeWatch,
  observer: {
    readonly deadlineAtMs: number;
    readonly onFirstByte: () => void;
    readonly onStall: () => void;
  },
): Promise<ExchangeOutcome> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let isSettled = false;
    const answer = new AnswerBuffer(request.answerBytesMax);

    const finish = (): boolean => {
      if (isSettled) return false;
      isSettled = true;
      watch.remove(watched);
      request.signal.removeEventListener('abort', onAbort);
      return true;
    };
    const fail = (failure: ExchangeFailure, message: string): void => {
      if (!finish()) return;
      resolve({ kind: 'failed', failure, message });
      controller?.abort(new Error(message));
    };
    const onAbort = (): void => {
      if (!finish()) return;
      reject(request.signal.reason as Error);
      controller?.abort(new Error('no longer wanted'));
    };
    const watched: WatchedExchange = {
      lastByteAtMs: clock.monotonicMs(),
      deadlineAtMs: observer.deadlineAtMs,
      isStalled: false,
      onStall: observer.onStall,
      onDeadline: () => fail('timeout', 'no answer in time'),
    };

    const body = request.body?.read();
    watch.add(watched);
    request.signal.addEventListener('abort', onAbort, { once: true });
    pool.dispatch(
      {
        method: request.method,
        path: request.path,
        headers: body === undefined ? null : OCTET_STREAM,
        body: body === undefined ? null : asBuffer(body),
        // Every request of the protocol may be repeated: stores are keyed by content.
        idempotent: true,
      },
      {
        onRequestStart: (started) => {
          controller = started;
          if (isSettled) started.abort(new Error('no longer wanted'));
        },
        onResponseStart: (_started, status, headers) => {
          watched.lastByteAtMs = clock.monotonicMs();
          observer.onFirstByte();
          if (!answer.start(status, headers)) fail('oversized', 'the answer is too long');
        },
        onResponseData: (_started, chunk) => {
          watched.lastByteAtMs = clock.monotonicMs();
          if (!answer.append(chunk)) fail('oversized', 'the answer is too long');
        },
        onResponseEnd: () => {
          if (finish()) resolve(answer.outcome());
        },
        onResponseError: (_started, error) => fail(failureOf(error), messageOf(error)),
      },
    );
  });
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

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  start(status: number, headers: Record<string, string | string[] | undefined>): boolean {
    this.#status = status;
    this.#isJson = headerText(headers['content-type']).startsWith('application/json');
    const retryAfter = headerText(headers['retry-after']);
    if (/^[0-9]{1,4}$/.test(retryAfter)) this.#retryAfterMs = Number(retryAfter) * 1000;
    const length = headerText(headers['content-length']);
    if (!/^[0-9]{1,15}$/.test(length)) return true;
    if (Number(length) > this.#bytesMax) return false;
    this.#announced = Buffer.allocUnsafeSlow(Number(length));
    return true;
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
