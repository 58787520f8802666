/** @file A pack's step in one line, as `sync`, `daemon` and `start` show it. */
import type { PackEvent } from '#contract/events.ts';
import { bytesText } from './text.ts';

export function packEventText(event: PackEvent): string {
  const stored =
    event.storedShards !== undefined && event.shardCount !== undefined
      ? ` on ${String(event.storedShards)} of ${String(event.shardCount)} shards`
      : '';
  const way = event.step === 'uploaded' && event.way === 'relay' ? ' by relay' : '';
  const blob = event.blobId === undefined ? '' : `  blob ${event.blobId}`;
  return `  pack ${event.packId.slice(0, 8)}  ${event.step}${way}${stored}  ${bytesText(event.sizeBytes)}${blob}`;
}
