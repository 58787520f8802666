/**
 * @file Takes the BCS vector of recovery symbols apart (walrus-protocol A.7).
 *
 *     axis u8 | source index u16 | length uleb, symbol | target index u16 | count uleb, path
 *
 * A path element is 0 (empty node), or 1 and a hash of 32 bytes. Whether a symbol is true is for
 * the codec to say; here only the lengths have to hold.
 */
import { EngineError } from '#engine/model/engine-error.ts';

export interface RecoverySymbol {
  /** The whole element, as the codec verifies it. */
  readonly bcs: Uint8Array;
  /** The bytes of the symbol inside it. */
  readonly symbol: Uint8Array;
}

const AXIS_AND_INDEX_BYTES = 3;
const INDEX_BYTES = 2;
const HASH_BYTES = 32;
/** Lengths in these vectors fit in three bytes of ULEB128. */
const ULEB_BYTES_MAX = 3;

/** Split the answer of a node. Throws `encoding-invalid-input`. */
export function splitRecoverySymbols(bcs: Uint8Array): RecoverySymbol[] {
  const reader = new LengthReader(bcs);
  const symbols: RecoverySymbol[] = [];
  for (let left = reader.uleb(); left > 0; left -= 1) {
    const start = reader.position;
    reader.skip(AXIS_AND_INDEX_BYTES);
    const sizeBytes = reader.uleb();
    const symbolStart = reader.position;
    reader.skip(sizeBytes + INDEX_BYTES);
    for (let nodes = reader.uleb(); nodes > 0; nodes -= 1) {
      reader.skip(reader.byte() === 0 ? 0 : HASH_BYTES);
    }
    symbols.push({
      bcs: bcs.subarray(start, reader.position),
      symbol: bcs.subarray(symbolStart, symbolStart + sizeBytes),
    });
  }
  if (reader.position !== bcs.length) throw invalid();
  return symbols;
}

class LengthReader {
  position = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    const value = this.#bytes[this.position];
    if (value === undefined) throw invalid();
    this.position += 1;
    return value;
  }

  uleb(): number {
    let value = 0;
    for (let place = 0; place < ULEB_BYTES_MAX; place += 1) {
      const byte = this.byte();
      value |= (byte & 127) << (7 * place);
      if (byte < 128) return value;
    }
    throw invalid();
  }

  skip(count: number): void {
    this.position += count;
    if (this.position > this.#bytes.length) throw invalid();
  }
}

function invalid(): EngineError {
  return new EngineError('encoding-invalid-input', 'not a vector of recovery symbols', {
    context: { reason: 'bcs' },
  });
}
