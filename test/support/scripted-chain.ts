/**
 * @file A chain for storage nodes that emits what a test tells it to, with the digests it is told.
 */
import type { NodeChain } from '#localnet/nodes/storage-node.ts';
import type { ChainEvent, ChainView } from '#localnet/chain/chain.ts';
import { epoch as asEpoch, type TransactionDigest } from '#engine/model/ids.ts';
import type { Committee } from '#engine/model/walrus.ts';

type WithoutPlace<Event> = Event extends unknown
  ? Omit<Event, 'sequence' | 'txDigest' | 'eventSeq' | 'checkpoint' | 'epoch'>
  : never;

/** An event without its place in history. */
export type ScriptedEvent = WithoutPlace<ChainEvent>;

export class ScriptedChain implements NodeChain {
  readonly #history: ChainEvent[] = [];
  readonly #listeners = new Set<(event: ChainEvent) => void>();
  readonly #committees = new Map<number, Committee>();
  #epoch: number;
  isChangingEpoch = false;
  /** Node ids, in the order of their reports. */
  readonly reports: string[] = [];

  constructor(committee: Committee) {
    this.#epoch = committee.epoch;
    this.#committees.set(committee.epoch, committee);
  }

  readonly events: NodeChain['events'] = {
    subscribe: (listener) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    },
    eventsSince: (sequence, limit = Infinity) => this.#history.slice(sequence, sequence + limit),
  };

  get view(): ChainView {
    const committee = this.#committees.get(this.#epoch);
    if (!committee) throw new Error('the script has no committee for this epoch');
    return {
      epoch: asEpoch(this.#epoch),
      shardCount: committee.shardCount,
      committee,
      previousCommittee: this.#committees.get(this.#epoch - 1),
      isChangingEpoch: this.isChangingEpoch,
      latestCheckpoint: this.#history.length,
      latestEventSequence: this.#history.length,
      committeeFor: (epoch) => this.#committees.get(epoch),
      isRegistered: notScripted,
      isCertified: notScripted,
      isInvalid: notScripted,
      registeredObject: notScripted,
      blobStatus: notScripted,
      certifiedBlobs: notScripted,
    };
  }

  /** Emit an event in a transaction of the given digest. */
  emit(event: ScriptedEvent, txDigest = 'digest'): void {
    const placed = {
      ...event,
      sequence: this.#history.length + 1,
      txDigest: txDigest as TransactionDigest,
      eventSeq: 0,
      checkpoint: this.#history.length + 1,
      epoch: asEpoch(this.#epoch),
    } as ChainEvent;
    this.#history.push(placed);
    for (const listener of this.#listeners) listener(placed);
  }

  /** Begin the next epoch with this committee, or the old one's members. */
  startEpoch(members?: Committee['members']): void {
    const { committee } = this.view;
    this.#epoch += 1;
    this.#committees.set(this.#epoch, {
      ...committee,
      epoch: asEpoch(this.#epoch),
      members: members ?? committee.members,
    });
    this.isChangingEpoch = true;
    this.emit({ kind: 'epoch-change-start' });
  }

  finishEpochChange(): void {
    this.isChangingEpoch = false;
    this.emit({ kind: 'epoch-change-done' });
  }

  async reportShardsReceived(nodeId: string): Promise<void> {
    this.reports.push(nodeId);
  }
}

function notScripted(): never {
  throw new Error('storage nodes ask their own ledger, not the chain, for this');
}
