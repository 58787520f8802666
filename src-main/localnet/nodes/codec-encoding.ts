/**
 * @file `Encoding` over the engine's codec.
 *
 * Parsed metadata is kept for the blobs in use; heavy calls queue for the processors.
 */
import { availableParallelism } from 'node:os';
import {
  decodeBlob,
  encodeBlob,
  openVerifiedMetadata,
  recoverSliver,
  recoverySymbols,
  verifyInconsistencyProof,
  verifyRecoverySymbol,
  type ParsedMetadata,
} from '#engine/codec/rs2.ts';
import { EngineError } from '#engine/model/engine-error.ts';
import { sliverPairIndex, type BlobId } from '#engine/model/ids.ts';
import type { SliverAxis } from '#engine/model/walrus.ts';
import { ByteBudget } from './byte-budget.ts';
import {
  encodingShape,
  symbolsToRecover,
  type Encoding,
  type EncodingShape,
  type RecoveredSliver,
  type RecoverySymbolBytes,
  type ReencodedBlob,
  type VerifiedMetadata,
} from './encoding.ts';

/** Blobs whose metadata stays parsed: those that are being written, read or recovered. */
const OPENED_METADATA_MAX = 64;

export class CodecEncoding implements Encoding {
  readonly shape: EncodingShape;
  /** Least recently used first. */
  readonly #opened = new Map<BlobId, ParsedMetadata>();
  /** One unit per processor. */
  readonly #processors = new ByteBudget(availableParallelism());

  constructor(shardCount: number) {
    this.shape = encodingShape(shardCount);
  }

  openMetadata(blobId: BlobId, bytes: Uint8Array): VerifiedMetadata | undefined {
    try {
      const metadata = openVerifiedMetadata(bytes, this.shape.shardCount, blobId);
      this.#opened.delete(blobId);
      this.#opened.set(blobId, metadata);
      if (this.#opened.size > OPENED_METADATA_MAX) {
        const [oldest] = this.#opened.keys();
        if (oldest !== undefined) this.#opened.delete(oldest);
      }
      return metadata;
    } catch (error) {
      if (isBadInput(error)) return undefined;
      throw error;
    }
  }

  openedMetadata(blobId: BlobId): VerifiedMetadata | undefined {
    const metadata = this.#opened.get(blobId);
    if (!metadata) return undefined;
    this.#opened.delete(blobId);
    this.#opened.set(blobId, metadata);
    return metadata;
  }

  async matchesMerkleRoot(
    metadata: VerifiedMetadata,
    axis: SliverAxis,
    pair: number,
    sliver: Uint8Array,
  ): Promise<boolean> {
    return this.#holds(() => parsed(metadata).verifySliver(axis, sliverPairIndex(pair), sliver));
  }

  recoverySymbols(
    metadata: VerifiedMetadata,
    sourceAxis: SliverAxis,
    sliver: Uint8Array,
    targetIndices: readonly number[],
  ): Promise<readonly RecoverySymbolBytes[]> {
    return this.#onProcessor(() =>
      recoverySymbols({
        metadata: parsed(metadata),
        axis: sourceAxis,
        sliver,
        targets: targetIndices,
      }),
    );
  }

  async isSymbolGenuine(
    metadata: VerifiedMetadata,
    targetAxis: SliverAxis,
    targetIndex: number,
    symbol: RecoverySymbolBytes,
  ): Promise<boolean> {
    return this.#holds(async () => {
      const ids = verifyRecoverySymbol(parsed(metadata), symbol);
      if (ids.targetAxis !== targetAxis || ids.targetIndex !== targetIndex) {
        throw new EngineError('encoding-invalid-input', 'the symbol is for another sliver');
      }
    });
  }

  async recoverSliver(
    metadata: VerifiedMetadata,
    axis: SliverAxis,
    pair: number,
    symbols: readonly RecoverySymbolBytes[],
  ): Promise<RecoveredSliver> {
    try {
      return await this.#onProcessor(() =>
        recoverSliver({
          metadata: parsed(metadata),
          axis,
          pair: sliverPairIndex(pair),
          symbols: withoutRepeats(symbols).slice(0, symbolsToRecover(this.shape, axis)),
        }),
      );
    } catch (error) {
      if (error instanceof EngineError && error.code === 'slivers-insufficient') {
        return { kind: 'too-few-symbols' };
      }
      throw error;
    }
  }

  async reencode(
    metadata: VerifiedMetadata,
    primarySlivers: readonly Uint8Array[],
  ): Promise<ReencodedBlob | undefined> {
    const blob = await this.#onProcessor(async () => {
      const payload = await decodeBlob(
        { metadata: parsed(metadata), axis: 'primary', slivers: primarySlivers },
        { areVerified: true },
      ).catch((error: unknown) => {
        if (error instanceof EngineError && error.code === 'blob-inconsistent') return undefined;
        throw error;
      });
      return payload && (await encodeBlob(payload, this.shape.shardCount));
    });
    if (blob && blob.blobId !== metadata.blobId) {
      blob.release();
      return undefined;
    }
    return (
      blob && {
        sliver: (pair, axis) => blob.sliver(sliverPairIndex(pair), axis),
        release: () => blob.release(),
      }
    );
  }

  async checkInconsistencyProof(
    metadata: VerifiedMetadata,
    axis: SliverAxis,
    proof: Uint8Array,
  ): Promise<string | undefined> {
    try {
      await this.#onProcessor(() => verifyInconsistencyProof(parsed(metadata), axis, proof));
      return undefined;
    } catch (error) {
      if (!isBadInput(error)) throw error;
      return error.context['reason'] === 'proof-shows-nothing'
        ? 'the target sliver is consistent with the metadata'
        : 'some recovery symbols are invalid';
    }
  }

  async #holds(check: () => Promise<void>): Promise<boolean> {
    try {
      await this.#onProcessor(check);
      return true;
    } catch (error) {
      if (isBadInput(error)) return false;
      throw error;
    }
  }

  #onProcessor<T>(work: () => Promise<T>): Promise<T> {
    return this.#processors.run(1, work);
  }
}

/** All metadata that nodes handle comes from `openMetadata`. */
function parsed(metadata: VerifiedMetadata): ParsedMetadata {
  return metadata as ParsedMetadata;
}

/** The first symbol of each source sliver: the tag and index that an encoded symbol begins with. */
function withoutRepeats(symbols: readonly RecoverySymbolBytes[]): RecoverySymbolBytes[] {
  const bySource = new Map(
    symbols.map((symbol) => [Buffer.from(symbol.subarray(0, 3)).toString('hex'), symbol]),
  );
  return [...bySource.values()];
}

function isBadInput(error: unknown): error is EngineError {
  return (
    error instanceof EngineError &&
    (error.code === 'encoding-invalid-input' || error.code === 'slivers-insufficient')
  );
}
