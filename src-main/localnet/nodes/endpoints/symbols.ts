/**
 * @file Recovery symbols with proofs, decoding symbols without, and proofs of inconsistency: what
 * nodes give each other to rebuild slivers, and clients to read less than a row.
 */
import { blobIdToBytes, type BlobId } from '#engine/model/ids.ts';
import type { SliverAxis } from '#engine/model/walrus.ts';
import { bytesAnswer, refuse, Refusal, success, type Answer } from '../answers.ts';
import {
  otherAxis,
  pairOfShard,
  pairOfSliver,
  shardOfPair,
  sliverOfPair,
  symbolsPerSliver,
} from '../encoding.ts';
import { storedMetadata, type NodeContext } from '../node-context.ts';
import type { NodeRequest } from '../node-server.ts';
import { parseSymbolId, parseU16, type SymbolId } from '../routes.ts';
import { BcsReader, decodeSliverOutline, invalidBlobMessage, lengthBytes } from '../wire.ts';
import { decodeBody } from './request-parts.ts';
import { retrieveSliver, sliverFault } from './slivers.ts';

/** The framework's default for bodies without a limit of their own. */
const PROOF_BYTES_MAX = 2 * 1024 * 1024;

const SOURCE_UNAVAILABLE =
  'the sliver from which to extract the recovery symbol could not be retrieved: ';

/** A symbol to extract: from a stored sliver, for a sliver of the other axis. */
interface Extraction {
  readonly sourceAxis: SliverAxis;
  readonly sourcePair: number;
  readonly targetIndex: number;
}

export async function getRecoverySymbols(
  context: NodeContext,
  blobId: BlobId,
  { query }: NodeRequest,
): Promise<Answer> {
  const filter = parseFilter(context, query);
  const ids = 'ids' in filter ? filter.ids : idsForSliver(context, blobId, filter);
  const symbols: Uint8Array[] = [];
  // What is not here is left out; only when nothing is left does the last reason count.
  let lastRefusal = refuse.noSymbols();
  for (const id of ids) {
    try {
      symbols.push(await recoverySymbol(context, blobId, id, filter.proofAxis));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      lastRefusal = error;
    }
  }
  if (symbols.length === 0) throw lastRefusal;
  return bytesAnswer(Buffer.concat([lengthBytes(symbols.length), ...symbols]));
}

/** One symbol, without the vector around it (release 1.32). */
export async function getRecoverySymbol(
  context: NodeContext,
  blobId: BlobId,
  id: SymbolId,
): Promise<Answer> {
  return bytesAnswer(await recoverySymbol(context, blobId, id, undefined));
}

/** The old form of release 1.32: no axis tag, and no index of the target. */
export async function getLegacySymbol(
  context: NodeContext,
  {
    blobId,
    pair,
    axis,
    targetPair,
  }: {
    readonly blobId: BlobId;
    readonly pair: number;
    readonly axis: SliverAxis;
    readonly targetPair: number;
  },
): Promise<Answer> {
  const { shape } = context.encoding;
  const sourceAxis = otherAxis(axis);
  const symbol = await extract(context, blobId, {
    sourceAxis,
    sourcePair: pair,
    targetIndex: sliverOfPair(shape, axis, targetPair),
  });
  const reader = new BcsReader(symbol);
  reader.u8();
  const index = reader.bytes(2);
  const dataBytes = reader.length();
  const data = reader.bytes(dataBytes);
  reader.u16();
  const proofCount = reader.length();
  const proof = reader.bytes(proofCount * 33);
  reader.end();
  return bytesAnswer(
    Buffer.concat([index, lengthBytes(dataBytes), data, lengthBytes(proofCount), proof]),
  );
}

type Filter = { readonly proofAxis: SliverAxis | undefined } & (
  | { readonly ids: readonly SymbolId[] }
  | { readonly targetSliver: number; readonly targetAxis: SliverAxis }
);

