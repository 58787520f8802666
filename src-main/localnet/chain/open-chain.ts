/**
 * @file Opens a chain: creates it from a genesis, or goes on where it was.
 */
import { aggregatePublicKeys, verifyAggregate } from '#engine/codec/bls.ts';
import {
  parseObjectId,
  type BlobId,
  type ObjectId,
  type SuiAddress,
  type TransactionDigest,
} from '#engine/model/ids.ts';
import type { Committee } from '#engine/model/walrus.ts';
import type {
  Chain,
  ChainClock,
  ChainEvent,
  ChainGenesis,
  ChainView,
  NetworkIds,
  ShardAssignment,
} from './chain.ts';
import { createFramework } from './contracts/packages.ts';
import type { StakingStateStruct } from './contracts/layouts.ts';
import { Ledger, type SystemChanges } from './ledger.ts';
import { coinType, createdObjectId, suiType } from './move/object.ts';
import { MetaTable, openDatabase, type ChainDatabase } from './store/database.ts';
import { CommitteeTable } from './walrus/committees.ts';
import {
  areParametersSelected,
  changePrices,
  epochStartedAtMs,
  finishEpochChange,
  isChangingEpoch,
  receiveShards,
  selectParameters,
  shiftTimes,
  startEpoch,
} from './walrus/epoch-change.ts';
import { genesisDigest, seatNodes, writeGenesis } from './walrus/genesis.ts';
import { deriveWalrusIds, innerStateId, type WalrusIds } from './walrus/network-ids.ts';
import { innerStateLayouts, readValue, StateEditor } from './walrus/state-editor.ts';

/** One Sui epoch, running time. */
const SUI_EPOCH_MS = 86_400_000;
/** Shorter pauses are not worth a transaction. */
const PAUSE_MS_MIN = 1_000;
/** Events that one call returns unless it says otherwise. */
const EVENTS_PAGE = 1_000;

const META = {
  genesis: 'genesis-digest',
  ids: 'walrus-ids',
  lastSeen: 'last-seen-ms',
  /** Running time so far, for Sui epochs. */
  running: 'running-ms',
  /** Nodes that reported their shards, with the epoch. */
  synced: 'synced-nodes',
} as const;

const aggregateKeys = (keys: readonly Uint8Array[]): Uint8Array =>
  aggregatePublicKeys(keys).compressed;

/**
 * Open the chain in `dir`. Throws an Error when it was created from another genesis.
 * The genesis is compared without the nodes' addresses, which may change between starts.
 */
export async function openChain(options: {
  readonly dir: string;
  readonly genesis: ChainGenesis;
  readonly clock: ChainClock;
}): Promise<Chain> {
  const { genesis, clock } = options;
  const database = openDatabase(options.dir);
  try {
    const meta = new MetaTable(database);
    const digest = genesisDigest(withoutAddresses(genesis));
    const known = meta.get(META.genesis);
    if (known !== undefined && known !== digest) {
      throw new Error(`${options.dir} holds a chain of another genesis`);
    }
    const ids = known === undefined ? deriveWalrusIds(digest) : readIds(meta);
    const chain = new LocalChain({ database, clock, digest, ids });
    if (known === undefined) await chain.create(genesis);
    else await chain.resume();
    return chain;
  } catch (error) {
    database.close();
    throw error;
  }
}

const withoutAddresses = (genesis: ChainGenesis): ChainGenesis => ({
  ...genesis,
  nodes: genesis.nodes.map((node) => ({ ...node, networkAddress: '' })),
});

function readIds(meta: MetaTable): WalrusIds {
  return JSON.parse(meta.get(META.ids) ?? '{}') as WalrusIds;
}

class LocalChain implements Chain {
  readonly ledger: Ledger;
  readonly view: ChainView;
  readonly networkIds: NetworkIds;
  readonly chainIdentifier: string;
  readonly events;
  readonly #database: ChainDatabase;
  readonly #clock: ChainClock;
  readonly #ids: WalrusIds;
  readonly #committees: CommitteeTable;
  #staking: StakingStateStruct | undefined;

