/**
 * @file The primitive encodings that every stored record is made of.
 *
 * All integers are little-endian. A varint is LEB128 in its shortest form. A field is tag (varint),
 * length (varint), value; tags strictly ascend within a record. There is one encoding of each
 * value, and the reader refuses every other one, so equal values have equal bytes and equal IDs.
 *
 * What is read here may come from anybody: every length is checked against the bytes that are
 * there before anything is allocated.
 */
import { EngineError } from '#engine/model/engine-error.ts';

/** The only record version so far. A reader refuses the others with `format-unknown`. */
export const RECORD_VERSION = 1;

/** Fields with a tag from here on must be understood; a reader that doesn't know one refuses. */
export const CRITICAL_TAG_MIN = 64;

/** Tags are one varint byte, so that a field costs two bytes beside its value. */
const TAG_MAX = 127;

/** Fields a record may have: tags are unique, so this is no further limit. */
const FIELDS_MAX = TAG_MAX;

/** The place of a varint's last byte: eight bytes hold every safe integer. */
const VARINT_SCALE_MAX = 128 ** 7;

/** The bytes that a varint takes. */
export function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) count += 1;
  return count;
}

/** The error for stored bytes that break the format. */
export function damaged(what: string): EngineError {
  return new EngineError('pack-damaged', `stored bytes are damaged: ${what}`);
}

/** One field of a record. */
export interface Field {
  readonly tag: number;
  readonly value: Uint8Array;
}

/** Appends primitives to a buffer that grows. */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacityBytes = 256) {
    // Everything up to #length is written before it can be read.
    this.#bytes = Buffer.allocUnsafe(capacityBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#length));
  }

  /** What was written, without a copy: for a writer that is not used again. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  u8(value: number): this {
    const at = this.#grow(1);
    this.#bytes.writeUInt8(value, at);
    return this;
  }

  u16(value: number): this {
    const at = this.#grow(2);
    this.#bytes.writeUInt16LE(value, at);
    return this;
  }

  u32(value: number): this {
    const at = this.#grow(4);
    this.#bytes.writeUInt32LE(value, at);
    return this;
  }

  u64(value: bigint): this {
    const at = this.#grow(8);
    this.#bytes.writeBigUInt64LE(value, at);
    return this;
  }

  varint(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`not a count or size: ${String(value)}`);
    }
    if (value <= 0x7f) return this.u8(value);
    let rest = value;
    let at = this.#grow(varintBytes(value));
    for (; rest > 0x7f; at += 1) {
      this.#bytes[at] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[at] = rest;
    return this;
  }

  /** Raw bytes, without a length. */
  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** Bytes after their length. */
  sized(value: Uint8Array): this {
    return this.varint(value.length).bytes(value);
  }

  field(tag: number, value: Uint8Array): this {
    return this.varint(tag).sized(value);
  }

  #grow(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    this.#length = needed;
    return at;
  }
}

/** Reads primitives, and refuses whatever a ByteWriter would not have written. */
export class ByteReader {
  readonly #bytes: Buffer;
  readonly #what: string;
  #at = 0;

  /** `what` names the bytes in errors. */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#take(2));
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  u64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#take(8));
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      if (scale > VARINT_SCALE_MAX) throw damaged(`${this.#what}: a number is too long`);
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw damaged(`${this.#what}: a number is too large`);
      if (byte < 0x80) {
        if (byte === 0 && scale > 1) throw damaged(`${this.#what}: a number is padded`);
        return value;
      }
      scale *= 128;
    }
  }

  /** The next `count` bytes, as a view. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  /** Bytes after their length, as a view. */
  sized(): Uint8Array {
    return this.bytes(this.varint());
  }

  /** A count of items that take at least `itemBytesMin` each: never more than can be there. */
  count(itemBytesMin: number): number {
    const count = this.varint();
    if (count * itemBytesMin > this.remaining) {
      throw damaged(`${this.#what}: ${String(count)} items do not fit`);
    }
    return count;
  }

  /** Refuse bytes after the last one that was read. */
  end(): void {
    if (this.remaining > 0) {
      throw damaged(`${this.#what}: ${String(this.remaining)} bytes too many`);
    }
  }

  #take(count: number): number {
    if (count > this.remaining) throw damaged(`${this.#what} is cut short`);
    const at = this.#at;
    this.#at += count;
    return at;
  }
}

/** The fields of a record, by tag. Those that nobody asked for are kept in `unknown`. */
export class Fields {
  readonly #what: string;
  readonly #values = new Map<number, Uint8Array>();

  constructor(bytes: Uint8Array, what: string) {
    this.#what = what;
    const reader = new ByteReader(bytes, what);
    let last = 0;
    while (reader.remaining > 0) {
      const tag = reader.varint();
      if (tag <= last || tag > FIELDS_MAX) throw damaged(`${what}: field ${String(tag)} is astray`);
      last = tag;
      this.#values.set(tag, reader.sized());
    }
  }

  has(tag: number): boolean {
    return this.#values.has(tag);
  }

  optional(tag: number): Uint8Array | undefined {
    const value = this.#values.get(tag);
    this.#values.delete(tag);
    return value;
  }

