/** @file Chance, from the machine's cryptographic source. */
import { randomBytes } from 'node:crypto';
import type { Random } from '#engine/ports/ports.ts';

export const systemRandom: Random = {
  // A copy of its own: the pool behind small Buffers must not be handed out.
  bytes: (count) => new Uint8Array(randomBytes(count)),
};