function parseFilter(context: NodeContext, query: URLSearchParams): Filter {
  const fail = (refusal: Refusal): Refusal =>
    context.behaviour.textErrors
      ? refuse.text(
          400,
          'Failed to deserialize query string: data did not match any variant of untagged enum ' +
            'ListRecoverySymbolIdsFilter',
        )
      : refusal;
  const proofText = query.get('proofAxis');
  const proofAxis = proofText === null ? undefined : parseAxis(proofText);
  if (proofText !== null && !proofAxis) throw fail(refuse.filterInvalid('unknown proofAxis'));
  if (query.has('id')) {
    const ids = query.getAll('id').map((text) => {
      const id = parseSymbolId(text);
      if (!id) throw fail(refuse.filterInvalid(`not a symbol ID: ${text}`));
      return id;
    });
    return { proofAxis, ids: sortedWithoutDuplicates(ids) };
  }
  if (!query.has('targetSliver') && !query.has('targetType')) throw fail(refuse.noSymbols());
  const targetSliver = parseU16(query.get('targetSliver') ?? '');
  const targetAxis = parseAxis(query.get('targetType') ?? '');
  if (targetSliver === undefined || !targetAxis) {
    throw fail(refuse.filterInvalid('targetSliver and targetType belong together'));
  }
  return { proofAxis, targetSliver, targetAxis };
}

function parseAxis(text: string): SliverAxis | undefined {
  return text === 'primary' || text === 'secondary' ? text : undefined;
}

function sortedWithoutDuplicates(ids: readonly SymbolId[]): readonly SymbolId[] {
  const byKey = new Map(ids.map((id) => [id.primary * 0x1_0000 + id.secondary, id]));
  return [...byKey].sort(([a], [b]) => a - b).map(([, id]) => id);
}

/** All symbols of a sliver that this node's shards hold, in the order of the shards. */
function idsForSliver(
  context: NodeContext,
  blobId: BlobId,
  target: { readonly targetSliver: number; readonly targetAxis: SliverAxis },
): readonly SymbolId[] {
  const { shape } = context.encoding;
  return context.shards.owned().map((shard) => {
    const pair = pairOfShard(shape, blobId, shard);
    const source = sliverOfPair(shape, otherAxis(target.targetAxis), pair);
    return target.targetAxis === 'primary'
      ? { primary: target.targetSliver, secondary: source }
      : { primary: source, secondary: target.targetSliver };
  });
}

/** A symbol from whichever of its two slivers is here; `proofAxis` says from which it must be. */
async function recoverySymbol(
  context: NodeContext,
  blobId: BlobId,
  id: SymbolId,
  proofAxis: SliverAxis | undefined,
): Promise<Uint8Array> {
  const { shape } = context.encoding;
  for (const index of [id.primary, id.secondary]) {
    if (index >= shape.shardCount) {
      throw refuse.indexOutOfRange(
        'the requested recovery symbol is invalid for the system',
        index,
        shape.shardCount,
      );
    }
  }
  let lastRefusal = refuse.symbolNotHere();
  for (const sourceAxis of ['primary', 'secondary'] as const) {
    if (proofAxis !== undefined && proofAxis !== sourceAxis) continue;
    const [source, targetIndex] =
      sourceAxis === 'primary' ? [id.primary, id.secondary] : [id.secondary, id.primary];
    const sourcePair = pairOfSliver(shape, sourceAxis, source);
    if (!context.shards.isOwned(shardOfPair(shape, blobId, sourcePair))) continue;
    try {
      return await extract(context, blobId, { sourceAxis, sourcePair, targetIndex });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      lastRefusal = error;
    }
  }
  throw lastRefusal;
}

async function extract(
  context: NodeContext,
  blobId: BlobId,
  { sourceAxis, sourcePair, targetIndex }: Extraction,
): Promise<Uint8Array> {
  const sliver = retrieveSliver(
    context,
    { blobId, pair: sourcePair, axis: sourceAxis },
    SOURCE_UNAVAILABLE,
  );
  const metadata = storedMetadata(context, blobId);
  if (!metadata) throw refuse.sliverNotFound(SOURCE_UNAVAILABLE);
  // A damaged file must not become a symbol that nobody can use.
  const outline = decodeSliverOutline(sliver);
  if ((await sliverFault(context, metadata, sourceAxis, sliver, outline)) !== undefined) {
    throw refuse.sliverNotFound(SOURCE_UNAVAILABLE);
  }
  const [symbol] = await context.encoding.recoverySymbols(metadata, sourceAxis, sliver, [
    targetIndex,
  ]);
  if (!symbol) throw refuse.sliverNotFound(SOURCE_UNAVAILABLE);
  return symbol;
}

