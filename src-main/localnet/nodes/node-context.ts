/**
 * @file What the endpoints of one storage node share: its knowledge, its disk, its key.
 */
import type { BlobId } from '#engine/model/ids.ts';
import type { Committee } from '#engine/model/walrus.ts';
import type { NodeBehaviour } from './behaviour.ts';
import type { BlobLedger } from './blob-ledger.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { Encoding, VerifiedMetadata } from './encoding.ts';
import type { PendingUploads } from './pending-uploads.ts';
import type { ShardTable } from './shard-table.ts';
import type { SliverStore } from './sliver-store.ts';

/** What a lying node lies about. */
export type Forgery = 'sliver' | 'metadata' | 'confirmation';

export interface NodeSigner {
  /** Compressed, 48 bytes. */
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

export interface NodeContext {
  readonly behaviour: NodeBehaviour;
  readonly encoding: Encoding;
  readonly store: SliverStore;
  /** Rebuilt when the node starts, hence a function. */
  readonly ledger: () => BlobLedger;
  readonly shards: ShardTable;
  readonly pending: PendingUploads;
  readonly signer: NodeSigner;
  /** Blob IDs that the operator refuses to serve. */
  readonly blockedBlobs: ReadonlySet<BlobId>;
  readonly forgeries: ReadonlySet<Forgery>;
  /** Memory for bodies under verification. */
  readonly uploadBudget: ByteBudget;
  /** The committee of the epoch that the node is in. */
  readonly committee: () => Committee;
  /** Resolves true once the blob is registered, false after `timeoutMs`. */
  readonly untilRegistered: (blobId: BlobId, timeoutMs: number) => Promise<boolean>;
  /** Something of this blob was just uploaded: recovery of it would be premature. */
  readonly noteUpload: (blobId: BlobId) => void;
  readonly uptimeMs: () => number;
  readonly latestCheckpoint: () => number;
}

/** The blob's metadata on disk, parsed. Undefined when absent or damaged. */
export function storedMetadata(
  context: Pick<NodeContext, 'store' | 'encoding'>,
  blobId: BlobId,
): VerifiedMetadata | undefined {
  if (!context.store.hasMetadata(blobId)) return undefined;
  const opened = context.encoding.openedMetadata(blobId);
  if (opened) return opened;
  const bytes = context.store.metadata(blobId);
  return bytes && context.encoding.openMetadata(blobId, bytes);
}
