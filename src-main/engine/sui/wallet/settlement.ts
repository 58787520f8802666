/**
 * @file What became of a transaction whose answer we never got.
 *
 * A transaction that was sent has one of three fates, and paying again is safe only after the
 * last: it landed, it failed (gas is paid, nothing else happened), or it can never land because
 * its epoch has passed or an object it uses up has moved on. Until one of them is certain the
 * answer is `unknown`, and the only safe thing to do is to send the very same bytes again.
 */
import type { TransactionDigest } from '#engine/model/ids.ts';
import type { ChainObject, ChainRpc, ObjectRef, TransactionOutcome } from '../rpc/chain-rpc.ts';
import { inspectTransaction } from './policy.ts';

export type Settlement =
  | { readonly kind: 'landed'; readonly outcome: TransactionOutcome }
  | { readonly kind: 'failed'; readonly outcome: TransactionOutcome }
  | { readonly kind: 'cannot-land'; readonly reason: 'expired' | 'inputs-used' | 'refused' }
  | { readonly kind: 'unknown' };

/** What the journal keeps of a transaction. Without the bytes only a landed one can be settled. */
export interface SettlementRecord {
  readonly digest: TransactionDigest;
  readonly bytes?: Uint8Array | undefined;
}

/**
 * Settle from what the endpoints know. "It is not there" counts only if every endpoint says so;
 * that it cannot land is read from one endpoint *before* asking it for the transaction a last
 * time, so that the node which has seen the end has also seen everything before it.
 */
export async function settle(
  endpoints: readonly ChainRpc[],
  record: SettlementRecord,
  signal?: AbortSignal,
): Promise<Settlement> {
  const reasons: (Extract<Settlement, { kind: 'cannot-land' }>['reason'] | undefined)[] = [];
  for (const endpoint of endpoints) {
    const outcome = await endpoint.findTransaction(record.digest, signal);
    if (outcome) return settlementOf(outcome);
  }
  if (!record.bytes) return { kind: 'unknown' };
  for (const endpoint of endpoints) {
    reasons.push(await whyItCannotLand(endpoint, record.bytes, signal));
    const outcome = await endpoint.findTransaction(record.digest, signal);
    if (outcome) return settlementOf(outcome);
  }
  const [reason] = reasons;
  const isCertain = reason !== undefined && reasons.every((one) => one !== undefined);
  return isCertain ? { kind: 'cannot-land', reason } : { kind: 'unknown' };
}

export function settlementOf(
  outcome: TransactionOutcome,
): Extract<Settlement, { kind: 'landed' | 'failed' }> {
  return { kind: outcome.status.kind === 'success' ? 'landed' : 'failed', outcome };
}

async function whyItCannotLand(
  endpoint: ChainRpc,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<'expired' | 'inputs-used' | undefined> {
  const { digest, ownedInputs, expiresAfterSuiEpoch } = inspectTransaction(bytes);
  if (expiresAfterSuiEpoch !== undefined) {
    if ((await endpoint.readSuiEpoch(signal)) > expiresAfterSuiEpoch) return 'expired';
  }
  const ids = ownedInputs.map(({ objectId }) => objectId);
  const objects = await endpoint.readObjects(ids, signal);
  return areUsedUp(ownedInputs, objects, digest) ? 'inputs-used' : undefined;
}

/**
 * Whether another transaction took one of the inputs. If the newest change to any of them is by
 * the very transaction in question, it landed, and the endpoint merely cannot find it yet: its gas
 * coin survives it, so at least that one says so.
 */
function areUsedUp(
  inputs: readonly ObjectRef[],
  objects: readonly (ChainObject | undefined)[],
  digest: TransactionDigest,
): boolean {
  if (objects.some((object) => object?.previousTransaction === digest)) return false;
  return inputs.some((input, index) => {
    const now = objects[index];
    // An object that is not there is no proof: the node may not have seen it yet.
    return now?.previousTransaction !== undefined && now.version > input.version;
  });
}
