/**
 * @file GET and PUT of slivers, and whether one is stored.
 */
import type { BlobId } from '#engine/model/ids.ts';
import type { SliverAxis } from '#engine/model/walrus.ts';
import { bytesAnswer, refuse, success, type Answer } from '../answers.ts';
import {
  pairOfSliver,
  shardOfPair,
  SYMBOL_BYTES_MAX,
  symbolsPerSliver,
  type VerifiedMetadata,
} from '../encoding.ts';
import { letGo } from '../let-go.ts';
import { storedMetadata, type NodeContext } from '../node-context.ts';
import type { NodeRequest } from '../node-server.ts';
import { decodeSliverOutline, type SliverOutline } from '../wire.ts';
import { decodeBody, isPendingUpload } from './request-parts.ts';

/** Room for the BCS around the symbols. */
const BODY_HEADROOM_BYTES = 128;

/** A sliver's place: which blob, which pair, which of the two. */
export interface SliverPlace {
  readonly blobId: BlobId;
  readonly pair: number;
  readonly axis: SliverAxis;
}

export function getSliver(context: NodeContext, place: SliverPlace): Answer {
  requirePairInRange(context, place.pair);
  const sliver = retrieveSliver(context, place);
  if (context.forgeries.has('sliver')) {
    const forged = Uint8Array.from(sliver);
    const at = Math.floor(forged.length / 2);
    forged[at] = (forged[at] ?? 0) ^ 0xff;
    return bytesAnswer(forged);
  }
  return bytesAnswer(sliver);
}

/**
 * A stored sliver of a registered blob. Refuses in this order: blocked, not registered, shard not
 * here, not stored. `explanation` is put before "the requested sliver is unavailable".
 */
export function retrieveSliver(
  context: NodeContext,
  { blobId, pair, axis }: SliverPlace,
  explanation = '',
): Uint8Array {
  if (context.blockedBlobs.has(blobId)) throw refuse.sliverForbidden();
  const ledger = context.ledger();
  if (!ledger.isRegistered(blobId)) throw refuse.sliverNotFound(explanation);
  const shard = shardOfPair(context.encoding.shape, blobId, pair);
  if (!context.shards.has(shard)) throw refuse.shardNotAssigned(shard, ledger.epoch);
  const sliver = context.store.sliver(blobId, shard, axis);
  if (!sliver) throw refuse.sliverNotFound(explanation);
  return sliver;
}

/** Looks at the disk only: neither registration nor the range of the pair is checked. */
export function getSliverStatus(context: NodeContext, { blobId, pair, axis }: SliverPlace): Answer {
  const shard = shardOfPair(context.encoding.shape, blobId, pair);
  if (!context.shards.has(shard)) throw refuse.shardNotAssigned(shard, context.ledger().epoch);
  if (context.store.hasSliver(blobId, shard, axis)) return success(200, 'stored');
  return success(200, context.pending.hasSliver(blobId, pair, axis) ? 'buffered' : 'nonexistent');
}

export async function putSliver(
  context: NodeContext,
  place: SliverPlace,
  request: NodeRequest,
): Promise<Answer> {
  const isPending = isPendingUpload(context, request);
  const limit =
    context.encoding.shape.secondarySourceCount * SYMBOL_BYTES_MAX + BODY_HEADROOM_BYTES;
  const declared = Number(request.header('content-length') ?? limit);
  return context.uploadBudget.run(Math.min(declared, limit), async () => {
    const body = await request.body(limit, () =>
      context.behaviour.textErrors
        ? refuse.text(413, 'Failed to buffer the request body: length limit exceeded')
        : refuse.sliverTooLarge(limit),
    );
    const outcome = await storeSliver(context, place, body, isPending);
    if (outcome !== 'buffered') letGo(body);
    if (context.behaviour.alwaysOk200) return success(200, 'sliver stored successfully');
    switch (outcome) {
      case 'stored':
        return success(201, 'sliver stored successfully');
      case 'buffered':
        return success(202, 'sliver buffered pending registration');
      case 'present':
        return success(200, 'sliver already stored');
    }
  });
}

