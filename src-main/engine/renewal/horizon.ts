/**
 * @file For how long storage is bought, when it is renewed, and to which epoch. Arithmetic only.
 *
 * A horizon has a floor and a target, both in epochs left. A folder is renewed once less than the
 * floor is left of any of its blobs, and then all of them go to the target: the gap between the two
 * keeps one renewal from following another.
 *
 * [Note: End-epoch grid] Ends of ordinary folders lie on multiples of one step that the whole vault
 * shares. Blobs bought on different days then end, and are renewed, together, and the storage of
 * one can be joined to that of another. Archives go to the furthest end that is sold instead.
 */
import type { HorizonPolicy } from '#contract/storage-api.ts';
import type { WalrusSystem } from '../model/walrus.ts';

const DAY_MS = 86_400_000;
/** A machine that is off for this long loses nothing, where the network sells that far ahead. */
const FLOOR_MS = 84 * DAY_MS;
const FLOOR_EPOCHS_MIN = 6;
/** What a renewal buys beyond the floor, as a part of it. */
const TARGET_BEYOND_FLOOR = 1 / 3;
/** Where the maximum is nearer than that, the floor lies this part of it below. */
const FLOOR_BELOW_MAXIMUM = 1 / 8;
/** An archive is renewed once this part of the maximum is used up. */
const ARCHIVE_USED_UP = 1 / 4;

/** What the arithmetic needs of the chain. */
export interface EpochFacts extends Pick<
  WalrusSystem,
  'epochStartedAtMs' | 'epochDurationMs' | 'epochsAheadMax'
> {
  readonly epoch: number;
}

/** The horizon of a folder whose owner has chosen none. */
export function defaultHorizon(facts: EpochFacts, permanent: boolean): HorizonPolicy {
  const { epochsAheadMax: max, epochDurationMs } = facts;
  if (permanent) {
    const floorEpochs = Math.max(1, Math.ceil(max * (1 - ARCHIVE_USED_UP)));
    return { kind: 'keep', floorEpochs, targetEpochs: max, untilMs: undefined };
  }
  const wanted = Math.max(FLOOR_EPOCHS_MIN, Math.ceil(FLOOR_MS / epochDurationMs));
  const targetEpochs = Math.min(max, wanted + Math.ceil(wanted * TARGET_BEYOND_FLOOR));
  const highest = targetEpochs - Math.max(1, Math.ceil(targetEpochs * FLOOR_BELOW_MAXIMUM));
  const floorEpochs = Math.max(1, Math.min(wanted, highest));
  return { kind: 'keep', floorEpochs, targetEpochs, untilMs: undefined };
}

/** A chosen horizon as this network can keep it. */
export function withinNetwork(horizon: HorizonPolicy, facts: EpochFacts): HorizonPolicy {
  const targetEpochs = Math.min(horizon.targetEpochs, facts.epochsAheadMax);
  return { ...horizon, targetEpochs, floorEpochs: Math.min(horizon.floorEpochs, targetEpochs) };
}

/** The step of the grid: what one renewal of an ordinary folder buys beyond the floor. */
export function gridStep(facts: EpochFacts): number {
  const { floorEpochs, targetEpochs } = defaultHorizon(facts, false);
  return Math.max(1, targetEpochs - floorEpochs);
}

/** The epoch at whose start a blob that is bought now ends. */
export function purchaseEnd(facts: EpochFacts, horizon: HorizonPolicy, permanent: boolean): number {
  const { epoch } = facts;
  const { floorEpochs, targetEpochs } = withinNetwork(horizon, facts);
  const step = gridStep(facts);
  const end =
    permanent || targetEpochs - floorEpochs < step
      ? epoch + targetEpochs
      : Math.ceil((epoch + floorEpochs) / step) * step;
  return Math.max(epoch + 1, Math.min(end, lastWantedEnd(facts, horizon)));
}

/** The epoch to which everything of a folder goes that is renewed now. */
export function renewalEnd(facts: EpochFacts, horizon: HorizonPolicy, permanent: boolean): number {
  const { epoch } = facts;
  const { floorEpochs, targetEpochs } = withinNetwork(horizon, facts);
  const step = gridStep(facts);
  const end =
    permanent || targetEpochs - floorEpochs < step
      ? epoch + targetEpochs
      : Math.floor((epoch + targetEpochs) / step) * step;
  return Math.min(end, lastWantedEnd(facts, horizon));
}

/** Whether a blob that ends at `endEpoch` asks for a renewal of its folder. */
export function isDue(endEpoch: number, facts: EpochFacts, horizon: HorizonPolicy): boolean {
  const { floorEpochs } = withinNetwork(horizon, facts);
  return endEpoch < Math.min(facts.epoch + floorEpochs, lastWantedEnd(facts, horizon));
}

/** The end beyond which nothing is bought: the first epoch that begins after the chosen date. */
function lastWantedEnd(facts: EpochFacts, horizon: HorizonPolicy): number {
  if (horizon.kind === 'keep' || horizon.untilMs === undefined) return Infinity;
  const ahead = (horizon.untilMs - facts.epochStartedAtMs) / facts.epochDurationMs;
  return facts.epoch + Math.max(0, Math.ceil(ahead));
}
