/**
 * @file The storage network: what the engine's journeys use of this folder.
 *
 *     upload ──▶ node-upload (metadata, slivers, confirmation per node) ──▶ quorum ──▶ certificate
 *     read   ──▶ blob-metadata ──▶ sliver-collection (verified, hedged) ──▶ bytes
 *                      both over storage-node-client ──▶ node-connection (one undici pool per node)
 *
 * Owns the connections, the bound on bytes under way, and the opinion of each node's health. Knows
 * the committee only as an argument: the chain is another folder's business, and so is the wallet.
 */
import type { BlobId, ObjectId } from '#engine/model/ids.ts';
import type { Certificate, Committee } from '#engine/model/walrus.ts';
import type { Clock, Logger, Random } from '#engine/ports/ports.ts';
import { openAdmission } from './admission.ts';
import { BufferPool } from './buffer-pool.ts';
import { openExchangeWatch } from './exchange-watch.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import {
  ConnectionDirectory,
  MetadataShelf,
  openOperationScope,
  type NetworkContext,
} from './network-context.ts';
import type { NodeHealth } from './node-health.ts';
import type { UploadBlob } from './node-upload.ts';
import { readBlob, readRange, type ReadOptions } from './read.ts';
import { rollCall } from './roll-call.ts';
import type { SliverCodec } from './sliver-codec.ts';
import {
  blobStatus,
  spread,
  type BlobStatusAnswer,
  type Spread,
  type SpreadOptions,
} from './spread.ts';
import { TransferRate } from './transfer-rate.ts';
import { checkTrust, type NodeScheme, type NodeTrust } from './trust.ts';
import { requestConfirmations, upload, type UploadOptions, type UploadResult } from './upload.ts';

/** Slivers of a blob that is read stay until the last one is there, and no longer count as under way. */
const BODIES_KEPT_FACTOR = 1.5;

export interface StorageNetworkOptions {
  readonly scheme: NodeScheme;
  readonly trust: NodeTrust;
  readonly codec: SliverCodec;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Only what should differ from the defaults. */
  readonly limits?: Partial<Limits>;
}

/** All calls reject with an `AbortError` once their signal is aborted or the network is closed. */
export interface StorageNetwork {
  /** Store a registered blob; see `upload.ts` for what it throws and what the tail is. */
  upload(blob: UploadBlob, options: UploadOptions): Promise<UploadResult>;
  /** A certificate for data that may already be there: after a crash or an epoch change. */
  requestConfirmations(
    blob: Pick<UploadBlob, 'blobId'>,
    options: UploadOptions,
  ): Promise<Certificate>;
  readBlob(blobId: BlobId, options: ReadOptions): Promise<Uint8Array>;
  readRange(
    blobId: BlobId,
    offset: number,
    length: number,
    options: ReadOptions,
  ): Promise<Uint8Array>;
  blobStatus(
    blobId: BlobId,
    committee: Committee,
    options?: { readonly signal?: AbortSignal },
  ): Promise<BlobStatusAnswer>;
  spread(blobId: BlobId, committee: Committee, options?: SpreadOptions): Promise<Spread>;
  /** The nodes of a committee that answer now. */
  rollCall(
    committee: Committee,
    options?: { readonly signal?: AbortSignal },
  ): Promise<ReadonlySet<ObjectId>>;
  /** What was seen of each storage node that was ever asked. */
  nodeHealth(): readonly NodeHealth[];
  /** End everything under way, tails included, and close the sockets. */
  close(): Promise<void>;
}

/** Throws `network-file-invalid` for a trust that the scheme cannot give. */
export function openStorageNetwork(options: StorageNetworkOptions): StorageNetwork {
  const { scheme, trust, codec, clock, random, logger } = options;
  checkTrust(scheme, trust);
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const watch = openExchangeWatch(clock, limits.stallMs);
  const totalAdmission = openAdmission({
    countMax: Number.POSITIVE_INFINITY,
    bytesMax: limits.inFlightBytesMax,
    asideBytesMax: limits.setAsideBytesMax,
  });
  const rate = new TransferRate(clock);
  const setting = { scheme, trust, limits, clock, watch, totalAdmission, rate };
  const connections = new ConnectionDirectory(setting);
  const closing = new AbortController();
  const context: NetworkContext = {
    clock,
    random,
    logger,
    limits,
    codec,
    bodies: new BufferPool(limits.inFlightBytesMax * BODIES_KEPT_FACTOR),
    knownMetadata: new MetadataShelf(),
    connect: (storageNode, committee) => connections.get(storageNode, committee),
    openScope: (signal) => openOperationScope(signal, closing.signal),
  };
  let uploadSequence = 0;
  const nextSequence = (): number => (uploadSequence += 1);
  return {
    upload: (blob, uploadOptions) => upload(context, nextSequence(), blob, uploadOptions),
    requestConfirmations: (blob, uploadOptions) =>
      requestConfirmations(context, nextSequence(), blob, uploadOptions),
    readBlob: (blobId, readOptions) => readBlob(context, blobId, readOptions),
    readRange: (blobId, offset, length, readOptions) =>
      readRange(context, blobId, offset, length, readOptions),
    blobStatus: (blobId, committee, statusOptions) =>
      blobStatus(context, blobId, committee, statusOptions),
    spread: (blobId, committee, spreadOptions) => spread(context, blobId, committee, spreadOptions),
    rollCall: (committee, callOptions) => rollCall(context, committee, callOptions),
    nodeHealth: () => connections.all().map((connection) => connection.report()),
    close: async () => {
      closing.abort(new DOMException('the storage network was closed', 'AbortError'));
      await Promise.all(connections.all().map((connection) => connection.close()));
    },
  };
}
