/**
 * @file The memory of one restore, used again for every pack and every batch.
 *
 * Fresh buffers of these sizes would be garbage by the gigabyte, which V8 looks for after every few
 * dozen of megabytes. Two packs are here at most, the one that is written and the next one, and the
 * contents of two batches.
 */

/** Memory is taken in these steps, since hardly two packs or batches are of one size. */
const STEP_BYTES = 4 * 1024 * 1024;

const allocate = (sizeBytes: number): Uint8Array =>
  new Uint8Array(Math.ceil(sizeBytes / STEP_BYTES) * STEP_BYTES);

/** Gives memory of at least so many bytes. Its start is used. */
export type Memory = (sizeBytes: number) => Uint8Array;

export class RestoreMemory {
  readonly #packs = new Map<object, { memory: Uint8Array; bytes: Promise<Uint8Array> }>();
  #freePacks: Uint8Array[] = [];
  #contents: [Uint8Array, Uint8Array] = [new Uint8Array(0), new Uint8Array(0)];

  /** The bytes of a pack; `read` is called once for each until it is `done`. */
  whole<Pack extends object>(
    pack: Pack,
    read: (pack: Pack, memory: Memory) => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    const known = this.#packs.get(pack);
    if (known) return known.bytes;
    const held = { memory: this.#freePacks.pop() ?? new Uint8Array(0), bytes: NOTHING };
    this.#packs.set(pack, held);
    held.bytes = read(pack, (sizeBytes) => {
      if (held.memory.length < sizeBytes) held.memory = allocate(sizeBytes);
      return held.memory;
    });
    // Whoever asks again meets the failure; until then it must not count as unhandled.
    held.bytes.catch(() => undefined);
    return held.bytes;
  }

  /** Nobody reads the bytes of the pack any more. */
  done(pack: object): void {
    const held = this.#packs.get(pack);
    this.#packs.delete(pack);
    if (held) this.#freePacks = [...this.#freePacks, held.memory].slice(-2);
  }

  /** Memory for the contents of a batch: in turns, since one is written while another is opened. */
  contents(sizeBytes: number): Uint8Array {
    const [next, last] = this.#contents;
    const memory = next.length < sizeBytes ? allocate(sizeBytes) : next;
    this.#contents = [last, memory];
    return memory;
  }
}

const NOTHING: Promise<Uint8Array> = Promise.resolve(new Uint8Array(0));
