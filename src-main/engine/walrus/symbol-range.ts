/**
 * @file Reads a range shorter than a row by single symbols, each with its proof.
 *
 * Symbol (r, c) of the matrix is bytes of the blob while r < p and c < s. A storage node that
 * holds primary sliver r or secondary sliver c gives it with a Merkle path to that sliver's hash
 * in the metadata (walrus-protocol A.7), so a footer of a few KiB needs not cost a row of a MiB.
 * First the node of the row is asked for all symbols at once; for what it does not give, the nodes
 * of the columns. If that fails too the caller reads slivers.
 */
import { hasCode } from '#engine/model/engine-error.ts';
import { sliverPairIndex, type SliverPairIndex } from '#engine/model/ids.ts';
import { secondarySourceCount } from '#engine/model/walrus.ts';
import { READ_RANK, type ReadSource } from './blob-metadata.ts';
import {
  JSON_ANSWER_BYTES_MAX,
  SYMBOL_RANGE_COUNT_MAX,
  SYMBOL_RANGE_ROW_BYTES_MIN,
} from './limits.ts';
import type { NetworkContext } from './network-context.ts';
import type { OpenMetadata } from './sliver-codec.ts';
import { getRecoverySymbols } from './storage-node-client.ts';

export interface SymbolRange {
  readonly context: NetworkContext;
  readonly metadata: OpenMetadata;
  readonly signal: AbortSignal;
  readonly sourcesOf: (pair: SliverPairIndex) => readonly ReadSource[];
  readonly offset: number;
  readonly length: number;
}

/** One symbol by its place in the matrix. */
interface Place {
  readonly row: number;
  readonly column: number;
}

const placeKey = ({ row, column }: Place): string => `${String(row)}-${String(column)}`;

/** Around a symbol: axis, indices, lengths and the path, 33 bytes a level. */
const proofBytes = (shardCount: number): number => 16 + 33 * Math.ceil(Math.log2(shardCount) + 1);

/** The bytes of the range, or undefined where reading slivers is cheaper or symbols are not given. */
export async function readRangeBySymbols(range: SymbolRange): Promise<Uint8Array | undefined> {
  const places = symbolPlaces(range);
  if (places === undefined) return undefined;
  const scope = range.context.openScope(range.signal);
  const symbols = new Map<string, Uint8Array>();
  try {
    const rows = [...new Set(places.map(({ row }) => row))];
    await Promise.all(rows.map((row) => askRowOwner(range, places, row, symbols, scope.signal)));
    const missing = places.filter((place) => !symbols.has(placeKey(place)));
    await Promise.all(missing.map((place) => askColumnOwner(range, place, symbols, scope.signal)));
  } finally {
    scope.end();
  }
  return joinSymbols(range, places, symbols);
}

/** The symbols that hold the range; undefined where they are no saving. */
function symbolPlaces({ metadata, offset, length }: SymbolRange): Place[] | undefined {
  const { shardCount, symbolBytes } = metadata;
  const columns = secondarySourceCount(shardCount);
  const rowBytes = columns * symbolBytes;
  const first = Math.floor(offset / symbolBytes);
  const count = Math.floor((offset + length - 1) / symbolBytes) - first + 1;
  const rowCount = Math.floor((offset + length - 1) / rowBytes) - Math.floor(offset / rowBytes) + 1;
  const isSaving = count * (symbolBytes + proofBytes(shardCount)) * 2 <= rowCount * rowBytes;
  if (rowBytes < SYMBOL_RANGE_ROW_BYTES_MIN || count > SYMBOL_RANGE_COUNT_MAX || !isSaving) {
    return undefined;
  }
  return Array.from({ length: count }, (_, index) => ({
    row: Math.floor((first + index) / columns),
    column: (first + index) % columns,
  }));
}

function askRowOwner(
  range: SymbolRange,
  places: readonly Place[],
  row: number,
  symbols: Map<string, Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const wanted = places.filter((place) => place.row === row);
  return ask(range, sliverPairIndex(row), wanted, symbols, signal);
}

function askColumnOwner(
  range: SymbolRange,
  place: Place,
  symbols: Map<string, Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  // Secondary sliver c belongs to pair n - 1 - c.
  const pair = sliverPairIndex(range.metadata.shardCount - 1 - place.column);
  return ask(range, pair, [place], symbols, signal);
}

/** Ask the holder of a pair. Resolves when it answered, failed or fell silent. */
async function ask(
  range: SymbolRange,
  pair: SliverPairIndex,
  places: readonly Place[],
  symbols: Map<string, Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const { context, metadata } = range;
  const [source] = range.sourcesOf(pair);
  if (source === undefined) return;
  const connection = context.connect(source.storageNode, source.committee);
  // Whoever was silent or false lately would only be waited for.
  if (!connection.offersRecoverySymbols || connection.isAvoided()) return;
  const sizeBytes = 2 + places.length * (metadata.symbolBytes + proofBytes(metadata.shardCount));
  const silence = Promise.withResolvers<undefined>();
  const request = getRecoverySymbols(
    connection,
    metadata.blobId,
    places.map(placeKey),
    sizeBytes + JSON_ANSWER_BYTES_MAX,
    { signal, rank: READ_RANK, onStall: () => silence.resolve(undefined) },
  );
  // Given up when silent; its end then concerns nobody.
  request.catch(() => undefined);
  const answer = await Promise.race([request, silence.promise]);
  if (answer === undefined) return;
  if (answer.kind === 'refused' && answer.reason === 'NO_SUCH_ROUTE') {
    connection.offersRecoverySymbols = false;
  }
  if (answer.kind !== 'ok') return;
  if (!keepTrueSymbols(range, places, answer.value, symbols)) {
    connection.reportFalseAnswer('gave a false recovery symbol');
  }
}

/** Keep the symbols that are proved and were asked for. Gives whether all were true. */
function keepTrueSymbols(
  { context, metadata }: SymbolRange,
  places: readonly Place[],
  bcs: Uint8Array,
  symbols: Map<string, Uint8Array>,
): boolean {
  const wanted = new Set(places.map(placeKey));
  try {
    for (const claim of context.codec.splitRecoverySymbols(bcs, metadata.shardCount)) {
      const found = context.codec.verifyRecoverySymbol(metadata, claim);
      const isOfRow = found.targetAxis === 'secondary';
      const key = placeKey({
        row: isOfRow ? found.sourceIndex : found.targetIndex,
        column: isOfRow ? found.targetIndex : found.sourceIndex,
      });
      // Nodes leave out what they do not hold, but have no reason to add anything.
      if (!wanted.has(key)) return false;
      symbols.set(key, found.symbol);
    }
    return true;
  } catch (error) {
    if (hasCode(error, 'encoding-invalid-input')) return false;
    throw error;
  }
}

function joinSymbols(
  { metadata, offset, length }: SymbolRange,
  places: readonly Place[],
  symbols: ReadonlyMap<string, Uint8Array>,
): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  for (const place of places) {
    const symbol = symbols.get(placeKey(place));
    if (symbol === undefined) return undefined;
    parts.push(symbol);
  }
  const start = offset % metadata.symbolBytes;
  return Buffer.concat(parts).subarray(start, start + length);
}
