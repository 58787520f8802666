/** @file The encoder of the addon against the official one in WebAssembly. */
import { randomFillSync } from 'node:crypto';
import { BlobEncoder } from '@mysten/walrus-wasm';
import { encodeBlob } from '#engine/codec/rs2.ts';
import { sliverPairIndex } from '#engine/model/ids.ts';
import { primarySourceCount, secondarySourceCount, symbolBytes } from '#engine/model/walrus.ts';
import { sliverBcsBytes } from '#engine/walrus/limits.ts';
import { median } from './measure.ts';

export interface EncoderResult {
  readonly shards: number;
  readonly sizeBytes: number;
  readonly floeMs: number;
  readonly wasmMs: number;
}

/**
 * Encode a blob of `sizeBytes` with both, in turns. All slivers of both are made, into memory that
 * was there before: the official encoder takes all buffers at once, the engine uses one over again.
 */
export async function benchEncoder(
  shards: number,
  sizeBytes: number,
  rounds: number,
): Promise<EncoderResult> {
  const blob = randomFillSync(new Uint8Array(sizeBytes));
  const floe: number[] = [];
  const wasm: number[] = [];
  const encoder = new BlobEncoder(shards);
  for (let round = 0; round < rounds; round += 1) {
    wasm.push(encodeOfficially(encoder, blob, shards));
    floe.push(await encodeOurs(blob, shards));
  }
  encoder.free();
  return { shards, sizeBytes, floeMs: median(floe), wasmMs: median(wasm) };
}

async function encodeOurs(blob: Uint8Array, shards: number): Promise<number> {
  const sliver = new Uint8Array(
    sliverBcsBytes(secondarySourceCount(shards) * symbolBytes(blob.length, shards)),
  );
  const startedMs = performance.now();
  const encoded = await encodeBlob(blob, shards);
  for (let pair = 0; pair < shards; pair += 1) {
    encoded.sliverInto(sliverPairIndex(pair), 'primary', sliver);
    encoded.sliverInto(sliverPairIndex(pair), 'secondary', sliver);
  }
  const wallMs = performance.now() - startedMs;
  encoded.release();
  return wallMs;
}

function encodeOfficially(encoder: BlobEncoder, blob: Uint8Array, shards: number): number {
  const symbol = symbolBytes(blob.length, shards);
  const buffers = (symbols: number): Uint8Array[] =>
    Array.from({ length: shards }, () => new Uint8Array(sliverBcsBytes(symbols * symbol)));
  const primary = buffers(secondarySourceCount(shards));
  const secondary = buffers(primarySourceCount(shards));
  const startedMs = performance.now();
  encoder.encode(blob, primary, secondary);
  return performance.now() - startedMs;
}
