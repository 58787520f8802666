/**
 * @file Reads the same thing from every endpoint and believes it only if all say the same.
 *
 * Full nodes execute at their own pace, so a difference is first taken for a lag: it is read again
 * a few times before it becomes `rpc-disagreement`. With one endpoint there is nothing to compare;
 * then what is read has integrity where the caller checks it, but nobody vouches for freshness.
 */
import assert from 'node:assert/strict';
import { EngineError, hasCode } from '#engine/model/engine-error.ts';
import type { Clock, Logger } from '#engine/ports/ports.ts';
import type { ChainRpc } from './rpc/chain-rpc.ts';

/** Waits between rounds: about 8 s in all, several times what a healthy full node lags behind. */
const ROUND_DELAYS_MS: readonly number[] = [300, 700, 1_000, 2_000, 4_000];

/** `all`: every endpoint answers and agrees. `any`: the first one that answers. */
export type Agreement = 'all' | 'any';

export interface AgreedReader {
  <Answer>(request: {
    /** What is read, for messages. */
    readonly what: string;
    readonly agreement: Agreement;
    readonly read: (rpc: ChainRpc) => Promise<Answer>;
    /** What must be equal between two answers, as text. */
    readonly fingerprint: (answer: Answer) => string;
    readonly signal?: AbortSignal | undefined;
  }): Promise<Answer>;
}

export function openAgreedReader(options: {
  readonly endpoints: readonly ChainRpc[];
  readonly clock: Clock;
  readonly logger: Logger;
}): AgreedReader {
  const { endpoints, clock, logger } = options;
  assert(endpoints.length > 0, 'a network file names at least one endpoint');
  return async ({ what, agreement, read, fingerprint, signal }) => {
    if (agreement === 'any') return await firstReachable(endpoints, read);
    for (let round = 0; ; round++) {
      const answers = await Promise.all(endpoints.map(read));
      const prints = new Set(answers.map(fingerprint));
      if (prints.size === 1) return answers[0] as Awaited<ReturnType<typeof read>>;
      const delayMs = ROUND_DELAYS_MS[round];
      const names = endpoints.map(({ name }) => name).join(', ');
      if (delayMs === undefined) {
        throw new EngineError('rpc-disagreement', `${names} disagree about ${what}`, {
          context: { what, endpoints: names },
        });
      }
      logger.info('endpoints differ, reading again', { what, round });
      await clock.sleep(delayMs, signal);
    }
  };
}

/** The answer of the first endpoint that answers; another one is asked only if it does not. */
export async function firstReachable<Answer>(
  endpoints: readonly ChainRpc[],
  read: (rpc: ChainRpc) => Promise<Answer>,
): Promise<Answer> {
  let failure: unknown = new EngineError('internal', 'no endpoint is configured');
  for (const endpoint of endpoints) {
    try {
      return await read(endpoint);
    } catch (error) {
      failure = error;
      if (!hasCode(error, 'rpc-unreachable')) throw error;
    }
  }
  throw failure;
}
