/**
 * @file Secrets in files, sealed with a passphrase: for machines without a keychain.
 *
 *     "floe-secret" 0x01 | u32 memory KiB | u32 iterations | u32 lanes | salt 16 | nonce 12
 *     | AES-256-GCM ciphertext + tag 16                          (integers little-endian)
 *
 * The key is Argon2id of the passphrase; everything before the ciphertext and the secret's name
 * are authenticated with it. There is no way to keep a secret in the open: on the try-out network
 * a random passphrase may lie beside the sealed file, declared as what it is, so that an
 * unattended start works.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { EngineError } from '#engine/model/engine-error.ts';
import {
  absolutePath,
  pathBelow,
  type AbsolutePath,
  type HomeFiles,
} from '#engine/ports/file-system.ts';
import type { Random, SecretStore } from '#engine/ports/ports.ts';

export interface PassphraseCost {
  readonly memoryKib: number;
  readonly iterations: number;
  readonly lanes: number;
}

/** Argon2id, from engine/codec. */
export type DeriveKey = (
  passphrase: Uint8Array,
  salt: Uint8Array,
  cost: PassphraseCost,
  outputBytes: number,
) => Promise<Uint8Array>;

/** RFC 9106, second recommended option: a third of a second on two cores. */
export const PASSPHRASE_COST: PassphraseCost = { memoryKib: 64 * 1024, iterations: 3, lanes: 4 };
/** A random passphrase of 32 bytes needs no stretching. */
const RANDOM_PASSPHRASE_COST: PassphraseCost = { memoryKib: 64, iterations: 1, lanes: 1 };
/** More than any release writes; keeps a forged file from taking all memory. */
const COST_MAX: PassphraseCost = { memoryKib: 1024 * 1024, iterations: 64, lanes: 64 };

const MAGIC = Buffer.from('floe-secret\u0001', 'latin1');
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const COST_BYTES = 12;
const HEADER_BYTES = MAGIC.length + COST_BYTES + SALT_BYTES + NONCE_BYTES;
const SECRET_BYTES_MAX = 64 * 1024;
const PASSPHRASE_BYTES_MAX = 4096;
const RANDOM_PASSPHRASE_BYTES = 32;
const NAME_PATTERN = /^[a-z0-9-]{1,64}$/;

/** The name says what it is to whoever finds it. */
export const TRY_OUT_PASSPHRASE_FILE = 'try-out-passphrase';

interface SealedFileOptions {
  readonly files: HomeFiles;
  /** Directory of the sealed files; created when missing. */
  readonly directory: AbsolutePath;
  readonly deriveKey: DeriveKey;
  readonly random: Random;
}

/**
 * Secrets in files sealed with a passphrase.
 *
 * `get` throws `passphrase-wrong`, or `secret-store-unavailable` for a file that is no sealed
 * secret. The passphrase is asked for at most once.
 */
export function openSealedFiles(
  options: SealedFileOptions & { readonly askPassphrase: () => Promise<Uint8Array> },
): SecretStore {
  return new SealedFiles(options, options.askPassphrase, PASSPHRASE_COST);
}

/**
 * Secrets of the try-out network: sealed files, with the passphrase in a file beside them.
 * For no other network: what it protects is worth nothing.
 */
export function openTryOutFiles(options: SealedFileOptions): SecretStore {
  return new SealedFiles(options, () => tryOutPassphrase(options), RANDOM_PASSPHRASE_COST);
}

async function tryOutPassphrase(options: SealedFileOptions): Promise<Uint8Array> {
  const { files, directory, random } = options;
  const place = pathBelow(directory, TRY_OUT_PASSPHRASE_FILE);
  const kept = await files.readFile(place, PASSPHRASE_BYTES_MAX);
  if (kept) return trimLineEnd(kept);
  const text = Buffer.from(random.bytes(RANDOM_PASSPHRASE_BYTES)).toString('base64url');
  const passphrase = Buffer.from(text);
  files.ensureDirectory(directory);
  await files.writeFileDurable(place, Buffer.from(`${text}\n`));
  return passphrase;
}

/**
 * The passphrase in a file that a person names. One line end at its end does not belong to it.
 *
 * Throws `secret-store-unavailable` when there is none.
 */
export async function readPassphraseFile(files: HomeFiles, path: string): Promise<Uint8Array> {
  const content = await files.readFile(absolutePath(path), PASSPHRASE_BYTES_MAX);
  const passphrase = content && trimLineEnd(content);
  if (!passphrase || passphrase.length === 0) {
    throw new EngineError('secret-store-unavailable', 'the passphrase file is missing or empty');
  }
  return passphrase;
}

