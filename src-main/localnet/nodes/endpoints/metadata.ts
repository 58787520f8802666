/**
 * @file GET and PUT of blob metadata, and whether it is stored.
 */
import { blobIdToBytes, type BlobId } from '#engine/model/ids.ts';
import { bytesAnswer, refuse, success, type Answer } from '../answers.ts';
import { blobBytesMax } from '../encoding.ts';
import type { NodeContext } from '../node-context.ts';
import type { NodeRequest } from '../node-server.ts';
import { decodeMetadataOutline, type MetadataOutline } from '../wire.ts';
import { decodeBody, isPendingUpload, requireOctetStream } from './request-parts.ts';

/** The framework's default for bodies without a limit of their own. */
const BODY_BYTES_MAX = 2 * 1024 * 1024;

export function getMetadata(context: NodeContext, blobId: BlobId): Answer {
  if (context.blockedBlobs.has(blobId)) throw refuse.metadataForbidden();
  const bytes = context.ledger().isRegistered(blobId) ? context.store.metadata(blobId) : undefined;
  if (!bytes) throw refuse.metadataNotFound();
  const answer = Buffer.concat([blobIdToBytes(blobId), bytes]);
  // The last byte belongs to the last hash.
  if (context.forgeries.has('metadata')) {
    answer.writeUInt8(answer.readUInt8(answer.length - 1) ^ 0xff, answer.length - 1);
  }
  return bytesAnswer(answer);
}

/** Says "stored" whether or not the blob is still registered. */
export function getMetadataStatus(context: NodeContext, blobId: BlobId): Answer {
  return success(200, context.store.hasMetadata(blobId) ? 'stored' : 'nonexistent');
}

export async function putMetadata(
  context: NodeContext,
  blobId: BlobId,
  request: NodeRequest,
): Promise<Answer> {
  const isPending = isPendingUpload(context, request);
  requireOctetStream(request);
  const body = await request.body(BODY_BYTES_MAX, refuse.bodyTooLong);
  const outline = decodeBody(() => decodeMetadataOutline(body));
  const ledger = context.ledger();
  const invalidation = ledger.invalidation(blobId);
  if (invalidation) throw refuse.blobInvalid(invalidation);
  if (context.behaviour.registrationFirst && !ledger.isRegistered(blobId)) {
    throw refuse.notRegistered();
  }
  if (context.store.hasMetadata(blobId) || context.pending.metadata(blobId)) {
    return success(200, 'metadata already stored');
  }
  verifyMetadata(context, blobId, outline, body);
  if (ledger.isRegistered(blobId)) {
    context.store.putMetadata(blobId, body);
    context.noteUpload(blobId);
    return success(201, 'metadata successfully stored');
  }
  if (!isPending) throw refuse.notRegistered();
  switch (context.pending.putMetadata(blobId, body)) {
    case 'buffered':
      return success(202, 'metadata buffered pending registration');
    case 'present':
      return success(200, 'metadata already stored');
    case 'saturated':
      throw refuse.cacheSaturated();
  }
}

function verifyMetadata(
  context: NodeContext,
  blobId: BlobId,
  outline: MetadataOutline,
  body: Uint8Array,
): void {
  if (outline.encodingType !== 'RS2') throw refuse.encodingUnsupported(outline.encodingType);
  const { shape } = context.encoding;
  if (outline.hashPairCount !== shape.shardCount) {
    throw refuse.metadataInvalid(
      'the metadata contained an invalid number of hashes ' +
        `(expected ${String(shape.shardCount)}): ${String(outline.hashPairCount)}`,
    );
  }
  if (outline.unencodedLength > BigInt(blobBytesMax(shape))) {
    throw refuse.metadataInvalid('the unencoded blob length is too large for the given config');
  }
  if (!context.encoding.openMetadata(blobId, body)) {
    throw refuse.metadataInvalid('the blob ID does not match the provided metadata');
  }
}
