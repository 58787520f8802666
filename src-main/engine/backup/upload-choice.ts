/**
 * @file By which way a pack goes to the storage nodes: arithmetic alone.
 *
 * A relay takes the pack as it is; directly 4.5 times its bytes and the metadata of every node leave
 * this machine. So a slow line is better off with a relay, as long as one is offered, costs no more
 * than the person allows, and the time that it saves is worth the while.
 */
import type { UploadWish } from '#contract/task-api.ts';
import { encodedBytes } from '../model/walrus.ts';

/** Less than this is not worth a stranger and a tip. */
export const DIRECT_MS_BEARABLE = 60_000;
/** A relay must be so many times as fast. */
export const RELAY_TIMES_FASTER_MIN = 2;

export type Offer =
  /** The network names no relay. */
  | { readonly kind: 'none' }
  /** It was not asked for its terms: that is done only where it matters. */
  | { readonly kind: 'unasked' }
  /** It did not work a short while ago. */
  | { readonly kind: 'failing' }
  | { readonly kind: 'offered'; readonly tipMist: bigint };

export interface UploadFacts {
  readonly wish: UploadWish;
  readonly offer: Offer;
  /** What the line was seen to carry away; undefined until it was measured. */
  readonly uplinkBytesPerSecond: number | undefined;
  /** What either way sends from this machine. */
  readonly directBytes: number;
  readonly relayBytes: number;
}

export interface UploadChoice {
  readonly way: 'direct' | 'relay';
  readonly because:
    | 'set'
    | 'no-relay'
    | 'relay-failed'
    | 'unmeasured'
    | 'fast-enough'
    | 'tip-too-high'
    | 'slow-uplink'
    /** A relay would be chosen, and the line was not measured for several packs. */
    | 'measuring-due';
}

export function chooseWay(facts: UploadFacts): UploadChoice {
  const { wish, offer, uplinkBytesPerSecond, directBytes, relayBytes } = facts;
  if (wish.way !== 'auto') return { way: wish.way, because: 'set' };
  if (offer.kind === 'none') return { way: 'direct', because: 'no-relay' };
  if (offer.kind === 'failing') return { way: 'direct', because: 'relay-failed' };
  if (uplinkBytesPerSecond === undefined) return { way: 'direct', because: 'unmeasured' };
  const directMs = (directBytes / uplinkBytesPerSecond) * 1000;
  const relayMs = (relayBytes / uplinkBytesPerSecond) * 1000;
  if (directMs <= DIRECT_MS_BEARABLE || directMs <= RELAY_TIMES_FASTER_MIN * relayMs) {
    return { way: 'direct', because: 'fast-enough' };
  }
  if (offer.kind === 'offered' && offer.tipMist > BigInt(wish.tipMaxMist)) {
    return { way: 'direct', because: 'tip-too-high' };
  }
  return { way: 'relay', because: 'slow-uplink' };
}

/** What goes to all storage nodes together: every sliver once, the metadata once a node. */
export function directBytes(sizeBytes: number, shardCount: number, nodeCount: number): number {
  // Storage is priced as if every shard kept the metadata.
  const metadataBytes = 64 * shardCount + 32;
  const sliverBytes = Number(encodedBytes(sizeBytes, shardCount)) - shardCount * metadataBytes;
  return sliverBytes + nodeCount * metadataBytes;
}
