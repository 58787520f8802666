/**
 * @file Gathers confirmations until they make a certificate or no longer can.
 *
 * The rule is the contract's, by shard weight: 3w >= 2n + 1. Counting nodes instead, or waiting
 * for one answer more than needed, are defects of other clients. A confirmation counts only after
 * its signature held: all of them are checked at once by their aggregate, and one by one only when
 * somebody forged.
 */
import assert from 'node:assert/strict';
import { EngineError, hasCode } from '#engine/model/engine-error.ts';
import type { Epoch, ObjectId } from '#engine/model/ids.ts';
import {
  faultyShardsMax,
  isQuorum,
  type Certificate,
  type Committee,
  type StorageNode,
} from '#engine/model/walrus.ts';
import { makeCertificate, shardWeight } from './confirmation.ts';
import { failureContext, type NodeFailure } from './network-context.ts';
import type { SliverCodec } from './sliver-codec.ts';

interface Confirmation {
  readonly storageNode: StorageNode;
  readonly signature: Uint8Array;
}

export interface QuorumOptions {
  readonly committee: Committee;
  /** The bytes that every confirmation must have signed. */
  readonly message: Uint8Array;
  readonly codec: SliverCodec;
  /** Called for each node whose signature does not hold. */
  readonly onForgery: (storageNode: StorageNode) => void;
}

export class QuorumCollector {
  /** Settles once: with the certificate, or with `quorum-missing` or `epoch-changed`. */
  readonly certificate: Promise<Certificate>;
  readonly #options: QuorumOptions;
  readonly #settlement = Promise.withResolvers<Certificate>();
  #isSettled = false;
  #unverified: Confirmation[] = [];
  readonly #verified: Confirmation[] = [];
  readonly #failures: NodeFailure[] = [];
  readonly #ahead = new Map<ObjectId, { storageNode: StorageNode; epoch: Epoch }>();
  #verification: Promise<void> | undefined;

  constructor(options: QuorumOptions) {
    this.#options = options;
    this.certificate = this.#settlement.promise;
    // Somebody always awaits it, but perhaps later than it fails.
    this.certificate.catch(() => undefined);
  }