async function storeSliver(
  context: NodeContext,
  { blobId, pair, axis }: SliverPlace,
  body: Uint8Array,
  isPending: boolean,
): Promise<'stored' | 'buffered' | 'present'> {
  const { shape } = context.encoding;
  const outline = decodeBody(() => decodeSliverOutline(body));
  requirePairInRange(context, pair);
  if (!context.behaviour.noPairCheck && pairOfSliver(shape, axis, outline.sliverIndex) !== pair) {
    throw refuse.sliverIndexMismatch(outline.sliverIndex, pair);
  }
  const { metadata, isBuffered } = findMetadata(context, blobId, isPending);
  const shard = shardOfPair(shape, blobId, pair);
  if (!context.shards.isOwned(shard)) {
    throw refuse.shardNotAssigned(shard, context.ledger().epoch);
  }
  if (context.store.hasSliver(blobId, shard, axis)) return 'present';
  const fault = await sliverFault(context, metadata, axis, body, outline);
  if (fault !== undefined) throw refuse.sliverInvalid(fault);
  if (isBuffered) {
    const outcome = context.pending.putSliver(blobId, { pair, axis, bytes: body });
    if (outcome === 'saturated') throw refuse.cacheSaturated();
    return outcome;
  }
  // Another upload of the same sliver may have finished meanwhile.
  if (context.store.hasSliver(blobId, shard, axis)) return 'present';
  context.store.putSliver(blobId, shard, axis, body);
  context.noteUpload(blobId);
  return 'stored';
}

function findMetadata(
  context: NodeContext,
  blobId: BlobId,
  isPending: boolean,
): { readonly metadata: VerifiedMetadata; readonly isBuffered: boolean } {
  const isRegistered = context.ledger().isRegistered(blobId);
  if (context.behaviour.registrationFirst && !isRegistered) throw refuse.notRegistered();
  const stored = storedMetadata(context, blobId);
  if (stored) return { metadata: stored, isBuffered: false };
  const pending = context.pending.metadata(blobId);
  const buffered = pending && context.encoding.openMetadata(blobId, pending);
  if (buffered) return { metadata: buffered, isBuffered: true };
  throw isRegistered || isPending ? refuse.metadataRequired() : refuse.notRegistered();
}

/**
 * Why a decodable sliver is not the one that the metadata names, in the words of real nodes, or
 * undefined. The cheap reasons first: only a sliver of the right size is encoded and hashed.
 */
export async function sliverFault(
  context: Pick<NodeContext, 'encoding'>,
  metadata: VerifiedMetadata,
  axis: SliverAxis,
  sliver: Uint8Array,
  outline: SliverOutline,
): Promise<string | undefined> {
  const { shape } = context.encoding;
  if (outline.sliverIndex >= shape.shardCount) {
    return 'the sliver index is too large for the number of shards in the metadata';
  }
  if (outline.dataBytes !== symbolsPerSliver(shape, axis) * metadata.symbolBytes) {
    return 'the length of the provided sliver does not match the metadata';
  }
  if (outline.symbolBytes !== metadata.symbolBytes) {
    return 'the symbol size of the provided sliver does not match the metadata';
  }
  const pair = pairOfSliver(shape, axis, outline.sliverIndex);
  return (await context.encoding.matchesMerkleRoot(metadata, axis, pair, sliver))
    ? undefined
    : 'the recomputed Merkle root of the provided sliver does not match the metadata';
}

function requirePairInRange(context: NodeContext, pair: number): void {
  const { shardCount } = context.encoding.shape;
  if (pair < shardCount) return;
  throw refuse.indexOutOfRange('the requested sliver index is out of range', pair, shardCount);
}
