/**
 * @file Shards on their way to this node: from the previous owner, the rest by recovery, and the
 * report to the chain once all are here.
 */
import { epoch as asEpoch, type BlobId, type ObjectId } from '#engine/model/ids.ts';
import type { BlobLedger } from './blob-ledger.ts';
import type { NodeSigner } from './node-context.ts';
import { recoverBlob, type RecoveryContext } from './recovery.ts';
import { syncShard } from './shard-sync.ts';
import type { ShardTable } from './shard-table.ts';
import type { NodeChain } from './storage-node.ts';

/** Between attempts to recover what the other nodes could not give. */
const RETRY_MS = 2_000;

export interface ShardMovesOptions {
  readonly nodeId: ObjectId;
  readonly chain: NodeChain;
  readonly signer: NodeSigner;
  readonly recovery: () => RecoveryContext;
  readonly shards: () => ShardTable;
  readonly ledger: () => BlobLedger;
  /** The table changed. */
  readonly onChange: () => void;
  readonly onFailure: (error: unknown) => void;
}

export class ShardMoves {
  readonly #options: ShardMovesOptions;
  #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: ShardMovesOptions) {
    this.#options = options;
  }

  /** Shards that are not here yet. */
  get openCount(): number {
    return this.#incoming().length;
  }

  /**
   * Fetch what is on its way and report. A later call ends the earlier one: the assignment it
   * worked on is history.
   */
  start(): void {
    this.#stopping.abort();
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    this.#running = this.#running
      .then(() => this.#move(signal))
      .catch((error: unknown) => {
        if (!signal.aborted) this.#options.onFailure(error);
      });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  #incoming(): readonly number[] {
    return this.#options
      .shards()
      .entries()
      .filter(([, status]) => status === 'inTransfer' || status === 'inRecovery')
      .map(([shard]) => shard);
  }

  async #move(signal: AbortSignal): Promise<void> {
    const { chain, nodeId, shards, onChange } = this.#options;
    const epoch = this.#options.ledger().epoch;
    const incoming = this.#incoming();
    if (incoming.length > 0) {
      await this.#transfer(incoming, epoch, signal);
      this.#mark(incoming, 'inRecovery');
      while (!(await this.#recoverRest(incoming, signal))) await pause(RETRY_MS, signal);
      signal.throwIfAborted();
      this.#mark(incoming, 'ready');
      onChange();
    }
    signal.throwIfAborted();
    const isMember = shards().owned().length > 0;
    if (isMember && chain.view.isChangingEpoch && chain.view.epoch === epoch) {
      await chain.reportShardsReceived(nodeId);
    }
  }

  #mark(incoming: readonly number[], status: 'inRecovery' | 'ready'): void {
    for (const shard of incoming) this.#options.shards().set(shard, status);
  }

  async #transfer(incoming: readonly number[], epoch: number, signal: AbortSignal): Promise<void> {
    const previous = this.#options.chain.view.committeeFor(epoch - 1)?.members ?? [];
    const context = this.#options.recovery();
    const ensureMetadata = async (blobId: BlobId): Promise<boolean> =>
      (await recoverBlob(context, blobId, [], signal)).kind === 'complete';
    for (const shard of incoming) {
      const previousOwner = previous.find((node) => node.shards.some((held) => held === shard));
      if (!previousOwner || previousOwner.nodeId === this.#options.nodeId) continue;
      await syncShard(
        context,
        this.#options.signer,
        { shard, previousOwner, epoch: asEpoch(epoch) },
        ensureMetadata,
        signal,
      );
    }
  }

  /** Returns whether all certified blobs are complete in the incoming shards. */
  async #recoverRest(incoming: readonly number[], signal: AbortSignal): Promise<boolean> {
    let isComplete = true;
    for (const { blobId } of this.#options.ledger().certifiedBlobs()) {
      const outcome = await recoverBlob(this.#options.recovery(), blobId, incoming, signal);
      // An inconsistent blob has no slivers to wait for.
      if (outcome.kind === 'incomplete') isComplete = false;
    }
    return isComplete;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(new DOMException('the shard was assigned anew', 'AbortError'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