  /** Shards whose nodes confirmed with a signature that holds. */
  get verifiedWeight(): number {
    return shardWeight(this.#verified.map(({ storageNode }) => storageNode));
  }

  /** A node signed the right bytes; whether the signature holds is seen later. */
  confirmed(storageNode: StorageNode, signature: Uint8Array): void {
    this.#unverified.push({ storageNode, signature });
    this.#decide();
  }

  /** A node will not confirm in this attempt. */
  failed(storageNode: StorageNode, reason: string): void {
    const weight = storageNode.shards.length;
    this.#failures.push({ nodeId: storageNode.nodeId, shardWeight: weight, reason });
    this.#decide();
  }

  /** A node says that a later epoch has begun. It may hold the data, or not, or lie. */
  ahead(storageNode: StorageNode, inEpoch: Epoch): void {
    this.#ahead.set(storageNode.nodeId, { storageNode, epoch: inEpoch });
    this.#decide();
  }

  /** Nobody will say anything more. */
  async exhausted(): Promise<void> {
    while (this.#verification !== undefined) await this.#verification;
    if (!this.#isSettled) this.#giveUp();
  }

  /** Check what came after the quorum. Gives the shards of all nodes whose signature holds. */
  async finish(): Promise<number> {
    while (this.#verification !== undefined) await this.#verification;
    if (this.#unverified.length > 0) await this.#verify();
    return this.verifiedWeight;
  }

  #decide(): void {
    if (this.#isSettled || this.#verification !== undefined) return;
    const { shardCount } = this.#options.committee;
    const pending = shardWeight(this.#unverified.map(({ storageNode }) => storageNode));
    const confirmedWeight = this.verifiedWeight + pending;
    if (isQuorum(confirmedWeight, shardCount)) {
      this.#verification = this.#verify()
        .catch((error: unknown) => {
          this.#isSettled = true;
          this.#settlement.reject(error);
        })
        .finally(() => {
          this.#verification = undefined;
          this.#decide();
        });
      return;
    }
    this.#giveUpIfImpossible(confirmedWeight);
  }

  #giveUpIfImpossible(confirmedWeight: number): void {
    const { shardCount } = this.#options.committee;
    const failedWeight = this.#failures.reduce((sum, failure) => sum + failure.shardWeight, 0);
    const aheadNodes = [...this.#ahead.values()].map(({ storageNode }) => storageNode);
    const aheadWeight = shardWeight(aheadNodes);
    if (isQuorum(shardCount - failedWeight - aheadWeight, shardCount)) return;
    // The epoch changed if at least one correct node says so. Others are let finish storing, so
    // that asking for confirmations again is all that is left to do.
    const isEpochChange = aheadWeight > faultyShardsMax(shardCount);
    const isStoredByQuorum = isQuorum(confirmedWeight + aheadWeight, shardCount);
    const canStillStore = isQuorum(shardCount - failedWeight, shardCount);
    if (isEpochChange && canStillStore && !isStoredByQuorum) return;
    this.#giveUp();
  }

  #giveUp(): void {
    const { shardCount } = this.#options.committee;
    const failures = this.#allFailures();
    const lostWeight = failures.reduce((sum, failure) => sum + failure.shardWeight, 0);
    const aheadNodes = [...this.#ahead.values()].map(({ storageNode }) => storageNode);
    const isEpochChange = shardWeight(aheadNodes) > faultyShardsMax(shardCount);
    this.#isSettled = true;
    this.#settlement.reject(
      isEpochChange
        ? this.#epochChanged()
        : new EngineError(
            'quorum-missing',
            `no confirmation from ${String(lostWeight)} of ${String(shardCount)} shards`,
            { context: failureContext(failures) },
          ),
    );
  }

  #epochChanged(): EngineError {
    const epochs = [...this.#ahead.values()].map(({ epoch }) => epoch);
    return new EngineError('epoch-changed', 'storage nodes are in a later epoch', {
      context: { epoch: this.#options.committee.epoch, nodesEpoch: Math.min(...epochs) },
    });
  }

  #allFailures(): NodeFailure[] {
    const ahead = [...this.#ahead.values()].map(({ storageNode, epoch }) => ({
      nodeId: storageNode.nodeId,
      shardWeight: storageNode.shards.length,
      reason: `says that epoch ${String(epoch)} has begun`,
    }));
    return [...this.#failures, ...ahead];
  }

  async #verify(): Promise<void> {
    const { codec, message, committee } = this.#options;
    const candidates = this.#unverified;
    this.#unverified = [];
    const all = [...this.#verified, ...candidates];
    const signature = await this.#aggregate(all);
    if (signature !== undefined) {
      this.#verified.push(...candidates);
      const signers = all.map(({ storageNode }) => storageNode);
      if (this.#isSettled || !isQuorum(shardWeight(signers), committee.shardCount)) return;
      this.#isSettled = true;
      this.#settlement.resolve(makeCertificate({ committee, signers, message, signature }));
      return;
    }
    assert(candidates.length > 0, 'signatures that hold one by one hold together');
    for (const candidate of candidates) {
      const { storageNode, signature: own } = candidate;
      const { publicKey } = storageNode;
      const isGenuine = await codec.verify(message, own, publicKey);
      if (isGenuine) {
        // Seen to hold; joins the next aggregate, which is checked again as a whole.
        this.#verified.push(candidate);
      } else {
        this.#options.onForgery(storageNode);
        this.failed(storageNode, 'forged its confirmation');
      }
    }
    const signers = this.#verified.map(({ storageNode }) => storageNode);
    if (isQuorum(shardWeight(signers), committee.shardCount)) await this.#verify();
  }

  /** The aggregate of these signatures, if it holds for their keys. */
  async #aggregate(confirmations: readonly Confirmation[]): Promise<Uint8Array | undefined> {
    const { codec, message } = this.#options;
    const signature = this.#sum(confirmations);
    if (signature === undefined) return undefined;
    const publicKeys = confirmations.map(({ storageNode }) => storageNode.publicKey);
    return (await codec.verifyAggregate(publicKeys, message, signature)) ? signature : undefined;
  }

  /** Undefined where one of them is not even a point on the curve: the single checks find it. */
  #sum(confirmations: readonly Confirmation[]): Uint8Array | undefined {
    try {
      return this.#options.codec.aggregate(confirmations.map(({ signature }) => signature));
    } catch (error) {
      if (hasCode(error, 'encoding-invalid-input')) return undefined;
      throw error;
    }
  }
}
