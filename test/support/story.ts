/**
 * @file Chance that tells the same story for the same seed, whichever machine tells it.
 */

/** Numbers from 0 up to, but without, `below`: xorshift32, good enough to choose moments. */
export function generator(seed: number): (below: number) => number {
  let state = (seed * 0x9e3779b9) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    return state % below;
  };
}

/** A sweep tries everything, and takes its time; a test run tries a choice. */
export const IS_SWEEP = process.env['FLOE_SWEEP'] !== undefined;
/** Shown with every failure. Set it to hear the same story again. */
export const SEED = Number(process.env['FLOE_SEED'] ?? 1);