  constructor(options: {
    readonly database: ChainDatabase;
    readonly clock: ChainClock;
    readonly digest: string;
    readonly ids: WalrusIds;
  }) {
    const { database, clock, digest, ids } = options;
    this.#database = database;
    this.#clock = clock;
    this.#ids = ids;
    this.#committees = new CommitteeTable(database);
    this.chainIdentifier = digest;
    this.networkIds = {
      systemObjectId: parseObjectId(ids.system),
      stakingObjectId: parseObjectId(ids.staking),
      exchangeObjectIds: [parseObjectId(ids.exchange)],
    };
    const framework = createFramework(ids.packages, verifyAggregate);
    this.ledger = new Ledger({
      database,
      framework,
      nowMs: () => clock.nowMs(),
      suiEpoch: () => BigInt(Math.floor(this.#runningMs() / SUI_EPOCH_MS)),
      chainIdentifier: digest,
      packageTransactions: new Map(
        ['std', 'sui', 'walrus', 'wal', 'exchange'].map((name) => [
          framework.addressOf(name),
          digest,
        ]),
      ),
    });
    this.events = {
      subscribe: (listener: (event: ChainEvent) => void) => this.ledger.subscribe(listener),
      eventsSince: (sequence: number, limit = EVENTS_PAGE) =>
        this.ledger.transactions.chainEventsSince(sequence, limit),
    };
    this.view = makeView(
      this.ledger,
      () => this.#stakingState(),
      (epoch) => this.#committees.get(epoch),
    );
  }

  get epochEndsAtMs(): number {
    const staking = this.#stakingState();
    const startedAt = epochStartedAtMs(staking) ?? this.#clock.nowMs();
    return startedAt + Number(staking.epoch_duration);
  }

  /** Write the first objects. */
  async create(genesis: ChainGenesis): Promise<void> {
    const { chainIdentifier: digest } = this;
    seatNodes(genesis, digest);
    await this.#edit('genesis', (editor) => {
      const nowMs = this.#clock.nowMs();
      const context = { genesis, digest, ids: this.#ids, nowMs, aggregateKeys };
      writeGenesis(editor, this.ledger.framework, context);
    });
    this.#database.transaction(() => {
      this.ledger.meta.set(META.ids, JSON.stringify(this.#ids));
      this.ledger.meta.set(META.lastSeen, String(this.#clock.nowMs()));
      this.ledger.meta.set(META.genesis, digest);
    })();
  }

  /** Go on after a pause, as if it had not been. */
  async resume(): Promise<void> {
    const lastSeen = Number(this.ledger.meta.get(META.lastSeen) ?? this.#clock.nowMs());
    const pauseMs = this.#clock.nowMs() - lastSeen;
    this.ledger.meta.set(META.lastSeen, String(this.#clock.nowMs()));
    if (pauseMs < PAUSE_MS_MIN) return;
    await this.#edit('resume', (editor) => {
      shiftTimes(editor, pauseMs);
    });
  }

  async advanceEpoch(
    options: { readonly shards?: ShardAssignment; readonly awaitNodes?: boolean } = {},
  ): Promise<void> {
    if (isChangingEpoch(this.#stakingState())) {
      await this.#edit('finish epoch change', (editor) => {
        finishEpochChange(editor, this.#clock.nowMs());
      });
    }
    if (options.shards !== undefined || !areParametersSelected(this.#stakingState())) {
      await this.#edit('select parameters', (editor) => {
        selectParameters(editor, options.shards);
      });
    }
    await this.#edit('start epoch', (editor) => {
      startEpoch(editor, aggregateKeys);
    });
    if (options.awaitNodes === true) return;
    await this.#edit('shards received', (editor) => {
      for (const { key } of editor.staking.committee) {
        receiveShards(editor, key, this.#clock.nowMs());
      }
    });
  }