function trimLineEnd(content: Uint8Array): Uint8Array {
  let end = content.length;
  if (content[end - 1] === 0x0a) end -= 1;
  if (content[end - 1] === 0x0d && end < content.length) end -= 1;
  return content.subarray(0, end);
}

class SealedFiles implements SecretStore {
  readonly #options: SealedFileOptions;
  readonly #askPassphrase: () => Promise<Uint8Array>;
  readonly #cost: PassphraseCost;
  #passphrase: Promise<Uint8Array> | undefined;

  constructor(
    options: SealedFileOptions,
    askPassphrase: () => Promise<Uint8Array>,
    cost: PassphraseCost,
  ) {
    this.#options = options;
    this.#askPassphrase = askPassphrase;
    this.#cost = cost;
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const { files } = this.#options;
    const bytesMax = HEADER_BYTES + SECRET_BYTES_MAX + TAG_BYTES;
    const sealed = await files.readFile(this.#place(name), bytesMax);
    return sealed && this.#open(name, Buffer.from(sealed));
  }

  async set(name: string, secret: Uint8Array): Promise<void> {
    if (secret.length > SECRET_BYTES_MAX) throw new RangeError('a secret is too long');
    const { files, directory, random } = this.#options;
    const place = this.#place(name);
    const salt = random.bytes(SALT_BYTES);
    const nonce = random.bytes(NONCE_BYTES);
    const header = Buffer.concat([MAGIC, encodeCost(this.#cost), salt, nonce]);
    const key = await this.#deriveKey(salt, this.#cost);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    cipher.setAAD(associatedData(header, name));
    const body = Buffer.concat([cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
    key.fill(0);
    files.ensureDirectory(directory);
    await files.writeFileDurable(place, Buffer.concat([header, body]));
  }

  async delete(name: string): Promise<void> {
    this.#options.files.removeFile(this.#place(name));
  }

  #place(name: string): AbsolutePath {
    if (!NAME_PATTERN.test(name)) throw new RangeError('a secret has a name that is no file name');
    return pathBelow(this.#options.directory, `${name}.sealed`);
  }

  async #open(name: string, sealed: Buffer): Promise<Uint8Array> {
    const cost = decodeCost(sealed);
    const header = sealed.subarray(0, HEADER_BYTES);
    const salt = header.subarray(MAGIC.length + COST_BYTES, HEADER_BYTES - NONCE_BYTES);
    const nonce = header.subarray(HEADER_BYTES - NONCE_BYTES);
    const key = await this.#deriveKey(salt, cost);
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, nonce);
      decipher.setAAD(associatedData(header, name));
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      const opened = decipher.update(sealed.subarray(HEADER_BYTES, -TAG_BYTES));
      decipher.final();
      return new Uint8Array(opened);
    } catch (cause) {
      // A wrong key and a damaged file look the same to the cipher. Ask again next time.
      this.#passphrase = undefined;
      throw new EngineError('passphrase-wrong', 'the passphrase does not open the sealed secret', {
        cause,
      });
    } finally {
      key.fill(0);
    }
  }

  async #deriveKey(salt: Uint8Array, cost: PassphraseCost): Promise<Uint8Array> {
    this.#passphrase ??= this.#askPassphrase();
    try {
      return await this.#options.deriveKey(await this.#passphrase, salt, cost, KEY_BYTES);
    } catch (error) {
      // Whoever was not asked, or cancelled, is asked again next time.
      this.#passphrase = undefined;
      throw error;
    }
  }
}

function associatedData(header: Uint8Array, name: string): Buffer {
  return Buffer.concat([header, Buffer.from(name, 'ascii')]);
}

function encodeCost({ memoryKib, iterations, lanes }: PassphraseCost): Buffer {
  const bytes = Buffer.alloc(COST_BYTES);
  bytes.writeUInt32LE(memoryKib, 0);
  bytes.writeUInt32LE(iterations, 4);
  bytes.writeUInt32LE(lanes, 8);
  return bytes;
}

function decodeCost(sealed: Buffer): PassphraseCost {
  const isSealed =
    sealed.length >= HEADER_BYTES + TAG_BYTES && sealed.subarray(0, MAGIC.length).equals(MAGIC);
  if (!isSealed) {
    throw new EngineError('secret-store-unavailable', 'the file holds no sealed secret');
  }
  const at = MAGIC.length;
  const cost = {
    memoryKib: sealed.readUInt32LE(at),
    iterations: sealed.readUInt32LE(at + 4),
    lanes: sealed.readUInt32LE(at + 8),
  };
  const isExcessive =
    cost.memoryKib > COST_MAX.memoryKib ||
    cost.iterations > COST_MAX.iterations ||
    cost.lanes > COST_MAX.lanes;
  if (isExcessive) {
    throw new EngineError('secret-store-unavailable', 'the sealed secret asks for too much memory');
  }
  return cost;
}