/** Symbols without proofs, for slivers that hold raw bytes of the blob. */
export function getDecodingSymbols(
  context: NodeContext,
  blobId: BlobId,
  { query }: NodeRequest,
): Answer {
  const { shape } = context.encoding;
  const targetAxis = parseAxis(query.get('targetType') ?? '');
  const targets = query.getAll('targetSlivers').map(parseU16);
  if (!targetAxis || targets.includes(undefined)) {
    throw refuse.filterInvalid('targetSlivers and targetType belong together');
  }
  if (context.blockedBlobs.has(blobId)) throw refuse.sliverForbidden();
  if (!context.ledger().isRegistered(blobId)) throw refuse.sliverNotFound(SOURCE_UNAVAILABLE);
  if (targets.length === 0) throw refuse.noTargets();
  const sourceCount = symbolsPerSliver(shape, otherAxis(targetAxis));
  const wanted = targets.map((target) => target ?? 0);
  for (const target of wanted) {
    if (target >= sourceCount) {
      throw refuse.decodingTargetOutOfRange(target, sourceCount, targetAxis);
    }
  }
  return bytesAnswer(encodeDecodingSymbols(context, blobId, targetAxis, wanted));
}

function encodeDecodingSymbols(
  context: NodeContext,
  blobId: BlobId,
  targetAxis: SliverAxis,
  targets: readonly number[],
): Uint8Array {
  const tag = targetAxis === 'primary' ? 0 : 1;
  const symbols = new Map<number, Uint8Array[]>();
  for (const shard of context.shards.owned()) {
    const sliver = context.store.sliver(blobId, shard, otherAxis(targetAxis));
    if (!sliver) continue;
    const { dataBytes, symbolBytes, sliverIndex } = decodeSliverOutline(sliver);
    const dataStart = sliver.length - 4 - dataBytes;
    for (const target of new Set(targets)) {
      const start = dataStart + target * symbolBytes;
      const symbol = Buffer.concat([
        Uint8Array.of(tag, sliverIndex & 0xff, sliverIndex >> 8),
        lengthBytes(symbolBytes),
        sliver.subarray(start, start + symbolBytes),
      ]);
      symbols.set(target, [...(symbols.get(target) ?? []), symbol]);
    }
  }
  // BCS orders a map by the bytes of its keys, which are little-endian.
  const entries = [...symbols].map(
    ([target, list]) => [Buffer.of(target & 0xff, target >> 8), list] as const,
  );
  entries.sort(([a], [b]) => Buffer.compare(a, b));
  return Buffer.concat([
    lengthBytes(entries.length),
    ...entries.flatMap(([key, list]) => [key, lengthBytes(list.length), ...list]),
  ]);
}

/** Check a proof that a blob was encoded wrongly, and attest it. */
export async function postInconsistencyProof(
  context: NodeContext,
  blobId: BlobId,
  axis: SliverAxis,
  request: NodeRequest,
): Promise<Answer> {
  const body = await request.body(PROOF_BYTES_MAX, () =>
    refuse.text(413, 'Failed to buffer the request body: length limit exceeded'),
  );
  decodeBody(() => decodeProofOutline(body));
  const metadata = context.ledger().isRegistered(blobId)
    ? storedMetadata(context, blobId)
    : undefined;
  if (!metadata) throw refuse.metadataRequired();
  const fault = await context.encoding.checkInconsistencyProof(metadata, axis, body);
  if (fault !== undefined) throw refuse.proofInvalid(fault);
  const message = invalidBlobMessage(context.ledger().epoch, blobIdToBytes(blobId));
  const signature = await context.signer.sign(message);
  return success(200, {
    serializedMessage: Buffer.from(message).toString('base64'),
    signature: Buffer.from(signature).toString('base64'),
  });
}

function decodeProofOutline(bytes: Uint8Array): void {
  const reader = new BcsReader(bytes);
  reader.u16();
  const symbolCount = reader.length();
  for (let index = 0; index < symbolCount; index += 1) {
    reader.u16();
    reader.bytes(reader.length());
    const pathLength = reader.length();
    for (let level = 0; level < pathLength; level += 1) {
      if (reader.length() === 1) reader.bytes(32);
    }
  }
  reader.end();
}