  async reportShardsReceived(nodeId: ObjectId): Promise<void> {
    const { epoch, committee } = this.#stakingState();
    if (!committee.some(({ key }) => key === nodeId)) return;
    const synced = this.#syncedNodes(epoch);
    if (synced.includes(nodeId)) return;
    const nodes = [...synced, nodeId];
    await this.#edit('shards received', (editor) => {
      receiveShards(editor, nodeId, this.#clock.nowMs());
    });
    this.ledger.meta.set(META.synced, JSON.stringify({ epoch, nodes }));
  }

  async setPrices(prices: {
    readonly storageFrostPerMib: bigint;
    readonly writeFrostPerMib: bigint;
  }): Promise<void> {
    await this.#edit('prices', (editor) => {
      changePrices(editor, prices.storageFrostPerMib, prices.writeFrostPerMib);
    });
  }

  async setNetworkAddress(nodeId: ObjectId, networkAddress: string): Promise<void> {
    await this.#edit('network address', (editor) => {
      editor.pool(nodeId).node_info.network_address = networkAddress;
    });
  }

  async fund(
    address: SuiAddress,
    amounts: { readonly mist?: bigint; readonly frost?: bigint },
  ): Promise<{ readonly txDigest: TransactionDigest; readonly coinIds: readonly ObjectId[] }> {
    const wal = this.ledger.framework.type('wal::wal::WAL');
    const coins = [
      { of: suiType, balance: amounts.mist ?? 0n },
      { of: wal, balance: amounts.frost ?? 0n },
    ].filter(({ balance }) => balance > 0n);
    const coinIds: ObjectId[] = [];
    const stored = await this.#edit('fund', (editor, digest) => {
      for (const { of, balance } of coins) {
        const id = createdObjectId(digest, coinIds.length);
        editor.create(id, coinType(of), { kind: 'address', address }, { id, balance });
        coinIds.push(id as ObjectId);
      }
    });
    return { txDigest: stored.record.digest as TransactionDigest, coinIds };
  }

  async tick(options: { readonly awaitNodes?: boolean } = {}): Promise<void> {
    this.#rememberTime();
    const staking = this.#stakingState();
    const startedAt = epochStartedAtMs(staking);
    if (startedAt === undefined) return;
    const elapsed = this.#clock.nowMs() - startedAt;
    const duration = Number(staking.epoch_duration);
    if (elapsed >= duration) {
      await this.advanceEpoch(options);
    } else if (elapsed >= duration / 2 && !areParametersSelected(staking)) {
      await this.#edit('select parameters', (editor) => {
        selectParameters(editor);
      });
    }
  }

  async close(): Promise<void> {
    await this.ledger.settle();
    this.#rememberTime();
    this.#database.close();
  }

  #runningMs(): number {
    const lastSeen = Number(this.ledger.meta.get(META.lastSeen) ?? this.#clock.nowMs());
    const sinceThen = Math.max(0, this.#clock.nowMs() - lastSeen);
    return Number(this.ledger.meta.get(META.running) ?? '0') + sinceThen;
  }

  #rememberTime(): void {
    const runningMs = this.#runningMs();
    this.#database.transaction(() => {
      this.ledger.meta.set(META.running, String(runningMs));
      this.ledger.meta.set(META.lastSeen, String(this.#clock.nowMs()));
    })();
  }

  #syncedNodes(epoch: number): readonly string[] {
    const text = this.ledger.meta.get(META.synced);
    if (text === undefined) return [];
    const synced = JSON.parse(text) as { epoch: number; nodes: string[] };
    return synced.epoch === epoch ? synced.nodes : [];
  }

  #stakingState(): StakingStateStruct {
    this.#staking ??= readValue<{ value: StakingStateStruct }>(
      this.ledger.objects.view(),
      innerStateId(this.#ids.staking),
      innerStateLayouts.staking,
    ).value;
    return this.#staking;
  }

  async #edit(label: string, work: (editor: StateEditor, digest: string) => void) {
    const { framework } = this.ledger;
    return this.ledger.runSystem(
      label,
      (place): SystemChanges => {
        const reader = this.ledger.objects.view();
        const editor = new StateEditor({ framework, reader, ids: this.#ids, place });
        work(editor, place.digest);
        return editor.finish();
      },
      () => {
        this.#staking = undefined;
        this.#committees.record(this.#stakingState(), this.ledger.objects.view());
      },
    );
  }
}

function makeView(
  ledger: Ledger,
  staking: () => StakingStateStruct,
  committeeFor: (epoch: number) => Committee | undefined,
): ChainView {
  const current = (): number => staking().epoch;
  return {
    get epoch() {
      return committeeOf(current()).epoch;
    },
    get shardCount() {
      return staking().n_shards;
    },
    get committee() {
      return committeeOf(current());
    },
    get previousCommittee() {
      return committeeFor(current() - 1);
    },
    get isChangingEpoch() {
      return isChangingEpoch(staking());
    },
    get latestCheckpoint() {
      return ledger.transactions.latestCheckpoint();
    },
    get latestEventSequence() {
      return ledger.transactions.latestEventSequence();
    },
    committeeFor,
    isRegistered: (blobId: BlobId) => ledger.blobs.isRegistered(blobId, current()),
    isCertified: (blobId: BlobId) => ledger.blobs.isCertified(blobId, current()),
    isInvalid: (blobId: BlobId) => ledger.blobs.isInvalid(blobId),
    registeredObject: (objectId: ObjectId) => ledger.blobs.object(objectId, current()),
    blobStatus: (blobId: BlobId) => ledger.blobs.status(blobId, current()),
    certifiedBlobs: ({ after, limit }) => ledger.blobs.certified(current(), after ?? '', limit),
  };

  function committeeOf(epoch: number): Committee {
    const committee = committeeFor(epoch);
    if (committee === undefined) throw new TypeError(`no committee for epoch ${String(epoch)}`);
    return committee;
  }
}
