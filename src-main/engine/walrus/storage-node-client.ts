/**
 * @file The endpoints of a storage node that Floe uses (walrus-protocol B.2), one method each.
 *
 * Thin: paths, sizes and shapes. Whether to believe, repeat or ask elsewhere is decided above.
 */
import type { BlobId, Epoch, SliverPairIndex } from '#engine/model/ids.ts';
import { epoch } from '#engine/model/ids.ts';
import type { Persistence, SliverAxis } from '#engine/model/walrus.ts';
import type { BufferPool } from './buffer-pool.ts';
import { parseBlobStatus, type BlobStatus } from './blob-status.ts';
import { parseSignedMessage, type SignedMessage } from './confirmation.ts';
import { JSON_ANSWER_BYTES_MAX } from './limits.ts';
import { field, readAnswer, successData, type NodeAnswer } from './node-answer.ts';
import type { Exchange, RequestBody } from './http-exchange.ts';
import type { NodeConnection } from './node-connection.ts';

/** What every call may be given. */
export interface CallOptions {
  readonly signal: AbortSignal;
  readonly rank: number;
  readonly onStall?: () => void;
}

export interface SliverPlace {
  readonly blobId: BlobId;
  readonly pair: SliverPairIndex;
  readonly axis: SliverAxis;
}

/** An answer of a few hundred bytes; counted so that many of them are bounded too. */
const SMALL_ANSWER_BYTES = 512;

const blobPath = (blobId: BlobId): string => `/v1/blobs/${blobId}`;
const sliverPath = ({ blobId, pair, axis }: SliverPlace): string =>
  `${blobPath(blobId)}/slivers/${String(pair)}/${axis}`;

/** Whether a value was stored now or had been there. */
export type StoreAnswer = 'stored' | 'was-there';

async function call<Value>(
  connection: NodeConnection,
  request: Omit<Exchange, keyof CallOptions>,
  options: CallOptions,
  parse: (body: Buffer) => Value | undefined,
): Promise<NodeAnswer<Value>> {
  return readAnswer(await connection.exchange({ ...request, ...options }), parse);
}

const getJson = (path: string): Omit<Exchange, keyof CallOptions> => ({
  method: 'GET',
  path,
  answerBytesMax: JSON_ANSWER_BYTES_MAX,
  answerBytesExpected: SMALL_ANSWER_BYTES,
});

const getBytes = (path: string, sizeBytesMax: number): Omit<Exchange, keyof CallOptions> => ({
  method: 'GET',
  path,
  // An error text may be longer than a small sliver.
  answerBytesMax: Math.max(sizeBytesMax, JSON_ANSWER_BYTES_MAX),
  answerBytesExpected: sizeBytesMax,
});

const put = (path: string, body: RequestBody): Omit<Exchange, keyof CallOptions> => ({
  method: 'PUT',
  path,
  body,
  answerBytesMax: JSON_ANSWER_BYTES_MAX,
  answerBytesExpected: SMALL_ANSWER_BYTES,
});

/**
 * PUT metadata. 201 and 202 are new; 200 was there. The recorded older release answers 200 for new
 * slivers too, so for slivers the difference says nothing.
 */
export async function putMetadata(
  connection: NodeConnection,
  blobId: BlobId,
  body: RequestBody,
  options: CallOptions,
): Promise<NodeAnswer<StoreAnswer>> {
  const answer = await call(
    connection,
    put(`${blobPath(blobId)}/metadata`, body),
    options,
    (): StoreAnswer => 'stored',
  );
  return answer.kind === 'ok' && answer.status === 200 ? { ...answer, value: 'was-there' } : answer;
}

export function putSliver(
  connection: NodeConnection,
  place: SliverPlace,
  body: RequestBody,
  options: CallOptions,
): Promise<NodeAnswer<StoreAnswer>> {
  return call(connection, put(sliverPath(place), body), options, (): StoreAnswer => 'stored');
}

/** GET metadata: BCS BlobMetadataWithId, unverified. */
export function getMetadata(
  connection: NodeConnection,
  blobId: BlobId,
  sizeBytesMax: number,
  options: CallOptions,
): Promise<NodeAnswer<Buffer>> {
  return call(
    connection,
    getBytes(`${blobPath(blobId)}/metadata`, sizeBytesMax),
    options,
    (body) => body,
  );
}

/** GET a sliver: BCS SliverData, unverified. It lies in `memory`, which the caller gives back. */
export function getSliver(
  connection: NodeConnection,
  place: SliverPlace,
  sizeBytesMax: number,
  memory: BufferPool,
  options: CallOptions,
): Promise<NodeAnswer<Buffer>> {
  const request = { ...getBytes(sliverPath(place), sizeBytesMax), answerMemory: memory };
  return call(connection, request, options, (body) => body);
}

/** GET recovery symbols by ID (`row-column`): a BCS vector, unverified. */
export function getRecoverySymbols(
  connection: NodeConnection,
  blobId: BlobId,
  symbolIds: readonly string[],
  sizeBytesMax: number,
  options: CallOptions,
): Promise<NodeAnswer<Buffer>> {
  const query = symbolIds.map((id) => `id=${id}`).join('&');
  return call(
    connection,
    getBytes(`${blobPath(blobId)}/recoverySymbols?${query}`, sizeBytesMax),
    options,
    (body) => body,
  );
}

/** GET a storage confirmation, unverified. */
export function getConfirmation(
  connection: NodeConnection,
  blobId: BlobId,
  persistence: Persistence,
  options: CallOptions,
): Promise<NodeAnswer<SignedMessage>> {
  const kind =
    persistence.kind === 'permanent' ? 'permanent' : `deletable/${persistence.blobObjectId}`;
  return call(
    connection,
    getJson(`${blobPath(blobId)}/confirmation/${kind}`),
    options,
    parseSignedMessage,
  );
}

/** GET blob status: what the node believes about the registration. */
export function getBlobStatus(
  connection: NodeConnection,
  blobId: BlobId,
  options: CallOptions,
): Promise<NodeAnswer<BlobStatus>> {
  return call(connection, getJson(`${blobPath(blobId)}/status`), options, (body) =>
    parseBlobStatus(successData(body)),
  );
}

/** Whether a sliver is there, as the node says: a hint, since it outlives a deletion. */
export function getSliverStatus(
  connection: NodeConnection,
  place: SliverPlace,
  options: CallOptions,
): Promise<NodeAnswer<boolean>> {
  return call(connection, getJson(`${sliverPath(place)}/status`), options, (body) => {
    const status = successData(body);
    return typeof status === 'string' ? status.toLowerCase() === 'stored' : undefined;
  });
}

/** The epoch that the node believes in. */
export function getNodeEpoch(
  connection: NodeConnection,
  options: CallOptions,
): Promise<NodeAnswer<Epoch>> {
  return call(connection, getJson('/v1/health'), options, (body) => {
    const value = field(successData(body), 'epoch');
    return typeof value === 'number' && Number.isInteger(value) ? epoch(value) : undefined;
  });
}
