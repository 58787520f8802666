/**
 * @file When to ask a storage node again, and after how long.
 *
 * The only place in the engine besides `sui/` where single requests are repeated. Waiting times
 * double and are drawn at random from the upper half, so that a thousand requests that failed
 * together do not come back together.
 */
import type { Clock, Random } from '#engine/ports/ports.ts';
import type { Limits } from './limits.ts';
import type { NodeAnswer } from './node-answer.ts';

/** The wait before attempt `attempt` + 1, in milliseconds. */
export function backoffMs(
  attempt: number,
  bounds: { readonly first: number; readonly max: number },
  random: Random,
): number {
  const fullMs = Math.min(bounds.max, bounds.first * 2 ** Math.max(0, attempt - 1));
  const fraction = ((random.bytes(1)[0] ?? 0) + 1) / 256;
  return fullMs / 2 + (fullMs / 2) * fraction;
}

/** Failures that repeating cannot cure. */
export function isFinal(answer: NodeAnswer<unknown>): boolean {
  if (answer.kind === 'refused') return true;
  if (answer.kind === 'ok') return false;
  return (
    answer.failure === 'swapped-certificate' ||
    answer.failure === 'oversized' ||
    answer.failure === 'false-answer'
  );
}

export interface RetrySetting {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
}

/** What else than failures of the exchange is worth repeating, and with what patience. */
export type RefusalRule = (
  answer: Extract<NodeAnswer<unknown>, { kind: 'refused' }>,
) => 'final' | 'registration-lag' | 'again';

/**
 * Repeat `ask` until it answers, is refused for good, or patience ends; gives the last answer.
 * A registration that the node has not heard of yet is waited for by time, everything else by
 * attempts. Rejects only with the signal's reason.
 */
export async function withRetries<Value>(
  setting: RetrySetting,
  signal: AbortSignal,
  ask: () => Promise<NodeAnswer<Value>>,
  ruleOf: RefusalRule = () => 'final',
): Promise<NodeAnswer<Value>> {
  const { clock, random, limits } = setting;
  const startedAtMs = clock.monotonicMs();
  let failedAttempts = 0;
  let lagAttempts = 0;
  for (;;) {
    const answer = await ask();
    if (answer.kind === 'ok') return answer;
    const rule = answer.kind === 'refused' ? ruleOf(answer) : 'again';
    if (rule === 'final' || (answer.kind === 'failed' && isFinal(answer))) return answer;
    let waitMs: number;
    if (rule === 'registration-lag') {
      lagAttempts += 1;
      if (clock.monotonicMs() - startedAtMs > limits.registrationLagMs) return answer;
      waitMs = backoffMs(lagAttempts, limits.registrationBackoffMs, random);
    } else {
      failedAttempts += 1;
      if (failedAttempts >= limits.attemptsMax) return answer;
      waitMs = backoffMs(failedAttempts, limits.backoffMs, random);
    }
    if (answer.kind === 'failed' && answer.retryAfterMs !== undefined) {
      waitMs = Math.max(waitMs, Math.min(answer.retryAfterMs, limits.backoffMs.max));
    }
    await clock.sleep(waitMs, signal);
  }
}
