/**
 * @file Asks one storage node for its confirmation and judges the bytes it signed.
 */
import type { BlobId, Epoch } from '#engine/model/ids.ts';
import type { Persistence } from '#engine/model/walrus.ts';
import { compareMessage } from './confirmation.ts';
import type { NetworkContext } from './network-context.ts';
import type { NodeConnection } from './node-connection.ts';
import { withRetries, type RefusalRule } from './retry.ts';
import { getConfirmation, getNodeEpoch, type CallOptions } from './storage-node-client.ts';

export type ConfirmationOutcome =
  /** The right bytes; whether the signature holds is not known yet. */
  | { readonly kind: 'signed'; readonly signature: Uint8Array }
  | { readonly kind: 'missing-slivers' }
  | { readonly kind: 'ahead'; readonly epoch: Epoch }
  | { readonly kind: 'failed'; readonly reason: string };

export interface ConfirmationRequest {
  readonly blobId: BlobId;
  readonly persistence: Persistence;
  readonly committeeEpoch: Epoch;
  /** The bytes that must have been signed. */
  readonly message: Uint8Array;
}

/** A node that has not heard of the epoch change yet will in seconds. */
export const LAGGING_ROUNDS_MAX = 6;

const confirmationRule: RefusalRule = ({ reason }) =>
  reason === 'NOT_REGISTERED' ? 'registration-lag' : 'final';

/** Ask for the confirmation; waits for a node that lags behind the chain. */
export async function askConfirmation(
  context: NetworkContext,
  connection: NodeConnection,
  request: ConfirmationRequest,
  options: CallOptions,
): Promise<ConfirmationOutcome> {
  for (let round = 1; ; round += 1) {
    const answer = await withRetries(
      context,
      options.signal,
      () => getConfirmation(connection, request.blobId, request.persistence, options),
      confirmationRule,
    );
    if (answer.kind !== 'ok') {
      if (answer.kind === 'refused' && answer.reason === 'MISSING_SLIVERS') {
        return { kind: 'missing-slivers' };
      }
      return { kind: 'failed', reason: answer.message };
    }
    const comparison = compareMessage(answer.value.message, request.message);
    if (comparison.kind === 'equal') return { kind: 'signed', signature: answer.value.signature };
    if (comparison.kind === 'different') {
      connection.reportFalseAnswer('confirmed something else');
      return { kind: 'failed', reason: 'confirmed something else' };
    }
    if (comparison.epoch > request.committeeEpoch) {
      return { kind: 'ahead', epoch: comparison.epoch };
    }
    if (round >= LAGGING_ROUNDS_MAX) {
      return { kind: 'failed', reason: `is still in epoch ${String(comparison.epoch)}` };
    }
    await context.clock.sleep(context.limits.registrationBackoffMs.max, options.signal);
  }
}

/** What a node means that says a shard of ours is not its own. */
export async function explainUnassignedShard(
  connection: NodeConnection,
  committeeEpoch: Epoch,
  options: CallOptions,
): Promise<
  Extract<ConfirmationOutcome, { kind: 'ahead' | 'failed' }> | { kind: 'behind' | 'level' }
> {
  const answer = await getNodeEpoch(connection, options);
  if (answer.kind === 'ok' && answer.value > committeeEpoch) {
    return { kind: 'ahead', epoch: answer.value };
  }
  if (answer.kind === 'ok' && answer.value < committeeEpoch) return { kind: 'behind' };
  if (answer.kind === 'ok') return { kind: 'level' };
  return { kind: 'failed', reason: 'says that the shard is not its own' };
}
