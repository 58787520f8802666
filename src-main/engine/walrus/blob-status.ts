/**
 * @file What storage nodes say about a blob's registration (walrus-protocol B.4), and which of
 * many different answers can be believed.
 */
import { epoch, type Epoch } from '#engine/model/ids.ts';
import { field } from './node-answer.ts';

/** The transaction whose event gave the status. */
export interface StatusEvent {
  readonly txDigest: string;
  readonly eventSeq: string;
}

export interface DeletableCounts {
  readonly total: number;
  readonly certified: number;
}

export type BlobStatus =
  | { readonly kind: 'nonexistent' }
  | {
      readonly kind: 'deletable';
      readonly initialCertifiedEpoch: Epoch | undefined;
      readonly deletableCounts: DeletableCounts;
    }
  | {
      readonly kind: 'permanent';
      readonly endEpoch: Epoch;
      readonly isCertified: boolean;
      readonly statusEvent: StatusEvent;
      readonly initialCertifiedEpoch: Epoch | undefined;
      readonly deletableCounts: DeletableCounts;
    }
  | { readonly kind: 'invalid'; readonly event: StatusEvent };

/** Higher says more. */
const RANK: Readonly<Record<BlobStatus['kind'], number>> = {
  nonexistent: 0,
  deletable: 1,
  permanent: 2,
  invalid: 3,
};

/** Read the `data` of a status answer; undefined when it has no documented shape. */
export function parseBlobStatus(json: unknown): BlobStatus | undefined {
  if (json === 'nonexistent') return { kind: 'nonexistent' };
  const invalid = field(json, 'invalid');
  if (invalid !== undefined) {
    const event = parseEvent(field(invalid, 'event'));
    return event && { kind: 'invalid', event };
  }
  const deletable = field(json, 'deletable');
  if (deletable !== undefined) {
    const counts = parseCounts(field(deletable, 'deletableCounts'));
    const initialCertifiedEpoch = optionalEpoch(field(deletable, 'initialCertifiedEpoch'));
    return counts && { kind: 'deletable', initialCertifiedEpoch, deletableCounts: counts };
  }
  return parsePermanent(field(json, 'permanent'));
}

function parsePermanent(json: unknown): BlobStatus | undefined {
  const endEpoch = optionalEpoch(field(json, 'endEpoch'));
  const isCertified = field(json, 'isCertified');
  const statusEvent = parseEvent(field(json, 'statusEvent'));
  const deletableCounts = parseCounts(field(json, 'deletableCounts'));
  if (endEpoch === undefined || typeof isCertified !== 'boolean') return undefined;
  if (statusEvent === undefined || deletableCounts === undefined) return undefined;
  const initialCertifiedEpoch = optionalEpoch(field(json, 'initialCertifiedEpoch'));
  return {
    kind: 'permanent',
    endEpoch,
    isCertified,
    statusEvent,
    initialCertifiedEpoch,
    deletableCounts,
  };
}

function parseEvent(json: unknown): StatusEvent | undefined {
  const txDigest = field(json, 'txDigest');
  const eventSeq = field(json, 'eventSeq');
  if (typeof txDigest !== 'string' || typeof eventSeq !== 'string') return undefined;
  return { txDigest, eventSeq };
}

function parseCounts(json: unknown): DeletableCounts | undefined {
  const total = count(field(json, 'count_deletable_total'));
  const certified = count(field(json, 'count_deletable_certified'));
  return total === undefined || certified === undefined ? undefined : { total, certified };
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}

function optionalEpoch(value: unknown): Epoch | undefined {
  const number = count(value);
  return number === undefined ? undefined : epoch(number);
}

/** Counts equal answers by the shards behind them. */
export class StatusVote {
  readonly #weightByAnswer = new Map<string, { readonly status: BlobStatus; weight: number }>();
  /** Shards of all nodes that answered. */
  answeredWeight = 0;

  add(status: BlobStatus, weight: number): void {
    // Built by one parser, so equal answers have equal text.
    const key = JSON.stringify(status);
    const entry = this.#weightByAnswer.get(key) ?? { status, weight: 0 };
    entry.weight += weight;
    this.#weightByAnswer.set(key, entry);
    this.answeredWeight += weight;
  }

  /**
   * The highest-ranked answer that nodes with more than `faultyMax` shards gave: at least one
   * correct node is among them. Of equal rank the one with more weight.
   */
  believable(faultyMax: number): { status: BlobStatus; shardWeight: number } | undefined {
    const [best] = [...this.#weightByAnswer.values()]
      .filter(({ weight }) => weight > faultyMax)
      .toSorted((a, b) => RANK[b.status.kind] - RANK[a.status.kind] || b.weight - a.weight);
    return best && { status: best.status, shardWeight: best.weight };
  }
}
