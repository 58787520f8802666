/**
 * @file One storage node: its life, its knowledge of the chain, its faults.
 *
 *     chain events → ledger ─┐
 *     HTTP requests ─────────┼→ endpoints → disk
 *     other nodes → recovery ┘
 *
 * Isolated from the other nodes of the process: its own directory, keys, socket and view of the
 * chain. What they share is memory limits and the processors.
 */
import { mkdirSync } from 'node:fs';
import type { Chain, ChainEvent } from '#localnet/chain/chain.ts';
import type { BlobId, ObjectId } from '#engine/model/ids.ts';
import type { Committee, SliverAxis } from '#engine/model/walrus.ts';
import type { InvalidBlobCertificate } from './attestations.ts';
import type { NodeBehaviour } from './behaviour.ts';
import { BlobLedger } from './blob-ledger.ts';
import type { ByteBudget } from './byte-budget.ts';
import { shardOfPair, type Encoding } from './encoding.ts';
import { respond } from './endpoints/respond.ts';
import { EventCursor } from './event-cursor.ts';
import type { Forgery, NodeContext, NodeSigner } from './node-context.ts';
import { NodeRecovery, type HealReport } from './node-recovery.ts';
import { NodeServer } from './node-server.ts';
import { readNodeState, writeNodeState } from './node-state.ts';
import { PeerClient } from './peer-client.ts';
import { PendingUploads } from './pending-uploads.ts';
import type { RecoveryContext } from './recovery.ts';
import { RegistrationWaits } from './registration-waits.ts';
import { ShardMoves } from './shard-moves.ts';
import { ShardTable } from './shard-table.ts';
import { SliverStore, StoreClosed } from './sliver-store.ts';

/** What of the chain a node uses. */
export type NodeChain = Pick<Chain, 'events' | 'view' | 'reportShardsReceived'>;

export interface StorageNodeOptions {
  readonly nodeId: ObjectId;
  readonly dir: string;
  readonly host: string;
  readonly port: number;
  readonly signer: NodeSigner;
  readonly tls: { readonly certificatePem: string; readonly keyPem: string } | undefined;
  readonly behaviour: NodeBehaviour;
  readonly encoding: Encoding;
  readonly chain: NodeChain;
  readonly uploadBudget: ByteBudget;
  /** See RecoveryContext. */
  readonly reencodeTurn: RecoveryContext['reencodeTurn'];
  /** How long a certified blob must have been quiet before missing slivers are recovered. */
  readonly recoveryQuietMs: number;
  /** See [Note: No fsync] in sliver-store.ts. */
  readonly fsync: boolean;
  /** Tell the chain of a blob that was encoded wrongly. */
  readonly reportInvalid: (certificate: InvalidBlobCertificate) => Promise<void>;
  readonly log: (message: string) => void;
}

/** `hanging` and `refusing` nodes still follow the chain; the others are dead. */
export type NodeMode = 'running' | 'hanging' | 'refusing' | 'stopped' | 'killed';

export class StorageNode {
  readonly nodeId: ObjectId;
  readonly #options: StorageNodeOptions;
  readonly #server: NodeServer;
  readonly #cursor: EventCursor;
  readonly #recovery: NodeRecovery;
  readonly #peers: PeerClient;
  readonly #moves: ShardMoves;
  readonly #forgeries = new Set<Forgery>();
  readonly #blocked = new Set<BlobId>();
  readonly #registrations = new RegistrationWaits();
  #mode: NodeMode = 'stopped';
  #ledger: BlobLedger;
  #shards = new ShardTable();
  #store: SliverStore;
  #pending: PendingUploads;
  #context: NodeContext;
  #startedAtMs = 0;

