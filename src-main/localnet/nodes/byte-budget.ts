/** @file Bounds how much memory waiting work may hold, first come first served. */

export class ByteBudget {
  readonly #bytesMax: number;
  #bytesFree: number;
  readonly #waiting: { readonly bytes: number; readonly start: () => void }[] = [];

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#bytesFree = bytesMax;
  }

  /** Run `work` once `bytes` are free. More than there is at all counts as everything. */
  async run<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    const share = Math.min(bytes, this.#bytesMax);
    if (this.#waiting.length > 0 || share > this.#bytesFree) {
      await new Promise<void>((start) => this.#waiting.push({ bytes: share, start }));
    } else {
      this.#bytesFree -= share;
    }
    try {
      return await work();
    } finally {
      this.#bytesFree += share;
      this.#admit();
    }
  }

  #admit(): void {
    for (;;) {
      const next = this.#waiting[0];
      if (!next || next.bytes > this.#bytesFree) return;
      this.#waiting.shift();
      this.#bytesFree -= next.bytes;
      next.start();
    }
  }
}