  required(tag: number): Uint8Array {
    const value = this.optional(tag);
    if (value === undefined) throw damaged(`${this.#what}: field ${String(tag)} is missing`);
    return value;
  }

  /** A field of exactly `count` bytes. */
  fixed(tag: number, count: number): Uint8Array {
    const value = this.required(tag);
    if (value.length !== count)
      throw damaged(`${this.#what}: field ${String(tag)} has a wrong size`);
    return value;
  }

  /** A field that is one varint. */
  number(tag: number): number {
    return readNumber(this.required(tag), this.#what);
  }

  /** A field that is one varint, `otherwise` when it is absent. Writing the default is refused. */
  numberOr(tag: number, otherwise: number): number {
    const value = this.optional(tag);
    if (value === undefined) return otherwise;
    const number = readNumber(value, this.#what);
    if (number === otherwise) throw damaged(`${this.#what}: field ${String(tag)} is superfluous`);
    return number;
  }

  /** A reader over a required field. The caller ends it. */
  reader(tag: number): ByteReader {
    return new ByteReader(this.required(tag), `${this.#what}, field ${String(tag)}`);
  }

  /** UTF-8 text of at most `bytesMax`. */
  text(tag: number, bytesMax: number): string {
    return readText(this.required(tag), bytesMax, this.#what);
  }

  /**
   * What was not taken: fields of newer releases, to be written back as they are.
   * Throws `format-unknown` if one of them must be understood.
   */
  unknown(): readonly Field[] {
    const rest: Field[] = [];
    for (const [tag, value] of this.#values) {
      if (tag >= CRITICAL_TAG_MIN) {
        throw new EngineError('format-unknown', `${this.#what} needs a newer release`, {
          context: { tag },
        });
      }
      rest.push({ tag, value: new Uint8Array(value) });
    }
    return rest;
  }
}

function readNumber(value: Uint8Array, what: string): number {
  const reader = new ByteReader(value, what);
  const number = reader.varint();
  reader.end();
  return number;
}

/** Text from at most `bytesMax` UTF-8 bytes; malformed text is damage. */
export function readText(value: Uint8Array, bytesMax: number, what: string): string {
  if (value.length > bytesMax) throw damaged(`${what}: text of ${String(value.length)} bytes`);
  const text = Buffer.from(value).toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(value)) throw damaged(`${what}: text is not UTF-8`);
  return text;
}

/** A record's fields in ascending order of tags, known and unknown ones merged. */
export function encodeFields(
  known: readonly (Field | undefined)[],
  unknown: readonly Field[] = [],
): Uint8Array {
  const fields = known.filter((field) => field !== undefined);
  // Few fields, mostly in order: insertion is the sort for that.
  for (const field of unknown) fields.push(field);
  let sizeBytes = 0;
  for (let index = 0; index < fields.length; index += 1) {
    const field = fields[index]!;
    sizeBytes += 1 + varintBytes(field.value.length) + field.value.length;
    let at = index;
    for (; at > 0 && fields[at - 1]!.tag > field.tag; at -= 1) fields[at] = fields[at - 1]!;
    fields[at] = field;
  }
  const writer = new ByteWriter(sizeBytes);
  let last = 0;
  for (const { tag, value } of fields) {
    if (tag <= last || tag > TAG_MAX) throw new RangeError(`tag ${String(tag)} cannot follow`);
    last = tag;
    writer.field(tag, value);
  }
  return writer.view();
}

/** A field whose value is one varint. */
export const numberField = (tag: number, value: number): Field => ({
  tag,
  value: new ByteWriter(varintBytes(value)).varint(value).view(),
});

/** A field of UTF-8 text. */
export const textField = (tag: number, text: string): Field => ({
  tag,
  value: Buffer.from(text, 'utf8'),
});

/** A field whose value `write` appends. */
export function writtenField(tag: number, write: (writer: ByteWriter) => void): Field {
  const writer = new ByteWriter();
  write(writer);
  return { tag, value: writer.view() };
}

/** Version byte and fields: the shape of every record. */
export function encodeRecord(
  known: readonly (Field | undefined)[],
  unknown: readonly Field[] = [],
): Uint8Array {
  const fields = encodeFields(known, unknown);
  const bytes = new Uint8Array(1 + fields.length);
  bytes[0] = RECORD_VERSION;
  bytes.set(fields, 1);
  return bytes;
}

/** The fields after a record's version byte. */
export function readRecord(bytes: Uint8Array, what: string): Fields {
  const version = bytes[0];
  if (version === undefined) throw damaged(`${what} is empty`);
  if (version !== RECORD_VERSION) {
    throw new EngineError('format-unknown', `${what} has version ${String(version)}`, {
      context: { version },
    });
  }
  return new Fields(bytes.subarray(1), what);
}

/** The bytes of hex text, which is how IDs travel in memory. */
export const hexBytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex');

/** Bytes as hex text. */
export const toHex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

/** Whether two byte strings are equal. Not for secrets. */
export const bytesEqual = (one: Uint8Array, other: Uint8Array): boolean =>
  Buffer.compare(one, other) === 0;