  constructor(options: StorageNodeOptions) {
    this.nodeId = options.nodeId;
    this.#options = options;
    mkdirSync(options.dir, { recursive: true });
    this.#ledger = new BlobLedger(options.chain.view.epoch);
    this.#store = new SliverStore(options.dir, { fsync: options.fsync });
    this.#pending = this.#createPending();
    this.#context = this.#createContext();
    this.#peers = new PeerClient({ isTls: options.tls !== undefined });
    this.#cursor = new EventCursor(options.chain.events, (event) => this.#handle(event));
    this.#recovery = new NodeRecovery({
      nodeId: options.nodeId,
      encoding: options.encoding,
      signer: options.signer,
      peers: this.#peers,
      store: () => this.#store,
      ledger: () => this.#ledger,
      shards: () => this.#shards,
      committee: () => this.#committee(),
      node: () => this.#context,
      reencodeTurn: options.reencodeTurn,
      quietMs: options.recoveryQuietMs,
      reportInvalid: options.reportInvalid,
      onFailure: (error) => this.#logFailure('recovery', error),
    });
    this.#moves = new ShardMoves({
      nodeId: options.nodeId,
      chain: options.chain,
      signer: options.signer,
      recovery: () => this.#recovery.context(),
      shards: () => this.#shards,
      ledger: () => this.#ledger,
      onChange: () => this.#saveState(),
      onFailure: (error) => this.#logFailure('shard movement', error),
    });
    this.#server = new NodeServer({
      host: options.host,
      port: options.port,
      tls: options.tls,
      respond: (request) => respond(this.#context, request),
      onFailure: (error) => this.#logFailure('request', error),
    });
  }

  get mode(): NodeMode {
    return this.#mode;
  }

  /** `host:port`. Known once the node has listened. */
  get networkAddress(): string {
    return `${this.#options.host}:${String(this.#server.port)}`;
  }

  get port(): number {
    return this.#server.port;
  }

  /** Blobs still waiting for recovery, and shards still on their way. */
  get openWorkCount(): number {
    return this.#recovery.size + this.#moves.openCount;
  }

  /** Listen only: the port must be known before the chain can name the node. */
  listen(): Promise<void> {
    return this.#server.listen();
  }

  /** Catch up with the chain and serve. Ends every fault that concerns the socket. */
  async start(): Promise<void> {
    this.#server.isHanging = false;
    await this.#server.listen();
    if (this.#mode === 'stopped' || this.#mode === 'killed') this.#catchUp();
    this.#mode = 'running';
  }

  /** End all work in order. */
  async stop(): Promise<void> {
    await this.#leave('stopped', 'close');
  }

  /** Vanish: connections are reset, nothing under way is finished. */
  async kill(): Promise<void> {
    await this.#leave('killed', 'reset');
  }

  /** Accept connections and requests, and never answer. */
  async hang(): Promise<void> {
    if (this.#mode !== 'running' && this.#mode !== 'refusing') return;
    await this.#server.listen();
    this.#server.isHanging = true;
    this.#mode = 'hanging';
  }

  /** Refuse connections. */
  async refuse(): Promise<void> {
    if (this.#mode !== 'running' && this.#mode !== 'hanging') return;
    await this.#server.close('close');
    this.#server.isHanging = false;
    this.#mode = 'refusing';
  }

  setDelay(ms: number): void {
    this.#server.delayMs = ms;
  }

  setLag(ms: number): void {
    this.#cursor.setLag(ms);
  }

  /** Lose all blobs. They stay lost until the node is healed or started again. */
  loseDisk(): void {
    this.#store.wipe();
  }

  /** Damage stored files; returns how many. */
  corrupt(what: SliverAxis | 'metadata', blobId?: BlobId): number {
    this.#recovery.mayBeDamaged = true;
    return this.#store.corrupt(what, blobId);
  }

  forge(what: Forgery): void {
    this.#forgeries.add(what);
  }

  /** Refuse to serve a blob, as an operator may be ordered to. */
  block(blobId: BlobId): void {
    this.#blocked.add(blobId);
  }

  /**
   * End every fault, drop damaged files, and recover what is missing. Resolves when nothing is
   * left that the other nodes could give.
   */
  async heal(): Promise<HealReport> {
    this.#forgeries.clear();
    this.#blocked.clear();
    this.setDelay(0);
    this.setLag(0);
    await this.start();
    return this.#recovery.heal();
  }

  /** Facts for `status`. */
  status(): {
    readonly mode: NodeMode;
    readonly delayMs: number;
    readonly lagMs: number;
    readonly forges: readonly Forgery[];
    readonly epoch: number;
    readonly shards: readonly number[];
    readonly openWorkCount: number;
  } {
    return {
      mode: this.#mode,
      delayMs: this.#server.delayMs,
      lagMs: this.#cursor.lagMs,
      forges: [...this.#forgeries],
      epoch: this.#ledger.epoch,
      shards: this.#shards.owned(),
      openWorkCount: this.openWorkCount,
    };
  }

  /** Free everything. The node cannot be used afterwards. */
  async close(): Promise<void> {
    await this.stop();
    this.#peers.close();
  }

  async #leave(mode: NodeMode, how: 'close' | 'reset'): Promise<void> {
    const wasAlive = this.#mode !== 'stopped' && this.#mode !== 'killed';
    this.#mode = mode;
    // Work under way sees a closed store and writes nothing more.
    this.#store.close();
    this.#cursor.close();
    const closed = this.#server.close(how);
    if (wasAlive) await Promise.all([this.#recovery.clear(), this.#moves.stop()]);
    this.#server.isHanging = false;
    await closed;
  }

  #catchUp(): void {
    const { chain, dir, fsync } = this.#options;
    this.#startedAtMs = performance.now();
    this.#store = new SliverStore(dir, { fsync });
    this.#pending = this.#createPending();
    this.#ledger = new BlobLedger(epochBeforeHistory(chain));
    this.#cursor.open((event) => this.#ledger.handle(event));
    const state = readNodeState(dir);
    const assigned = this.#assignedShards();
    this.#shards = new ShardTable(state?.shards ?? assigned.map((shard) => [shard, 'ready']));
    this.#context = this.#createContext();
    this.#shards.assign(assigned);
    this.#saveState();
    if (state && state.epoch < this.#ledger.epoch) this.#collectGarbage();
    this.#moves.start();
    for (const { blobId } of this.#ledger.certifiedBlobs()) this.#recovery.addIfMissing(blobId);
  }

  #handle(event: ChainEvent): void {
    this.#ledger.handle(event);
    switch (event.kind) {
      case 'blob-registered':
        this.#takePending(event.blobId);
        this.#registrations.wake(event.blobId);
        return;
      case 'blob-certified':
        this.#recovery.addIfMissing(event.blobId);
        return;
      case 'epoch-change-start':
        this.#shards.assign(this.#assignedShards());
        this.#saveState();
        this.#collectGarbage();
        this.#moves.start();
        return;
      case 'epoch-change-done':
        this.#dropLostShards();
        return;
      default:
        return;
    }
  }

  #takePending(blobId: BlobId): void {
    const pending = this.#pending.take(blobId);
    if (!pending) return;
    this.#store.putMetadata(blobId, pending.metadata);
    for (const { pair, axis, bytes } of pending.slivers) {
      const shard = shardOfPair(this.#options.encoding.shape, blobId, pair);
      this.#store.putSliver(blobId, shard, axis, bytes);
    }
  }

  /** Data of blobs that expired or were deleted goes at the epoch change after. */
  #collectGarbage(): void {
    for (const blobId of this.#store.blobIds()) {
      if (!this.#ledger.isRegistered(blobId)) this.#store.dropBlob(blobId);
    }
  }

  /** The epoch change is complete: the new owners have what this node gave away. */
  #dropLostShards(): void {
    const lost = this.#shards.entries().filter(([, status]) => status === 'readOnly');
    if (lost.length === 0) return;
    for (const [shard] of lost) this.#shards.remove(shard);
    this.#store.dropShards(lost.map(([shard]) => shard));
    this.#saveState();
  }

  #saveState(): void {
    writeNodeState(this.#options.dir, {
      epoch: this.#ledger.epoch,
      shards: this.#shards.entries(),
    });
  }

  /** The committee of the epoch that this node is in, which may be behind the chain's. */
  #committee(): Committee {
    const { view } = this.#options.chain;
    return view.committeeFor(this.#ledger.epoch) ?? view.committee;
  }

  #assignedShards(): readonly number[] {
    const self = this.#committee().members.find(({ nodeId }) => nodeId === this.nodeId);
    return self?.shards ?? [];
  }

  #createPending(): PendingUploads {
    return new PendingUploads({
      ttlMs: this.#options.behaviour.pendingUploadsTtlMs,
      nowMs: () => performance.now(),
    });
  }

  #createContext(): NodeContext {
    return {
      behaviour: this.#options.behaviour,
      encoding: this.#options.encoding,
      store: this.#store,
      ledger: () => this.#ledger,
      shards: this.#shards,
      pending: this.#pending,
      signer: this.#options.signer,
      blockedBlobs: this.#blocked,
      forgeries: this.#forgeries,
      uploadBudget: this.#options.uploadBudget,
      committee: () => this.#committee(),
      untilRegistered: (blobId, timeoutMs) => this.#registrations.until(blobId, timeoutMs),
      noteUpload: (blobId) => this.#recovery.noteUpload(blobId),
      uptimeMs: () => performance.now() - this.#startedAtMs,
      latestCheckpoint: () => this.#options.chain.view.latestCheckpoint,
    };
  }

  #logFailure(what: string, error: unknown): void {
    if (error instanceof StoreClosed) return;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#options.log(`${what} failed: ${text}`);
  }
}

/** The epoch that the chain's first event happened in, or the current one without any. */
function epochBeforeHistory({ events, view }: NodeChain): number {
  const [first] = events.eventsSince(0, 1);
  if (!first) return view.epoch;
  return first.kind === 'epoch-change-start' ? first.epoch - 1 : first.epoch;
}
