/**
 * @file Makes the trees that are measured: the same bytes for the same seed, every time.
 *
 * Half of the files are noise, half compress by two; sizes are skewed as in a person's folder:
 * many small files, few large ones.
 */
import { createCipheriv, createHash, type Cipheriv } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface TreeShape {
  readonly files: number;
  /** Of all of these files together. */
  readonly filesBytes: number;
  /** One file beside them; 0 for none. */
  readonly largeFileBytes: number;
}

const FILES_PER_DIRECTORY = 100;
const DIRECTORIES_PER_GROUP = 10;
/** The large file is written in pieces of this size; every other one compresses. */
const PIECE_BYTES = 1024 * 1024;
/** How much larger than the smallest files the largest ones are: sizes are 2^0 .. 2^8. */
const SIZE_CLASSES = 9;

/** Bytes that look random and follow from the seed. Faster than the disk. */
class Noise {
  readonly #cipher: Cipheriv;

  constructor(seed: string) {
    const key = createHash('sha256').update(seed).digest();
    this.#cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  }

  bytes(count: number): Buffer {
    return this.#cipher.update(Buffer.alloc(count));
  }

  /** Text of 16 letters: any compressor halves it. */
  text(count: number): Buffer {
    return Buffer.from(this.bytes(Math.ceil(count / 2)).toString('hex'), 'latin1').subarray(
      0,
      count,
    );
  }

  /** Below `limit`. */
  below(limit: number): number {
    return this.bytes(4).readUInt32LE(0) % limit;
  }
}

/** Make the tree in `folder`, which is created. Gives its logical bytes. */
export function makeBenchTree(folder: string, shape: TreeShape, seed: string): number {
  mkdirSync(folder, { recursive: true });
  const noise = new Noise(seed);
  const sizes = fileSizes(shape, noise);
  for (const [index, size] of sizes.entries()) {
    const directory = Math.floor(index / FILES_PER_DIRECTORY);
    const group = Math.floor(directory / DIRECTORIES_PER_GROUP);
    const place = join(folder, `group-${String(group)}`, `directory-${String(directory)}`);
    if (index % FILES_PER_DIRECTORY === 0) mkdirSync(place, { recursive: true });
    const content = index % 2 === 0 ? noise.bytes(size) : noise.text(size);
    writeFileSync(join(place, `file-${String(index)}.dat`), content);
  }
  if (shape.largeFileBytes > 0) writeLargeFile(folder, shape.largeFileBytes, noise);
  return sizes.reduce((sum, size) => sum + size, 0) + shape.largeFileBytes;
}

/** Sizes that add up to about `filesBytes`. */
function fileSizes({ files, filesBytes }: TreeShape, noise: Noise): number[] {
  const weights = Array.from({ length: files }, () => {
    // Each class is half as frequent as the one below it, and twice as large.
    const sizeClass = Math.min(SIZE_CLASSES - 1, Math.clz32(noise.below(2 ** 32) | 1));
    return 2 ** sizeClass * (0.5 + noise.below(1000) / 1000);
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => Math.floor((weight / total) * filesBytes));
}

export function writeLargeFile(folder: string, sizeBytes: number, noise: Noise): void {
  const fd = openSync(join(folder, 'large.dat'), 'w');
  for (let done = 0; done < sizeBytes; done += PIECE_BYTES) {
    const count = Math.min(PIECE_BYTES, sizeBytes - done);
    const isText = (done / PIECE_BYTES) % 2 === 1;
    writeSync(fd, isText ? noise.text(count) : noise.bytes(count));
  }
  closeSync(fd);
}
