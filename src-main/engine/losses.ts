/**
 * @file What a restore could not bring, in the order in which it must be seen to: what the network
 * lets go of first comes first. What has no end ahead, or none that is known, comes last.
 */
import type { RestoreReport } from '#contract/api.ts';
import { dateOf } from './epoch-dates.ts';
import { isAbort } from './model/engine-error.ts';
import { displayPath, type ObjectId } from './model/ids.ts';
import type { LostFile } from './restore/restore.ts';
import type { Chain } from './sui/chain.ts';

type ToldLoss = RestoreReport['lost'][number];
type EndOf = (loss: LostFile) => ToldLoss['endsAt'];

/** The losses of a restore, what ends soonest first. */
export async function tellLosses(
  chain: Chain,
  lost: readonly LostFile[],
  signal: AbortSignal,
): Promise<ToldLoss[]> {
  const endOf = lost.length === 0 ? () => undefined : await readEnds(chain, lost, signal);
  return lost
    .map((loss): ToldLoss => {
      const { path, code, reason } = loss;
      const endsAt = endOf(loss);
      return { path: displayPath(path), code, reason, ...(endsAt ? { endsAt } : {}) };
    })
    .sort((a, b) => (a.endsAt?.epoch ?? Infinity) - (b.endsAt?.epoch ?? Infinity) || 0);
}

/** When the chain does not answer nothing is known of any end; the restore is told all the same. */
async function readEnds(
  chain: Chain,
  lost: readonly LostFile[],
  signal: AbortSignal,
): Promise<EndOf> {
  const ids = new Set<ObjectId>();
  for (const { pack } of lost) if (pack?.blobObjectId) ids.add(pack.blobObjectId);
  try {
    const [system, blobs] = await Promise.all([
      chain.readSystem({ signal }),
      chain.readBlobObjects([...ids], { signal }),
    ]);
    return ({ pack }) => {
      const blob = pack?.blobObjectId && blobs.get(pack.blobObjectId);
      return blob && blob.endEpoch > system.epoch ? dateOf(system, blob.endEpoch) : undefined;
    };
  } catch (error) {
    if (isAbort(error)) throw error;
    return () => undefined;
  }
}
