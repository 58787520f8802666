/**
 * @file Storage of the account that no blob uses: what deleting gives back, used for the next blob.
 *
 * Pieces can be joined when they begin and end together. Ends lie on the vault's grid (see
 * [Note: End-epoch grid] in renewal/horizon.ts), and what has passed of a piece is cut off.
 */
import type { SuiAddress } from '#engine/model/ids.ts';
import { Storage, parseStruct } from '../move-structs.ts';
import { listOwned } from '../owned-objects.ts';
import type { ChainRpc, ObjectRef } from '../rpc/chain-rpc.ts';
import type { SystemState } from '../system.ts';

export interface SpareStorage {
  readonly ref: ObjectRef;
  readonly storageBytes: bigint;
  readonly startEpoch: number;
  /** Exclusive. */
  readonly endEpoch: number;
}

/** Anyone can send objects to an address; more than this is not ours. */
const SPARE_MAX = 10_000;
/** Pieces that are joined for one blob. */
export const PIECES_MAX = 24;

/** Everything the account has. */
export async function listSpareStorage(
  rpc: ChainRpc,
  system: Pick<SystemState, 'typePackageId'>,
  owner: SuiAddress,
  signal: AbortSignal | undefined,
): Promise<SpareStorage[]> {
  const type = `${system.typePackageId}::storage_resource::Storage`;
  const spare: SpareStorage[] = [];
  for await (const object of listOwned(rpc, { owner, type, itemsMax: SPARE_MAX }, signal)) {
    const storage = parseStruct(Storage, object.contents, object.objectId);
    spare.push({
      ref: object,
      storageBytes: BigInt(storage.storage_size),
      startEpoch: storage.start_epoch,
      endEpoch: storage.end_epoch,
    });
  }
  return spare;
}

/**
 * The pieces to join for `neededBytes` from now on: those that last longest, up to the end that is
 * wanted, and as few as will do. Undefined when there is not enough that ends together.
 */
export function chooseSpare(
  spare: readonly SpareStorage[],
  neededBytes: bigint,
  wanted: { readonly epoch: number; readonly endEpoch: number },
): readonly SpareStorage[] | undefined {
  const byEnd = Map.groupBy(
    spare.filter(
      ({ startEpoch, endEpoch }) => startEpoch <= wanted.epoch && endEpoch > wanted.epoch,
    ),
    ({ endEpoch }) => endEpoch,
  );
  const distance = (end: number): number => Math.abs(end - wanted.endEpoch);
  const ends = [...byEnd.keys()].sort((one, other) => distance(one) - distance(other));
  for (const end of ends) {
    const pieces = enoughOf(byEnd.get(end) ?? [], neededBytes);
    if (pieces) return pieces;
  }
  return undefined;
}

function enoughOf(
  pieces: readonly SpareStorage[],
  neededBytes: bigint,
): readonly SpareStorage[] | undefined {
  const smallestFirst = pieces.toSorted((one, other) =>
    one.storageBytes < other.storageBytes ? -1 : one.storageBytes > other.storageBytes ? 1 : 0,
  );
  const single = smallestFirst.find(({ storageBytes }) => storageBytes >= neededBytes);
  if (single) return [single];
  const chosen: SpareStorage[] = [];
  let bytes = 0n;
  for (const piece of smallestFirst.toReversed().slice(0, PIECES_MAX)) {
    chosen.push(piece);
    bytes += piece.storageBytes;
    if (bytes >= neededBytes) return chosen;
  }
  return undefined;
}
