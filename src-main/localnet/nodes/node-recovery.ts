/**
 * @file What a storage node does to hold all that its shards should: which blobs lack slivers, when
 * they are recovered, and what becomes of one that nobody can recover. How one blob is recovered is
 * `recovery.ts`.
 */
import type { BlobId, ObjectId } from '#engine/model/ids.ts';
import type { Committee, SliverAxis } from '#engine/model/walrus.ts';
import { collectAttestations, type InvalidBlobCertificate } from './attestations.ts';
import type { BlobLedger } from './blob-ledger.ts';
import type { Encoding } from './encoding.ts';
import type { NodeContext, NodeSigner } from './node-context.ts';
import type { PeerClient } from './peer-client.ts';
import { missingSlivers, recoverBlob, type RecoveryContext } from './recovery.ts';
import { RecoveryQueue } from './recovery-queue.ts';
import { dropDamaged } from './scrub.ts';
import type { ShardTable } from './shard-table.ts';
import type { SliverStore } from './sliver-store.ts';

export interface HealReport {
  readonly recoveredSlivers: number;
  /** What the other nodes could not give. */
  readonly missingSlivers: number;
}

/** The node that recovers. What it knows changes with each of its lives, so it is asked for. */
export interface NodeRecoveryParts {
  readonly nodeId: ObjectId;
  readonly encoding: Encoding;
  readonly signer: NodeSigner;
  readonly peers: PeerClient;
  readonly store: () => SliverStore;
  readonly ledger: () => BlobLedger;
  readonly shards: () => ShardTable;
  readonly committee: () => Committee;
  readonly node: () => NodeContext;
  readonly reencodeTurn: RecoveryContext['reencodeTurn'];
  readonly quietMs: number;
  readonly reportInvalid: (certificate: InvalidBlobCertificate) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

export class NodeRecovery {
  readonly #parts: NodeRecoveryParts;
  readonly #queue: RecoveryQueue;
  /** Whatever is written is verified before, so files need a look only once, or after a fault. */
  mayBeDamaged = true;

  constructor(parts: NodeRecoveryParts) {
    this.#parts = parts;
    this.#queue = new RecoveryQueue({
      quietMs: parts.quietMs,
      nowMs: () => performance.now(),
      recover: (blobId, signal) => this.#recover(blobId, signal),
      onFailure: parts.onFailure,
    });
  }

  /** Blobs that wait. */
  get size(): number {
    return this.#queue.size;
  }

  noteUpload(blobId: BlobId): void {
    this.#queue.noteUpload(blobId);
  }

  addIfMissing(blobId: BlobId): void {
    if (this.#missingCount(blobId) > 0) this.#queue.add(blobId, 'after-quiet');
  }

  clear(): Promise<void> {
    return this.#queue.clear();
  }

  /** Drop damaged files, and recover what is missing and what the other nodes can give. */
  async heal(): Promise<HealReport> {
    const stop = new AbortController();
    if (this.mayBeDamaged) await this.#scrub(stop.signal);
    let recoveredSlivers = 0;
    let missing = 0;
    for (const { blobId } of this.#parts.ledger().certifiedBlobs()) {
      const wanted = this.#missingCount(blobId);
      const isComplete = await this.#recoverOnce(blobId, stop.signal);
      const left = this.#missingCount(blobId);
      recoveredSlivers += wanted - left;
      missing += left;
      if (isComplete) this.#queue.remove(blobId);
      else this.#queue.add(blobId, 'after-quiet');
    }
    return { recoveredSlivers, missingSlivers: missing };
  }

  context(): RecoveryContext {
    const { committee, encoding, nodeId, peers, reencodeTurn, store } = this.#parts;
    return {
      encoding,
      store: store(),
      peers,
      others: () => committee().members.filter((member) => member.nodeId !== nodeId),
      reencodeTurn,
    };
  }

  /** Drop every file that is not what the blob's metadata says. */
  async #scrub(signal: AbortSignal): Promise<void> {
    const { node, store } = this.#parts;
    store().forget();
    for (const blobId of store().blobIds()) {
      if ((await dropDamaged(node(), blobId)) === 'checked') continue;
      await recoverBlob(this.context(), blobId, [], signal);
      await dropDamaged(node(), blobId);
    }
    this.mayBeDamaged = false;
  }

  #missingCount(blobId: BlobId): number {
    return missingSlivers(this.context(), blobId, this.#parts.shards().owned()).length;
  }

  async #recover(blobId: BlobId, signal: AbortSignal): Promise<boolean> {
    if (!this.#parts.ledger().isCertified(blobId)) return true;
    return this.#recoverOnce(blobId, signal);
  }

  async #recoverOnce(blobId: BlobId, signal: AbortSignal): Promise<boolean> {
    const outcome = await recoverBlob(this.context(), blobId, this.#parts.shards().owned(), signal);
    if (outcome.kind === 'inconsistent') await this.#attest(blobId, outcome, signal);
    return outcome.kind === 'complete';
  }

  /** The blob cannot be recovered by anybody: have that written on the chain. */
  async #attest(
    blobId: BlobId,
    finding: { readonly axis: SliverAxis; readonly proof: Uint8Array },
    signal: AbortSignal,
  ): Promise<void> {
    const { nodeId, peers, reportInvalid, signer } = this.#parts;
    const committee = this.#parts.committee();
    const self = committee.members.find((member) => member.nodeId === nodeId);
    if (!self) return;
    const context = { self, committee, signer, peers };
    const certificate = await collectAttestations(context, blobId, finding, signal);
    if (certificate) await reportInvalid(certificate);
  }
}
