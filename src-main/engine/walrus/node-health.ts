/**
 * @file What was seen of each storage node: for choosing whom to ask, and for `status`.
 *
 * Health is opinion, never fact: a node in bad health is asked last, not left out.
 */
import type { ErrorCode } from '#contract/errors.ts';
import type { ObjectId } from '#engine/model/ids.ts';
import type { Limits } from './limits.ts';

/** One storage node as `status` and `doctor` show it. */
export interface NodeHealth {
  readonly nodeId: ObjectId;
  readonly name: string;
  readonly networkAddress: string;
  readonly successCount: number;
  /** No answer, or a server error. */
  readonly failureCount: number;
  /** Answers that were not true: bad slivers, forged confirmations, other certificates. */
  readonly invalidAnswerCount: number;
  /** Smoothed time of an answer; undefined before the first. */
  readonly latencyMs: number | undefined;
  /** When it last gave a good answer. Unix ms. */
  readonly lastSuccessAtMs: number | undefined;
  readonly lastError:
    { readonly code: ErrorCode; readonly message: string; readonly atMs: number } | undefined;
  /** Whether the node is asked last at the moment. */
  readonly isAvoided: boolean;
}

/** Weight of the newest answer in the smoothed latency. */
const LATENCY_SMOOTHING = 0.2;
/** Repetitions after which avoidance no longer doubles. */
const AVOIDANCE_DOUBLINGS_MAX = 10;

export class HealthRecord {
  successCount = 0;
  failureCount = 0;
  invalidAnswerCount = 0;
  latencyMs: number | undefined;
  lastSuccessAtMs: number | undefined;
  lastError: NodeHealth['lastError'];
  #avoidUntilMs = 0;
  #strikes = 0;
  readonly #avoidMs: Limits['avoidMs'];

  constructor(avoidMs: Limits['avoidMs']) {
    this.#avoidMs = avoidMs;
  }

  /** The counters, without what only the moment can tell. */
  report(): Pick<
    NodeHealth,
    | 'successCount'
    | 'failureCount'
    | 'invalidAnswerCount'
    | 'latencyMs'
    | 'lastSuccessAtMs'
    | 'lastError'
  > {
    const { successCount, failureCount, invalidAnswerCount } = this;
    const { latencyMs, lastSuccessAtMs, lastError } = this;
    return {
      successCount,
      failureCount,
      invalidAnswerCount,
      latencyMs,
      lastSuccessAtMs,
      lastError,
    };
  }

  succeeded(latencyMs: number, wallMs: number): void {
    this.successCount += 1;
    this.lastSuccessAtMs = wallMs;
    this.#strikes = 0;
    this.#avoidUntilMs = 0;
    this.latencyMs =
      this.latencyMs === undefined
        ? latencyMs
        : this.latencyMs + LATENCY_SMOOTHING * (latencyMs - this.latencyMs);
  }

  failed(message: string, nowMs: number, wallMs: number): void {
    this.failureCount += 1;
    this.#strike('node-unreachable', message, nowMs, wallMs);
  }

  answeredFalsely(message: string, nowMs: number, wallMs: number): void {
    this.invalidAnswerCount += 1;
    this.#strike('node-invalid-answer', message, nowMs, wallMs);
  }

  /** Silence is not counted as a failure yet, but others are asked first from now on. */
  stalled(nowMs: number): void {
    this.#avoid(nowMs);
  }

  isAvoided(nowMs: number): boolean {
    return nowMs < this.#avoidUntilMs;
  }

  #strike(code: ErrorCode, message: string, nowMs: number, wallMs: number): void {
    this.lastError = { code, message, atMs: wallMs };
    this.#avoid(nowMs);
  }

  #avoid(nowMs: number): void {
    if (this.isAvoided(nowMs)) return;
    const doublings = Math.min(this.#strikes, AVOIDANCE_DOUBLINGS_MAX);
    this.#avoidUntilMs = nowMs + Math.min(this.#avoidMs.first * 2 ** doublings, this.#avoidMs.max);
    this.#strikes += 1;
  }
}
